/** This file tells what bytes are by looking at their beginning: what somebody claims them to be is never believed. */

/** So many bytes are enough to tell. */
export const SNIFFED_BYTES = 512;

interface Signature {
  readonly contentType: string;
  /** Where the mark stands. */
  readonly at: number;
  /** Bytes as latin1 text. */
  readonly mark: string;
  /** A second mark, elsewhere. */
  readonly and?: { readonly at: number; readonly mark: string };
}

/** Signatures of the WHATWG MIME Sniffing Standard (https://mimesniff.spec.whatwg.org, 2026-11), and of the containers it leaves out. */
const SIGNATURES: readonly Signature[] = [
  { contentType: 'image/png', at: 0, mark: '\x89PNG\r\n\x1a\n' },
  { contentType: 'image/jpeg', at: 0, mark: '\xff\xd8\xff' },
  { contentType: 'image/gif', at: 0, mark: 'GIF87a' },
  { contentType: 'image/gif', at: 0, mark: 'GIF89a' },
  { contentType: 'image/webp', at: 0, mark: 'RIFF', and: { at: 8, mark: 'WEBP' } },
  { contentType: 'audio/wav', at: 0, mark: 'RIFF', and: { at: 8, mark: 'WAVE' } },
  { contentType: 'video/x-msvideo', at: 0, mark: 'RIFF', and: { at: 8, mark: 'AVI ' } },
  { contentType: 'audio/aiff', at: 0, mark: 'FORM', and: { at: 8, mark: 'AIFF' } },
  { contentType: 'audio/ogg', at: 0, mark: 'OggS' },
  { contentType: 'audio/flac', at: 0, mark: 'fLaC' },
  { contentType: 'audio/mpeg', at: 0, mark: 'ID3' },
  { contentType: 'audio/midi', at: 0, mark: 'MThd' },
  { contentType: 'video/webm', at: 0, mark: '\x1a\x45\xdf\xa3' },
  { contentType: 'application/pdf', at: 0, mark: '%PDF-' },
];

/** Brands of ISO base media files (ftyp box, https://mp4ra.org/registered-types/brands, 2026-11) that are not plain video. */
const BRANDS: readonly (readonly [prefix: string, contentType: string])[] = [
  ['avif', 'image/avif'], ['avis', 'image/avif'], ['heic', 'image/heic'], ['heix', 'image/heic'], ['mif1', 'image/heif'],
  ['M4A ', 'audio/mp4'], ['M4B ', 'audio/mp4'], ['qt  ', 'video/quicktime'],
];

/** The content type the first bytes speak of; null when they say nothing known. Text is never guessed: SVG and HTML can carry scripts. */
export function sniffContentType(head: Uint8Array): string | null {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, SNIFFED_BYTES)).toString('latin1');
  if (text.startsWith('ftyp', 4)) return BRANDS.find(([brand]) => text.startsWith(brand, 8))?.[1] ?? 'video/mp4';
  const found = SIGNATURES.find(({ at, mark, and }) => text.startsWith(mark, at) && (!and || text.startsWith(and.mark, and.at)));
  if (found) return found.contentType;
  return isMpegAudio(head) ? 'audio/mpeg' : null;
}

/** A frame of MPEG audio, layer II or III, without tags before it: eleven set bits, then a version, a layer, a rate and a sampling rate there are. */
function isMpegAudio(head: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0] = head;
  const layer = (second >> 1) & 3;
  return first === 0xff && (second & 0xe0) === 0xe0 && ((second >> 3) & 3) !== 1 && (layer === 1 || layer === 2) && third >> 4 !== 15 && ((third >> 2) & 3) !== 3;
}
