import { describe, expect, test } from '@jest/globals';
import { createManualClock } from '../foundation/clock.ts';
import type { Target } from '../foundation/terms.ts';
import type { LaneOpeningRow } from '../store/lane-row.ts';
import { createHealth } from './health.ts';
import type { Health, Visit } from './health.ts';

function target(otherKeys: string[] = []): Target {
  const provider = { id: 'p', name: 'P', wire: 'openai-chat' as const, baseUrl: 'https://p.example', apiKey: 'key-1', otherKeys, headers: {}, quirks: {} };
  return { id: 'p/m', provider, upstreamModel: 'm', price: null, quirks: {}, options: {} };
}

function house(): { health: Health; opened: LaneOpeningRow[]; clock: ReturnType<typeof createManualClock> } {
  const opened: LaneOpeningRow[] = [];
  const clock = createManualClock();
  return { health: createHealth({ clock, onOpen: (opening) => { opened.push(opening); } }), opened, clock };
}

function mustBegin(health: Health, asked: Target): Visit {
  const visit = health.begin(asked, { isLastResort: false });
  if (!visit) throw new Error('the target rests');
  return visit;
}

const refused = { code: 'upstream_auth_failed', retryAfterSeconds: null } as const;
const limited = { code: 'upstream_rate_limited', retryAfterSeconds: 5 } as const;

describe('several credentials of one provider', () => {
  test('are used in turn, the least busy first', () => {
    const { health } = house();
    const asked = target(['key-2', 'key-3']);
    const visits = [1, 2, 3, 4].map(() => mustBegin(health, asked));
    expect(visits.map((visit) => visit.target.provider.apiKey)).toEqual(['key-1', 'key-2', 'key-3', 'key-1']);
    const [, second] = visits;
    if (second) health.answered(second, true);
    expect(mustBegin(health, asked).target.provider.apiKey).toBe('key-2');
  });

  test('rest separately: a refused one is not asked, and the target is open only when all are', () => {
    const { health, opened, clock } = house();
    const asked = target(['key-2']);
    health.failed(mustBegin(health, asked), refused);
    expect(opened).toEqual([{ lane: 'p/m', reason: 'credential', untilMs: clock.now() + 60_000 }]);
    expect(health.stateOf(asked, clock.now())).toBe('closed');
    const next = mustBegin(health, asked);
    expect(next.target.provider.apiKey).toBe('key-2');
    health.failed(next, limited);
    expect(health.stateOf(asked, clock.now())).toBe('open');
    expect(health.restOf(asked, clock.now())).toEqual({ reason: 'rate_limited', untilMs: clock.now() + 5000 });
    expect(health.begin(asked, { isLastResort: false })).toBeNull();
    expect(health.begin(asked, { isLastResort: true })?.target.provider.apiKey).toBe('key-2');
  });

  test('keep their health when the catalogue is read again', () => {
    const { health, clock } = house();
    health.failed(mustBegin(health, target()), refused);
    expect(health.stateOf(target(), clock.now())).toBe('open');
  });
});

test('one caller at a time tries a target that comes back', () => {
  const { health, clock } = house();
  const asked = target();
  health.failed(mustBegin(health, asked), limited);
  clock.advance(5000);
  expect(health.stateOf(asked, clock.now())).toBe('trial');
  const trial = mustBegin(health, asked);
  expect(health.begin(asked, { isLastResort: false })).toBeNull();
  health.left(trial);
  health.answered(mustBegin(health, asked), false);
  expect([health.begin(asked, { isLastResort: false }), health.begin(asked, { isLastResort: false })].every(Boolean)).toBe(true);
  expect(health.begin(asked, { isLastResort: false })).toBeNull();
});

test('what another gateway has seen is believed, unless it is over or shorter than what is known', () => {
  const { health, clock, opened } = house();
  const [asked, nowMs] = [target(), clock.now()];
  health.learn([{ lane: 'p/m', reason: 'slow', untilMs: nowMs }]);
  expect(health.stateOf(asked, nowMs)).toBe('closed');
  health.learn([{ lane: 'p/m', reason: 'slow', untilMs: nowMs + 9000 }]);
  health.learn([{ lane: 'p/m', reason: 'failing', untilMs: nowMs + 1000 }]);
  expect(health.restOf(asked, nowMs)).toEqual({ reason: 'slow', untilMs: nowMs + 9000 });
  expect(opened).toEqual([]);
});

test('a report tells of every lane', () => {
  const { health } = house();
  const asked = target(['key-2']);
  const broken = mustBegin(health, asked);
  health.answered(broken, true);
  health.failed(broken, { code: 'upstream_stream_failed', retryAfterSeconds: null });
  health.left(broken);
  expect(health.report([asked]).map(({ lane, credential, state, calls, failures }) => ({ id: lane.id, waiting: lane.waiting, credential, state, calls, failures }))).toEqual([
    { id: 'p/m', waiting: 0, credential: 1, state: 'closed', calls: 1, failures: 1 },
    { id: 'p/m#2', waiting: 0, credential: 2, state: 'closed', calls: 0, failures: 0 },
  ]);
});
