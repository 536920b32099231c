/** This file maps the parts of a message's content to Anthropic's content blocks: text, images and documents, by URL and data URL. */
import type { ContentPart, UserContent } from '../../generated/client/types.gen.ts';
import { isJsonObject } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Warn } from './anthropic-messages-thinking.ts';

/** What marks a place up to which the prompt is cached; handed through as the caller gave it (platform.claude.com, "Prompt caching"). */
export function cacheControlOf(holder: unknown): JsonObject {
  const control = isJsonObject(holder) ? holder['cache_control'] : null;
  return isJsonObject(control) ? { cache_control: control } : {};
}

/** A text block; none for blank text, which Anthropic refuses. */
export function textBlocks(text: string, holder: unknown = null): JsonObject[] {
  return text.trim() === '' ? [] : [{ type: 'text', text, ...cacheControlOf(holder) }];
}

/** Maps what a user or a tool says. */
export function contentBlocks(content: UserContent, warn: Warn): JsonObject[] {
  if (typeof content === 'string') return textBlocks(content);
  return content.flatMap((part) => partBlocks(part, warn).map((block) => ({ ...block, ...cacheControlOf(part) })));
}

function partBlocks(part: ContentPart, warn: Warn): JsonObject[] {
  switch (part.type) {
    case 'text':
      return textBlocks(part.text);
    case 'image_url': {
      const { url, detail } = part.image_url;
      if (typeof detail === 'string' && detail !== 'auto') warn('messages: image detail is not sent');
      return sourceBlocks({ url, fallback: 'image', title: null }, warn);
    }
    case 'document_url':
      return sourceBlocks({ url: part.document_url, fallback: 'document', title: null }, warn);
    case 'file': {
      const { file_data: data, filename } = part.file;
      if (typeof data === 'string' && data !== '') return sourceBlocks({ url: data, fallback: 'document', title: filename ?? null }, warn);
      // Whoever holds the operator's key can read what was uploaded with it: an id says nothing of whose file it is.
      warn('messages: a file without file_data is not sent');
      return [];
    }
    case 'input_audio':
    case 'video_url':
      warn(`messages: ${part.type} is not sent, the provider does not take it`);
      return [];
    default:
      warn('messages: a part of an unknown type is not sent');
      return [];
  }
}

interface Source {
  readonly url: string;
  /** What an address that does not say its type stands for. */
  readonly fallback: 'image' | 'document';
  readonly title: string | null;
}

function sourceBlocks({ url, fallback, title }: Source, warn: Warn): JsonObject[] {
  const titled = title === null || title === '' ? {} : { title };
  const data = readDataUrl(url);
  if (data === null) {
    if (/^https?:\/\//i.test(url)) return [{ type: fallback, source: { type: 'url', url }, ...(fallback === 'document' ? titled : {}) }];
    warn('messages: a file that is neither a URL nor a data URL is not sent');
    return [];
  }
  const { mediaType, base64 } = data;
  if (mediaType.startsWith('image/')) return [{ type: 'image', source: { type: 'base64', media_type: mediaType, data: base64 } }];
  if (mediaType === 'application/pdf') return [{ type: 'document', source: { type: 'base64', media_type: mediaType, data: base64 }, ...titled }];
  if (mediaType.startsWith('text/') || mediaType === 'application/json') {
    const text = Buffer.from(base64, 'base64').toString('utf8');
    return [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: text }, ...titled }];
  }
  warn(`messages: a file of type ${mediaType} is not sent, the provider does not take it`);
  return [];
}

const DATA_URL_HEAD = /^data:([^,]{0,200}),/i;
/** Cut for warnings; longer ones are no types. */
const MEDIA_TYPE = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/;

/** The type and the base64 bytes of a data URL; null for anything else. */
function readDataUrl(url: string): { mediaType: string; base64: string } | null {
  // Only the head is matched: what follows may be megabytes.
  const head = DATA_URL_HEAD.exec(url.slice(0, 300));
  if (!head) return null;
  const [first = '', ...rest] = (head[1] ?? '').split(';').map((word) => word.trim().toLowerCase());
  const mediaType = MEDIA_TYPE.test(first) ? first === 'image/jpg' ? 'image/jpeg' : first : 'text/plain';
  const payload = url.slice(head[0].length);
  if (rest.includes('base64')) return { mediaType, base64: payload };
  return { mediaType, base64: Buffer.from(unescapePercents(payload), 'utf8').toString('base64') };
}

function unescapePercents(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
