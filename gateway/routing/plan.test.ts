/** This file shows in which order a plan has its targets, and with which reason it leaves others out. */
import { describe, expect, test } from '@jest/globals';
import type { CatalogRoute } from '../../generated/catalog-types.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { Target } from '../foundation/terms.ts';
import { drawOrder } from './draw.ts';
import type { HealthView } from './health.ts';
import { planRoute } from './plan.ts';
import type { PlanInput } from './plan.ts';
import { failPlan } from './plan-refusal.ts';
import { sampleCatalog, sampleModel } from './sample-routes.ts';
import type { Plan } from './steps.ts';
import { foreseeSteps } from './walk.ts';

const calm: HealthView = { stateOf: () => 'closed', latencyMsOf: () => null, restOf: () => null };
const NO_FACTS: PlanInput['facts'] = { hasTools: false, hasImages: false, hasAudio: false, hasFiles: false, wantsSchema: false, promptTokens: 0, promptTokensAtLeast: 0, affinity: '' };

const models = [
  sampleModel('m/dear', [9, 5]), sampleModel('m/cheap', [3, null], { context_window: 1000 }), sampleModel('m/long', [7], { context_window: 1_000_000, tier: 'pro' }),
];

function plan(route: Partial<CatalogRoute>, changes: Partial<PlanInput> = {}): Plan {
  const row: CatalogRoute = { id: 'r', description: 'r', targets: models.map(({ id }) => id), ...route };
  const terms = sampleCatalog(models, [row]).names.get('r')?.terms;
  if (!terms) throw new Error('the route has no terms');
  return planRoute({
    terms, kind: 'chat', facts: NO_FACTS, isAllowed: () => true, isTierOpen: () => true, ownTargets: () => [], health: calm, nowMs: 0, seed: 'key_1', pinned: null, ...changes,
  });
}
const idsOf = ({ steps }: Plan): string[] => steps.map(({ target }) => target.id);
const whyNot = ({ skipped }: Plan): string[] => skipped.map(({ target, model, reason }) => `${target ?? model} ${reason}`);
function refusalOf(made: Plan): unknown {
  try {
    return failPlan(made);
  } catch (thrown) {
    return thrown;
  }
}
/** These rest, for this reason. */
const resting = (reasons: Readonly<Record<string, 'slow' | 'failing'>>): HealthView => ({
  ...calm,
  stateOf: ({ id }: Target) => (id in reasons ? 'open' : 'closed'),
  restOf: ({ id }: Target) => { const reason = reasons[id]; return reason === undefined ? null : { reason, untilMs: 4000 }; },
});

describe('the order', () => {
  test.each([
    ['order', ['p0/m/dear', 'p1/m/dear', 'p0/m/cheap', 'p1/m/cheap', 'p0/m/long']],
    ['price', ['p0/m/cheap', 'p1/m/cheap', 'p1/m/dear', 'p0/m/dear', 'p0/m/long']],
    ['context', ['p0/m/long', 'p0/m/dear', 'p1/m/dear', 'p0/m/cheap', 'p1/m/cheap']],
  ] as const)('by %s', (objective, ids) => {
    expect(idsOf(plan({ objective }))).toEqual(ids);
  });

  test('by latency: the quickest first, those not measured yet before them', () => {
    const latencies: Readonly<Record<string, number>> = { 'p0/m/dear': 30, 'p1/m/dear': 10, 'p0/m/cheap': 20, 'p1/m/cheap': 25 };
    const health = { ...calm, latencyMsOf: ({ id }: Target) => latencies[id] ?? null };
    expect(idsOf(plan({ objective: 'latency' }, { health }))).toEqual(['p0/m/long', 'p1/m/dear', 'p0/m/dear', 'p0/m/cheap', 'p1/m/cheap']);
  });

  test('a model for which the prompt only looks too long comes last; one for which it is too long is skipped', () => {
    expect(idsOf(plan({ targets: ['m/cheap', 'm/long'] }, { facts: { ...NO_FACTS, promptTokens: 2000, promptTokensAtLeast: 900 } }))).toEqual(['p0/m/long', 'p0/m/cheap', 'p1/m/cheap']);
    const sure = plan({ targets: ['m/cheap', 'm/long'] }, { facts: { ...NO_FACTS, promptTokens: 2000, promptTokensAtLeast: 1001 } });
    expect([idsOf(sure), whyNot(sure), sure.preferred]).toEqual([['p0/m/long'], ['m/cheap context'], 'm/long']);
    expect(idsOf(plan({ targets: ['m/cheap'], filters: ['tools'] }, { facts: { ...NO_FACTS, promptTokensAtLeast: 1001 } }))).toHaveLength(2);
  });

  test('the sandbox answers only where no provider of the route can be called', () => {
    const route = { targets: ['sandbox/chat', 'm/long'], objective: 'price' as const };
    expect(idsOf(plan(route))).toEqual(['p0/m/long']);
    // Not even when everything else is left out for this request.
    expect(() => failPlan(plan(route, { isTierOpen: () => false }))).toThrow('gives no messages of the tier pro');
    expect(idsOf(plan({ targets: ['sandbox/chat'] }))).toEqual(['sandbox/chat']);
  });
});

describe('what rests', () => {
  test('is left out, and what answers in its place is degraded', () => {
    const made = plan({}, { health: resting({ 'p0/m/dear': 'failing', 'p1/m/dear': 'slow' }) });
    expect([idsOf(made)[0], made.preferred, whyNot(made), made.isLastResort]).toEqual(['p0/m/cheap', 'm/dear', ['p0/m/dear unhealthy', 'p1/m/dear unhealthy'], false]);
  });

  test('is asked when nothing else is left, but for what does not answer', () => {
    const made = plan({ targets: ['m/dear'] }, { health: resting({ 'p0/m/dear': 'slow', 'p1/m/dear': 'failing' }) });
    expect([idsOf(made), made.isLastResort]).toEqual([['p1/m/dear'], true]);
    const none = plan({ targets: ['m/dear'] }, { health: resting({ 'p0/m/dear': 'slow', 'p1/m/dear': 'slow' }) });
    expect(idsOf(none)).toEqual([]);
    expect(refusalOf(none)).toMatchObject({ code: 'upstream_timeout', options: { headers: { 'retry-after': '4' } } });
  });
});

test('a limit on the price leaves out what is dearer, and what has no known price', () => {
  expect(whyNot(plan({ limits: { output_price_max: 5 } }))).toEqual(['p0/m/dear price', 'p1/m/cheap price_unknown', 'p0/m/long price']);
});

test('a limit on what a call costs leaves out who could cost more, by what each model gives, and says what to do', () => {
  const costOf: PlanInput['costOf'] = ({ price }, maxOutputTokens) => toNanoUsd((price?.output ?? 0n) * BigInt(maxOutputTokens ?? 0));
  const made = plan({ limits: { cost_max: 5 * 4096 } }, { costOf });
  expect([idsOf(made), whyNot(made)]).toEqual([['p1/m/dear', 'p0/m/cheap'], ['p0/m/dear cost', 'p1/m/cheap price_unknown', 'p0/m/long cost']]);
  const none = plan({ limits: { cost_max: 1 }, targets: ['m/dear'] }, { costOf });
  expect(refusalOf(none)).toMatchObject({ code: 'invalid_request', options: { param: 'model', message: expect.stringContaining('p0/m/dear could cost 36864 nano-USD for this request, over the route\'s 1') } });
  // Of a call of which only the kind is known there is nothing to judge.
  expect(whyNot(plan({ limits: { cost_max: 1 }, targets: ['m/dear'] }))).toEqual([]);
});

test('a limit on the output goes with the plan', () => {
  expect([plan({ limits: { output_tokens_max: 7 } }).outputTokensMax, plan({}).outputTokensMax]).toEqual([7, undefined]);
});

test('one policy after the other says who comes next', () => {
  const next = (fallback: CatalogRoute['fallback']): string[] => foreseeSteps(plan({ ...(fallback ? { fallback } : {}) }), 'server_error').map(({ target }) => target.id);
  expect(next(undefined)).toEqual(['p0/m/dear', 'p1/m/dear', 'p0/m/cheap']);
  expect(next({ on: { server_error: ['degrade'] }, attempts: 9 })).toEqual(['p0/m/dear', 'p0/m/cheap', 'p0/m/long']);
  expect(next({ on: { server_error: ['retry', 'retry', 'degrade'] }, attempts: 5 })).toEqual(['p0/m/dear', 'p0/m/dear', 'p0/m/dear', 'p0/m/cheap', 'p0/m/cheap']);
  expect(next({ on: { server_error: ['stop'] } })).toEqual(['p0/m/dear']);
});

describe('a draw', () => {
  const items = [{ name: 'a', weight: 1 }, { name: 'b', weight: 3 }, { name: 'c', weight: 0 }, { name: 'd', weight: 0 }];
  const SEEDS = 10_000;
  const draw = (some: typeof items, seed: number): string[] => drawOrder(some, `seed ${seed}`, (item) => item).map(({ name }) => name);

  test('gives each its share, a weight of 0 comes last in the order it had, and the same seed draws the same', () => {
    const drawn = Array.from({ length: SEEDS }, (_, seed) => draw(items, seed));
    // Four standard deviations.
    expect(Math.abs(drawn.filter(([first]) => first === 'b').length / SEEDS - 0.75)).toBeLessThan(0.0174);
    expect(drawn.every((order) => order.slice(2).join('') === 'cd')).toBe(true);
    expect(draw(items, 7)).toEqual(draw([...items].reverse(), 7).slice(0, 2).concat(['c', 'd']));
  });

  test('moves nothing but what was drawn for the one that is taken away', () => {
    const without = items.filter(({ name }) => name !== 'a');
    const moved = Array.from({ length: SEEDS }, (_, seed) => seed).filter((seed) => draw(items, seed)[0] !== draw(without, seed)[0]);
    expect(moved.every((seed) => draw(items, seed)[0] === 'a')).toBe(true);
  });
});
