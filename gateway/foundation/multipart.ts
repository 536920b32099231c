/** This file puts parts together as one multipart/form-data body (RFC 7578). */

/** A form as bytes, with its content type. */
export interface WrittenForm {
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface MultipartPart {
  /** Fit to stand between quotes; so is `fileName`. */
  readonly name: string;
  readonly value: string | Uint8Array;
  /** Makes it a file. */
  readonly fileName?: string;
  /** Fit to stand in a header. */
  readonly contentType?: string;
}

/** Joins the parts in their order. The boundary must be in none of them, which is the caller's to see to. */
export function joinParts(parts: readonly MultipartPart[], boundary: string): WrittenForm {
  const pieces: Uint8Array[] = [];
  for (const { name, value, fileName, contentType } of parts) {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`;
    const type = contentType === undefined ? '' : `\r\ncontent-type: ${contentType}`;
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${file}${type}\r\n\r\n`;
    if (typeof value === 'string') pieces.push(Buffer.from(`${head}${value}\r\n`));
    else pieces.push(Buffer.from(head), value, Buffer.from('\r\n'));
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(pieces) };
}
