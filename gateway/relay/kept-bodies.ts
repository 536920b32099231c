/** This file keeps bodies of requests and replies for workspaces that want them: cut, redacted, sealed, and not for ever. */
import type { KeptBody, RequestBodies } from '../../generated/client/types.gen.ts';
import { redactions } from '../../generated/redactions.ts';
import type { Vault } from '../access/vault.ts';
import type { Clock } from '../foundation/clock.ts';
import { isJsonObject, parseJson, stringAt } from '../foundation/json-value.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import type { OperationId } from '../foundation/operation.ts';
import { toSeconds } from '../foundation/page.ts';
import type { Account } from '../foundation/terms.ts';
import { redactEvents, redactJson } from '../foundation/redact.ts';
import { asStoreRefusal } from '../store/or-unavailable.ts';
import type { RequestBodyRow, RequestLogCalls } from '../store/request-log-row.ts';

/** A body as it was sent, or the beginning of it. */
export interface SentBody {
  readonly contentType: string;
  readonly text: string;
  /** How long it was, in bytes. */
  readonly bytes: number;
  /** True when `text` is not all of it. */
  readonly isCut: boolean;
}

/** What went one way and the other. */
export interface Exchanged {
  readonly requestId: string;
  readonly operationId: OperationId;
  readonly account: Pick<Account, 'workspaceId' | 'keptBodies' | 'bodyDays'>;
  readonly request: SentBody;
  /** Null: the caller was gone before there was one. */
  readonly reply: SentBody | null;
}

export interface KeptBodies {
  /** Keeps them in a while, or not at all when too many wait. Never throws. */
  keep(exchanged: Exchanged): void;
  /** Null when nothing is kept, or no more. */
  find(workspaceId: string, requestId: string): Promise<RequestBodies | null>;
  /** False when nothing is kept. */
  remove(workspaceId: string, requestId: string): Promise<boolean>;
  /** Gives of how many requests. */
  removeAll(workspaceId: string): Promise<number>;
  /** Waits until everything that waits is kept. */
  close(): Promise<void>;
}

export interface KeptBodiesParts {
  readonly store: Pick<RequestLogCalls, 'insertRequestBodies' | 'findRequestBody' | 'deleteRequestBody' | 'deleteRequestBodies'>;
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly limits: Pick<Limits, 'keptBodyBytesMax' | 'keptBodiesQueueBytesMax'>;
  readonly log: Pick<Log, 'warn'>;
}

/** What of a request's shadow is kept has the request's id and this. */
export const SHADOW_SUFFIX = '.shadow';

const DAY_MS = 24 * 60 * 60_000;
/** Rows of one transaction. */
const BATCH_ROWS = 32;

/** Makes what one gateway keeps. What waits while a batch is written is the next. */
export function createKeptBodies({ store, vault, clock, limits, log }: KeptBodiesParts): KeptBodies {
  const waiting: Exchanged[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | null = null;
  const seal = (exchanged: Exchanged): RequestBodyRow => {
    const { requestId: id, account: { workspaceId, bodyDays } } = exchanged;
    const nowMs = clock.now();
    return { id, workspaceId, ...vault.seal(writeBodies(exchanged, limits.keptBodyBytesMax), placeOf(workspaceId, id)), createdMs: nowMs, expiresMs: nowMs + bodyDays * DAY_MS };
  };
  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH_ROWS);
      for (const each of batch) waitingBytes -= weightOf(each);
      try {
        await store.insertRequestBodies(batch.map(seal));
      } catch (error) {
        log.warn({ error, count: batch.length }, 'bodies of requests could not be kept');
      }
    }
  };
  return {
    keep(exchanged) {
      const weight = weightOf(exchanged);
      if (waitingBytes + weight > limits.keptBodiesQueueBytesMax) {
        log.warn({ requestId: exchanged.requestId }, 'a body was not kept: too many wait');
        return;
      }
      waitingBytes += weight;
      waiting.push(exchanged);
      // The caller's reply first.
      writing ??= new Promise<void>((resolve) => { setImmediate(resolve); }).then(write).finally(() => { writing = null; });
    },
    async find(workspaceId, id) {
      const read = (of: string): Promise<RequestBodyRow | null> => store.findRequestBody(workspaceId, of, clock.now()).catch(asStoreRefusal);
      const open = (row: RequestBodyRow): string => vault.open(row, placeOf(workspaceId, row.id));
      const row = await read(id);
      if (!row) return null;
      const beside = await read(id + SHADOW_SUFFIX);
      const shadow: unknown = beside && parseJson(open(beside));
      return readBodies(open(row), row, readBody(isJsonObject(shadow) ? shadow['reply'] : null));
    },
    async remove(workspaceId, id) {
      const [isGone] = await Promise.all([id, id + SHADOW_SUFFIX].map((each) => store.deleteRequestBody(workspaceId, each, clock.now()).catch(asStoreRefusal)));
      return isGone === true;
    },
    async removeAll(workspaceId) {
      let count = 0;
      for (;;) {
        const deleted = await store.deleteRequestBodies(workspaceId).catch(asStoreRefusal);
        if (deleted === 0) return count;
        count += deleted;
      }
    },
    async close() {
      while (writing) await writing;
    },
  };
}

function weightOf({ request, reply }: Exchanged): number {
  return request.text.length + (reply?.text.length ?? 0);
}

function placeOf(workspaceId: string, id: string): string {
  return `request-body/${workspaceId}/${id}`;
}

/** As it is sealed: JSON. */
function writeBodies({ operationId, account, request, reply }: Exchanged, bytesMax: number): string {
  const isRedacted = account.keptBodies === 'redacted';
  const { body, replies } = redactions[operationId];
  const write = (sent: SentBody, paths: readonly string[]): KeptBody => {
    const hides = !isRedacted ? null : knowsShape(operationId) ? paths : [''];
    const text = textOf(sent, hides);
    const cut = text === null ? null : cutText(text, bytesMax);
    return { content_type: sent.contentType, bytes: sent.bytes, text: cut, truncated: sent.isCut || cut !== text || (text === null && sent.bytes > 0) };
  };
  return JSON.stringify({ kept: account.keptBodies, request: write(request, body), reply: reply && write(reply, replies) });
}

/** A provider's own API is not described in our contract, so nobody knows what in it is to be hidden. */
function knowsShape(operationId: OperationId): boolean {
  return operationId !== 'getNative' && operationId !== 'postNative' && operationId !== 'deleteNative';
}

/** What may be kept as text; null for what is none, and for what can't be redacted, for only the beginning of it is here. */
function textOf({ contentType, text, isCut }: SentBody, hides: readonly string[] | null): string | null {
  const isEvents = contentType.startsWith('text/event-stream');
  const isJson = contentType.includes('json');
  if (!isEvents && !isJson && !contentType.startsWith('text/')) return null;
  if (hides === null) return text;
  if (isEvents) return redactEvents(text, hides);
  return isCut ? null : redactJson(text, hides);
}

/** Cuts at so many bytes of UTF-8, between characters. */
function cutText(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text, 'utf8') <= bytesMax) return text;
  // An unfinished character at the end is left out.
  return new TextDecoder('utf-8').decode(Buffer.from(text.slice(0, bytesMax), 'utf8').subarray(0, bytesMax), { stream: true });
}

function readBodies(text: string, row: RequestBodyRow, shadow: KeptBody | null): RequestBodies {
  const kept: unknown = parseJson(text);
  return {
    id: row.id,
    object: 'request.body',
    kept: stringAt(kept, 'kept') === 'full' ? 'full' : 'redacted',
    request: readBody(isJsonObject(kept) ? kept['request'] : null) ?? { content_type: '', bytes: 0, text: null, truncated: true },
    reply: readBody(isJsonObject(kept) ? kept['reply'] : null),
    shadow,
    created_at: toSeconds(row.createdMs),
    expires_at: toSeconds(row.expiresMs),
  };
}

function readBody(kept: unknown): KeptBody | null {
  if (!isJsonObject(kept)) return null;
  return {
    content_type: stringAt(kept, 'content_type') ?? '', bytes: typeof kept['bytes'] === 'number' ? kept['bytes'] : 0, text: stringAt(kept, 'text'),
    truncated: kept['truncated'] === true,
  };
}
