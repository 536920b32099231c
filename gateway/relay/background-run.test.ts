/** This file shows how an answer made in the background is followed: from the start, late, slowly, and by those who leave. */
import { describe, expect, test } from '@jest/globals';
import { responsesDialect } from '../dialects/responses.ts';
import type { ResponsesDialect } from '../dialects/responses.ts';
import { decodeText, encodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { DepartureSignal } from '../foundation/departure.ts';
import type { EventSink } from '../foundation/operation.ts';
import { KEEP_ALIVE_COMMENT } from '../foundation/sse.ts';
import { BackgroundRun } from './background-run.ts';

/** A caller who writes down what it is told, and may be full. */
class Listener implements EventSink {
  readonly departure = new DepartureSignal();
  text = '';
  isFull = false;
  isEnded = false;
  #resume: () => void = () => undefined;

  write(event: ByteText): boolean {
    this.text += decodeText(event);
    return !this.isFull;
  }
  cork(): void {}
  uncork(): void {}
  onDrain(resume: () => void): void { this.#resume = resume; }
  end(event?: ByteText): void {
    if (event !== undefined) this.write(event);
    this.isEnded = true;
  }

  drain(): void {
    this.isFull = false;
    this.#resume();
  }

  get numbers(): number[] {
    return [...this.text.matchAll(/"sequence_number":(\d+)/g)].map(([, digits]) => Number(digits));
  }
}

class World {
  readonly run: BackgroundRun;
  readonly dialect: ResponsesDialect = responsesDialect({ model: 'm', input: 'q', background: true }, { id: `resp_${'b'.repeat(32)}`, names: new Map(), seal: () => '', nowSeconds: () => 7 });
  readonly #stream;

  constructor(bytesMax = 1_000_000) {
    this.run = new BackgroundRun(bytesMax);
    this.run.begin({ ...this.dialect.begin(), model: 'm' });
    this.#stream = this.dialect.openStream();
  }

  say(...words: string[]): void {
    for (const content of words) this.run.write(this.#stream.read(encodeText(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`)) ?? encodeText(''));
  }

  follow(after = -1): Listener {
    const listener = new Listener();
    this.run.follow(after, listener.departure).start(listener);
    return listener;
  }

  finish(between?: () => void): void {
    const last = this.#stream.finish();
    this.run.note(last);
    between?.();
    this.run.close({ resource: this.#stream.ended?.resource ?? {}, last });
  }
}

const upTo = (last: number, from = 0): number[] => Array.from({ length: last + 1 - from }, (_, index) => from + index);

describe('an answer in the background', () => {
  test('is told to all who follow, whenever they come', () => {
    const world = new World();
    const first = world.follow();
    world.say('one ', 'two ');
    const [second, third, beyond] = [world.follow(), world.follow(4), world.follow(8)];
    world.say('three');
    let late: Listener | null = null;
    world.finish(() => { late = world.follow(3); });
    expect(first.numbers).toEqual(upTo(10));
    expect(second.text).toBe(first.text);
    expect(third.numbers).toEqual(upTo(10, 5));
    expect(beyond.numbers).toEqual([9, 10]);
    expect((late as Listener | null)?.numbers).toEqual(upTo(10, 4));
    const after = world.follow(7);
    expect(after.numbers).toEqual([8, 9, 10]);
    for (const listener of [first, second, third, beyond, after]) expect([listener.isEnded, listener.text.endsWith('data: [DONE]\n\n')]).toEqual([true, true]);
  });

  test('waits for nobody: who is slow is told the rest when it can take it, and all at the end', () => {
    const world = new World();
    const [slow, stuck] = [world.follow(), world.follow()];
    for (const listener of [slow, stuck]) listener.isFull = true;
    world.say('one ');
    for (const listener of [slow, stuck]) expect(listener.numbers).toEqual(upTo(4));
    world.say('two ', 'three ');
    expect(slow.numbers).toEqual(upTo(4));
    slow.drain();
    expect(slow.numbers).toEqual(upTo(6));
    world.say('four');
    expect(slow.numbers).toEqual(upTo(7));
    world.finish();
    for (const listener of [slow, stuck]) expect(listener.numbers).toEqual(upTo(11));
  });

  test('is left by who goes, who then ends, but for a gateway that closes: it has still to tell the end', () => {
    const world = new World();
    const [gone, revoked, closing] = [world.follow(), world.follow(), world.follow()];
    gone.departure.depart('client_gone');
    revoked.departure.depart('revoked');
    closing.departure.depart('shutdown');
    world.say('one');
    expect([gone, revoked, closing].map(({ numbers, isEnded }) => [numbers.at(-1), isEnded])).toEqual([[1, true], [1, true], [4, false]]);
    world.finish();
    expect([gone, revoked, closing].map(({ numbers }) => numbers.at(-1))).toEqual([1, 1, 8]);
  });

  test('with too many events to remember goes on for who has followed all along; others are told the end', () => {
    const world = new World(300);
    const first = world.follow();
    world.say('one ', 'two ', 'three');
    const late = world.follow();
    world.run.write(KEEP_ALIVE_COMMENT);
    expect(late.text).toBe(decodeText(KEEP_ALIVE_COMMENT));
    world.finish();
    expect(first.numbers).toEqual(upTo(10));
    expect(late.numbers).toEqual([10]);
    expect(late.text).toContain('one two three');
  });
});
