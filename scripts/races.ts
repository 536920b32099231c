/** This file lets callers race for the last cent and the last message, through several gateways on one store: `npm run races -- --engine postgres --races 10000 --seed 1`. */
import { parseArgs } from 'node:util';
import { seededRandom } from '../conformance/recorded-streams.ts';
import { ask, askFor } from './money/client.ts';
import { startCountingUpstream } from './money/counting-upstream.ts';
import { readEngine, startFleet } from './money/fleet.ts';
import type { Fleet } from './money/fleet.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite' },
    gateways: { type: 'string' },
    races: { type: 'string', default: '200' },
    callers: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
    /** Races that run at once. */
    beside: { type: 'string', default: '4' },
  },
});
const engine = readEngine(values.engine);
const gatewayCount = Number(values.gateways ?? (engine === 'sqlite' ? 4 : 3));
const races = Number(values.races);
const callers = Number(values.callers);
const random = seededRandom(Number(values.seed));

/** Nothing for the prompt and 1,000 nano-USD for a token, so that what a call holds follows from max_tokens alone. */
const OUTPUT_PRICE = 1_000_000_000;
const NANO_PER_TOKEN = BigInt(OUTPUT_PRICE) / 1_000_000n;
const MODEL = 'race/model';
const config = {
  models: [{
    id: MODEL, name: 'Race', tier: 'pro', context_window: 100_000, max_output_tokens: 100_000,
    targets: [{ provider: 'vllm', model: 'race', price: { input: 0, output: OUTPUT_PRICE } }],
  }],
};

/** What is raced for: one request takes `perCall` of it at most. */
interface Race {
  readonly key: string;
  readonly cap: bigint;
  readonly perCall: bigint;
  /** What was used in the end. */
  used(): Promise<bigint>;
}

type Kind = 'wallet' | 'quota' | 'pool' | `budget ${'usd' | 'messages'} ${'key' | 'member' | 'workspace'} ${'daily' | 'weekly' | 'monthly' | 'total'}`;

const kinds: readonly Kind[] = [
  'wallet', 'quota', 'pool',
  ...(['usd', 'messages'] as const).flatMap((unit) => (['key', 'member', 'workspace'] as const).flatMap((scope) => (['daily', 'weekly', 'monthly', 'total'] as const).map((period) => `budget ${unit} ${scope} ${period}` as const))),
];

interface Result {
  overspent: bigint;
  refusedWrongly: number;
  granted: number;
  refused: number;
  readonly faults: string[];
}

async function main(): Promise<void> {
  const upstream = await startCountingUpstream((tag) => ({
    promptTokens: 10, cachedTokens: 0, completionTokens: Number(tag.split(':')[1] ?? 1), fault: 'none', delayMs: Number(tag.split(':')[2] ?? 0), paceMs: 0,
  }));
  const fleet = await startFleet(engine, gatewayCount, { env: { VLLM_BASE_URL: upstream.url, LOG_LEVEL: 'warn' }, config });
  await makePlans(fleet);
  const total: Result = { overspent: 0n, refusedWrongly: 0, granted: 0, refused: 0, faults: [] };
  const startedAt = performance.now();
  let next = 0;
  const runner = async (): Promise<void> => {
    for (let race = next++; race < races && total.faults.length < 10; race = next++) {
      await run(fleet, race, total);
      if ((race + 1) % 500 === 0) console.log(`${race + 1} of ${races} races, ${Math.round((performance.now() - startedAt) / 1000)} s`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.beside) }, runner));
  const check = await askFor(fleet.gateways[0]?.url ?? '', { path: '/v1/admin/ledger/check', key: fleet.key });
  const violations = Array.isArray(check['violations']) ? check['violations'] : [check];
  report(total, violations, startedAt);
  await fleet.close();
  await upstream.close();
  process.exitCode = total.faults.length > 0 || violations.length > 0 || total.overspent > 0n || total.refusedWrongly > 0 ? 1 : 0;
}

/** Who has so many messages a day, or in a pool, and no more. */
async function makePlans({ gateways, key }: Fleet): Promise<void> {
  const url = gateways[0]?.url ?? '';
  const none = { allowed: true, messages_per_day: null };
  for (let messages = 1; messages <= MESSAGES_MAX; messages++) {
    const day = { name: 'Race', tiers: { basic: none, pro: { allowed: true, messages_per_day: messages }, ultimate: none } };
    await askFor(url, { method: 'PUT', path: `/v1/admin/plans/race-day-${messages}`, key, body: day });
    const pool = { name: 'Race', tiers: { basic: none, pro: none, ultimate: none }, pool: { tiers: ['pro'], messages, period: 'month' } };
    await askFor(url, { method: 'PUT', path: `/v1/admin/plans/race-pool-${messages}`, key, body: pool });
  }
  await new Promise((resolve) => { setTimeout(resolve, NEWS_MS); });
}

const MESSAGES_MAX = 8;
/** Until every gateway has heard of a change. */
const NEWS_MS = 1500;

/** One race: a workspace of its own, with room for a few of many callers. */
async function run(fleet: Fleet, index: number, total: Result): Promise<void> {
  const kind = kinds[index % kinds.length] ?? 'wallet';
  const tokens = 1 + Math.floor(random() * 500);
  const winners = 1 + Math.floor(random() * MESSAGES_MAX);
  const race = await prepare(fleet, kind, { tokens, winners });
  const sometimesLess = random() < 0.5;
  const delayMs = Math.floor(random() * 20);
  const answers = await Promise.all(Array.from({ length: callers }, (_, caller) => {
    const used = sometimesLess ? 1 + ((caller * 7919 + index) % tokens) : tokens;
    const gateway = fleet.gateways[caller % fleet.gateways.length];
    const body = { model: MODEL, max_tokens: tokens, user: `${index}.${caller}:${used}:${delayMs}`, messages: [{ role: 'user', content: 'race' }] };
    return ask(gateway?.url ?? '', { path: '/v1/chat/completions', key: race.key, body });
  }));
  const granted = answers.filter((answer) => answer.status === 200).length;
  const wrong = answers.find((answer) => ![200, 402, 429].includes(answer.status));
  const used = await race.used();
  total.granted += granted;
  total.refused += callers - granted;
  if (used > race.cap) total.overspent += used - race.cap;
  // While what is held stays under the cap nobody may be refused: so many fit whatever the others do.
  const fitting = Math.min(callers, Number(race.cap / race.perCall));
  if (granted < fitting) total.refusedWrongly += fitting - granted;
  if (used > race.cap || granted < fitting || wrong) {
    total.faults.push(`race ${index} (${kind}): ${granted} granted where ${fitting} fit, used ${used} of ${race.cap}${wrong ? `; one was answered ${wrong.status} ${wrong.text.slice(0, 200)}` : ''}`);
  }
}

async function prepare({ gateways, key }: Fleet, kind: Kind, { tokens, winners }: { tokens: number; winners: number }): Promise<Race> {
  const url = gateways[0]?.url ?? '';
  const admin = (path: string, body: unknown, status = 201): Promise<Record<string, unknown>> => askFor(url, { path: `/v1${path}`, key, body }, status);
  const [first] = kind.split(' ');
  const plan = first === 'quota' ? `race-day-${winners}` : first === 'pool' ? `race-pool-${winners}` : 'unlimited';
  const user = await admin('/admin/users', { name: 'racer' });
  const workspace = await admin('/admin/workspaces', { name: 'race', owner: user['id'], plan, billing: first === 'wallet' ? 'balance' : 'plan' });
  const made = await admin('/admin/keys', { name: 'racer', user: user['id'], workspace: workspace['id'], scopes: ['inference', 'management'] });
  const racer = String(made['secret']);
  const nanoUsd = BigInt(tokens) * NANO_PER_TOKEN;
  // A little more than a whole number of calls: what is left over must not be spent either.
  const money = nanoUsd * BigInt(winners) + BigInt(Math.floor(random() * Number(nanoUsd)));
  if (first === 'wallet') {
    await admin('/admin/ledger/grants', { workspace: workspace['id'], amount_nano_usd: String(money) });
    const used = async (): Promise<bigint> => money - BigInt(String((await askFor(url, { path: '/v1/balance', key: racer }))['balance_nano_usd']));
    return { key: racer, cap: money, perCall: nanoUsd, used };
  }
  if (first === 'budget') {
    const [, unit, scope, period] = kind.split(' ');
    const amount = unit === 'usd' ? money : BigInt(winners);
    const subject = scope === 'key' ? made['id'] : scope === 'member' ? user['id'] : workspace['id'];
    const budget = await askFor(url, { path: '/v1/budgets', key: racer, body: { name: 'race', scope: { type: scope, id: subject }, unit, amount: String(amount), period, hard: true } }, 201);
    const used = async (): Promise<bigint> => BigInt(String((await askFor(url, { path: `/v1/budgets/${String(budget['id'])}`, key: racer }))['used']));
    return { key: racer, cap: amount, perCall: unit === 'usd' ? nanoUsd : 1n, used };
  }
  return { key: racer, cap: BigInt(winners), perCall: 1n, used: () => usedOfLimit(url, racer, first === 'pool' ? 'pool' : 'tier') };
}

async function usedOfLimit(url: string, key: string, kind: string): Promise<bigint> {
  const { data } = await askFor(url, { path: '/v1/limits', key }) as unknown as { data: { kind: string; subject: string; used: string; limit: string | null }[] };
  return data.filter((limit) => limit.kind === kind && limit.limit !== null).reduce((sum, limit) => sum + BigInt(limit.used), 0n);
}

function report(total: Result, violations: readonly unknown[], startedAt: number): void {
  console.log(`${races} races of ${callers} callers on ${gatewayCount} gateways (${engine}), seed ${values.seed}, ${Math.round((performance.now() - startedAt) / 1000)} s`);
  console.log(`granted ${total.granted}, refused ${total.refused}`);
  console.log(`overspent ${total.overspent}, refused wrongly ${total.refusedWrongly}, invariants broken ${violations.length}, faults ${total.faults.length}`);
  for (const fault of [...total.faults, ...violations.map((violation) => JSON.stringify(violation))].slice(0, 10)) console.log(`  ${fault}`);
}

await main();
