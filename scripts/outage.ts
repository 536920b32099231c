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

/** One way to be sick, asked for whole replies or for streams. */
interface Scene {
  readonly sickness: Sickness;
  readonly isStream: boolean;
}

const scenes: readonly Scene[] = SICKNESSES.flatMap((sickness) => {
  const modes = sickness === 'dead_stream' || sickness === 'hang_after_byte' ? [true] : [false, true];
  return modes.map((isStream) => ({ sickness, isStream }));
});
const each = Math.ceil(Number(values.requests) / scenes.length);
const callers = Number(values.callers);
const engine = readEngine(values.engine);

/** What the well target takes, and the slow one, in ms. */
const WELL_MS = 100;
const SLOW_MS = 600;
/** An attempt may take so long, in s: what a hanging target costs whoever finds out. */
const ATTEMPT_SECONDS = 1;
/** A stream may be silent for so long, in ms. */
const IDLE_MS = 1000;
const NANO_USD_EACH = 10 * 1000 + 5 * 2000;
/** Of the 99th percentile of the well target when it is named itself, at the same time and as often. */
const P99_TIMES_MAX = 2;
/** So many of a scene's requests, at least, come after the sick target was left alone. */
const LATER_SHARE_MIN = 0.3;

const nameOf = ({ sickness, isStream }: Scene): string => `${sickness.replaceAll('_', '-')}${isStream ? '-streamed' : ''}`;
/** Nothing falls back after a byte: who was told a word by the sick one is told that it broke. */
const mayBreak = ({ sickness }: Scene): boolean => sickness === 'hang_after_byte';

interface Measured {
  readonly ms: number;
  readonly beganMs: number;
  /** The well target answered at once. */
  readonly isDirect: boolean;
  /** It broke after a word. */
  readonly isBroken: boolean;
}

interface Asked {
  readonly url: string;
  readonly key: string;
  readonly model: string;
  readonly isStream: boolean;
}

function modelOf(provider: string): object {
  return { id: `test/${provider}`, name: provider, tier: 'basic', context_window: 100_000, max_output_tokens: 100, targets: [{ provider, model: 'm', price: { input: 1_000_000_000, output: 2_000_000_000 } }] };
}

function providerOf(name: string, url: string): object {
  return { id: name, name, wire: 'openai-chat', base_url: url, base_url_env: null, key_env: null, key_required: false, discover: false, docs_url: 'https://example.com' };
}

/** Every scene has a target of its own, so that none rests for what another was seen to do. */
function configOf(upstream: SickUpstream): Record<string, unknown> {
  const names = scenes.map(nameOf);
  return {
    providers: [providerOf('well', upstream.wellUrl), providerOf('slow', upstream.slowUrl), ...scenes.map((scene) => providerOf(nameOf(scene), upstream.sickUrl(scene.sickness)))],
    models: [modelOf('well'), modelOf('slow'), ...names.map(modelOf)],
    routes: names.map((name) => ({
      id: `past-${name}`, description: 'Whoever is well answers.', objective: 'order', targets: [`test/${name}`, 'test/well', 'test/slow'], fallback: { attempts: 3, seconds: 30, attempt_seconds: ATTEMPT_SECONDS },
    })),
  };
}

/** Asks a model again and again; gives what it took, and what went wrong. */
async function askAll({ url, key, model, isStream }: Asked, mayEndBroken: boolean): Promise<{ readonly measured: Measured[]; readonly faults: string[] }> {
  const measured: Measured[] = [];
  const faults: string[] = [];
  let left = each;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const beganMs = performance.now();
      const answer = await ask(url, { path: '/v1/chat/completions', key, body: { model, messages: [{ role: 'user', content: 'hi' }], ...(isStream ? { stream: true } : {}) } });
      const isWhole = answer.text.includes('"well"') && (!isStream || answer.text.trimEnd().endsWith('[DONE]'));
      const isBroken = mayEndBroken && answer.text.includes('"sick"') && !answer.text.includes('"well"') && answer.text.includes('"error"') && !answer.text.includes('[DONE]');
      measured.push({ ms: performance.now() - beganMs, beganMs, isDirect: answer.headers['x-interline-attempts'] === '1' && isWhole, isBroken });
      if (answer.status !== 200 || !(isWhole || isBroken)) faults.push(`${model}: ${answer.status} ${answer.text.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { measured, faults };
}

/** The 99th percentile. */
function p99(measured: readonly Measured[]): number {
  const sorted = measured.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}

interface Rows {
  rows: number;
  /** Of rows that are not of one whole answer. */
  odd: number;
  nanoUsd: bigint;
  failedAttempts: number;
}

/** What the request log says of a route. */
async function readRows(url: string, key: string, route: string): Promise<Rows> {
  const read: Rows = { rows: 0, odd: 0, nanoUsd: 0n, failedAttempts: 0 };
  for (let after = ''; ;) {
    const page = await askFor(url, { path: `/v1/requests?limit=100&route=${route}${after === '' ? '' : `&cursor=${after}`}`, key }) as unknown as { data: { cost_nano_usd: string; attempts: { code: string | null }[] }[]; has_more: boolean; next_cursor: string };
    for (const { cost_nano_usd: cost, attempts } of page.data) {
      read.rows++;
      read.nanoUsd += BigInt(cost);
      if (cost !== String(NANO_USD_EACH)) read.odd++;
      read.failedAttempts += attempts.filter(({ code }) => code !== null).length;
    }
    if (!page.has_more) return read;
    after = page.next_cursor;
  }
}

/** Asks past one sick target; gives what is wrong with how it went. */
async function play(scene: Scene, { url, key, upstream }: { readonly url: string; readonly key: string; readonly upstream: SickUpstream }): Promise<string[]> {
  const name = nameOf(scene);
  const before = upstream.asked(scene.sickness);
  const { isStream } = scene;
  // What the machine does beside hits both alike.
  const [{ measured, faults }, well] = await Promise.all([askAll({ url, key, model: `past-${name}`, isStream }, mayBreak(scene)), askAll({ url, key, model: 'test/well', isStream }, false)]);
  faults.push(...well.faults);
  const wellMs = p99(well.measured);
  const reached = upstream.asked(scene.sickness) - before;
  // From the first request on that was not sent to the sick one at all.
  const restedMs = Math.min(...measured.filter(({ isDirect }) => isDirect).map(({ beganMs }) => beganMs));
  const later = measured.filter(({ beganMs }) => beganMs >= restedMs);
  const ms = p99(later);
  const broken = measured.filter(({ isBroken }) => isBroken).length;
  if (later.length < each * LATER_SHARE_MIN) faults.push(`${name}: it was never left alone for good`);
  if (ms > P99_TIMES_MAX * wellMs) faults.push(`${name}: p99 ${ms.toFixed(0)} ms once it rested, the well one's own is ${wellMs.toFixed(0)} ms`);
  const { rows, odd, nanoUsd, failedAttempts } = await readRows(url, key, `past-${name}`);
  if (rows !== each) faults.push(`${name}: ${rows} rows for ${each} requests`);
  if (odd !== broken) faults.push(`${name}: ${odd} rows cost something else than one answer, ${broken} broke after a byte`);
  if (broken === 0 && nanoUsd !== BigInt(each * NANO_USD_EACH)) faults.push(`${name}: charged ${nanoUsd}, ${each} answers cost ${each * NANO_USD_EACH}`);
  // Nobody counts who is refused a connection; everybody else's failed attempt is in a row, once.
  if (scene.sickness === 'refuse' ? failedAttempts === 0 : failedAttempts !== reached) faults.push(`${name}: ${failedAttempts} failed attempts in the rows, ${reached} reached the sick one`);
  console.log(`${name.padEnd(23)} ${measured.length - broken} served, ${broken} broke after a byte, ${failedAttempts} failed attempts; p99 ${ms.toFixed(0)} ms of ${later.length} once it rested, the well one's ${wellMs.toFixed(0)} ms (${(ms / wellMs).toFixed(2)} ×), slowest ${Math.max(...measured.map((one) => one.ms)).toFixed(0)} ms`);
  return faults;
}

async function main(): Promise<void> {
  const upstream = await startSickUpstream({ wellMs: WELL_MS, slowMs: SLOW_MS });
  const fleet = await startFleet(engine, 1, { env: { LOG_LEVEL: 'silent' }, config: configOf(upstream), limits: { upstreamIdleMs: IDLE_MS } });
  const { url = '' } = fleet.gateways[0] ?? {};
  const faults: string[] = [];
  for (const scene of scenes) faults.push(...await play(scene, { url, key: fleet.key, upstream }));
  const check = await askFor(url, { path: '/v1/admin/ledger/check', key: fleet.key });
  if (!Array.isArray(check['violations']) || check['violations'].length > 0) faults.push(JSON.stringify(check));
  console.log(`${each * scenes.length} requests past ${scenes.length} sick targets on ${engine}: ${faults.length} faults`);
  for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`);
  await fleet.close();
  await upstream.close();
  process.exitCode = faults.length > 0 ? 1 : 0;
}

await main();
