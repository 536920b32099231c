/** This file hands a provider's own refusal on as it came: same status, same bytes, and nothing is paid for it. */
import { asByteText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { BytesReply } from '../foundation/operation.ts';
import type { ReplyHeaders } from '../providers/call.ts';
import type { UpstreamFailure } from '../providers/wire.ts';
import { unavailable } from '../store/or-unavailable.ts';
import { outcomeOf, replyHeaders, withoutCredential } from './attempt-outcome.ts';
import type { Attempt, Work } from './attempt-outcome.ts';
import { NO_FACTS } from './trail.ts';

/** What a provider refused with. */
export interface RawRefusal {
  readonly failure: UpstreamFailure;
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly body: ByteText;
  readonly settle: { readonly resolve: (reply: BytesReply) => void; readonly reject: (reason: Error) => void };
}

/** True when the caller is told of a failure in the provider's words. */
export function isHandedOn({ ask }: Work, { target }: Attempt, failure: UpstreamFailure): boolean {
  return ask.raw?.handsOn(failure, target) === true;
}

/** Records the call as refused, or failed, and answers with what the provider said; the operator's key is taken out, should it quote it. */
export function handOn(work: Work, made: Attempt, { failure, status, headers, body, settle }: RawRefusal): void {
  const contentType = contentTypeOf(headers);
  const bytes = asByteText(withoutCredential({ ...failure, detail: body }, made).detail);
  work.house.log.warn({ requestId: work.call.requestId, target: made.target.id, code: failure.code, detail: withoutCredential(failure, made).detail }, 'handed on');
  work.house.health.failed(made.visit, failure);
  work.trail.end({ outcome: outcomeOf(failure), status, errorCode: failure.code, facts: NO_FACTS, counted: null }, { contentType, body: bytes }, (fault) => {
    if (fault) settle.reject(unavailable(fault));
    else settle.resolve({ status, bytes, contentType, headers: replyHeaders(work, made, headers) });
  });
}

/** Bytes without a type are just that. */
export function contentTypeOf(headers: ReplyHeaders): string {
  const type = headers['content-type'];
  return typeof type === 'string' ? type : 'application/octet-stream';
}
