/**
 * This file is loaded before llmprobe and gives it a form that the HTTP client in its bundle can send. llmprobe 0.6.12 hands that client Node's own
 * `FormData`, which it doesn't know for one: the whole body is then the text `[object FormData]`, as text/plain, with no file in it. The client knows
 * Node's `Blob`, so the form here is one. Names, values and types are those the check gives.
 */
const BOUNDARY = 'llmprobe-form';

class BlobForm extends Blob {
  #parts: (string | Blob)[] = [];

  append(name: string, value: string | Blob, fileName?: string): void {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`;
    const type = typeof value === 'string' ? '' : `Content-Type: ${value.type || 'application/octet-stream'}\r\n`;
    this.#parts.push(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n${type}\r\n`, value, '\r\n');
  }

  override get type(): string {
    return `multipart/form-data; boundary=${BOUNDARY}`;
  }

  override get size(): number {
    return this.#whole().size;
  }

  override stream(): ReturnType<Blob['stream']> {
    return this.#whole().stream();
  }

  #whole(): Blob {
    return new Blob([...this.#parts, `--${BOUNDARY}--\r\n`]);
  }
}

Object.defineProperty(globalThis, 'FormData', { value: BlobForm });
