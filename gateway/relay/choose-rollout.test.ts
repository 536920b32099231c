/** This file tests who is chosen where a candidate and the old targets differ in more than their name: in who pays, in what is allowed, in how they are. */
import { describe, expect, test } from '@jest/globals';
import type { CatalogPlan } from '../../generated/catalog-types.ts';
import { Refusal } from '../foundation/errors.ts';
import { sampleCaller } from '../foundation/sample-caller.ts';
import type { Target } from '../foundation/terms.ts';
import { planModel } from '../routing/plan.ts';
import { PLAIN_POLICY } from '../routing/policy.ts';
import { sampleCatalog, sampleModel } from '../routing/sample-routes.ts';
import { asRoute } from '../routing/route-terms.ts';
import type { RouteTerms } from '../routing/entries.ts';
import type { RunningRollout } from '../routing/rollout-table.ts';
import type { PlanStep } from '../routing/steps.ts';
import type { Choice } from './choice.ts';
import { candidateOf } from './choose-route.ts';
import { chooseSplit } from './choose-rollout.ts';
import type { House } from './house.ts';

const models = [sampleModel('m/old', [1]), sampleModel('m/new', [2, 2])];
const catalog = sampleCatalog(models, []);
const open = { allowed: true, messages_per_day: null };
const plan: CatalogPlan = { id: 'unlimited', name: 'P', tiers: { basic: open, pro: open, ultimate: open } };
const meaning = (name: string): RunningRollout['candidate'] => catalog.names.get(name) ?? { entry: null, targets: [], route: null, missing: [], choices: [] };
const running: RunningRollout = { id: 'roll_1', candidate: meaning('m/new'), terms: { candidate: 'm/new', percentage: 100, keys: [], shadowPercentage: 0, shadowDailyNanoUsd: 0n } };

function houseWith(resting: readonly string[] = []): House {
  return {
    catalog, keeper: { findPlan: () => ({ plan, revision: 1 }) },
    health: { stateOf: ({ id }: Target) => (resting.includes(id) ? 'open' : 'closed'), latencyMsOf: () => null, restOf: ({ id }: Target) => (resting.includes(id) ? { reason: 'failing', untilMs: 2000 } : null) },
  } as unknown as House;
}

const old = (changes: Partial<PlanStep> = {}, more: Partial<Choice['plan']> = {}): Choice => {
  const [target] = meaning('m/old').targets;
  if (!target || !models[0]) throw new Error('no target');
  return candidateOf({ ...planModel([{ target, model: 'm/old', row: models[0], isOwnKey: false, ...changes }]), ...more });
};
const asking = (models: readonly string[] | null = null) => ({ caller: sampleCaller({ models }), ask: { kind: 'chat', model: 'm/old' }, steering: { route: null, target: null }, nowMs: 1000 }) as never;
const choose = (parts: { resting?: readonly string[]; allowed?: readonly string[]; chooseOld?: () => Choice; percentage?: number; route?: RouteTerms } = {}): Choice => chooseSplit(houseWith(parts.resting), asking(parts.allowed ?? null), {
  running: { ...running, terms: { ...running.terms, percentage: parts.percentage ?? 100 } }, route: parts.route ?? null, keys: [], chooseOld: parts.chooseOld ?? old,
});
const told = ({ plan }: Choice): unknown => [plan.rollout?.side ?? null, plan.steps.map(({ target, isOld }) => `${target.id}${isOld === true ? ' (old)' : ''}`)];

describe('a caller on the side of the candidate', () => {
  test('is answered by it, then by the old target, by as many attempts as each may have', () => {
    const { plan, targets } = choose();
    expect(told(choose())).toEqual(['candidate', ['p0/m/new', 'p1/m/new', 'p0/m/old (old)']]);
    expect(plan.policy).toMatchObject({ attemptsMax: 2 * PLAIN_POLICY.attemptsMax, on: { server_error: ['switch_provider', 'degrade'], content_filter: ['stop'] } });
    // What is set aside is enough for the dearest of them.
    expect(targets.map(({ id }) => id)).toEqual(['p0/m/new', 'p1/m/new', 'p0/m/old']);
  });

  test('goes as if there were no rollout where the workspace’s own key would have paid, or its key may not call one of the two', () => {
    expect(told(choose({ chooseOld: () => old({ isOwnKey: true }) }))).toEqual([null, ['p0/m/old']]);
    expect(told(choose({ allowed: ['m/old'] }))).toEqual([null, ['p0/m/old']]);
    expect(told(choose({ allowed: ['m/new'] }))).toEqual([null, ['p0/m/old']]);
  });

  test('has the old target alone while the candidate rests, the candidate alone while the old one does, and both when both do', () => {
    const out = ['p0/m/new', 'p1/m/new'];
    expect(told(choose({ resting: out }))).toEqual(['candidate', ['p0/m/old (old)']]);
    expect(told(choose({ resting: ['p0/m/new'] }))).toEqual(['candidate', ['p1/m/new', 'p0/m/old (old)']]);
    expect(told(choose({ chooseOld: () => old({}, { isLastResort: true }) }))).toEqual(['candidate', out]);
    const both = choose({ resting: out, chooseOld: () => old({}, { isLastResort: true }) });
    expect([told(both), both.plan.isLastResort]).toEqual([['candidate', [...out, 'p0/m/old (old)']], true]);
  });

  test('has the candidate where nobody else is left, and is refused what the name is refused', () => {
    const refusing = (code: 'model_not_available' | 'tier_not_in_plan') => () => { throw new Refusal(code); };
    const alone = choose({ chooseOld: refusing('model_not_available') });
    expect([told(alone), alone.plan.route]).toEqual([['candidate', ['p0/m/new', 'p1/m/new']], null]);
    expect(() => choose({ chooseOld: refusing('tier_not_in_plan') })).toThrow(expect.objectContaining({ code: 'tier_not_in_plan' }));
  });
});

test('the limits of the old route hold for the candidate', () => {
  const route = asRoute('r', meaning('m/old'));
  const within = (limits: RouteTerms['row']['limits']): Choice => choose({ route: { ...route, row: { ...route.row, ...(limits ? { limits } : {}) } }, chooseOld: () => old({}, { route: 'r' }) });
  expect(told(within({ output_price_max: 1 }))).toEqual([null, ['p0/m/old']]);
  expect([told(within({ output_tokens_max: 7 })), within({ output_tokens_max: 7 }).outputTokensMax]).toEqual([['candidate', ['p0/m/new', 'p1/m/new', 'p0/m/old (old)']], 7]);
});

test('everybody else is answered as before, and counted', () => {
  expect(told(choose({ percentage: 0 }))).toEqual(['baseline', ['p0/m/old']]);
});
