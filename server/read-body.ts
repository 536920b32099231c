/** This file takes a request's JSON body off the wire, within its bounds. */
import { isAscii, isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Refusal, fail } from '../gateway/foundation/errors.ts';
import { outlineJson } from '../gateway/foundation/json-outline.ts';
import type { JsonOutline } from '../gateway/foundation/json-outline.ts';

export interface JsonBody {
  readonly text: string;
  readonly value: unknown;
  readonly outline: JsonOutline;
}

export interface BodyBounds {
  readonly bytesMax: number;
  readonly depthMax: number;
}

/** Refuses a body that is compressed, or says itself that it is too large, before any of it is read. */
export function checkPlain(request: IncomingMessage, bytesMax: number): void {
  const { headers } = request;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') {
    fail('unsupported_media_type', { param: 'content-encoding', message: `Send the body uncompressed: content-encoding ${encoding.slice(0, 40)} is not supported.` });
  }
  if (Number(headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
}

/** True for JSON's content type, in UTF-8. */
export function isJsonType(type: string): boolean {
  if (type === 'application/json') return true;
  return /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*;?\s*)?$/i.test(type.trim());
}

/** The refusal of a whole body that is too large. */
export function tooLarge(bytesMax: number): Refusal {
  return new Refusal('body_too_large', { message: `The body is larger than the ${bytesMax} bytes this operation takes.` });
}

/** Reads, bounds and parses a JSON body. Throws a Refusal: 415, 413 or 400. */
export async function readJsonBody(request: IncomingMessage, bounds: BodyBounds): Promise<JsonBody> {
  checkPlain(request, bounds.bytesMax);
  const bytes = await collect(request, bounds.bytesMax);
  const text = decode(bytes);
  const outline = outlineJson(text, bounds.depthMax);
  if (outline.depth > bounds.depthMax) {
    fail('json_too_deep', { message: `The body nests deeper than ${bounds.depthMax} levels.` });
  }
  return { text, value: parse(text), outline };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/\s+/g, ' ').slice(0, 160) : '';
    return fail('invalid_json', { message: text === '' ? 'The body is empty; send a JSON object.' : `The body is not valid JSON: ${why}` });
  }
}

function decode(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (!isUtf8(bytes)) fail('invalid_json', { message: 'The body is not valid UTF-8.' });
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** Collects the bytes; one chunk, the common case, is not copied. */
function collect(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      reject(tooLarge(bytesMax));
    });
    request.on('end', () => {
      const [only] = chunks;
      resolve(only && chunks.length === 1 ? only : Buffer.concat(chunks));
    });
    // A request that is cut while its body comes has nobody left to answer; the code only shows in the log.
    request.on('error', (cause) => { reject(new Refusal('request_timeout', { cause })); });
  });
}
