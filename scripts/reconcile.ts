/** This file compares what a gateway charged with what an upstream says it did, faults and all: `npm run reconcile -- --requests 100000 --faults 5 --seed 1`. */
import { parseArgs } from 'node:util';
import { seededRandom } from '../conformance/recorded-streams.ts';
import { ask, askFor } from './money/client.ts';
import { startCountingUpstream } from './money/counting-upstream.ts';
import type { Fault, Work } from './money/counting-upstream.ts';
import { readEngine, startFleet } from './money/fleet.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite' },
    gateways: { type: 'string', default: '1' },
    requests: { type: 'string', default: '5000' },
    /** Percent of requests that go wrong somehow. */
    faults: { type: 'string', default: '5' },
    callers: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
  },
});
const engine = readEngine(values.engine);
const requests = Number(values.requests);
const random = seededRandom(Number(values.seed));

const INPUT = 2_500_000_007n;
const CACHED = 312_500_003n;
const OUTPUT = 10_000_000_019n;
const MODEL = 'count/model';
const price = { input: Number(INPUT), output: Number(OUTPUT), cache_read: Number(CACHED) };
const config = {
  models: [{ id: MODEL, name: 'Count', tier: 'pro', context_window: 1_000_000, max_output_tokens: 100_000, targets: [{ provider: 'vllm', model: 'count', price }] }],
};
const faults: readonly Fault[] = ['refuse', 'busy', 'server_error', 'drop', 'reset_before_end', 'no_usage', 'empty', 'not_json'];
/** Time to be right after the last reply, in ms. */
const SETTLE_MS_MAX = 5000;

const works = Array.from({ length: requests }, (): Work => {
  const promptTokens = Math.floor(random() * 30_000);
  return {
    promptTokens,
    cachedTokens: random() < 0.4 ? Math.floor(random() * promptTokens) : 0,
    completionTokens: 1 + Math.floor(random() * 3000),
    fault: random() * 100 < Number(values.faults) ? faults[Math.floor(random() * faults.length)] ?? 'none' : 'none',
    delayMs: 0,
    paceMs: 0,
  };
});

/** What one piece of work costs, by an arithmetic of its own: nothing is shared with the gateway. */
function costOf({ promptTokens, cachedTokens, completionTokens }: Work): bigint {
  const total = BigInt(promptTokens - cachedTokens) * INPUT + BigInt(cachedTokens) * CACHED + BigInt(completionTokens) * OUTPUT;
  return total / 1_000_000n + (total % 1_000_000n === 0n ? 0n : 1n);
}

interface Row {
  readonly id: string;
  readonly basis: string;
  readonly prompt_tokens: number;
  readonly cached_tokens: number;
  readonly completion_tokens: number;
  readonly charged_nano_usd: string;
}

async function main(): Promise<void> {
  const upstream = await startCountingUpstream((tag) => works[Number(tag)] ?? { promptTokens: 0, cachedTokens: 0, completionTokens: 0, fault: 'refuse', delayMs: 0, paceMs: 0 });
  const fleet = await startFleet(engine, Number(values.gateways), { env: { VLLM_BASE_URL: upstream.url, LOG_LEVEL: 'error' }, config });
  const url = fleet.gateways[0]?.url ?? '';
  const admin = (path: string, body: unknown): Promise<Record<string, unknown>> => askFor(url, { path: `/v1${path}`, key: fleet.key, body }, 201);
  const user = await admin('/admin/users', { name: 'payer' });
  const workspace = await admin('/admin/workspaces', { name: 'payer', owner: user['id'], plan: 'unlimited', billing: 'balance' });
  const key = String((await admin('/admin/keys', { name: 'payer', user: user['id'], workspace: workspace['id'], scopes: ['inference', 'management'] }))['secret']);
  const granted = 1_000_000_000_000_000n;
  await admin('/admin/ledger/grants', { workspace: workspace['id'], amount_nano_usd: String(granted) });

  const startedAt = performance.now();
  const tags = new Map<string, number>();
  let next = 0;
  const caller = async (): Promise<void> => {
    for (let index = next++; index < requests; index = next++) {
      const gateway = fleet.gateways[index % fleet.gateways.length]?.url ?? url;
      const body = { model: MODEL, user: String(index), stream: index % 3 === 0, messages: [{ role: 'user', content: 'count' }] };
      const answer = await ask(gateway, { path: '/v1/chat/completions', key, body });
      tags.set(String(answer.headers['x-request-id']), index);
    }
  };
  await Promise.all(Array.from({ length: Number(values.callers) }, caller));
  const loadSeconds = (performance.now() - startedAt) / 1000;

  const lastAt = performance.now();
  let found = { rows: 0, faults: ['nothing was read'] as readonly string[] };
  do {
    found = await compare({ url, key, tags, granted });
    if (found.faults.length > 0) await new Promise((resolve) => { setTimeout(resolve, 250); });
  } while (found.faults.length > 0 && performance.now() - lastAt < SETTLE_MS_MAX);
  const check = await askFor(url, { path: '/v1/admin/ledger/check', key: fleet.key });
  const violations = Array.isArray(check['violations']) ? check['violations'] : [check];
  const wrong = works.filter((work) => work.fault !== 'none').length;
  console.log(`${requests} requests (${wrong} with a fault) through ${fleet.gateways.length} gateway(s) on ${engine}, seed ${values.seed}, ${loadSeconds.toFixed(0)} s, ${Math.round(requests / loadSeconds)}/s`);
  console.log(`upstream's own count: ${works.reduce((sum, work) => sum + (work.fault === 'none' ? costOf(work) : 0n), 0n)} nano-USD for what it did and told; rows compared ${found.rows}`);
  console.log(`differences ${found.faults.length}, invariants broken ${violations.length}`);
  for (const fault of [...found.faults, ...violations.map((violation) => JSON.stringify(violation))].slice(0, 10)) console.log(`  ${fault}`);
  await fleet.close();
  await upstream.close();
  process.exitCode = found.faults.length > 0 || violations.length > 0 ? 1 : 0;
}

/** Row by row, and then what the balance says of all of them. */
async function compare({ url, key, tags, granted }: { url: string; key: string; tags: ReadonlyMap<string, number>; granted: bigint }) {
  const found: string[] = [];
  let charged = 0n;
  let rows = 0;
  for (let after = ''; ;) {
    const page = await askFor(url, { path: `/v1/usage?limit=100${after === '' ? '' : `&after=${after}`}`, key }) as unknown as { data: Row[]; has_more: boolean; last_id: string };
    for (const row of page.data) {
      rows++;
      charged += BigInt(row.charged_nano_usd);
      const fault = faultOf(row, works[tags.get(row.id) ?? -1]);
      if (fault !== null) found.push(`${row.id}: ${fault}`);
    }
    if (!page.has_more) break;
    after = page.last_id;
  }
  if (rows !== requests) found.push(`${rows} rows for ${requests} requests`);
  const balance = BigInt(String((await askFor(url, { path: '/v1/balance', key }))['balance_nano_usd']));
  if (granted - balance !== charged) found.push(`the balance paid ${granted - balance}, the rows say ${charged}`);
  return { rows, faults: found };
}

function faultOf(row: Row, work: Work | undefined): string | null {
  if (!work) return 'nobody asked for it';
  const charged = BigInt(row.charged_nano_usd);
  // What an upstream did without saying how much is counted here: then the charge must follow from the row's own tokens.
  const isCounted = work.fault === 'no_usage' || (work.fault === 'reset_before_end' && row.basis === 'observed');
  const expected = isCounted
    ? costOf({ ...work, promptTokens: row.prompt_tokens, cachedTokens: row.cached_tokens, completionTokens: row.completion_tokens })
    : work.fault === 'none' ? costOf(work) : 0n;
  if (isCounted && charged === 0n) return `${work.fault} was not charged at all`;
  return charged === expected ? null : `${work.fault}: charged ${charged}, the upstream's count gives ${expected} (basis ${row.basis})`;
}

await main();
