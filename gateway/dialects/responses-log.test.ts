/** This file shows that the events of an answer are told again as they were, from any number on, and how few are left when they were too many. */
import { describe, expect, test } from '@jest/globals';
import { decodeText, encodeText, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { KEEP_ALIVE_COMMENT } from '../foundation/sse.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { responsesDialect } from './responses.ts';
import { EventLog, readEvents, tellEnd, tellEvents } from './responses-log.ts';
import type { KeptEvents } from './responses-log.ts';

interface Told {
  readonly type: string;
  readonly sequence_number: number;
}

function chunk(delta: object, finish: string | null = null): ByteText {
  return encodeText(`data: ${JSON.stringify({ id: 'c', model: 'up', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
}
const CHUNKS = [
  chunk({ role: 'assistant', content: '' }), chunk({ reasoning_content: 'h' }), chunk({ reasoning_content: 'm' }), chunk({ content: 'Grüße ' }), chunk({ content: '🙂' }), chunk({ content: '' }), chunk({ content: '!' }),
  chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a"' } }] }), chunk({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
  chunk({ tool_calls: [{ index: 1, id: 'call_2', type: 'function', function: { name: 'f', arguments: '{}' } }] }), chunk({}, 'stop'),
];

/** An answer as it was told, what was remembered of it, and what it is. */
function answer(bytesMax = 1_000_000): { told: ByteText; log: EventLog; resource: JsonObject } {
  const dialect = responsesDialect({ model: 'asked', input: 'q', background: true }, { id: `resp_${'b'.repeat(32)}`, names: new Map(), seal: () => '', nowSeconds: () => 7 });
  const begun = dialect.begin();
  const stream = dialect.openStream();
  const pieces = [begun.events, ...CHUNKS.flatMap((each) => stream.read(each) ?? []), KEEP_ALIVE_COMMENT, stream.finish()];
  const log = new EventLog('asked', bytesMax);
  for (const piece of pieces) log.add(piece);
  return { told: pieces.reduce(joinBytes), log, resource: stream.ended?.resource ?? {} };
}

function parse(told: ByteText): Told[] {
  return decodeText(told).split('\n\n').flatMap((event) => (event.startsWith('event: ') ? [JSON.parse(event.slice(event.indexOf('data: ') + 6)) as Told] : []));
}

function again(events: KeptEvents | null, resource: JsonObject, after: number): Told[] {
  const telling = { resource, events, after };
  const told = joinBytes(tellEvents(telling), tellEnd(telling));
  expect(told.endsWith('data: [DONE]\n\n')).toBe(true);
  return parse(told);
}

describe('the events of an answer', () => {
  test('are told again from any number on, and after they were kept as text', () => {
    const { told, log, resource } = answer();
    const events = parse(told);
    expect(events.length).toBeGreaterThan(20);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_event, at) => at));
    const kept = readEvents(JSON.parse(JSON.stringify(log.write())));
    for (let after = -1; after <= events.length; after++) {
      expect(again(log.write(), resource, after)).toEqual(events.slice(after + 1));
      expect(again(kept, resource, after)).toEqual(events.slice(after + 1));
    }
    expect(parse(tellEvents({ resource, events: kept, after: 3, upTo: 6 }))).toEqual(events.slice(4, 7));
  });

  test('take little more than their text', () => {
    const { log } = answer();
    const before = JSON.stringify(log.write()).length;
    const piece = (n: number): ByteText => encodeText(`event: response.output_text.delta\ndata: ${JSON.stringify({ type: 'response.output_text.delta', sequence_number: n, item_id: 'msg_1', output_index: 9, content_index: 0, delta: 'word ', logprobs: [] })}\n\n`);
    for (let n = 100; n < 1100; n++) log.add(piece(n));
    expect(JSON.stringify(log.write()).length - before).toBeLessThan(1000 * 9);
  });

  test('that were too many are forgotten, but for how many there were', () => {
    const { told, log, resource } = answer(600);
    const last = parse(told).at(-1);
    expect(log.write()).toEqual({ model: 'asked', last: last?.sequence_number, entries: null });
    expect(again(log.write(), resource, -1)).toEqual([last]);
    expect(again(readEvents(JSON.parse(JSON.stringify(log.write()))), resource, 4)).toEqual([last]);
    expect(again(log.write(), resource, last?.sequence_number ?? 0)).toEqual([]);
  });

  test('of which nobody knows anything end after the last that is known', () => {
    const failed = { id: 'resp_1', status: 'failed' };
    expect(again(null, failed, -1)).toEqual([{ type: 'response.failed', sequence_number: 2, response: failed }]);
    expect(again(null, failed, 40)).toEqual([{ type: 'response.failed', sequence_number: 41, response: failed }]);
    expect(again(null, { ...failed, status: 'cancelled' }, 3)).toMatchObject([{ type: 'response.incomplete' }]);
  });

  test('are read only from what was written', () => {
    for (const other of [null, 1, {}, { model: 1 }, []]) expect(readEvents(other)).toBeNull();
    expect(readEvents({ model: 'm', last: 3, entries: [{ n: 2 }, 7, { n: 2, e: { type: 'error' }, d: [1] }] })).toEqual({ model: 'm', last: 3, entries: [{ n: 2, e: { type: 'error' } }] });
  });
});
