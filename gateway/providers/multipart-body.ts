/** This file writes multipart/form-data bodies for upstreams that want files (RFC 7578). */

export interface MultipartPart {
  /** One word; it stands in a header. */
  readonly name: string;
  readonly value: string | Uint8Array;
  /** Makes it a file. */
  readonly fileName?: string;
  readonly contentType?: string;
}

/**
 * Writes parts as one body. `seed` makes the boundary, so that the same parts give the same bytes; it is lengthened until no part holds it.
 * Names and file names are cut to what may stand between quotes.
 */
export function writeMultipart(parts: readonly MultipartPart[], seed: string): { readonly contentType: string; readonly body: Uint8Array } {
  const values = parts.map(({ value }) => (typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value.buffer, value.byteOffset, value.byteLength)));
  let boundary = `interline-${seed.replace(/[^\w]/g, '').slice(0, 40)}`;
  while (values.some((value) => value.includes(boundary))) boundary += 'x';
  const pieces: Uint8Array[] = [];
  for (const [at, { name, fileName, contentType }] of parts.entries()) {
    const file = fileName === undefined ? '' : `; filename="${plain(fileName)}"`;
    const type = contentType === undefined ? '' : `\r\ncontent-type: ${contentType.replace(/[^\w/.+-]/g, '')}`;
    pieces.push(Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${plain(name)}"${file}${type}\r\n\r\n`, 'utf8'), values[at] ?? Buffer.alloc(0), Buffer.from('\r\n'));
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(pieces) };
}

function plain(name: string): string {
  return name.replace(/["\\\r\n]/g, '_');
}
