/** This file writes a form (multipart/form-data), for upstreams that take one. */
import { joinParts } from './multipart.ts';
import type { MultipartPart, WrittenForm } from './multipart.ts';
import type { UploadedFile } from './operation.ts';

export interface FormParts {
  /** Text fields as they stand in a JSON body: lists become `x[]`, objects `x[name]`; null and undefined are left out. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: readonly UploadedFile[];
  /** Something nobody who wrote the form could know, such as the request's id: it makes the boundary. */
  readonly secret: string;
}

/** Writes a form. Files come after the fields, in their order; those of one field that are several as `x[]`. */
export function writeForm({ fields, files, secret }: FormParts): WrittenForm {
  const texts = flatten(fields).map(([name, value]): MultipartPart => ({ name: quote(name), value }));
  const uploads = files.map(({ field, name, contentType, bytes }): MultipartPart => {
    const isOne = files.filter((other) => other.field === field).length === 1;
    return { name: quote(isOne ? field : `${field}[]`), fileName: quote(name), contentType, value: bytes };
  });
  return joinParts([...texts, ...uploads], `interline-${secret}`);
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
