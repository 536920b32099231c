import { expect, test } from '@jest/globals';
import { createManualClock } from '../foundation/clock.ts';
import type { Target } from '../foundation/terms.ts';
import { createHealth } from '../routing/health.ts';
import type { UpstreamFailure } from '../providers/wire.ts';
import { planModel } from '../routing/plan.ts';
import type { Plan } from '../routing/steps.ts';
import { findRest, firstPlace, placesAfter, placesOf } from './places.ts';
import type { Told } from './places.ts';

function target(id: string, more: object = {}): Target {
  const provider = { id: 'p', name: 'P', wire: 'openai-chat' as const, baseUrl: '', apiKey: 'one', headers: {}, quirks: {}, ...more };
  return { id, provider, upstreamModel: 'm', price: null, quirks: {}, options: {} };
}

function failure(code: UpstreamFailure['code']): UpstreamFailure {
  return { code, isRetryable: true, message: null, param: null, upstream: null, retryAfterSeconds: code === 'upstream_rate_limited' ? 5 : null, detail: '' };
}

function house() {
  const clock = createManualClock();
  return { clock, health: createHealth({ clock, onOpen: () => undefined }) };
}

const planOf = (targets: readonly Target[]): Plan => planModel(targets.map((each) => ({ target: each, model: 'm', row: null, isOwnKey: false })));

/** Asks everywhere, and is told the same everywhere. */
function askAll(parts: ReturnType<typeof house>, targets: Target[], code: UpstreamFailure['code']): string[] {
  const asked: string[] = [];
  const places = placesOf(parts, planOf(targets), () => true);
  let last: Told | null = null;
  for (;;) {
    const { value: place } = places.next(last);
    if (!place) return asked;
    asked.push(`${place.target.id} ${place.target.provider.apiKey ?? ''}`);
    last = { failure: failure(code), canRetry: true };
    parts.health.failed(place.visit, last.failure);
  }
}

test('targets are asked in order, each once', () => {
  expect(askAll(house(), [target('a'), target('b')], 'upstream_error')).toEqual(['a one', 'b one']);
});

test('another credential is tried where the first is refused or spent, and not after an error', () => {
  const targets = [target('a', { otherKeys: ['two'] }), target('b')];
  expect(askAll(house(), targets, 'upstream_auth_failed')).toEqual(['a one', 'a two', 'b one']);
  expect(askAll(house(), targets, 'upstream_rate_limited')).toEqual(['a one', 'a two', 'b one']);
  expect(askAll(house(), targets, 'upstream_error')).toEqual(['a one', 'b one']);
});

test('one that rests is passed over; when all do, they are asked nevertheless', () => {
  const parts = house();
  const targets = [target('a'), target('b')];
  expect(askAll(parts, [target('a')], 'upstream_rate_limited')).toEqual(['a one']);
  expect(askAll(parts, targets, 'upstream_rate_limited')).toEqual(['b one']);
  expect(askAll(parts, targets, 'upstream_rate_limited')).toEqual(['a one', 'b one']);
});

test('one that does not answer is not asked again before its time, and says when that is', () => {
  const parts = house();
  const targets = [target('a')];
  expect(findRest(parts, planOf(targets))).toBeNull();
  expect(askAll(parts, targets, 'upstream_timeout')).toEqual(['a one']);
  parts.clock.advance(2500);
  expect(askAll(parts, targets, 'upstream_timeout')).toEqual([]);
  expect(findRest(parts, planOf(targets))).toMatchObject({ code: 'upstream_timeout', retryAfterSeconds: 8, isRetryable: false });
  parts.clock.advance(7500);
  expect(askAll(parts, targets, 'upstream_error')).toEqual(['a one']);
});

test('the sandbox and a workspace’s own keys are asked whatever became of others', () => {
  const parts = house();
  const own = target('a', { isOwnKey: true });
  expect(askAll(parts, [target('a')], 'upstream_timeout')).toEqual(['a one']);
  expect(askAll(parts, [own, target('s', { wire: 'sandbox' })], 'upstream_timeout')).toEqual(['a one', 's one']);
  expect(askAll(parts, [own], 'upstream_timeout')).toEqual(['a one']);
});

test('the first place, and those after it, are the places that would be given one after the other', () => {
  const parts = house();
  const plan = planOf([target('a', { otherKeys: ['two'] }), target('b')]);
  const all = { mayTry: () => true };
  const first = firstPlace(parts, plan, all);
  expect(first?.target.provider.apiKey).toBe('one');
  if (!first) return;
  const told: Told = { failure: failure('upstream_auth_failed'), canRetry: true };
  parts.health.failed(first.visit, told.failure);
  const places = placesAfter(parts, plan, { first, ...all });
  const second = places.next(told).value;
  expect(second).toMatchObject({ target: { id: 'a', provider: { apiKey: 'two' } }, isRetry: false });
  parts.health.failed(second?.visit ?? null, told.failure);
  expect(places.next(told).value).toMatchObject({ target: { id: 'b' } });
  expect(places.next(told).value).toBeUndefined();
});

test('there is no first place where the first step may not be tried, or rests', () => {
  const parts = house();
  const plan = planOf([target('a'), target('b')]);
  expect(firstPlace(parts, plan, { mayTry: ({ target: { id } }) => id !== 'a' })).toBeNull();
  askAll(parts, [target('a')], 'upstream_timeout');
  expect(firstPlace(parts, plan, { mayTry: () => true })).toBeNull();
});
