/** This file writes images, sound and files as parts of a Gemini prompt. */
import { isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';

/** Reports one field that was changed or dropped: its name and why. */
export type Warn = (field: string, why: string) => void;

const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', webp: 'image/webp', gif: 'image/gif', heic: 'image/heic', heif: 'image/heif',
  pdf: 'application/pdf', txt: 'text/plain', md: 'text/markdown', csv: 'text/csv', html: 'text/html', json: 'application/json',
  mp4: 'video/mp4', mov: 'video/quicktime', webm: 'video/webm', mpeg: 'video/mpeg', mp3: 'audio/mpeg', wav: 'audio/wav', ogg: 'audio/ogg', flac: 'audio/flac', aac: 'audio/aac', m4a: 'audio/mp4',
};

/** What a name ends in, as a media type; null when nothing is known of it. */
function typeOfName(name: string): string | null {
  const ending = /\.([a-z0-9]{1,5})(?:[?#].*)?$/i.exec(name)?.[1]?.toLowerCase();
  return ending === undefined ? null : TYPES[ending] ?? null;
}

/** The Gemini part of one content part that is not text; null, with a warning, for what it can't take. */
export function mediaPart(part: unknown, warn: Warn): JsonObject | null {
  const type = stringAt(part, 'type');
  if (type === 'image_url') {
    const image = objectAt(part, 'image_url');
    const detail = stringAt(image, 'detail');
    if (detail !== null && detail !== 'auto') warn('messages', 'the detail of images is not sent');
    return byUrl(stringAt(image, 'url') ?? '', 'image/jpeg', warn);
  }
  if (type === 'video_url') return byUrl(stringAt(objectAt(part, 'video_url'), 'url') ?? '', 'video/mp4', warn);
  if (type === 'document_url') return byUrl(stringAt(part, 'document_url') ?? '', 'application/pdf', warn);
  if (type === 'input_audio') {
    const audio = objectAt(part, 'input_audio');
    const format = stringAt(audio, 'format') ?? 'wav';
    return { inlineData: { mimeType: TYPES[format] ?? `audio/${format}`, data: stringAt(audio, 'data') ?? '' } };
  }
  if (type === 'file') return filePart(objectAt(part, 'file'), warn);
  warn('messages', `parts of type ${type ?? 'none'} are not sent`);
  return null;
}

function filePart(file: unknown, warn: Warn): JsonObject | null {
  const fallback = typeOfName(stringAt(file, 'filename') ?? '') ?? 'application/pdf';
  const content = stringAt(file, 'file_data');
  if (content !== null) return isUrl(content) ? byUrl(content, fallback, warn) : { inlineData: { mimeType: fallback, data: content } };
  const id = stringAt(file, 'file_id') ?? '';
  // Only Gemini's own files have addresses: `https://generativelanguage.googleapis.com/v1beta/files/…`.
  if (isUrl(id)) return { fileData: { mimeType: fallback, fileUri: id } };
  warn('messages', 'files by file_id are not sent, Gemini knows only its own');
  return null;
}

function isUrl(text: string): boolean {
  return /^(?:data:|https?:\/\/|gs:\/\/)/i.test(text);
}

/**
 * A `data:` URL is sent along; any other is named, and Gemini fetches it itself
 * (`fileData` with an external URL, https://ai.google.dev/gemini-api/docs/file-input-methods, 2026-11).
 */
function byUrl(url: string, fallback: string, warn: Warn): JsonObject | null {
  const data = /^data:([^;,]*)((?:;[^;,]*)*),/i.exec(url);
  if (data) {
    const content = url.slice(data[0].length);
    const mimeType = data[1] === undefined || data[1] === '' ? fallback : data[1];
    if (/;base64$/i.test(data[2] ?? '')) return { inlineData: { mimeType, data: content } };
    return { inlineData: { mimeType, data: Buffer.from(decoded(content), 'utf8').toString('base64') } };
  }
  if (!isUrl(url)) {
    warn('messages', 'an address that is no URL is not sent');
    return null;
  }
  warn('messages', 'files by URL are fetched by Gemini itself, which must be able to reach them');
  return { fileData: { mimeType: typeOfName(url) ?? fallback, fileUri: url } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The Gemini parts of a message's content: a text, a list of parts, or nothing. */
export function contentParts(content: unknown, warn: Warn): JsonObject[] {
  if (typeof content === 'string') return [{ text: content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: unknown): JsonObject[] => {
    const text = isJsonObject(part) && part['type'] === 'refusal' ? stringAt(part, 'refusal') : stringAt(part, 'text');
    if (text !== null) return [{ text }];
    const media = mediaPart(part, warn);
    return media ? [media] : [];
  });
}

/** The text of a message's content, its parts on lines of their own. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.flatMap((part: unknown) => stringAt(part, 'text') ?? []).join('\n');
}
