/** This file names what one attempt works with, and what its ways of ending mean to the caller and to the row. */
import type { ByteText } from '../foundation/byte-text.ts';
import { Refusal, errorBody } from '../foundation/errors.ts';
import type { DepartureReason } from '../foundation/departure.ts';
import type { BytesReply, Call, EventsReply, OperationId } from '../foundation/operation.ts';
import { dataEvent } from '../foundation/sse.ts';
import type { Outcome, Target } from '../foundation/terms.ts';
import { NO_RATE_HEADERS } from '../metering/rates-reply.ts';
import type { ReplyHeaders } from '../providers/call.ts';
import type { SeveralRequests } from '../providers/several-replies.ts';
import type { HttpRequest, ReplyContext, ReplyFacts, ReplySide, ScriptedReply, UpstreamFailure } from '../providers/wire.ts';
import type { Visit } from '../routing/health.ts';
import type { Ask } from './ask.ts';
import type { Passed } from './filtered.ts';
import type { House } from './house.ts';
import { ascii, placeHeaders } from './place-headers.ts';
import type { Ending, Trail } from './trail.ts';

/** What every attempt of one call shares. */
export interface Work {
  readonly house: House;
  readonly call: Call<OperationId>;
  readonly ask: Ask;
  readonly trail: Trail;
  /** The caller would rather be refused than answered with a field changed or dropped. */
  readonly isStrict: boolean;
  /** What runs out, for the header of the reply. */
  readonly warnings: readonly string[];
}

/** One call to one target: its wire and the request written for it. */
export interface Attempt {
  /** As it is asked: with one of its provider's credentials. */
  readonly target: Target;
  /** Its place on a lane to the upstream; null where none is kept. */
  readonly visit: Visit | null;
  readonly wire: ReplySide;
  readonly request: HttpRequest | ScriptedReply | SeveralRequests;
  /** How long it may take, in ms, until a whole answer or the first event of a stream is there; absent: as the gateway's limits say. */
  readonly msMax?: number;
  /** After which answers somebody else is asked, if there is anybody. */
  readonly passed?: Passed;
}

/** Tells whoever awaits an attempt how it went. */
export interface Settle<Reply = BytesReply | EventsReply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (reason: Error) => void;
}

/** What a wire is told when it writes a reply of its own. */
export function contextOf({ house, call }: Work, { target }: Attempt): ReplyContext {
  return { requestId: call.requestId, upstreamModel: target.upstreamModel, nowSeconds: Math.floor(house.clock.now() / 1000) };
}

/** An attempt failed before the first byte; nothing has been recorded. */
export class AttemptFailed extends Error {
  readonly failure: UpstreamFailure;
  /** Hands out, and records, what the upstream answered nevertheless, when nobody else can be asked; null when it did not answer. */
  readonly accept: (() => Promise<BytesReply | EventsReply>) | null;

  constructor(failure: UpstreamFailure, accept: AttemptFailed['accept'] = null) {
    super(failure.detail);
    this.failure = failure;
    this.accept = accept;
  }
}

/** Gives back an answer that may not be wanted: `complete` goes on with it, settling anew, when nobody else can be asked. */
export function offer<Reply extends BytesReply | EventsReply>({ reject: refuse }: Settle<Reply>, failure: UpstreamFailure, complete: (settle: Settle<Reply>) => void): void {
  refuse(new AttemptFailed(failure, () => new Promise<Reply>((resolve, reject) => { complete({ resolve, reject }); })));
}

/** A failure that is the upstream's alone, and of which there is nothing to tell but for the log. */
export function bare(code: 'upstream_timeout' | 'upstream_bad_reply', detail: string): UpstreamFailure {
  return { code, isRetryable: true, message: null, param: null, upstream: null, retryAfterSeconds: null, detail };
}

/** How a failed exchange is recorded. */
export function outcomeOf(failure: UpstreamFailure): Outcome {
  if (failure.code === 'upstream_timeout') return 'timeout';
  return failure.code === 'upstream_rejected' || failure.code === 'unsupported_field' ? 'refused' : 'upstream_error';
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

/** What the caller is told of a failed exchange; `headers` go with it. */
export function refusalOf(failure: UpstreamFailure, headers: Readonly<Record<string, string>> = {}): Refusal {
  return new Refusal(failure.code, {
    ...(failure.message === null ? {} : { message: failure.message }),
    ...(failure.upstream === null ? {} : { upstream: failure.upstream }),
    headers: failure.retryAfterSeconds === null ? headers : { ...headers, 'retry-after': String(failure.retryAfterSeconds) },
    param: failure.param,
    detail: failure.detail,
  });
}

/** What the caller is told when the call was ended from our side. */
export function departureRefusal(reason: DepartureReason): Refusal {
  return reason === 'revoked' ? new Refusal('revoked_api_key', { detail: reason }) : new Refusal('shutting_down', { detail: reason, headers: { 'retry-after': '1' } });
}

/** How a call is recorded that was ended from our side; `status`: what the caller has been given, null where nothing yet. */
export function departed(reason: DepartureReason, facts: ReplyFacts, status: number | null = null): Ending {
  const { code, status: refused } = departureRefusal(reason);
  return { outcome: reason, status: status ?? (isByCaller(reason) ? 499 : refused), errorCode: isByCaller(reason) ? null : code, facts, counted: null };
}

/** Whether the caller itself has put an end to the call, which is then no error. */
export function isByCaller(reason: DepartureReason): boolean {
  return reason === 'client_gone' || reason === 'cancelled';
}

/** The event that ends a failed stream for who speaks chat completions. */
export function plainError({ call }: Work, refusal: Refusal): ByteText {
  return dataEvent(JSON.stringify(errorBody(refusal, call.requestId)));
}

/** Headers that go with every reply of a call: who answered, its place in the rate limits, and what had to be changed or is running out. */
export function replyHeaders(work: Work, made: Attempt, upstream: ReplyHeaders): Readonly<Record<string, string>> {
  const { warnings } = made.request;
  const { trail, ask: { raw } } = work;
  trail.changes = warnings;
  const place = placeHeaders(trail);
  const limits = trail.ticket?.headers();
  const known = raw ? { ...raw.headersOf(upstream), ...limits, ...place } : limits && limits !== NO_RATE_HEADERS ? { ...limits, ...place } : place;
  if (warnings.length === 0 && work.warnings.length === 0 && trail.degradedFrom === null) return known;
  const degraded = trail.degradedFrom === null ? [] : [`degraded: ${trail.model ?? ''} answered in place of ${trail.degradedFrom}`];
  return { ...known, ...warningHeader([...degraded, ...warnings, ...work.warnings]) };
}

/** The header that names what had to be changed or is running out; no header for no warnings. */
export function warningHeader(warnings: readonly string[]): Readonly<Record<string, string>> {
  return warnings.length === 0 ? {} : { 'x-interline-warnings': ascii(warnings.join('; ')) };
}

/**
 * True for an answer that says nothing: no text, no call, nothing thought. It is not charged, whatever its prompt was;
 * looked into only where the upstream reports no generated token, or no usage at all.
 */
export function isEmptyAnswer({ mayBeEmpty }: Ask, facts: ReplyFacts, readText: () => string): boolean {
  return mayBeEmpty && (facts.usage === null || facts.usage.completionTokens === 0) && readText() === '';
}
