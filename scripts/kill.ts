/** This file kills a gateway, or its database, under load again and again, and looks for charges that are lost, doubled or wrong: `npm run kill -- --rounds 50 --engine sqlite --victim gateway --seed 1`. */
import { parseArgs } from 'node:util';
import { seededRandom } from '../conformance/recorded-streams.ts';
import type { ServerUnderTest } from '../conformance/server-under-test.ts';
import { ask, askFor } from './money/client.ts';
import type { Answer } from './money/client.ts';
import { startCountingUpstream } from './money/counting-upstream.ts';
import type { Work } from './money/counting-upstream.ts';
import { readEngine, startFleet } from './money/fleet.ts';
import { viewPostgres, viewSqlite } from './money/ledger-view.ts';
import type { LedgerView, SeenRow } from './money/ledger-view.ts';

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite' },
    /** `gateway`, or `database` (PostgreSQL only). */
    victim: { type: 'string', default: 'gateway' },
    rounds: { type: 'string', default: '50' },
    callers: { type: 'string', default: '32' },
    seed: { type: 'string', default: '1' },
  },
});
const engine = readEngine(values.engine);
const rounds = Number(values.rounds);
const random = seededRandom(Number(values.seed));

/** The kill comes so long after the start of the load, in ms: before and after streams are written down as holds of their own. */
const KILL_AFTER_MS = { min: 150, max: 2600 };
/** What a dead gateway held must be settled so soon after the next one is ready, in ms. */
const RECOVERY_MS_MAX = 2000;
/** Work whose settling a kill of the database has held up must be carried over in this time, in ms. */
const CARRY_MS_MAX = 8000;

const NANO_PER_TOKEN = 1000n;
const MODEL = 'kill/model';
const config = {
  models: [{ id: MODEL, name: 'Kill', tier: 'pro', context_window: 100_000, max_output_tokens: 100_000, targets: [{ provider: 'vllm', model: 'kill', price: { input: 1_000_000_000, output: 1_000_000_000 } }] }],
};
const plain = { promptTokens: 70, cachedTokens: 0, completionTokens: 400, delayMs: 2 } as const;
/** Quick replies, quick streams, and streams that are still open when the kill comes. */
const works: readonly (Work & { readonly stream: boolean })[] = [
  { ...plain, fault: 'none', paceMs: 0, stream: false },
  { ...plain, fault: 'none', paceMs: 2, events: 10, stream: true },
  { ...plain, fault: 'none', paceMs: 25, events: 60, stream: true },
  { ...plain, fault: 'no_usage', paceMs: 10, events: 20, stream: true },
  { ...plain, fault: 'none', paceMs: 25, events: 120, stream: true },
];
const FULL_CHARGE = BigInt(plain.promptTokens + plain.completionTokens) * NANO_PER_TOKEN;

interface Run {
  readonly completed: Map<string, number>;
  readonly faults: string[];
  readonly startsMs: number[];
  readonly recoveriesMs: number[];
  cut: number;
}

async function main(): Promise<void> {
  const upstream = await startCountingUpstream((tag) => works[Number(tag.split(':')[0])] ?? { ...plain, fault: 'refuse', paceMs: 0 });
  const fleet = await startFleet(engine, 1, { env: { VLLM_BASE_URL: upstream.url, LOG_LEVEL: 'error' }, config });
  const [first] = fleet.gateways;
  if (!first) throw new Error('there is no gateway');
  let server: ServerUnderTest = first;
  const { key, granted } = await makePayer(server);
  const { postgres } = fleet;
  const view = (): LedgerView => (postgres ? viewPostgres(postgres.url) : viewSqlite(fleet.gateways[0]?.dataFolder ?? ''));
  const run: Run = { completed: new Map(), faults: [], startsMs: [], recoveriesMs: [], cut: 0 };
  for (let round = 0; round < rounds && run.faults.length === 0; round++) {
    if (values.victim === 'database' && postgres) {
      await load({ server, key, run }, async () => {
        await postgres.kill();
        await postgres.restart();
      });
    } else {
      const victim = server;
      await load({ server, key, run }, () => victim.kill());
      server = await victim.restart();
      run.startsMs.push(server.readyMs);
    }
    await lookInto(view(), { run, round });
  }
  if (run.faults.length === 0) run.faults.push(...await faultsOfBalance(server, { key, granted, admin: fleet.key, view: view() }));
  report(run);
  if (await server.stop() !== 0) run.faults.push('the last gateway did not stop with 0');
  await postgres?.stop();
  await upstream.close();
  process.exitCode = run.faults.length > 0 ? 1 : 0;
}

async function makePayer(server: ServerUnderTest): Promise<{ key: string; granted: bigint }> {
  const admin = (path: string, body: unknown): Promise<Record<string, unknown>> => askFor(server.url, { path: `/v1${path}`, key: server.key, body }, 201);
  const user = await admin('/admin/users', { name: 'payer' });
  const workspace = await admin('/admin/workspaces', { name: 'payer', owner: user['id'], plan: 'unlimited', billing: 'balance' });
  const made = await admin('/admin/keys', { name: 'payer', user: user['id'], workspace: workspace['id'], scopes: ['inference', 'management'] });
  const granted = 1_000_000_000_000_000n;
  await admin('/admin/ledger/grants', { workspace: workspace['id'], amount_nano_usd: String(granted) });
  return { key: String(made['secret']), granted };
}

/** Lets callers ask until the kill is over, and remembers which replies they got whole. */
async function load({ server, key, run }: { server: ServerUnderTest; key: string; run: Run }, kill: () => Promise<void>): Promise<void> {
  let isOver = false;
  const askAgain = async (caller: number): Promise<void> => {
    for (let turn = caller; !isOver; turn++) {
      const kind = turn % works.length;
      const stream = works[kind]?.stream === true;
      const body = { model: MODEL, stream, user: `${kind}:${turn}`, messages: [{ role: 'user', content: 'go on until you are killed' }] };
      const answer = await ask(server.url, { path: '/v1/chat/completions', key, body });
      if (isWhole(answer, stream)) run.completed.set(String(answer.headers['x-request-id']), kind);
      else run.cut++;
      if (answer.status === 503) await pause(20);
    }
  };
  const callers = Array.from({ length: Number(values.callers) }, (_, caller) => askAgain(caller));
  await pause(KILL_AFTER_MS.min + random() * (KILL_AFTER_MS.max - KILL_AFTER_MS.min));
  const killed = kill();
  if (values.victim === 'gateway') isOver = true;
  await killed;
  isOver = true;
  await Promise.all(callers);
}

function isWhole(answer: Answer, isStream: boolean): boolean {
  return answer.status === 200 && (!isStream || answer.text.endsWith('data: [DONE]\n\n'));
}

/** Waits until nothing is open, and compares every reply that was whole with its row. */
async function lookInto(view: LedgerView, { run, round }: { run: Run; round: number }): Promise<void> {
  const isDatabase = values.victim === 'database';
  const startedAt = performance.now();
  const limit = isDatabase ? CARRY_MS_MAX : RECOVERY_MS_MAX;
  let faults: string[];
  do {
    faults = [];
    const open = await view.openHolds();
    if (open > 0) faults.push(`${open} holds are open`);
    else faults.push(...faultsOfRows(await view.rows(), run));
    if (faults.length > 0) await pause(20);
  } while (faults.length > 0 && performance.now() - startedAt < limit);
  run.recoveriesMs.push(performance.now() - startedAt);
  faults.push(...await view.soundness());
  await view.close();
  run.faults.push(...faults.slice(0, 10).map((fault) => `round ${round}: ${fault}`));
}

function faultsOfRows(rows: readonly SeenRow[], run: Run): string[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const faults: string[] = byId.size === rows.length ? [] : ['a request has two rows'];
  for (const [id, kind] of run.completed) {
    const row = byId.get(id);
    const isTold = works[kind]?.fault === 'none';
    if (!row) faults.push(`${id} was answered whole and has no row`);
    else if (row.outcome !== 'ok' || row.status !== 200 || row.completionTokens === 0) faults.push(`${id} was answered whole, its row says ${row.outcome} ${row.status} ${row.completionTokens}`);
    else if (isTold && row.charged !== FULL_CHARGE) faults.push(`${id} was charged ${row.charged} instead of ${FULL_CHARGE}`);
  }
  for (const row of rows) if (row.charged > FULL_CHARGE) faults.push(`${row.id} (${row.outcome}) was charged ${row.charged}, more than all of it`);
  return faults;
}

async function faultsOfBalance(server: ServerUnderTest, { key, granted, admin, view }: { key: string; granted: bigint; admin: string; view: LedgerView }): Promise<string[]> {
  const rows = await view.rows();
  await view.close();
  const charged = rows.reduce((sum, row) => sum + row.charged, 0n);
  const balance = BigInt(String((await askFor(server.url, { path: '/v1/balance', key }))['balance_nano_usd']));
  const check = await askFor(server.url, { path: '/v1/admin/ledger/check', key: admin });
  const violations = Array.isArray(check['violations']) ? check['violations'] : [check];
  const recovered = rows.filter((row) => row.outcome === 'recovered');
  console.log(`rows ${rows.length}, of which recovered ${recovered.length} (charged ${recovered.filter((row) => row.charged > 0n).length})`);
  return [
    ...(granted - balance === charged ? [] : [`the balance paid ${granted - balance}, the rows say ${charged}`]),
    ...violations.map((violation) => JSON.stringify(violation)),
  ];
}

function report(run: Run): void {
  const middle = (list: readonly number[]): string => {
    const sorted = [...list].sort((one, other) => one - other).map(Math.round);
    return `median ${String(sorted[Math.floor(sorted.length / 2)])}, longest ${String(sorted.at(-1))}`;
  };
  console.log(`${run.recoveriesMs.length} kills of the ${values.victim} (${engine}), seed ${values.seed}: ${run.completed.size} replies completed, ${run.cut} cut`);
  if (run.startsMs.length > 0) console.log(`start to ready after a kill, ms: ${middle(run.startsMs)}`);
  console.log(`until everything was settled, ms: ${middle(run.recoveriesMs)}`);
  console.log(`faults ${run.faults.length}`);
  for (const fault of run.faults) console.log(`  ${fault}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

await main();
