/** This file gathers what an upstream says instead of a stream, as far as anybody reads it. */

/** How much of an upstream's error body is read, in bytes. */
const ERROR_BODY_BYTES_MAX = 64 * 1024;

export class ErrorBody {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  /** Gives true: there is room for more, and what is too much is dropped. */
  add(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes <= ERROR_BODY_BYTES_MAX) this.#chunks.push(chunk);
    return true;
  }

  whole(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
