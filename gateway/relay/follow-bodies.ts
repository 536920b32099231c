/** This file follows a call to its end for a workspace that has bodies kept: what was asked, and what was answered, as it was sent. */
import { decodeText, NO_BYTES, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { errorBody } from '../foundation/errors.ts';
import type { Refusal } from '../foundation/errors.ts';
import type { BytesReply, Call, EventSource, EventsReply, OperationId } from '../foundation/operation.ts';
import type { Account } from '../foundation/terms.ts';
import type { House } from './house.ts';
import type { SentBody } from './kept-bodies.ts';
import { notingSink } from './noting-sink.ts';

type Followed = Pick<House, 'bodies' | 'limits'>;

const JSON_TYPE = 'application/json';
/** Of a body that has to be parsed to be redacted, more is looked at than is kept; but a parser of megabytes would hold up everybody. */
const LOOKED_TIMES = 8;

/** Has the bodies of an answered call kept. Gives the reply to write, which for a stream notes what is sent. */
export function followReply<Reply extends BytesReply | EventsReply>(house: Followed, { call, account }: { call: Call<OperationId>; account: Account }, reply: Reply): Reply | EventsReply {
  const keep = (sent: SentBody | null): void => { keepBodies(house, { call, account }, sent); };
  if (!('events' in reply)) {
    keep(sentBytes(reply, LOOKED_TIMES * house.limits.keptBodyBytesMax));
    return reply;
  }
  return { ...reply, events: followEvents(reply.events, { bytesMax: house.limits.keptBodyBytesMax, keep, call }) };
}

/** Has the body of a refused call kept, with what it was told; nothing where nobody was there to be told. */
export function followRefusal(house: Followed, { call, account }: { call: Call<OperationId>; account: Account }, refusal: Refusal): void {
  const text = JSON.stringify(errorBody(refusal, call.requestId));
  const isTold = call.departure.reason !== 'client_gone';
  keepBodies(house, { call, account }, isTold ? { contentType: JSON_TYPE, text, bytes: Buffer.byteLength(text), isCut: false } : null);
}

function keepBodies({ bodies, limits }: Followed, { call, account }: { call: Call<OperationId>; account: Account }, reply: SentBody | null): void {
  const lookedMax = LOOKED_TIMES * limits.keptBodyBytesMax;
  const text = call.bodyText.slice(0, lookedMax);
  // A form's fields are told as JSON, its files by their names.
  const request: SentBody = { contentType: JSON_TYPE, text, bytes: Buffer.byteLength(call.bodyText), isCut: text.length < call.bodyText.length };
  bodies.keep({ requestId: call.requestId, operationId: call.operationId, account, request, reply });
}

function sentBytes({ bytes, contentType }: BytesReply, lookedMax: number): SentBody {
  const start = bytes.slice(0, lookedMax);
  const text = typeof start === 'string' ? Buffer.from(start, 'latin1').toString('utf8') : Buffer.from(start).toString('utf8');
  return { contentType, text, bytes: bytes.length, isCut: bytes.length > lookedMax };
}

interface Following {
  readonly bytesMax: number;
  readonly keep: (sent: SentBody | null) => void;
  readonly call: Pick<Call<OperationId>, 'departure'>;
}

/** Notes whole events while there is room. Ends with the stream, or when the call must end. */
function followEvents(events: EventSource, { bytesMax, keep, call }: Following): EventSource {
  return {
    start(sink) {
      let kept = NO_BYTES;
      let bytes = 0;
      let isKept = false;
      const note = (event: ByteText): void => {
        if (kept.length === bytes && bytes + event.length <= bytesMax) kept = joinBytes(kept, event);
        bytes += event.length;
      };
      const finish = (): void => {
        if (isKept) return;
        isKept = true;
        keep({ contentType: 'text/event-stream', text: decodeText(kept), bytes, isCut: kept.length < bytes });
      };
      events.start(notingSink(sink, { note, finish }));
      call.departure.onGone(finish);
    },
  };
}
