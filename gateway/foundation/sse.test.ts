/** This file holds the splitter to whole events, however the bytes come, and to work that grows no faster than they do. */
import { describe, expect, test } from '@jest/globals';
import { encodeText, joinBytes, NO_BYTES } from './byte-text.ts';
import type { ByteText } from './byte-text.ts';
import { createEventSplitter, keepAliveOf, KEEP_ALIVE_COMMENT } from './sse.ts';

function split(reads: readonly string[]): { events: ByteText[]; rest: ByteText | null; pendingBytes: number } {
  const splitter = createEventSplitter();
  const events: ByteText[] = [];
  for (const read of reads) splitter.push(Buffer.from(read, 'latin1'), (event) => { events.push(event); });
  const { pendingBytes } = splitter;
  return { events, rest: splitter.rest(), pendingBytes };
}

describe('events are cut', () => {
  const bytes = 'data: a\n\n: c\r\n\r\ndata: b\n\r\ndata: c\ndata: d\r\n\n\n\ndata: e\r\r\ndata: f';
  const whole = split([bytes]);

  test('at blank lines of any kind', () => {
    expect(whole).toEqual({ events: ['data: a\n\n', ': c\r\n\r\n', 'data: b\n\r\n', 'data: c\ndata: d\r\n\n', '\n\n'], rest: 'data: e\r\r\ndata: f\n\n', pendingBytes: 17 });
  });

  test('alike wherever the reads are cut', () => {
    expect(split([...bytes])).toEqual(whole);
    for (let at = 0; at <= bytes.length; at++) expect(split([bytes.slice(0, at), bytes.slice(at)])).toEqual(whole);
  });

  test('with what is left handed out once, and nothing when only line ends are', () => {
    const splitter = createEventSplitter();
    splitter.push(Buffer.from('data: a\n'), () => { throw new Error('not whole'); });
    expect([splitter.pendingBytes, splitter.rest(), splitter.pendingBytes, splitter.rest()]).toEqual([8, 'data: a\n\n\n', 0, null]);
    expect(split(['\n']).rest).toBeNull();
  });

  test('of a long event in small reads without looking at its bytes again and again', () => {
    // 16 MB in reads of 256 bytes: copied with every read they would be half a terabyte.
    const splitter = createEventSplitter();
    const read = Buffer.from(`${'x'.repeat(200)}\n${'y'.repeat(55)}`);
    let events: ByteText = NO_BYTES;
    for (let count = 0; count < 65_536; count++) splitter.push(read, () => { throw new Error('not whole'); });
    splitter.push(Buffer.from('\n\n'), (event) => { events = joinBytes(events, event); });
    expect([events.length, splitter.pendingBytes]).toEqual([65_536 * 256 + 2, 0]);
  });
});

test('an event without data is told as a comment that says nothing, or not at all', () => {
  expect(keepAliveOf(encodeText(': thinking\rdata: {}\n\n'))).toBe(KEEP_ALIVE_COMMENT);
  expect(keepAliveOf(encodeText('event: ping\n\n'))).toBe('');
});
