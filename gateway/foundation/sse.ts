/** This file cuts a byte stream into server-sent events and reads the payload of one. WHATWG HTML, section 9.2 (2026). */
import { NO_BYTES, bytesOf, cutBytes, encodeText, joinBytes } from './byte-text.ts';
import type { ByteText } from './byte-text.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DATA = 'data:';
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/** Gathers the bytes of a stream and hands out whole events, whatever the reads were. */
export interface EventSplitter {
  /** Takes the next bytes and calls back for each event that is now whole, with its bytes and blank line. */
  push(chunk: Buffer, onEvent: (event: ByteText) => void): void;
  /** Bytes of an event that is not whole yet. */
  readonly pendingBytes: number;
  /** Hands out what is left when the stream ended without a last blank line; null when nothing is. */
  rest(): ByteText | null;
}

/** Makes a splitter for one stream. Accepts LF and CRLF line ends, also mixed. */
export function createEventSplitter(): EventSplitter {
  /** Of an event that is not whole yet; never looked into, which would make one string of it again with every read. */
  let pending = NO_BYTES;
  /** What follows `pending`: a line end that may begin a blank line, which the next bytes will tell. */
  let undecided = NO_BYTES;
  return {
    push(chunk, onEvent) {
      const bytes = joinBytes(undecided, bytesOf(chunk));
      let start = 0;
      let at = 0;
      for (;;) {
        const newline = bytes.indexOf('\n', at);
        if (newline === -1) {
          at = bytes.length;
          break;
        }
        const length = blankLineLength(bytes, newline + 1);
        if (length === null) {
          at = newline;
          break;
        }
        at = newline + 1;
        if (length === 0) continue;
        at += length;
        const event = joinBytes(pending, cutBytes(bytes, start, at));
        pending = NO_BYTES;
        start = at;
        onEvent(event);
      }
      undecided = cutBytes(bytes, at);
      pending = joinBytes(pending, cutBytes(bytes, start, at));
    },
    get pendingBytes() { return pending.length + undecided.length; },
    rest() {
      const left = joinBytes(pending, undecided);
      pending = NO_BYTES;
      undecided = NO_BYTES;
      return left.trim() === '' ? null : joinBytes(left, BLANK_LINES);
    },
  };
}

const BLANK_LINES = encodeText('\n\n');

/** How long the blank line at this place is: 0 when there is none, null when the next bytes will tell. */
function blankLineLength(bytes: ByteText, at: number): number | null {
  if (at === bytes.length) return null;
  const first = bytes.charCodeAt(at);
  if (first === LF) return 1;
  if (first !== CR) return 0;
  if (at + 1 === bytes.length) return null;
  return bytes.charCodeAt(at + 1) === LF ? 2 : 0;
}

/** The payload of one event: the bytes of its `data` lines joined, or null for comments and events without data. */
export function eventPayload(event: ByteText): ByteText | null {
  if (event.startsWith(DATA)) {
    const end = event.indexOf('\n');
    // The common case: one data line and the blank line.
    if (end !== -1 && end >= event.length - 3) {
      const start = event.charCodeAt(DATA.length) === SPACE ? DATA.length + 1 : DATA.length;
      return cutBytes(event, start, event.charCodeAt(end - 1) === CR ? end - 1 : end);
    }
  }
  return payloadOfLines(event);
}

function payloadOfLines(event: ByteText): ByteText | null {
  let payload: ByteText | null = null;
  let start = event.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  while (start < event.length) {
    const newline = event.indexOf('\n', start);
    const end = newline === -1 ? event.length : newline;
    const line = cutBytes(event, start, event.charCodeAt(end - 1) === CR ? end - 1 : end);
    start = end + 1;
    if (!line.startsWith(DATA)) continue;
    const value = cutBytes(line, line.charCodeAt(DATA.length) === SPACE ? DATA.length + 1 : DATA.length);
    payload = payload === null ? value : joinBytes(joinBytes(payload, NEWLINE), value);
  }
  return payload;
}

const NEWLINE = encodeText('\n');

/** Cuts whole events that stand one after the other; what they are made of is left as it is. */
export function eventsIn(events: ByteText): readonly ByteText[] {
  const end = events.indexOf('\n\n');
  // The common case: one event.
  if (end === events.length - 2 && !events.includes('\r')) return [events];
  const found: ByteText[] = [];
  let start = 0;
  for (const { index, 0: blank } of events.matchAll(/\n\r?\n/g)) {
    found.push(cutBytes(events, start, index + blank.length));
    start = index + blank.length;
  }
  if (start < events.length) found.push(cutBytes(events, start));
  return found;
}

/** Writes one event with a single data line. */
export function dataEvent(json: string): ByteText {
  return encodeText(`data: ${json}\n\n`);
}

export const DONE_EVENT = dataEvent('[DONE]');
export const KEEP_ALIVE_COMMENT = encodeText(': keep-alive\n\n');

/** What is told in place of an event without data: a comment keeps a connection alive, and what else it says is not for the caller. */
export function keepAliveOf(event: ByteText): ByteText {
  return event.startsWith(':') ? KEEP_ALIVE_COMMENT : NO_BYTES;
}
