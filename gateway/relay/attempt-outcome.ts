/** This file names what one attempt works with, and what its ways of ending mean to the caller and to the row. */
import { Refusal } from '../foundation/errors.ts';
import type { DepartureReason } from '../foundation/departure.ts';
import type { Call } from '../foundation/operation.ts';
import type { Outcome, Target } from '../foundation/terms.ts';
import type { HttpRequest, ScriptedReply, UpstreamFailure, Wire } from '../providers/wire.ts';
import type { House } from './house.ts';
import type { Trail } from './trail.ts';

/** What every attempt of one call shares. */
export interface Work {
  readonly house: House;
  readonly call: Call<'createChatCompletion'>;
  readonly trail: Trail;
  readonly isStream: boolean;
}

/** One call to one target: its wire and the request written for it. */
export interface Attempt {
  readonly target: Target;
  readonly wire: Wire;
  readonly request: HttpRequest | ScriptedReply;
}

/** An attempt failed before the first byte; nothing has been recorded. */
export class AttemptFailed extends Error {
  readonly failure: UpstreamFailure;

  constructor(failure: UpstreamFailure) {
    super(failure.detail);
    this.failure = failure;
  }
}

/** How a failed exchange is recorded. */
export function outcomeOf(failure: UpstreamFailure): Outcome {
  if (failure.code === 'upstream_timeout') return 'timeout';
  return failure.code === 'upstream_rejected' ? 'refused' : 'upstream_error';
}

/** Shorter credentials are placeholders; hiding them would mangle messages. */
const CREDENTIAL_LENGTH_MIN = 8;

/** Takes the operator's credential out of what an upstream said, should it quote it: no pattern knows the keys of every server. */
export function withoutCredential(failure: UpstreamFailure, made: Attempt): UpstreamFailure {
  const { apiKey } = made.target.provider;
  if (apiKey === null || apiKey.length < CREDENTIAL_LENGTH_MIN) return failure;
  const hide = (text: string): string => text.replaceAll(apiKey, '[redacted]');
  return { ...failure, message: failure.message === null ? null : hide(failure.message), detail: hide(failure.detail) };
}

/** What the caller is told of a failed exchange. */
export function refusalOf(failure: UpstreamFailure): Refusal {
  return new Refusal(failure.code, {
    ...(failure.message === null ? {} : { message: failure.message }),
    ...(failure.upstream === null ? {} : { upstream: failure.upstream }),
    ...(failure.retryAfterSeconds === null ? {} : { headers: { 'retry-after': String(failure.retryAfterSeconds) } }),
    param: failure.param,
    detail: failure.detail,
  });
}

/** What the caller is told when the call was ended from our side. */
export function departureRefusal(reason: DepartureReason): Refusal {
  return new Refusal(reason === 'revoked' ? 'revoked_api_key' : 'shutting_down', { detail: reason });
}

/** Headers that go with every reply of a call. */
export function replyHeaders(made: Attempt): Record<string, string> | undefined {
  if (made.request.warnings.length === 0) return undefined;
  // An operator may have named a model in any script; a header takes ASCII.
  return { 'x-interline-warnings': made.request.warnings.join('; ').replace(/[^\x20-\x7e]/g, '?') };
}
