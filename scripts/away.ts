/** This file takes the database away from running gateways for a while and looks for what is lost: `npm run away -- --seconds 60 --gateways 2`. */
import { parseArgs } from 'node:util';
import { ask, askFor } from './money/client.ts';
import type { Answer } from './money/client.ts';
import { startCountingUpstream } from './money/counting-upstream.ts';
import { startFleet } from './money/fleet.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    gateways: { type: 'string', default: '2' },
    callers: { type: 'string', default: '16' },
  },
});
const seconds = Number(values.seconds);

const config = {
  models: [{ id: 'away/model', name: 'Away', tier: 'pro', context_window: 100_000, max_output_tokens: 100_000, targets: [{ provider: 'vllm', model: 'away', price: { input: 1_000_000_000, output: 1_000_000_000 } }] }],
};
const WORK = { promptTokens: 100, cachedTokens: 0, completionTokens: 50, fault: 'none', delayMs: 5, paceMs: 20 } as const;
const CHARGE = 150_000n;
/** Load before and after the database is away, in ms. */
const MARGIN_MS = 5000;
/** Until service is back by itself, in ms. */
const RESUME_MS_MAX = 5000;

type Phase = 'before' | 'away' | 'after';

async function main(): Promise<void> {
  const upstream = await startCountingUpstream(() => WORK);
  const fleet = await startFleet('postgres', Number(values.gateways), { env: { VLLM_BASE_URL: upstream.url, LOG_LEVEL: 'error' }, config });
  const url = fleet.gateways[0]?.url ?? '';
  const { postgres } = fleet;
  if (!postgres) throw new Error('there is no database to take away');
  const admin = (path: string, body: unknown): Promise<Record<string, unknown>> => askFor(url, { path: `/v1${path}`, key: fleet.key, body }, 201);
  const user = await admin('/admin/users', { name: 'payer' });
  const workspace = await admin('/admin/workspaces', { name: 'payer', owner: user['id'], plan: 'unlimited', billing: 'balance' });
  const key = String((await admin('/admin/keys', { name: 'payer', user: user['id'], workspace: workspace['id'], scopes: ['inference', 'management'] }))['secret']);
  const granted = 1_000_000_000_000n;
  await admin('/admin/ledger/grants', { workspace: workspace['id'], amount_nano_usd: String(granted) });

  const seen = new Map<Phase, Map<string, number>>([['before', new Map()], ['away', new Map()], ['after', new Map()]]);
  const faults: string[] = [];
  const paid: string[] = [];
  let phase: Phase = 'before';
  let isOver = false;
  let resumedAt = 0;
  const caller = async (number: number): Promise<void> => {
    for (let turn = number; !isOver; turn++) {
      const asked = phase;
      const body = { model: 'away/model', max_tokens: 60, stream: turn % 2 === 0, messages: [{ role: 'user', content: 'are you there?' }] };
      const answer = await ask(fleet.gateways[turn % fleet.gateways.length]?.url ?? url, { path: '/v1/chat/completions', key, body });
      const counts = seen.get(asked) ?? new Map<string, number>();
      const name = nameOf(answer);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (name === 'whole') {
        paid.push(String(answer.headers['x-request-id']));
        if (phase === 'after') resumedAt ||= performance.now();
      }
      if (answer.status === 401) faults.push(`a valid key was refused: ${answer.text.slice(0, 200)}`);
      if (answer.status === 503 && answer.headers['retry-after'] === undefined) faults.push('a 503 without Retry-After');
      if (![200, 503].includes(answer.status)) faults.push(`answered ${answer.status} ${answer.text.slice(0, 200)}`);
      if (answer.status === 503) await pause(50);
    }
  };
  const callers = Array.from({ length: Number(values.callers) }, (_, number) => caller(number));
  await pause(MARGIN_MS);
  phase = 'away';
  await postgres.kill();
  console.log(`the database is away for ${seconds} s`);
  await pause(seconds * 1000);
  await postgres.restart();
  const backAt = performance.now();
  phase = 'after';
  await pause(MARGIN_MS);
  isOver = true;
  await Promise.all(callers);
  if (resumedAt === 0 || resumedAt - backAt > RESUME_MS_MAX) faults.push('service did not resume by itself');
  faults.push(...await missing({ url, key, paid, granted }));
  const check = await askFor(url, { path: '/v1/admin/ledger/check', key: fleet.key });
  for (const violation of Array.isArray(check['violations']) ? check['violations'] : [check]) faults.push(JSON.stringify(violation));
  for (const [name, counts] of seen) console.log(`${name}: ${[...counts].map(([answer, count]) => `${count} ${answer}`).join(', ')}`);
  console.log(`resumed ${Math.round(resumedAt - backAt)} ms after the database was back; ${paid.length} replies paid; faults ${faults.length}`);
  for (const fault of faults.slice(0, 10)) console.log(`  ${fault}`);
  await fleet.close();
  await upstream.close();
  process.exitCode = faults.length > 0 ? 1 : 0;
}

function nameOf(answer: Answer): string {
  if (answer.status !== 200) return answer.status === 0 ? 'without an answer' : String(answer.status);
  const isStream = String(answer.headers['content-type']).startsWith('text/event-stream');
  return !isStream || answer.text.endsWith('data: [DONE]\n\n') ? 'whole' : 'broken off';
}

/** Every reply that was whole must have its row, charged in full, once; asked until the outbox has been carried over. */
async function missing({ url, key, paid, granted }: { url: string; key: string; paid: readonly string[]; granted: bigint }): Promise<string[]> {
  const deadline = performance.now() + RESUME_MS_MAX;
  for (;;) {
    const charges = new Map<string, bigint>();
    for (let after = ''; ;) {
      const page = await askFor(url, { path: `/v1/usage?limit=100${after === '' ? '' : `&after=${after}`}`, key }) as unknown as { data: { id: string; charged_nano_usd: string }[]; has_more: boolean; last_id: string };
      for (const row of page.data) charges.set(row.id, BigInt(row.charged_nano_usd));
      if (!page.has_more) break;
      after = page.last_id;
    }
    const balance = BigInt(String((await askFor(url, { path: '/v1/balance', key }))['balance_nano_usd']));
    const charged = [...charges.values()].reduce((sum, charge) => sum + charge, 0n);
    const lost = paid.filter((id) => charges.get(id) !== CHARGE);
    const found = [...lost.map((id) => `${id} was answered whole and charged ${String(charges.get(id))}`), ...(granted - balance === charged ? [] : [`the balance paid ${granted - balance}, the rows say ${charged}`])];
    if (found.length === 0 || performance.now() > deadline) return found;
    await pause(250);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

await main();
