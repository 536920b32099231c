/** This file keeps whole answers for whoever in the workspace asks the same again: sealed, behind the caller's reply, and never in its way. */
import type { Vault } from '../access/vault.ts';
import { NO_BYTES, asByteText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { Clock } from '../foundation/clock.ts';
import { arrayAt, countAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import type { ReplyCacheSetting } from '../foundation/reply-cache.ts';
import type { Usage } from '../foundation/terms.ts';
import { asStoreRefusal } from '../store/or-unavailable.ts';
import type { CachedReplyCalls, CachedReplyRow } from '../store/cached-reply-row.ts';

/** A whole answer, and what is told of it besides. */
export interface CachedReply {
  readonly contentType: string;
  /** Of a stream: its events as they were sent, without comments. */
  readonly body: ByteText;
  /** Who made it, so that it is only given where it could be made again. */
  readonly maker: string;
  readonly usage: Usage;
  readonly finishReason: string | null;
  readonly upstreamId: string | null;
  readonly upstreamModel: string | null;
  /** What had to be changed of the request for it. */
  readonly warnings: readonly string[];
}

/** An answer that is there, and since when. */
export interface FoundReply extends CachedReply {
  readonly createdMs: number;
}

/** Where an answer is kept, and how. */
export interface CachePlace {
  readonly workspaceId: string;
  /** Follows from what was asked. */
  readonly id: string;
  readonly setting: ReplyCacheSetting;
  /** For how long, in seconds; no longer than the setting says. */
  readonly seconds: number;
}

export interface CachedReplies {
  /** Null when there is none, or it can't be read: a cache that fails is an empty one. */
  find(place: CachePlace): Promise<FoundReply | null>;
  /** Keeps it in a while, or not at all when it is too large or too many wait. Never throws. */
  keep(place: CachePlace, reply: CachedReply): void;
  /** What there is of a workspace. Rejects with a Refusal when the store can't be reached. */
  measure(workspaceId: string): Promise<{ readonly count: number; readonly bytes: number }>;
  /** Gives how many there were. Rejects with a Refusal when the store can't be reached. */
  removeAll(workspaceId: string): Promise<number>;
  /** Waits until everything that waits is kept. */
  close(): Promise<void>;
}

export interface CachedRepliesParts {
  readonly store: CachedReplyCalls;
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly limits: Pick<Limits, 'replyCacheBytesMax' | 'replyCacheQueueBytesMax'>;
  readonly log: Pick<Log, 'warn'>;
}

interface Waiting {
  readonly place: CachePlace;
  readonly reply: CachedReply;
}

/** Rows of one transaction. */
const BATCH_ROWS = 32;
const MS_PER_SECOND = 1000;

/** Makes the reply cache of one gateway; all that share its store and its vault share what is in it. */
export function createCachedReplies(parts: CachedRepliesParts): CachedReplies {
  const { store, limits, log } = parts;
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | null = null;
  /** Takes the next that are of one workspace. */
  const takeBatch = (): Waiting[] => {
    const workspaceId = waiting[0]?.place.workspaceId;
    const batch = waiting.filter(({ place }) => place.workspaceId === workspaceId).slice(0, BATCH_ROWS);
    waiting = waiting.filter((each) => !batch.includes(each));
    for (const { reply } of batch) waitingBytes -= reply.body.length;
    return batch;
  };
  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = takeBatch();
      const { workspaceId, setting } = batch.at(-1)?.place ?? { workspaceId: '', setting: null };
      try {
        await store.keepReplies(workspaceId, batch.map((each) => seal(parts, each)), Math.min(setting?.bytesMax ?? 0, limits.replyCacheBytesMax));
      } catch (error) {
        log.warn({ error, count: batch.length }, 'answers could not be kept in the reply cache');
      }
    }
  };
  return {
    find: (place) => find(parts, place),
    keep(place, reply) {
      const bytes = reply.body.length;
      if (bytes > place.setting.replyBytesMax) return;
      if (waitingBytes + bytes > limits.replyCacheQueueBytesMax) {
        log.warn({ workspace: place.workspaceId }, 'an answer was not kept in the reply cache: too many wait');
        return;
      }
      waitingBytes += bytes;
      waiting.push({ place, reply });
      // The caller's reply first.
      writing ??= new Promise<void>((resolve) => { setImmediate(resolve); }).then(write).finally(() => { writing = null; });
    },
    measure: (workspaceId) => store.measureReplies(workspaceId).catch(asStoreRefusal),
    async removeAll(workspaceId) {
      for (const { place, reply } of waiting) if (place.workspaceId === workspaceId) waitingBytes -= reply.body.length;
      waiting = waiting.filter(({ place }) => place.workspaceId !== workspaceId);
      // What is being written now is deleted, too.
      await writing;
      let count = 0;
      for (;;) {
        const deleted = await store.deleteReplies(workspaceId).catch(asStoreRefusal);
        if (deleted === 0) return count;
        count += deleted;
      }
    },
    async close() {
      while (writing) await writing;
    },
  };
}

async function find({ store, vault, clock, log }: CachedRepliesParts, { workspaceId, id, seconds }: CachePlace): Promise<FoundReply | null> {
  try {
    const row = await store.findReply({ workspaceId, id, nowMs: clock.now(), ageMax: seconds * MS_PER_SECOND });
    return row && readReply(vault.open(row, placeName(workspaceId, id)), row.createdMs);
  } catch (error) {
    log.warn({ error }, 'the reply cache could not be read');
    return null;
  }
}

function seal({ vault, clock }: CachedRepliesParts, { place: { workspaceId, id, seconds }, reply }: Waiting): CachedReplyRow {
  const sealed = vault.seal(writeReply(reply), placeName(workspaceId, id));
  const createdMs = clock.now();
  return { workspaceId, id, ...sealed, bytes: sealed.ciphertext.length, createdMs, expiresMs: createdMs + seconds * MS_PER_SECOND };
}

function placeName(workspaceId: string, id: string): string {
  return `cached-reply/${workspaceId}/${id}`;
}

/** As it is sealed: what is told of it as one line of JSON, and its bytes after that. */
function writeReply({ body, ...told }: CachedReply): string {
  return `${JSON.stringify(told)}\n${body}`;
}

/** Null for what another version of the program has written. */
function readReply(text: string, createdMs: number): FoundReply | null {
  const end = text.indexOf('\n');
  const told: unknown = parseJson(text.slice(0, end));
  const [contentType, maker] = [stringAt(told, 'contentType'), stringAt(told, 'maker')];
  const usage = objectAt(told, 'usage');
  if (!isJsonObject(told) || contentType === null || maker === null || usage === null) return null;
  return {
    createdMs, contentType, maker,
    body: end + 1 === text.length ? NO_BYTES : asByteText(text.slice(end + 1)),
    usage: {
      promptTokens: countAt(usage, 'promptTokens'), cachedTokens: countAt(usage, 'cachedTokens'), cacheWriteTokens: countAt(usage, 'cacheWriteTokens'),
      completionTokens: countAt(usage, 'completionTokens'), reasoningTokens: countAt(usage, 'reasoningTokens'),
    },
    finishReason: stringAt(told, 'finishReason'), upstreamId: stringAt(told, 'upstreamId'), upstreamModel: stringAt(told, 'upstreamModel'),
    warnings: arrayAt(told, 'warnings').filter((each) => typeof each === 'string'),
  };
}
