/** This file answers a GET of kept bytes: whole, by range, or not at all when the caller has them already (RFC 9110, 13 and 14). */
import type { BytesReply, StreamReply } from '../foundation/operation.ts';
import { NO_BYTES } from '../foundation/byte-text.ts';
import { fail } from '../foundation/errors.ts';
import type { ByteRange, MediaRow, MediaStore } from './media.ts';

type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What is kept never changes under its id; it is the workspace's own, so no shared cache may keep it. */
const CACHE_CONTROL = 'private, max-age=31536000, immutable';

/** One range of a request: `range` where it lies within `bytes`, `whole` where there is none to honour, `outside` where none of it is there. */
export type AskedRange = ByteRange | 'whole' | 'outside';

/**
 * Reads a Range header for something of so many bytes. Several ranges, units other than bytes and what is no range at all are
 * ignored, as RFC 9110 14.2 allows: the whole is sent.
 */
export function readRange(header: string | string[] | undefined, bytes: number): AskedRange {
  const found = typeof header === 'string' ? /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim()) : null;
  const [first = '', last = ''] = found?.slice(1) ?? [];
  if (first === '' && last === '') return 'whole';
  if (first === '') {
    const start = Math.max(0, bytes - Number(last));
    return start < bytes ? { start, end: bytes - 1 } : 'outside';
  }
  const start = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < start) return 'whole';
  return start < bytes ? { start, end } : 'outside';
}

/** True when one of the tags of `If-None-Match` is this one, weak or strong (RFC 9110, 13.1.2). */
export function isKnown(header: string | string[] | undefined, etag: string): boolean {
  if (typeof header !== 'string') return false;
  return header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/**
 * Makes the reply: 304 to who has it already, 206 for a range, else 200 with everything. Throws `range_not_satisfiable` for a range of
 * which nothing is there (RFC 9110, 15.5.17), and `store_unavailable` when the bytes can't be had.
 */
export async function serveMedia(store: Pick<MediaStore, 'open'>, media: MediaRow, requested: RequestHeaders): Promise<StreamReply | BytesReply> {
  const etag = `"${media.sha256}"`;
  const headers = {
    etag,
    'accept-ranges': 'bytes',
    'cache-control': CACHE_CONTROL,
    // What an upstream made is shown as what it is, or downloaded; never run.
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  };
  if (isKnown(requested['if-none-match'], etag)) return { status: 304, bytes: NO_BYTES, contentType: media.contentType, headers };
  const condition = requested['if-range'];
  const range = condition === undefined || condition === etag ? readRange(requested['range'], media.bytes) : 'whole';
  if (range === 'outside') {
    const message = `There are ${media.bytes} bytes, and none of those that the header range asks for.`;
    fail('range_not_satisfiable', { message, param: 'range', headers: { 'content-range': `bytes */${media.bytes}` } });
  }
  if (range === 'whole') {
    return { status: 200, stream: await store.open(media, null), bytesCount: media.bytes, contentType: media.contentType, headers };
  }
  return {
    status: 206,
    stream: await store.open(media, range),
    bytesCount: range.end - range.start + 1,
    contentType: media.contentType,
    headers: { ...headers, 'content-range': `bytes ${range.start}-${range.end}/${media.bytes}` },
  };
}
