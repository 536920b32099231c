/** This file keeps bytes that outlive their request: a workspace saves them, finds them by their id, and nobody else does. */
import type { Readable } from 'node:stream';
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import type { IdPrefix, MakeId } from '../foundation/ids.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import { sniffContentType } from '../foundation/sniff.ts';
import { BlobMissing } from '../store/blobs.ts';
import type { BlobDraft, BlobSource, BlobStore, ByteRange, Inbox } from '../store/blobs.ts';
import type { MediaCalls, MediaRow } from '../store/media-row.ts';
import { asStoreRefusal } from '../store/or-unavailable.ts';
import { StoreUnavailable } from '../store/store.ts';

export { BlobMissing, BlobTooLarge } from '../store/blobs.ts';
export type { BlobSource, ByteRange } from '../store/blobs.ts';
export type { MediaRow } from '../store/media-row.ts';

/** What is saved, and for whom. */
export interface SaveOptions {
  readonly workspaceId: string;
  /** What it is to its workspace: `image`, `video`, `thumbnail` … */
  readonly kind: string;
  /** More is refused, in bytes; `limits.mediaBytesMax` by default. */
  readonly bytesMax?: number;
  /** When it expires, in ms since the epoch; after `limits.mediaMs` by default. */
  readonly expiresMs?: number;
  /** What its id begins with; `media` by default. */
  readonly prefix?: IdPrefix;
  /** False for a sniffed content type (null: unknown) that must not be kept; everything may by default. */
  readonly accepts?: (contentType: string | null) => boolean;
}

/** What is kept, and until when; `sha256` is also its strong ETag. */
export interface MediaStore {
  /**
   * Keeps bytes, whole or as they come; once it resolves they survive a crash. Rejects with BlobTooLarge, MediaRefused (see `accepts`),
   * StoreUnavailable, and with what the source rejects with; then nothing is kept.
   */
  save(source: BlobSource, options: SaveOptions): Promise<MediaRow>;
  /** Null when this workspace has no such thing (any more). Throws the refusal `store_unavailable` when nobody can say. */
  find(workspaceId: string, id: string): Promise<MediaRow | null>;
  /** Opens its bytes, whole or a part that lies within them; the caller reads the stream or destroys it. Throws `store_unavailable` when they can't be had. */
  open(media: Pick<MediaRow, 'id' | 'sha256'>, range: ByteRange | null): Promise<Readable>;
  /** False when this workspace has no such thing. Its bytes go at a sweep, once nobody else has the same. */
  remove(workspaceId: string, id: string): Promise<boolean>;
  /** Deletes what has expired, and takes bytes away that nobody has any more. Gives how many files went. */
  sweep(): Promise<number>;
  close(): Promise<void>;
}

/** The bytes are not of a kind that is accepted. */
export class MediaRefused extends Error {
  /** What they are; null when nobody knows. */
  readonly contentType: string | null;

  constructor(contentType: string | null) {
    super(`not accepted: ${contentType ?? 'unknown bytes'}`);
    this.contentType = contentType;
  }
}

export interface MediaParts {
  readonly store: MediaCalls;
  readonly blobs: BlobStore;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly limits: Pick<Limits, 'mediaMs' | 'mediaBytesMax' | 'mediaSweepMs' | 'upstreamTotalMs'>;
  readonly log: Pick<Log, 'warn'>;
}

const UNKNOWN = 'application/octet-stream';
/** The same bytes are being taken away: asked again after so long, in ms, and so often. */
const BUSY_MS = 50;
const BUSY_MAX = 200;

/** Makes the media of one gateway, and sweeps them every `mediaSweepMs`. */
export function createMedia(parts: MediaParts): MediaStore {
  const { store, blobs, inbox, clock, limits, log } = parts;
  let sweeping: Promise<number> | null = null;
  const sweep = (): Promise<number> => sweeping ??= sweepOnce(parts).finally(() => { sweeping = null; });
  const stop = clock.every(limits.mediaSweepMs, () => {
    sweep().catch((error: unknown) => { log.warn({ error }, 'media could not be swept'); });
  });
  return {
    async save(source, options) {
      const draft = await inbox.receive(source, options.bytesMax ?? limits.mediaBytesMax);
      try {
        return await place(parts, draft, options);
      } finally {
        await inbox.discard(draft);
      }
    },
    find: (workspaceId, id) => store.findMedia(workspaceId, id, clock.now()).catch(asStoreRefusal),
    async open(media, range) {
      try {
        const stream = await blobs.open(media.sha256, range);
        // It may break off before anybody has begun to read; who then does is told.
        stream.on('error', () => undefined);
        return stream;
      } catch (cause) {
        if (cause instanceof BlobMissing) fail('store_unavailable', { cause, detail: `the bytes of ${media.id} are not where they should be` });
        return asStoreRefusal(cause);
      }
    },
    remove: (workspaceId, id) => store.deleteMedia(workspaceId, id).catch(asStoreRefusal),
    sweep,
    async close() {
      stop();
      await sweeping?.catch(() => undefined);
      await blobs.close();
    },
  };
}

/** The row comes first: from then on nobody takes the file away that is put in its place next. */
async function place(parts: MediaParts, draft: BlobDraft, options: SaveOptions): Promise<MediaRow> {
  const { store, blobs, clock, makeId, limits } = parts;
  const contentType = sniffContentType(draft.head);
  if (options.accepts && !options.accepts(contentType)) throw new MediaRefused(contentType);
  const nowMs = clock.now();
  const row: MediaRow = {
    id: makeId(options.prefix ?? 'media'), workspaceId: options.workspaceId, kind: options.kind, sha256: draft.sha256,
    contentType: contentType ?? UNKNOWN, bytes: draft.bytes, createdMs: nowMs, expiresMs: options.expiresMs ?? nowMs + limits.mediaMs,
  };
  for (let asked = 1; !(await store.insertMedia(row)); asked++) {
    if (asked >= BUSY_MAX) throw new StoreUnavailable('the same bytes are being taken away for too long');
    await new Promise<void>((resolve) => { clock.after(BUSY_MS, resolve); });
  }
  try {
    await blobs.put(draft);
  } catch (failure) {
    await store.deleteMedia(row.workspaceId, row.id).catch(() => undefined);
    throw failure;
  }
  return row;
}

async function sweepOnce({ store, blobs, inbox, clock, limits }: MediaParts): Promise<number> {
  // Nothing is received for as long as this.
  await inbox.sweep(limits.upstreamTotalMs * 2);
  while (await store.expireMedia(clock.now()) > 0);
  let count = 0;
  for (;;) {
    const unused = await store.collectMedia(clock.now());
    if (unused.length === 0) return count;
    for (const sha256 of unused) {
      await blobs.remove(sha256);
      await store.forgetMedia(sha256);
      count++;
    }
  }
}
