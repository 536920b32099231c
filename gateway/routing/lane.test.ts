import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { COOL_MS_MAX, createLane, enter, failLane, latencyMsOf, leave, noteFault, openLane, recentOf, stateOf, succeed } from './lane.ts';
import type { Lane, LaneFailure } from './lane.ts';

const START_MS = 1_800_000_000_000;
const error: LaneFailure = { code: 'upstream_error', retryAfterSeconds: null };

function call(lane: Lane, nowMs: number, failure: LaneFailure | null): boolean {
  enter(lane, nowMs);
  return failure ? failLane(lane, failure, { nowMs, beganMs: nowMs }) : succeed(lane, { nowMs, latencyMs: 100, isStream: true });
}

function answers(lane: Lane, nowMs: number, count: number): void {
  for (let index = 0; index < count; index++) call(lane, nowMs, null);
}

describe('a closed lane', () => {
  test('opens after five failures in a row, and not after four with an answer between', () => {
    const lane = createLane('a');
    for (let index = 0; index < 4; index++) expect(call(lane, START_MS, error)).toBe(false);
    call(lane, START_MS, null);
    for (let index = 0; index < 4; index++) expect(call(lane, START_MS, error)).toBe(false);
    expect(stateOf(lane, START_MS)).toBe('closed');
    expect(call(lane, START_MS, error)).toBe(true);
    expect(stateOf(lane, START_MS)).toBe('open');
    expect(lane).toMatchObject({ reason: 'failing', openUntilMs: START_MS + 1000 });
  });

  test('opens when half of twenty calls in ten seconds failed', () => {
    const lane = createLane('a');
    for (let index = 0; index < 9; index++) {
      call(lane, START_MS + index * 100, error);
      call(lane, START_MS + index * 100, null);
    }
    call(lane, START_MS + 1000, null);
    expect(call(lane, START_MS + 1000, error)).toBe(true);
  });

  test('forgets what happened more than ten seconds ago', () => {
    const lane = createLane('a');
    for (let index = 0; index < 9; index++) {
      call(lane, START_MS, error);
      call(lane, START_MS, null);
    }
    expect(recentOf(lane, START_MS + 9000)).toEqual({ calls: 18, failures: 9 });
    expect(recentOf(lane, START_MS + 10_000)).toEqual({ calls: 0, failures: 0 });
    call(lane, START_MS + 10_000, null);
    expect(call(lane, START_MS + 10_000, error)).toBe(false);
  });

  test('opens at once for a deadline that passed while nobody was answered, and not while others were', () => {
    const slow: LaneFailure = { code: 'upstream_timeout', retryAfterSeconds: null };
    const lane = createLane('a');
    enter(lane, START_MS);
    call(lane, START_MS + 30_000, null);
    expect(failLane(lane, slow, { nowMs: START_MS + 60_000, beganMs: START_MS })).toBe(false);
    enter(lane, START_MS + 60_000);
    expect(failLane(lane, slow, { nowMs: START_MS + 120_000, beganMs: START_MS + 60_000 })).toBe(true);
    expect(lane).toMatchObject({ reason: 'slow', openUntilMs: START_MS + 130_000 });
  });

  test('rests for as long as it was told to, but not for ever', () => {
    const lane = createLane('a');
    expect(call(lane, START_MS, { code: 'upstream_rate_limited', retryAfterSeconds: null })).toBe(false);
    expect(call(lane, START_MS, { code: 'upstream_rate_limited', retryAfterSeconds: 7 })).toBe(true);
    expect(lane).toMatchObject({ reason: 'rate_limited', openUntilMs: START_MS + 7000 });
    const other = createLane('b');
    call(other, START_MS, { code: 'upstream_rate_limited', retryAfterSeconds: 86_400 });
    expect(other.openUntilMs).toBe(START_MS + COOL_MS_MAX);
  });

  test('opens at once for a credential that is refused', () => {
    const lane = createLane('a');
    expect(call(lane, START_MS, { code: 'upstream_auth_failed', retryAfterSeconds: null })).toBe(true);
    expect(lane.reason).toBe('credential');
  });

  test('takes a refusal of the request for a sign of life', () => {
    const lane = createLane('a');
    for (let index = 0; index < 15; index++) {
      call(lane, START_MS, index % 5 === 4 ? { code: 'upstream_rejected', retryAfterSeconds: null } : error);
    }
    expect(lane.failuresInRow).toBe(0);
  });
});

describe('a lane that comes back', () => {
  function opened(): Lane {
    const lane = createLane('a');
    openLane(lane, { untilMs: START_MS + 1000, reason: 'failing' });
    return lane;
  }

  test('is tried by one call at a time, then by one more with every answer, and is closed after sixteen', () => {
    const lane = opened();
    expect(stateOf(lane, START_MS + 999)).toBe('open');
    expect(stateOf(lane, START_MS + 1000)).toBe('trial');
    enter(lane, START_MS + 1000);
    expect(stateOf(lane, START_MS + 1000)).toBe('open');
    succeed(lane, { nowMs: START_MS + 1100, latencyMs: 100, isStream: false });
    enter(lane, START_MS + 1100);
    expect(stateOf(lane, START_MS + 1100)).toBe('trial');
    enter(lane, START_MS + 1100);
    expect(stateOf(lane, START_MS + 1100)).toBe('open');
    leave(lane);
    leave(lane);
    answers(lane, START_MS + 2000, 14);
    expect(stateOf(lane, START_MS + 2000)).toBe('trial');
    answers(lane, START_MS + 2000, 1);
    expect(stateOf(lane, START_MS + 2000)).toBe('closed');
    expect(lane).toMatchObject({ reason: null, openUntilMs: 0, openings: 0 });
  });

  test('opens again at the first failure, for twice as long each time', () => {
    const lane = opened();
    let nowMs = START_MS + 1000;
    const rests: number[] = [];
    for (let index = 0; index < 8; index++) {
      expect(call(lane, nowMs, error)).toBe(true);
      rests.push(lane.openUntilMs - nowMs);
      nowMs = lane.openUntilMs;
    }
    expect(rests).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('is not opened again by those that began before it was', () => {
    const lane = opened();
    enter(lane, START_MS - 1);
    expect(failLane(lane, error, { nowMs: START_MS + 500, beganMs: START_MS - 1 })).toBe(false);
    expect(lane.openings).toBe(1);
  });

  test('comes back before its time when somebody was answered nevertheless', () => {
    const lane = opened();
    call(lane, START_MS + 100, null);
    expect(stateOf(lane, START_MS + 100)).toBe('trial');
  });

  test('is not shut for ever by a clock that is set back', () => {
    expect(stateOf(opened(), START_MS - 3_600_000)).toBe('trial');
  });
});

test('the latency of a lane is its last peak, forgotten over seconds, of streams before whole replies', () => {
  const lane = createLane('a');
  expect(latencyMsOf(lane)).toBeNull();
  const answer = (nowMs: number, latencyMs: number, isStream: boolean): void => {
    enter(lane, nowMs);
    succeed(lane, { nowMs, latencyMs, isStream });
  };
  answer(START_MS, 3000, false);
  expect(latencyMsOf(lane)).toBe(3000);
  answer(START_MS, 500, true);
  answer(START_MS, 100, true);
  expect(latencyMsOf(lane)).toBe(500);
  answer(START_MS + 10_000, 100, true);
  expect(latencyMsOf(lane)).toBeCloseTo(100 + 400 / Math.E, 6);
  answer(START_MS + 10_000, 900, true);
  expect(latencyMsOf(lane)).toBe(900);
});

test('a break after the first byte counts as a failure of a call that no longer waits', () => {
  const lane = createLane('a');
  for (let index = 0; index < 5; index++) {
    call(lane, START_MS, null);
    lane.failuresInRow = index;
    noteFault(lane, { code: 'upstream_stream_failed', retryAfterSeconds: null }, { nowMs: START_MS, beganMs: START_MS });
  }
  expect(stateOf(lane, START_MS)).toBe('open');
  expect(lane.waiting).toBe(0);
});

test('whatever happens, as many wait as have entered and not ended, a lane rests a minute at most, and it always comes back', () => {
  const codes = ['upstream_error', 'upstream_timeout', 'upstream_rate_limited', 'upstream_auth_failed', 'upstream_rejected', 'unsupported_field'] as const;
  const step = fc.oneof(
    fc.record({ kind: fc.constant('enter' as const) }),
    fc.record({ kind: fc.constant('answer' as const), latencyMs: fc.integer({ min: 0, max: 60_000 }) }),
    fc.record({ kind: fc.constant('fail' as const), code: fc.constantFrom(...codes), retryAfterSeconds: fc.option(fc.integer({ min: 0, max: 100_000 })) }),
    fc.record({ kind: fc.constant('leave' as const) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 100_000 }) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const lane = createLane('a');
    let nowMs = START_MS;
    const begun: number[] = [];
    for (const each of steps) {
      if (each.kind === 'wait') nowMs += each.ms;
      else if (each.kind === 'enter') {
        enter(lane, nowMs);
        begun.push(nowMs);
      } else {
        const beganMs = begun.shift();
        if (beganMs === undefined) continue;
        if (each.kind === 'answer') succeed(lane, { nowMs, latencyMs: each.latencyMs, isStream: true });
        else if (each.kind === 'fail') failLane(lane, each, { nowMs, beganMs });
        else leave(lane);
      }
      expect(lane.waiting).toBe(begun.length);
      expect(lane.openUntilMs - nowMs).toBeLessThanOrEqual(COOL_MS_MAX);
      expect(lane.reason === null).toBe(lane.waitingMax === Infinity);
    }
    while (begun.pop() !== undefined) leave(lane);
    expect(stateOf(lane, nowMs + COOL_MS_MAX)).not.toBe('open');
    answers(lane, nowMs + COOL_MS_MAX, 16);
    expect(stateOf(lane, nowMs + COOL_MS_MAX)).toBe('closed');
  }));
});
