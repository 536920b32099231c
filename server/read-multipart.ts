/** This file takes the parts of a form (multipart/form-data) off the wire, within its bounds. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Busboy } from '@fastify/busboy';
import type { BusboyFileStream, BusboyHeaders } from '@fastify/busboy';
import { Refusal } from '../gateway/foundation/errors.ts';
import type { Limits } from '../gateway/foundation/limits.ts';
import { checkPlain, tooLarge } from './read-body.ts';

/** One part as it came: a text, or a file with its name and what the caller says it is. */
export type FormPart =
  | { readonly kind: 'text'; readonly name: string; readonly text: string }
  | { readonly kind: 'file'; readonly name: string; readonly fileName: string; readonly contentType: string; readonly bytes: Buffer };

export interface FormBounds {
  /** The whole body, in bytes. */
  readonly bytesMax: number;
  readonly limits: Pick<Limits, 'formFileBytesMax' | 'formTextBytesMax' | 'formPartsMax' | 'formPartHeaderBytesMax'>;
}

const FORM_TYPE = /^multipart\/form-data\s*(?:;|$)/i;
/** RFC 2046, 5.1.1: 1 to 70 characters. */
const BOUNDARY = /;\s*boundary=(?:"[^"]{1,70}"|[^\s;"]{1,70})\s*(?:;|$)/i;

/** True for the content type of a form, boundary or not. */
export function isFormType(type: string): boolean {
  return FORM_TYPE.test(type.trim());
}

/**
 * Reads the parts of a form. Holds no more than the bounds allow, and nothing once it has refused. Throws a Refusal: 413 for
 * what is too large, 400 for what is no whole form, 408 when the request is cut.
 */
export async function readMultipart(request: IncomingMessage, bounds: FormBounds): Promise<FormPart[]> {
  checkPlain(request, bounds.bytesMax);
  const type = request.headers['content-type'] ?? '';
  if (!BOUNDARY.test(type)) throw broken('The content-type multipart/form-data names no boundary of 1 to 70 characters.', 'content-type');
  const reading = startReading({ ...request.headers, 'content-type': type }, bounds);
  return new Promise((resolve, reject) => {
    let size = 0;
    const stop = (refusal: Refusal): void => {
      reading.abandon();
      // What is still to come is read and thrown away: by the reply, or by nobody when the caller has gone.
      request.resume();
      reject(refusal);
    };
    reading.onEnd((refusal, parts) => {
      if (refusal) stop(refusal);
      else resolve(parts);
    });
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > bounds.bytesMax) stop(tooLarge(bounds.bytesMax));
      else if (!reading.write(chunk, () => { request.resume(); })) request.pause();
    });
    request.on('end', () => { reading.end(); });
    request.on('error', (cause) => { stop(new Refusal('request_timeout', { cause })); });
  });
}

function broken(message: string, param: string | null = null, cause?: unknown): Refusal {
  return new Refusal('invalid_request', { param, message, cause });
}

interface Reading {
  /** Hands bytes on; false asks to pause until `onDrain`. */
  write(chunk: Buffer, onDrain: () => void): boolean;
  end(): void;
  /** Called once: with a refusal, or with all the parts. */
  onEnd(listener: (refusal: Refusal | null, parts: FormPart[]) => void): void;
  /** Lets go of what was read and of the parser. */
  abandon(): void;
}

/** Drives the parser. Every part comes as a stream of bytes, texts too, so that what is no UTF-8 is seen. */
function startReading(headers: BusboyHeaders, bounds: FormBounds): Reading {
  const { formPartsMax, formPartHeaderBytesMax } = bounds.limits;
  const parser = new Busboy({ headers, isPartAFile: () => true, limits: { parts: formPartsMax, headerSize: formPartHeaderBytesMax } });
  const parts: FormPart[] = [];
  const texts = { bytes: 0 };
  let ended: ((refusal: Refusal | null, parts: FormPart[]) => void) | null = null;
  let isOver = false;
  const finish = (refusal: Refusal | null): void => {
    if (isOver) return;
    isOver = true;
    ended?.(refusal, parts);
  };
  parser.on('file', (name: string | undefined, stream: BusboyFileStream, ...rest: [fileName: string | undefined, encoding: string, type: string]) => {
    // A part that breaks off; the parser itself says so too.
    stream.on('error', () => { stream.resume(); });
    if (isOver) { stream.resume(); return; }
    const [fileName, encoding, contentType] = rest;
    if (name === undefined || name === '') { stream.resume(); finish(broken('A part of the form has no name.')); return; }
    if (!PLAIN_ENCODINGS.has(encoding)) { stream.resume(); finish(broken(`Field '${shown(name)}' must be sent as it is, not with the content-transfer-encoding ${encoding.slice(0, 40)}.`, name)); return; }
    collect({ name, fileName, contentType }, stream, { limits: bounds.limits, texts, parts, refuse: finish });
  });
  parser.on('partsLimit', () => { finish(broken(`The form has more than ${formPartsMax} parts.`)); });
  parser.on('error', (cause: unknown) => { finish(broken('The form ends before its last boundary.', null, cause)); });
  parser.on('finish', () => { finish(null); });
  return {
    write(chunk, onDrain) {
      if (isOver) return true;
      if (parser.write(chunk)) return true;
      parser.once('drain', onDrain);
      return false;
    },
    end() { if (!isOver) parser.end(); },
    onEnd(listener) { ended = listener; },
    abandon() {
      isOver = true;
      parts.length = 0;
    },
  };
}

/** RFC 7578, 4.7 deprecates the rest; nobody sends it. */
const PLAIN_ENCODINGS: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary']);

function shown(name: string): string {
  return name.slice(0, 80);
}

interface Collection {
  readonly limits: FormBounds['limits'];
  /** What all texts have come to, in bytes. */
  readonly texts: { bytes: number };
  readonly parts: FormPart[];
  refuse(refusal: Refusal): void;
}

function collect(head: { name: string; fileName: string | undefined; contentType: string }, stream: BusboyFileStream, into: Collection): void {
  const { name, fileName, contentType } = head;
  const { limits, texts } = into;
  const isFile = fileName !== undefined || contentType === 'application/octet-stream';
  const bytesMax = isFile ? limits.formFileBytesMax : limits.formTextBytesMax;
  let chunks: Buffer[] = [];
  let size = 0;
  texts.bytes += name.length;
  const refuse = (refusal: Refusal): void => {
    chunks = [];
    stream.removeAllListeners('data').resume();
    into.refuse(refusal);
  };
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (!isFile) texts.bytes += chunk.length;
    if (!isFile && texts.bytes > bytesMax) refuse(tooLargePart(name, `The texts of the form are larger than the ${bytesMax} bytes they may have together.`));
    else if (size > bytesMax) refuse(tooLargePart(name, `The file in '${shown(name)}' is larger than the ${bytesMax} bytes a file may have.`));
    else chunks.push(chunk);
  });
  stream.on('end', () => {
    const [only] = chunks;
    const bytes = only && chunks.length === 1 ? only : Buffer.concat(chunks);
    chunks = [];
    if (isFile) into.parts.push({ kind: 'file', name, fileName: fileName ?? '', contentType, bytes });
    else if (isUtf8(bytes)) into.parts.push({ kind: 'text', name, text: bytes.toString('utf8') });
    else refuse(broken(`Field '${shown(name)}' is not valid UTF-8.`, name));
  });
}

function tooLargePart(name: string, message: string): Refusal {
  return new Refusal('body_too_large', { param: name, message });
}
