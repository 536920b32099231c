/** This file shows that counting is exact where it can be, bounded where it can't, and always answers. */
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { createManualClock } from '../foundation/clock.ts';
import type { Clock } from '../foundation/clock.ts';
import { createLog } from '../foundation/log.ts';
import { createCounter } from './counter.ts';
import type { Counter } from './counter.ts';
import { startCounting } from './counting-process.ts';
import type { CountingEvents, CountingProcess, StartCounting } from './counting-process.ts';

const opened: Counter[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((counter) => counter.close()));
});

function make(start: StartCounting, clock: Clock): Counter {
  return createCounter({ clock, log: createLog('silent'), startCounting: start });
}

/** Makes a counter that is closed after the test, with all it still has to count. */
function open(start: StartCounting = startCounting, clock: Clock = createManualClock()): Counter {
  const counter = make(start, clock);
  opened.push(counter);
  return counter;
}

/** Starts real processes and keeps hold of them. */
function watchProcesses(onCount: (process: CountingProcess) => void = () => undefined) {
  const started: CountingProcess[] = [];
  const start: StartCounting = (events) => {
    const process = startCounting(events);
    started.push(process);
    return { ...process, count(texts) { process.count(texts); onCount(process); } };
  };
  return { started, start };
}

/** A process that never answers by itself. */
function silent() {
  const started: { events: CountingEvents; texts: (readonly string[])[]; isEnded: boolean }[] = [];
  const start: StartCounting = (events) => {
    const mine = { events, texts: [] as (readonly string[])[], isEnded: false };
    started.push(mine);
    return { pid: undefined, count(texts) { mine.texts.push(texts); }, end() { mine.isEnded = true; } };
  };
  return { started, start };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

describe('a count', () => {
  test('is the tokenizer\'s own, also of control tokens spelled in a text, of nothing, and of many asked at once', async () => {
    const counter = open();
    const texts = ['Hello, world!', '', 'naïve café — 日本語 🎉', '{"a":[1,2,3]}'];
    expect(await Promise.all(texts.map((text) => counter.countText(text)))).toEqual(texts.map((text) => countTokens(text)));
    expect(await counter.countTexts(texts)).toBe(texts.reduce((sum, text) => sum + countTokens(text), 0));
    expect(await counter.countText('a <|endoftext|> b')).toBeGreaterThan(5);
  });

  test('past two million characters is extrapolated in proportion', async () => {
    const counter = open();
    const unit = 'alpha beta gamma delta. ';
    const half = await counter.countText(unit.repeat(1_999_992 / unit.length));
    const whole = await counter.countText(unit.repeat(2 * 1_999_992 / unit.length));
    expect(Math.abs(whole - 2 * half)).toBeLessThanOrEqual(half * 0.001);
  });

  test('never sends the process more than two million characters', () => {
    const { started, start } = silent();
    void make(start, createManualClock()).countPrompt({ model: 'm', messages: [{ role: 'user', content: 'a'.repeat(1_500_000) }, { role: 'user', content: 'b'.repeat(1_500_000) }] });
    expect(started[0]?.texts[0]?.reduce((sum, text) => sum + text.length, 0)).toBe(2_000_000);
  });
});

describe('the process', () => {
  test('is started by the first text, kept for the next, ended after a minute without any, and started anew after', async () => {
    const clock = createManualClock();
    const { started, start } = watchProcesses();
    const counter = open(start, clock);
    expect(started).toHaveLength(0);
    await counter.countText('one');
    clock.advance(59_000);
    await counter.countText('two');
    clock.advance(59_000);
    expect(started).toHaveLength(1);
    const pid = started[0]?.pid ?? 0;
    expect(isAlive(pid)).toBe(true);
    clock.advance(1_000);
    while (isAlive(pid)) await turn();
    expect(await counter.countText('three')).toBe(1);
    expect(started).toHaveLength(2);
  });

  (existsSync('/proc/self/environ') ? test : test.skip)('is not given the provider keys', async () => {
    process.env['SOME_PROVIDER_API_KEY'] = 'must-not-travel';
    const { started, start } = watchProcesses();
    await open(start).countText('one');
    expect(readFileSync(`/proc/${started[0]?.pid}/environ`, 'utf8')).not.toContain('must-not-travel');
    delete process.env['SOME_PROVIDER_API_KEY'];
  });

  test('that is killed while it counts is replaced, and the count is exact', async () => {
    let kills = 0;
    const { started, start } = watchProcesses(({ pid }) => {
      if (pid !== undefined && kills++ === 0) process.kill(pid, 'SIGKILL');
    });
    expect(await open(start).countText('Hello, world!')).toBe(countTokens('Hello, world!'));
    expect(started).toHaveLength(2);
  });

  test('that is killed while it has nothing to do is replaced by the next text', async () => {
    const { started, start } = watchProcesses();
    const counter = open(start);
    await counter.countText('one');
    const pid = started[0]?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    expect(await counter.countText('two')).toBe(1);
  });
});

describe('an estimate of one token for four bytes', () => {
  test('takes the place of a text the process dies of twice; the others are counted', async () => {
    let texts = 0;
    const start: StartCounting = (events) => {
      const real = startCounting(events);
      return { ...real, count(list) { if (list[0] === 'poison!!!') { texts++; events.onBroken(new Error('died')); } else real.count(list); } };
    };
    const counter = open(start);
    expect(await Promise.all([counter.countText('one'), counter.countText('poison!!!'), counter.countText('two')])).toEqual([1, 3, 1]);
    expect(texts).toBe(2);
  });

  test('counts bytes, so that Chinese is not had for a quarter of its price', async () => {
    const start: StartCounting = () => { throw new Error('EAGAIN'); };
    expect(await open(start).countText('好'.repeat(100))).toBe(75);
  });

  test('takes the place of an answer that does not come within ten seconds, tried twice', async () => {
    const clock = createManualClock();
    const { started, start } = silent();
    const count = open(start, clock).countText('eight by');
    clock.advance(20_000);
    expect(await count).toBe(2);
    expect(started.map(({ isEnded }) => isEnded)).toEqual([true, true]);
  });

  test('is all there is for half a minute after a process died four times in a row; then counting is tried again', async () => {
    const clock = createManualClock();
    let starts = 0;
    let isWell = false;
    const start: StartCounting = (events) => {
      starts++;
      if (!isWell) throw new Error('no process can be started');
      return startCounting(events);
    };
    const counter = open(start, clock);
    const words = Array.from({ length: 100 }, () => counter.countText('internationalization'));
    expect(await Promise.all(words)).toEqual(words.map(() => 5));
    expect(starts).toBe(4);
    isWell = true;
    clock.advance(30_001);
    expect(await counter.countText('internationalization')).toBe(countTokens('internationalization'));
  });

  test('is what more waiting text than can be counted soon gets, at once', async () => {
    const { start } = silent();
    const counter = make(start, createManualClock());
    const large = 'x'.repeat(2_000_000);
    let answered = 0;
    const counts = Array.from({ length: 30 }, () => counter.countText(large).then((tokens) => { answered++; return tokens; }));
    await turn();
    // One is with the process and 25 wait.
    expect(answered).toBe(4);
    expect(await counts[29]).toBe(500_000);
  });
});

describe('closing', () => {
  test('lets what waits be counted, ends the process, and answers whoever comes later', async () => {
    const { started, start } = watchProcesses();
    const counter = open(start);
    const counts = ['one', 'two two'].map((text) => counter.countText(text));
    await counter.close();
    expect(await Promise.all(counts)).toEqual([1, 2]);
    const pid = started[0]?.pid ?? 0;
    while (isAlive(pid)) await turn();
    expect(await counter.countText('eight by')).toBe(2);
  });

  test('waits no longer than five seconds', async () => {
    const clock = createManualClock();
    const counter = open(silent().start, clock);
    const counts = ['eight by', 'four'].map((text) => counter.countText(text));
    const closed = counter.close();
    clock.advance(5_000);
    await closed;
    expect(await Promise.all(counts)).toEqual([2, 1]);
  });

  test('of a counter that was never asked starts nothing', async () => {
    const { started, start } = silent();
    await open(start).close();
    expect(started).toHaveLength(0);
  });
});
