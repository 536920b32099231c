/** This file lets chance make catalogues, routes, health and requests: what explain says is who relay asks, in that order, and it stops where explain says. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CatalogModel, CatalogPlan, CatalogRoute } from '../../generated/catalog-types.ts';
import type { ExplainedTarget, RouteExplanation } from '../../generated/client/types.gen.ts';
import type { Clock } from '../foundation/clock.ts';
import { DepartureSignal } from '../foundation/departure.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLog } from '../foundation/log.ts';
import { createMetrics } from '../foundation/metrics.ts';
import type { Call } from '../foundation/operation.ts';
import { sampleCaller } from '../foundation/sample-caller.ts';
import type { Caller, Provider, Target, Tier } from '../foundation/terms.ts';
import type { PlaceRequest, Settlement } from '../metering/ledger.ts';
import type { ExchangeEvents } from '../providers/call.ts';
import type { HttpRequest } from '../providers/wire.ts';
import type { LaneState } from '../routing/lane.ts';
import { compileRollouts } from '../routing/rollouts.ts';
import { sampleCatalog, sampleModel } from '../routing/sample-routes.ts';
import { askChatOf } from './ask-chat.ts';
import { explain } from './explain.ts';
import type { House } from './house.ts';
import { createPulse } from './pulse.ts';
import { relay } from './relay.ts';
import { createStoreGate } from './store-gate.ts';

const CATALOGUES = 1000;
const MODELS = 5;
const CLASSES = ['timeout', 'rate_limited', 'server_error', 'connection', 'refusal', 'context_length', 'content_filter'] as const;
type Fails = (typeof CLASSES)[number];

const TARGETS = 3;
const targetIds = Array.from({ length: MODELS * TARGETS }, (_, at) => `p${at % TARGETS}/m/${Math.floor(at / TARGETS)}`);
const some = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> => fc.array(value, { minLength: 1, maxLength: 4 });

/** Null seven times of eight. */
const rarely = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });
const mostly = fc.constantFrom(true, true, true, false);

const models = fc.array(fc.record({
  prices: fc.array(fc.option(fc.integer({ min: 1, max: 9 }), { freq: 8 }), { minLength: 1, maxLength: TARGETS }),
  tools: mostly, structured_output: mostly, sees: mostly, context_window: fc.constantFrom(0, 4, 100, 100_000),
  max_output_tokens: fc.constantFrom(null, 4096, 1_000_000), tier: fc.constantFrom<Tier>('basic', 'pro', 'ultimate'), isRetired: fc.boolean(), kind: fc.constantFrom('chat', 'chat', 'chat', 'chat', 'chat', 'embeddings'),
}), { minLength: 1, maxLength: MODELS, size: 'max' }).map((rows) => rows.map(({ prices, sees, isRetired, kind, ...row }, at): CatalogModel => sampleModel(`m/${at}`, prices, {
  ...row, kinds: [kind as 'chat'], input_modalities: sees ? ['text', 'image'] : ['text'], status: isRetired && at % 3 === 2 ? 'retired' : 'active',
})));

const steps = some(fc.constantFrom('retry' as const, 'switch_provider' as const, 'degrade' as const, 'stop' as const));
const terms = fc.record({
  objective: fc.constantFrom<NonNullable<CatalogRoute['objective']>>('order', 'weighted', 'price', 'latency', 'quality', 'context'),
  filters: fc.option(fc.uniqueArray(fc.constantFrom<NonNullable<CatalogRoute['filters']>[number]>('tools', 'vision', 'structured_output', 'context')), { nil: undefined }),
  limits: rarely(fc.record({ output_price_max: fc.integer({ min: 0, max: 9 }) })),
  costMax: rarely(fc.nat({ max: 9 })), outputTokensMax: rarely(fc.constantFrom(1, 200_000, 2_000_000)),
  on: fc.record(Object.fromEntries(CLASSES.map((name) => [name, steps])) as Record<Fails, typeof steps>, { requiredKeys: [] }),
  attempts: fc.integer({ min: 1, max: 8 }),
  weights: fc.array(fc.nat({ max: 3 }), { minLength: MODELS + 1, maxLength: MODELS + 1 }),
  hasSandbox: fc.boolean(),
});

const world = fc.record({
  models, terms,
  health: fc.array(fc.constantFrom<LaneState>('closed', 'closed', 'closed', 'trial', 'open'), { minLength: targetIds.length, maxLength: targetIds.length }),
  latencies: fc.array(fc.option(fc.nat({ max: 5 })), { minLength: targetIds.length, maxLength: targetIds.length }),
  fails: fc.array(fc.option(fc.constantFrom(...CLASSES), { freq: 4 }), { minLength: targetIds.length, maxLength: targetIds.length }),
  tiers: fc.uniqueArray(fc.constantFrom<Tier>('basic', 'pro', 'ultimate'), { minLength: 2 }),
  allowed: rarely(fc.uniqueArray(fc.nat({ max: MODELS - 1 }).map((at) => `m/${at}`), { minLength: 1 })),
  request: fc.record({ tools: fc.boolean(), image: fc.boolean(), schema: fc.boolean(), user: fc.string(), stream: fc.boolean(), filtersByAnswer: fc.boolean(), words: fc.constantFrom(1, 200), output: fc.constantFrom(null, 1, 500_000, 1_000_000) }),
  pinned: rarely(fc.constantFrom(...targetIds)),
  names: fc.constantFrom('the-route', 'the-route', 'the-route', 'm/0'),
  rollout: fc.option(fc.record({ candidate: fc.constantFrom('the-route', 'm/0', 'm/1', 'm/2', ...targetIds.slice(0, 6)), percentage: fc.constantFrom(0, 100, 100), isPromoted: mostly.map((is) => !is) }), { freq: 3 }),
});
type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;

const instantly: Clock = {
  now: () => 1_800_000_000_000, monotonic: () => 1000, every: () => () => undefined,
  after(_ms, callback) { queueMicrotask(callback); return () => undefined; },
};

/** A house whose upstreams do as they are told, and remember who was asked. */
function setUp(made: World) {
  const asked: string[] = [];
  const sent: number[] = [];
  const parts: string[] = [];
  const { objective, filters, on, attempts, weights, hasSandbox } = made.terms;
  const limits = limitsOf(made);
  const route: CatalogRoute = {
    id: 'the-route', description: 'of chance', objective, ...(filters ? { filters } : {}), limits,
    targets: [...made.models.map(({ id }, at) => ({ model: id, weight: weights[at] ?? 1 })), ...(hasSandbox ? ['sandbox/chat'] : [])],
    fallback: { on, attempts },
  };
  const none = { allowed: false, messages_per_day: 0 };
  const tier = (name: Tier): CatalogPlan['tiers']['basic'] => (made.tiers.includes(name) ? { allowed: true, messages_per_day: null } : none);
  const plan: CatalogPlan = { id: 'unlimited', name: 'P', tiers: { basic: tier('basic'), pro: tier('pro'), ultimate: tier('ultimate') } };
  const valueOf = <Value>(values: readonly Value[], id: string): Value | undefined => values[targetIds.indexOf(id)];
  const catalog = sampleCatalog(made.models, [route]);
  const house = {
    catalog: { ...catalog, rollouts: compileRollouts(rowsOf(made), catalog, () => undefined) }, clock: instantly, limits: defaultLimits, pulse: createPulse(instantly), log: createLog('silent'), metrics: createMetrics(() => 0, () => []), storeGate: createStoreGate(),
    keeper: { findPlan: () => ({ plan, revision: 1 }) }, ownKeys: { open: () => [] }, responses: null, store: { pendingRecords: 0 }, warnings: { for: () => [] }, rates: { admit: () => ({ settle: () => undefined, release: () => undefined, headers: () => ({}) }) },
    health: {
      stateOf: ({ id }: Target) => valueOf(made.health, id) ?? 'closed',
      latencyMsOf: ({ id }: Target) => valueOf(made.latencies, id) ?? null,
      restOf: ({ id }: Target) => (valueOf(made.health, id) === 'open' ? { reason: (valueOf(made.latencies, id) ?? 0) > 2 ? 'slow' : 'failing', untilMs: instantly.now() + 3000 } : null),
      begin: (target: Target, { isLastResort }: { isLastResort: boolean }) => (isLastResort || valueOf(made.health, target.id) !== 'open' ? { target } : null),
      answered: () => undefined, failed: () => undefined, left: () => undefined,
    },
    ledger: {
      place: ({ requestId, options }: PlaceRequest) => ({ kind: 'placed', placing: { requestId, option: 0, asks: options[0], leaseIds: null, idempotency: null } }),
      settle: (_placing: unknown, { record }: Settlement, done: (failure: Error | null) => void) => { if (record.rollout !== null) parts.push(record.rollout); done(null); }, note: () => undefined,
    },
    openExchange(provider: Provider, request: HttpRequest, events: ExchangeEvents) {
      const id = provider.id === 'sandbox' ? 'sandbox/chat' : `${provider.id}/${(JSON.parse(String(request.body)) as { model: string }).model}`;
      asked.push(id);
      if (provider.id !== 'sandbox') sent.push((JSON.parse(String(request.body)) as { max_tokens?: number }).max_tokens ?? 0);
      queueMicrotask(() => { answer(events, valueOf(made.fails, id) ?? null, made.request); });
      return { abort: () => undefined, resume: () => undefined };
    },
  } as unknown as House;
  return { house, asked, sent, parts, caller: sampleCaller({ models: made.allowed }) };
}

function limitsOf({ terms: { limits, costMax, outputTokensMax } }: World): NonNullable<CatalogRoute['limits']> {
  return { ...limits, ...(costMax === null ? {} : { cost_max: costMax }), ...(outputTokensMax === null ? {} : { output_tokens_max: outputTokensMax }) };
}

/** No model generates more. */
const GENERATED_MAX = 262_144;
/** What the output alone could cost at a target, in nano-USD, reckoned anew. */
function outputCost({ models: rows, request: { output }, terms: { outputTokensMax } }: World, id: string): number {
  const at = targetIds.indexOf(id);
  const row = rows[Math.floor(at / TARGETS)];
  const tokens = Math.min(output ?? outputTokensMax ?? 4096, row?.max_output_tokens ?? GENERATED_MAX, outputTokensMax ?? GENERATED_MAX, GENERATED_MAX);
  return Math.ceil(tokens * (row?.targets[at % TARGETS]?.price?.output ?? 0) / 1_000_000);
}

/** One that runs, or was promoted. */
function rowsOf({ rollout, names }: World): Parameters<typeof compileRollouts>[0] {
  if (!rollout) return [];
  const { candidate, percentage, isPromoted } = rollout;
  const times = { createdMs: 1, changedMs: 1, promotedMs: isPromoted ? 1 : null };
  return [{ id: 'roll_1', name: names, state: isPromoted ? 'promoted' : 'running', terms: { candidate, percentage, keys: [], shadowPercentage: 0, shadowDailyNanoUsd: 0n }, ...times }];
}

const REPLY = { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } };
const CHUNK = { ...REPLY, object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: 'hello' }, finish_reason: 'stop' }] };
const SAID: Readonly<Record<Fails, readonly [status: number, code: string]>> = {
  timeout: [504, 't'], rate_limited: [429, 'r'], server_error: [500, 's'], connection: [0, 'c'], refusal: [400, 'unknown_parameter'],
  context_length: [400, 'context_length_exceeded'], content_filter: [400, 'content_policy_violation'],
};

/** A filter, or a refusal, in the shape of an answer. */
const PASSED: Readonly<Partial<Record<Fails, object>>> = {
  content_filter: { message: { role: 'assistant', content: null, refusal: null }, delta: { role: 'assistant', content: '' }, finish_reason: 'content_filter' },
  refusal: { message: { role: 'assistant', content: null, refusal: 'no' }, delta: { role: 'assistant', refusal: 'no' }, finish_reason: 'stop' },
};

function answer(events: ExchangeEvents, fails: Fails | null, { stream: isStream, filtersByAnswer }: World['request']): void {
  const passed = fails !== null && filtersByAnswer ? PASSED[fails] : undefined;
  const [status, code] = fails === null || passed ? [200, ''] : SAID[fails];
  if (status === 0) {
    events.onFailure({ code: 'upstream_unreachable', isRetryable: true, message: null, param: null, upstream: null, retryAfterSeconds: null, detail: 'reset' });
    return;
  }
  const isEvents = status === 200 && isStream;
  events.onHead(status, { 'content-type': isEvents ? 'text/event-stream' : 'application/json' });
  const choices = passed ? { choices: [{ index: 0, ...passed }] } : {};
  const whole = status === 200 ? { ...REPLY, ...choices } : { error: { message: 'no', type: 'invalid_request_error', param: null, code } };
  events.onData(Buffer.from(isEvents ? `data: ${JSON.stringify({ ...CHUNK, ...choices })}\n\ndata: [DONE]\n\n` : JSON.stringify(whole)));
  events.onEnd();
}

function bodyOf({ request, names }: World): Call<'createChatCompletion'>['body'] {
  const text = 'word '.repeat(request.words);
  return {
    model: names, stream: request.stream, user: request.user, ...(request.output === null ? {} : { max_tokens: request.output }),
    messages: [{ role: 'user', content: request.image ? [{ type: 'text', text }, { type: 'image_url', image_url: { url: 'https://example.org/a.png' } }] : text }],
    ...(request.tools ? { tools: [{ type: 'function', function: { name: 'f' } }] } : {}),
    ...(request.schema ? { response_format: { type: 'json_schema', json_schema: { name: 's', schema: {} } } } : {}),
  };
}

function callOf(caller: Caller, made: World, body: unknown): never {
  return {
    operationId: 'createChatCompletion', requestId: 'req_1', body, bodyText: JSON.stringify(body), headers: made.pinned === null ? {} : { 'x-interline-target': made.pinned },
    path: {}, query: {}, files: [], caller, departure: new DepartureSignal(), receivedAt: 1000,
  } as never;
}

/** Who is asked, worked out anew from what explain says alone. */
function foresee({ targets, fallback: { on, attempts } }: RouteExplanation, failsOf: (target: string) => Fails | null): string[] {
  const asked: ExplainedTarget[] = [];
  let current = targets[0];
  let again = 0;
  while (current && asked.push(current) < attempts) {
    const fails: Fails | null = failsOf(current.target);
    if (fails === null) break;
    const here: ExplainedTarget = current;
    const untried = targets.filter((each) => !asked.includes(each));
    const actions = on[fails] ?? [];
    let next: ExplainedTarget | undefined = undefined;
    for (const action of actions) {
      if (action === 'stop' || next) break;
      if (action === 'retry' && again < actions.filter((each) => each === 'retry').length) next = here;
      if (action === 'switch_provider') next = untried.find((each) => each.model === here.model);
      if (action === 'degrade') next = untried.find((each) => !asked.some(({ model }) => model === each.model));
    }
    again = next === here ? again + 1 : 0;
    current = next;
  }
  return asked.map(({ target }) => target);
}

describe('explain', () => {
  test('predicts who is asked, in which order, in every catalogue and for every request', async () => {
    let routed = 0;
    let fallenBack = 0;
    let limited = 0;
    const sides = { candidate: 0, baseline: 0, fallback: 0 };
    await fc.assert(fc.asyncProperty(world, async (made) => {
      const { house, asked, sent, caller, parts } = setUp(made);
      const body = bodyOf(made);
      const said = await explain(house, callOf(caller, made, { operation: 'chat.completions', request: body }));
      expect(asked).toEqual([]);
      const ended = await relay(house, callOf(caller, made, body), askChatOf(body)).then(() => null, (refusal: unknown) => refusal);
      const failsOf = (id: string): Fails | null => (id === 'sandbox/chat' ? null : made.fails[targetIds.indexOf(id)] ?? null);
      expect({ said, asked }).toEqual({ said, asked: foresee(said, failsOf) });
      if (said.refusal) expect(ended).toMatchObject({ code: said.refusal.code, message: said.refusal.message });
      const { cost_max: costMax = Infinity, output_tokens_max: outputTokensMax = Infinity } = said.route === null ? {} : limitsOf(made);
      expect(asked.filter((id) => id !== 'sandbox/chat' && outputCost(made, id) > costMax)).toEqual([]);
      expect(sent.filter((tokens) => tokens > outputTokensMax)).toEqual([]);
      if (said.skipped.some(({ reason }) => reason === 'cost') || Math.max(...sent) === outputTokensMax) limited++;
      if (said.route !== null && asked.length > 0) routed++;
      if (new Set(asked).size > 1) fallenBack++;
      const [part = null] = parts;
      const side = part === null ? null : part.endsWith('/baseline') ? 'baseline' : 'candidate';
      if (!said.refusal) expect({ said, side }).toEqual({ said, side: said.rollout?.side ?? null });
      if (part !== null) sides[part.split('/')[1] as keyof typeof sides]++;
    }), { numRuns: CATALOGUES });
    // Chance must not be idle.
    const isRolledOut = Math.min(...Object.values(sides)) > CATALOGUES / 100;
    expect([routed > CATALOGUES / 8, fallenBack > CATALOGUES / 20, limited > CATALOGUES / 50, isRolledOut]).toEqual([true, true, true, true]);
  }, 60_000);

  test('says in `order` who is asked when everybody answers 500', async () => {
    await fc.assert(fc.asyncProperty(world, async (chance) => {
      const made: World = { ...chance, fails: chance.fails.map(() => 'server_error' as const), terms: { ...chance.terms, hasSandbox: false } };
      const { house, asked, caller } = setUp(made);
      const body = bodyOf(made);
      const { order } = await explain(house, callOf(caller, made, { operation: 'chat.completions', request: body }));
      await relay(house, callOf(caller, made, body), askChatOf(body)).catch(() => undefined);
      expect(asked).toEqual(order);
    }), { numRuns: CATALOGUES / 4 });
  }, 60_000);
});
