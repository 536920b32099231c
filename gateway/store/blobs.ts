/** This file is the BlobStore interface, what keeps bytes by their hash, and the inbox in which they are received and hashed first. */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock } from '../foundation/clock.ts';
import type { MakeId } from '../foundation/ids.ts';
import { SNIFFED_BYTES } from '../foundation/sniff.ts';
import { StoreUnavailable } from './store.ts';

/** Bytes `start` to `end`, both included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Whole, or as they come. */
export type BlobSource = Uint8Array | AsyncIterable<Uint8Array>;

/** Keeps bytes under their SHA-256. Rejects with StoreUnavailable when it can't be reached, or has no room. */
export interface BlobStore {
  /** Puts a draft in its place; once it resolves, the bytes survive a crash. Putting what is there changes nothing. */
  put(draft: BlobDraft): Promise<void>;
  /** Opens bytes, whole or a part that lies within them; the caller reads the stream or destroys it. Rejects with BlobMissing when there are none. */
  open(sha256: string, range: ByteRange | null): Promise<Readable>;
  /** Takes bytes away; nothing when there are none. */
  remove(sha256: string): Promise<void>;
  close(): Promise<void>;
}

/** Bytes that were received and hashed, in a file nobody else sees. */
export interface BlobDraft {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  /** The beginning, for whoever looks at what it is. */
  readonly head: Uint8Array;
}

/** No bytes have this hash here. */
export class BlobMissing extends Error {}

/** There were more bytes than may be taken. */
export class BlobTooLarge extends Error {}

const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
const SHA256 = /^[0-9a-f]{64}$/;

/** Guards every path that is made of a hash. */
export function checkHash(sha256: string): string {
  if (!SHA256.test(sha256)) throw new Error('a name that is no SHA-256');
  return sha256;
}

export interface InboxParts {
  readonly clock: Clock;
  readonly makeId: MakeId;
}

export interface Inbox {
  /** Receives bytes into a file, hashing them. Rejects with BlobTooLarge past `bytesMax`, and with what the source rejects with; then nothing is left. */
  receive(source: BlobSource, bytesMax: number): Promise<BlobDraft>;
  /** Throws the file of a draft away, wherever it is by now. */
  discard(draft: BlobDraft): Promise<void>;
  /** Throws away what a crash has left: everything older than `ageMs`. */
  sweep(ageMs: number): Promise<void>;
}

/** Makes the folder in which drafts lie, private to this machine. */
export function createInbox(folder: string, { clock, makeId }: InboxParts): Inbox {
  const discard = async (file: string): Promise<void> => { await rm(file, { force: true }); };
  return {
    async receive(source, bytesMax) {
      const file = join(folder, makeId('media'));
      try {
        await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
        return await write(file, source, bytesMax);
      } catch (thrown) {
        // What went wrong is what is told; a sweep takes what is left.
        await discard(file).catch(() => undefined);
        throw asBlobFailure(thrown);
      }
    },
    discard: (draft) => discard(draft.file),
    async sweep(ageMs) {
      const names = await readdir(folder).catch(() => []);
      for (const name of names) {
        const file = join(folder, name);
        const found = await stat(file).catch(() => null);
        if (found && found.mtimeMs < clock.now() - ageMs) await discard(file);
      }
    },
  };
}

async function write(file: string, source: BlobSource, bytesMax: number): Promise<BlobDraft> {
  const handle = await open(file, 'wx', PRIVATE_FILE);
  try {
    const hash = createHash('sha256');
    const head = Buffer.alloc(SNIFFED_BYTES);
    let bytes = 0;
    for await (const chunk of source instanceof Uint8Array ? [source] : source) {
      if (bytes + chunk.length > bytesMax) throw new BlobTooLarge(`more than ${bytesMax} bytes`);
      if (bytes < head.length) head.set(chunk.subarray(0, head.length - bytes), bytes);
      bytes += chunk.length;
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    await handle.sync();
    return { file, sha256: hash.digest('hex'), bytes, head: head.subarray(0, Math.min(bytes, head.length)) };
  } finally {
    await handle.close();
  }
}

/** What Node calls an error of the system; null for any other. */
export function errorCode(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : null;
}

const FULL_OR_BROKEN: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ENOTDIR']);

/** A disk that is full, read-only or broken is a store that can't be reached. */
export function asBlobFailure(thrown: unknown): unknown {
  const code = errorCode(thrown);
  return FULL_OR_BROKEN.has(code) ? new StoreUnavailable(`media can't be kept: ${String(code)}`, { cause: thrown }) : thrown;
}
