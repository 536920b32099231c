/** This file reads an idempotency key, and answers a request that was made before with what it was answered then. */
import { hash } from 'node:crypto';
import { fail } from '../foundation/errors.ts';
import type { IdempotencyClaim, KeptReply } from '../foundation/ledger.ts';
import type { BytesReply, Call, OperationId } from '../foundation/operation.ts';
import type { Caller } from '../foundation/terms.ts';
import type { House } from './house.ts';
import { asByteText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';

/** 1 to 255 visible ASCII characters. */
const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;
/** An answer under way may take minutes; asking again every so often is enough, in seconds. */
const OPEN_RETRY_SECONDS = '2';

/** The claim of a request that carries `Idempotency-Key`; null without one. Refuses a key that can't be one. */
export function claimOf(house: Pick<House, 'clock' | 'limits'>, call: Call<OperationId>, caller: Caller): IdempotencyClaim | null {
  const key = call.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !KEY_PATTERN.test(key)) {
    fail('invalid_request', { param: 'idempotency-key', message: 'Idempotency-Key must be 1 to 255 visible ASCII characters.' });
  }
  return {
    scope: `${caller.workspaceId}:${call.operationId}`,
    key,
    bodyHash: hashOf(call),
    expiresMs: house.clock.now() + house.limits.idempotencyMs,
  };
}

/** What makes two requests the same: their fields, their path and, in a form, their files. A boundary may differ from one to the next. */
function hashOf({ bodyText, files, path, query }: Pick<Call<OperationId>, 'bodyText' | 'files' | 'path' | 'query'>): string {
  // Where a path says what is asked, it is part of what makes two requests the same.
  const place = Object.keys(path).length === 0 ? [] : [JSON.stringify([path, query])];
  const hashes = files.map((file) => JSON.stringify([file.field, file.name, file.contentType, hash('sha256', file.bytes, 'base64')]));
  return hash('sha256', [bodyText, ...hashes, ...place].join('\n'), 'base64');
}

/** Marks, as in data URLs, a reply that is kept in base64. */
const PACKED = ';base64';

/** A reply as it is kept: sound and pictures hold zero bytes, which no database takes in a text, and are packed. */
export function packReply({ contentType, body }: { readonly contentType: string; readonly body: ByteText }): { contentType: string; body: string } {
  if (!body.includes('\0')) return { contentType, body };
  return { contentType: contentType + PACKED, body: Buffer.from(body, 'latin1').toString('base64') };
}

/** Replays a kept reply, streams in one burst. Refuses when it was too large to keep: the first one stands, and is paid for. */
export function replay(reply: KeptReply): BytesReply {
  if (reply.body === null) {
    fail('idempotency_reply_not_kept', {
      param: 'idempotency-key',
      message: `The request ${reply.requestId} with this Idempotency-Key was answered with ${reply.status}, but its reply was too large to keep. It was charged once; use another key to ask again.`,
    });
  }
  const isPacked = reply.contentType.endsWith(PACKED);
  return {
    status: reply.status,
    bytes: isPacked ? Buffer.from(reply.body, 'base64') : asByteText(reply.body),
    contentType: isPacked ? reply.contentType.slice(0, -PACKED.length) : reply.contentType,
    headers: { 'idempotency-replayed': 'true', 'x-interline-original-request': reply.requestId },
  };
}

/** Refuses a second request while the first is still being answered. */
export function failUnanswered(): never {
  fail('idempotency_key_in_use', { param: 'idempotency-key', headers: { 'retry-after': OPEN_RETRY_SECONDS } });
}
