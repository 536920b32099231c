/** This file cuts a byte stream into server-sent events and reads the payload of one. WHATWG HTML, section 9.2 (2026). */

const LF = 0x0a;
const CR = 0x0d;
const DATA = 'data:';

/** Gathers the bytes of a stream and hands out whole events, whatever the reads were. */
export interface EventSplitter {
  /** Takes the next bytes and calls back for each event that is now whole, with its bytes and blank line. */
  push(chunk: Buffer, onEvent: (event: Buffer) => void): void;
  /** Bytes of an event that is not whole yet. */
  readonly pendingBytes: number;
  /** Hands out what is left when the stream ended without a last blank line; null when nothing is. */
  rest(): Buffer | null;
}

/** Makes a splitter for one stream. Accepts LF and CRLF line ends, also mixed. */
export function createEventSplitter(): EventSplitter {
  let pending: Buffer | null = null;
  let scanned = 0;
  return {
    push(chunk, onEvent) {
      const bytes: Buffer = pending ? Buffer.concat([pending, chunk]) : chunk;
      let start = 0;
      let at = scanned;
      for (;;) {
        const newline = bytes.indexOf(LF, at);
        if (newline === -1) break;
        const next = bytes[newline + 1];
        if (next === LF || (next === CR && bytes[newline + 2] === LF)) {
          const end = newline + (next === LF ? 2 : 3);
          onEvent(bytes.subarray(start, end));
          start = end;
          at = end;
        } else if (next === undefined || (next === CR && bytes[newline + 2] === undefined)) {
          at = newline;
          break;
        } else {
          at = newline + 1;
        }
      }
      const isCutAtNewline = bytes[at] === LF && at >= start;
      pending = start < bytes.length ? bytes.subarray(start) : null;
      scanned = pending ? (isCutAtNewline ? at - start : pending.length) : 0;
    },
    get pendingBytes() { return pending?.length ?? 0; },
    rest() {
      const left = pending;
      pending = null;
      return left && left.toString('latin1').trim() !== '' ? left : null;
    },
  };
}

/**
 * The payload of one event: its `data` lines joined, as latin1 text of the raw bytes (so that slicing it keeps
 * byte offsets), or null for comments and events without data.
 */
export function eventPayload(event: Buffer): string | null {
  const text = event.toString('latin1');
  if (text.startsWith(DATA)) {
    const lineEnd = text.indexOf('\n');
    const end = lineEnd === -1 ? text.length : lineEnd;
    // The common case: one data line and the blank line.
    if (end >= text.length - 3) return text.slice(text.charCodeAt(5) === 0x20 ? 6 : 5, end).trimEnd();
  }
  return payloadOfLines(text);
}

function payloadOfLines(text: string): string | null {
  const values: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const clean = line.startsWith('\u00ef\u00bb\u00bf') ? line.slice(3) : line;
    if (!clean.startsWith(DATA)) continue;
    values.push(clean.slice(clean.charCodeAt(5) === 0x20 ? 6 : 5));
  }
  return values.length === 0 ? null : values.join('\n');
}

/** Gives back the text whose UTF-8 bytes a latin1 payload holds. */
export function decodePayload(payload: string): string {
  return Buffer.from(payload, 'latin1').toString('utf8');
}

/** Writes one event with a single data line. */
export function dataEvent(json: string): string {
  return `data: ${json}\n\n`;
}

export const DONE_EVENT = dataEvent('[DONE]');
export const KEEP_ALIVE_COMMENT = ': keep-alive\n\n';
