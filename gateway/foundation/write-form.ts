/** This file writes a form (multipart/form-data), for upstreams that take one. */
import type { UploadedFile } from './operation.ts';

/** A form as bytes, with its content type. */
export interface WrittenForm {
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface FormParts {
  /** Text fields as they stand in a JSON body: lists become `x[]`, objects `x[name]`; null and undefined are left out. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: readonly UploadedFile[];
  /** Something nobody who wrote the form could know, such as the request's id: it makes the boundary. */
  readonly secret: string;
}

const NEWLINE = '\r\n';

/** Writes a form. Files come after the fields, in their order; those of one field that are several as `x[]`. */
export function writeForm({ fields, files, secret }: FormParts): WrittenForm {
  const boundary = `interline-${secret}`;
  const chunks: Uint8Array[] = [];
  const open = (disposition: string, type: string): void => {
    chunks.push(Buffer.from(`--${boundary}${NEWLINE}content-disposition: form-data; ${disposition}${NEWLINE}${type}${NEWLINE}`));
  };
  for (const [name, text] of flatten(fields)) {
    open(`name="${quote(name)}"`, '');
    chunks.push(Buffer.from(text + NEWLINE));
  }
  for (const file of files) {
    const isOne = files.filter((other) => other.field === file.field).length === 1;
    open(`name="${quote(isOne ? file.field : `${file.field}[]`)}"; filename="${quote(file.name)}"`, `content-type: ${file.contentType}${NEWLINE}`);
    chunks.push(file.bytes, Buffer.from(NEWLINE));
  }
  chunks.push(Buffer.from(`--${boundary}--${NEWLINE}`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(chunks) };
}

function flatten(fields: Readonly<Record<string, unknown>>): [name: string, text: string][] {
  return Object.entries(fields).flatMap(([name, value]) => spell(name, value));
}

function spell(name: string, value: unknown): [name: string, text: string][] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => spell(`${name}[]`, item));
  if (typeof value === 'object') return Object.entries(value).flatMap(([key, inner]) => spell(`${name}[${key}]`, inner));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[name, String(value)]] : [];
}

/** As browsers do (WHATWG HTML, multipart/form-data encoding algorithm). */
function quote(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}
