/** This file asks a route whose first target is sick in every way there is: `npm run outage -- --requests 10000 --engine sqlite`. */
import { parseArgs } from 'node:util';
import { ask, askFor } from './money/client.ts';
import { readEngine, startFleet } from './money/fleet.ts';
import { SICKNESSES, startSickUpstream } from './money/sick-upstream.ts';
import type { Sickness, SickUpstream } from './money/sick-upstream.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '10000' },
    engine: { type: 'string', default: 'sqlite' },
    callers: { type: 'string', default: '16' },
  },
});
const each = Math.ceil(Number(values.requests) / SICKNESSES.length);
const callers = Number(values.callers);
const engine = readEngine(values.engine);

/** What the well target takes, and the slow one, in ms. */
const WELL_MS = 100;
const SLOW_MS = 600;
/** An attempt may take so long, in s: what a hanging target costs whoever finds out. */
const ATTEMPT_SECONDS = 1;
const NANO_USD_EACH = 10 * 1000 + 5 * 2000;
/** A reply is a whole one, but for what only a stream can be. */
const isStream = (sickness: Sickness): boolean => sickness === 'dead_stream';
const id = (sickness: Sickness): string => sickness.replaceAll('_', '-');

interface Measured {
  readonly ms: number;
  readonly beganMs: number;
}

function modelOf(provider: string): object {
  return { id: `test/${provider}`, name: provider, tier: 'basic', context_window: 100_000, max_output_tokens: 100, targets: [{ provider, model: 'm', price: { input: 1_000_000_000, output: 2_000_000_000 } }] };
}

function providerOf(name: string, url: string): object {
  return { id: name, name, wire: 'openai-chat', base_url: url, base_url_env: null, key_env: null, key_required: false, discover: false, docs_url: 'https://example.com' };
}

function configOf(upstream: SickUpstream): Record<string, unknown> {
  const names = SICKNESSES.map(id);
  return {
    providers: [providerOf('well', upstream.wellUrl), providerOf('slow', upstream.slowUrl), ...SICKNESSES.map((sickness) => providerOf(id(sickness), upstream.sickUrl(sickness)))],
    models: [modelOf('well'), modelOf('slow'), ...names.map(modelOf)],
    routes: names.map((name) => ({
      id: `past-${name}`, description: 'Whoever is well answers.', objective: 'order', targets: [`test/${name}`, 'test/well', 'test/slow'], fallback: { attempts: 3, seconds: 30, attempt_seconds: ATTEMPT_SECONDS },
    })),
  };
}

/** Asks a route again and again; gives what it took, and what went wrong. */
async function askRoute(url: string, key: string, sickness: Sickness): Promise<{ readonly measured: Measured[]; readonly faults: string[] }> {
  const measured: Measured[] = [];
  const faults: string[] = [];
  let left = each;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const beganMs = performance.now();
      const body = { model: `past-${id(sickness)}`, messages: [{ role: 'user', content: 'hi' }], ...(isStream(sickness) ? { stream: true } : {}) };
      const answer = await ask(url, { path: '/v1/chat/completions', key, body });
      measured.push({ ms: performance.now() - beganMs, beganMs });
      const isWhole = isStream(sickness) ? answer.text.trimEnd().endsWith('[DONE]') && answer.text.includes('"well"') : answer.text.includes('"well"');
      if (answer.status !== 200 || !isWhole) faults.push(`${sickness}: ${answer.status} ${answer.text.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { measured, faults };
}

/** The 99th percentile. */
function p99(measured: readonly Measured[]): number {
  const sorted = measured.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}

async function countRows(url: string, key: string): Promise<{ readonly rows: number; readonly charged: bigint; readonly failedAttempts: number }> {
  let [rows, charged, failedAttempts] = [0, 0n, 0];
  for (let after = ''; ;) {
    const page = await askFor(url, { path: `/v1/requests?limit=100&operation=createChatCompletion${after === '' ? '' : `&cursor=${after}`}`, key }) as unknown as { data: { charged_nano_usd: string; cost_nano_usd: string; attempts: unknown[] }[]; has_more: boolean; next_cursor: string };
    for (const row of page.data) {
      rows++;
      charged += BigInt(row.cost_nano_usd);
      failedAttempts += row.attempts.length - 1;
    }
    if (!page.has_more) return { rows, charged, failedAttempts };
    after = page.next_cursor;
  }
}

async function main(): Promise<void> {
  const upstream = await startSickUpstream({ wellMs: WELL_MS, slowMs: SLOW_MS });
  const fleet = await startFleet(engine, 1, { env: { LOG_LEVEL: 'silent' }, config: configOf(upstream) });
  const url = fleet.gateways[0]?.url ?? '';
  const faults: string[] = [];
  for (const sickness of SICKNESSES) {
    const { measured, faults: found } = await askRoute(url, fleet.key, sickness);
    faults.push(...found);
    // Those that find out are the first, and one call now and then that tries whether it is well again.
    const firstMs = Math.min(...measured.map(({ beganMs }) => beganMs));
    const later = measured.filter(({ beganMs }) => beganMs > firstMs + 2 * ATTEMPT_SECONDS * 1000);
    const ms = p99(later);
    const says = later.length === 0 ? 'too few to tell a p99' : `p99 ${ms.toFixed(0)} ms once it rested (${(ms / WELL_MS).toFixed(2)} × the well one's ${WELL_MS} ms)`;
    console.log(`${sickness.padEnd(13)} ${measured.length} served, ${upstream.asked(sickness)} reached the sick one, ${says}, slowest ${Math.max(...measured.map((one) => one.ms)).toFixed(0)} ms`);
    if (later.length > 100 && ms > 2 * WELL_MS) faults.push(`${sickness}: p99 ${ms.toFixed(0)} ms`);
  }
  const total = each * SICKNESSES.length;
  const { rows, charged, failedAttempts } = await countRows(url, fleet.key);
  if (rows !== total) faults.push(`${rows} rows for ${total} requests`);
  if (charged !== BigInt(total * NANO_USD_EACH)) faults.push(`charged ${charged}, ${total} answers cost ${total * NANO_USD_EACH}`);
  const reached = SICKNESSES.reduce((sum, sickness) => sum + upstream.asked(sickness), 0);
  if (failedAttempts < reached) faults.push(`${failedAttempts} failed attempts in the rows, ${reached} reached the sick ones`);
  const check = await askFor(url, { path: '/v1/admin/ledger/check', key: fleet.key });
  if (!Array.isArray(check['violations']) || check['violations'].length > 0) faults.push(JSON.stringify(check));
  console.log(`${total} requests on ${engine}: ${faults.length} faults; ${rows} rows, ${failedAttempts} failed attempts in them, ${charged} nano-USD`);
  for (const fault of faults.slice(0, 10)) console.log(`  ${fault}`);
  await fleet.close();
  await upstream.close();
  process.exitCode = faults.length > 0 ? 1 : 0;
}

await main();
