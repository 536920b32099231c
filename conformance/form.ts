/** This file writes forms (multipart/form-data) byte by byte, as clients do. */
import type { RequestParts } from './raw-client.ts';

/** One part of a form, in order; a part with a file name is a file. */
export interface FormPart {
  readonly name: string;
  readonly value: string | Buffer;
  readonly fileName?: string;
  readonly type?: string;
}

export const BOUNDARY = 'conformance-boundary';

/** The bytes of a form. */
export function formBytes(parts: readonly FormPart[]): Buffer {
  const chunks = parts.flatMap(({ name, value, fileName, type }) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`;
    const typed = type === undefined ? '' : `content-type: ${type}\r\n`;
    return [Buffer.from(`--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n${typed}\r\n`), Buffer.from(value), Buffer.from('\r\n')];
  });
  return Buffer.concat([...chunks, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

/** A request that posts a form. */
export function formRequest(path: string, parts: readonly FormPart[]): RequestParts & { readonly headers: Record<string, string>; readonly body: Buffer } {
  return { method: 'POST', path, headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }, body: formBytes(parts) };
}
