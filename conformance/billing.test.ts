/** This file holds docs/billing.md to its numbers: every one of them is asked of a running gateway with the prices it is shipped with. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeStripe } from './fake-stripe.ts';
import type { FakeStripe } from './fake-stripe.ts';
import { STRIPE_WEBHOOK_SECRET, stripeEvent } from './good-requests.ts';
import { askJson, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { makeFolder, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const page = readFileSync(new URL('../docs/billing.md', import.meta.url), 'utf8');
const NANO_DIGITS = 9;

/** The rows of the table whose head begins like this, without head and rule. */
function tableOf(head: string): string[][] {
  const start = page.indexOf(head);
  if (start < 0) throw new Error(`docs/billing.md has no table ${head}`);
  const table = page.slice(start).split('\n\n')[0] ?? '';
  return table.split('\n').slice(2).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
}

/** `10.50` as whole nano-USD; no float is near. */
function nano(usd: string): bigint {
  const [whole = '', decimals = ''] = usd.split('.');
  return BigInt(whole + decimals.padEnd(NANO_DIGITS, '0'));
}

let upstream: ReplayUpstream;
let stripe: FakeStripe;
let server: ServerUnderTest;
let payer: Payer;
let topUpAs: (server: ServerUnderTest, payer: Payer, asked: bigint) => Promise<Record<string, unknown>>;

const settings = (): Record<string, string> => ({ STRIPE_SECRET_KEY: 'sk_test_billing', STRIPE_WEBHOOK_SECRET, STRIPE_API_BASE: stripe.url });

beforeAll(async () => {
  [upstream, stripe] = await Promise.all([startReplayUpstream(), startFakeStripe()]);
  const providers = ['ANTHROPIC', 'GEMINI', 'GROQ', 'OPENROUTER'];
  const env = Object.fromEntries(providers.flatMap((name) => [[`${name}_API_KEY`, 'sk-billing-0123456789'], [`${name}_BASE_URL`, upstream.url]]));
  server = await startServer({ env: { ...env, ...settings() } });
  payer = await makePayer(server, { billing: 'balance' });
  topUpAs = (of, who, asked) => askJson({ url: of.url, key: who.key }, {
    path: '/v1/balance/topups', body: { amount_nano_usd: String(asked), success_url: 'https://example.com/paid', cancel_url: 'https://example.com/billing' },
  }, 201);
}, 30_000);

afterAll(async () => {
  await Promise.all([upstream.close(), stripe.close()]);
  await stopServers();
});

/** What Stripe tells once the last page was paid. */
function paidEvent(id = 'evt_paid', changes: Readonly<Record<string, unknown>> = {}) {
  const form = stripe.sessions.at(-1) ?? {};
  const metadata = Object.fromEntries(Object.entries(form).flatMap(([name, value]) => { const inner = /^metadata\[(.+)\]$/.exec(name)?.[1]; return inner === undefined ? [] : [[inner, value]]; }));
  const session = {
    id: `cs_test_${stripe.sessions.length}`, object: 'checkout.session', mode: form['mode'], payment_status: 'paid', client_reference_id: form['client_reference_id'],
    amount_total: Number(form['line_items[0][price_data][unit_amount]']), currency: form['line_items[0][price_data][currency]'], metadata, ...changes,
  };
  return stripeEvent({ id, type: 'checkout.session.completed', data: { object: session } });
}

/** A signature that was made so many seconds ago. */
function signed(body: string, secondsAgo = 0, secret = STRIPE_WEBHOOK_SECRET): string {
  const time = Math.floor(Date.now() / 1000) - secondsAgo;
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
}

async function balance(): Promise<bigint> {
  return BigInt(String((await askJson({ url: server.url, key: payer.key }, { path: '/v1/balance' }))['balance_nano_usd']));
}

interface Step {
  readonly number: string;
  readonly what: string;
  readonly maxTokens: number;
  readonly usage: { readonly prompt: number; readonly cached: number; readonly written: number; readonly generated: number };
  readonly costs: string;
  readonly charged: string;
  readonly balance: string;
}

const steps: Step[] = tableOf('| | what happens |').map(([number = '', what = '', maxTokens = '', prompt = '', cached = '', written = '', generated = '', costs = '', charged = '', after = '']) => ({
  number, what, maxTokens: Number(maxTokens), usage: { prompt: Number(prompt), cached: Number(cached), written: Number(written), generated: Number(generated) }, costs, charged, balance: after,
}));
/** Step → the id of the request it made. */
const made = new Map<string, string>();

/** Every provider of the example answers with the usage the page says, in its own words. */
function scriptUsage({ prompt, cached, written, generated }: Step['usage']): void {
  const chat = {
    id: 'c', object: 'chat.completion', created: 1, model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello', refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: prompt, completion_tokens: generated, total_tokens: prompt + generated, prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written } },
  };
  const claude = {
    id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn', stop_sequence: null,
    usage: { input_tokens: prompt - cached - written, cache_read_input_tokens: cached, cache_creation_input_tokens: written, output_tokens: generated },
  };
  const gemini = {
    candidates: [{ content: { role: 'model', parts: [{ text: 'Hello' }] }, finishReason: 'STOP', index: 0 }], modelVersion: 'm', responseId: 'r',
    usageMetadata: { promptTokenCount: prompt, cachedContentTokenCount: cached, candidatesTokenCount: generated, totalTokenCount: prompt + generated },
  };
  const replies = { 'claude-opus-4-5': claude, 'gemini-2.5-pro': gemini, 'openai/gpt-oss-20b': chat, 'openai/gpt-5-pro': chat };
  for (const [model, reply] of Object.entries(replies)) {
    upstream.play(model, { headers: { 'content-type': 'application/json' }, steps: [{ write: JSON.stringify(reply) }] });
  }
}

async function callModel(step: Step): Promise<void> {
  scriptUsage(step.usage);
  const reply = await call(server.url, { path: '/v1/chat/completions', key: payer.key, body: { model: step.what, max_tokens: step.maxTokens, messages: [{ role: 'user', content: 'Hello' }] } });
  const said = JSON.parse(reply.body.toString('utf8')) as { error?: { code?: string; message?: string } };
  if (step.charged === '') {
    expect([reply.status, said.error?.code]).toEqual([402, step.costs]);
    return;
  }
  expect([reply.status, said.error]).toEqual([200, undefined]);
  const id = reply.headers['x-request-id'] ?? '';
  made.set(step.number, id);
  const receipt = await askJson({ url: server.url, key: payer.key }, { path: `/v1/requests/${id}` });
  expect(receipt).toMatchObject({
    payer: 'balance', basis: 'provider', cost_nano_usd: String(nano(step.costs)), charged_nano_usd: String(nano(step.charged)), overrun_nano_usd: String(nano(step.costs) - nano(step.charged)),
    tokens: { prompt: step.usage.prompt, cached: step.usage.cached, cache_write: step.usage.written, completion: step.usage.generated },
  });
}

async function perform(step: Step): Promise<void> {
  const topUp = /^top-up ([\d.]+)$/.exec(step.what)?.[1];
  const refund = /^refund ([\d.]+) of (\d+)$/.exec(step.what);
  if (topUp !== undefined) {
    await topUpAs(server, payer, nano(topUp));
    expect(await balance()).toBe(0n);
    await expect(askJson(server, paidEvent())).resolves.toEqual({ received: true, credited: true });
  } else if (refund) {
    const body = { workspace: payer.workspace, request: made.get(refund[2] ?? ''), amount_nano_usd: String(nano(refund[1] ?? '')), note: 'half of it was useless' };
    await askJson(server, { path: '/v1/admin/ledger/refunds', body }, 201);
  } else await callModel(step);
}

describe('top-ups', () => {
  const rows = tableOf('| `fee_mode` | asked |');

  test('both fee modes are on the page', () => {
    expect(new Set(rows.map(([mode]) => mode))).toEqual(new Set(['on_top', 'deducted']));
  });

  test.each(rows)('%s: asked %s, pays %s, fee %s, gets %s', async (mode, asked, pays, fee, gets) => {
    const of = mode === 'on_top' ? server : await startServer({ env: settings(), config: { billing: { fee_mode: mode } } });
    const who = await makePayer(of, { billing: 'balance' });
    await expect(topUpAs(of, who, nano(asked ?? ''))).resolves.toMatchObject({
      pays_nano_usd: String(nano(pays ?? '')), fee_nano_usd: String(nano(fee ?? '')), credits_nano_usd: String(nano(gets ?? '')),
    });
    expect(stripe.sessions.at(-1)).toMatchObject({ 'line_items[0][price_data][unit_amount]': String(nano(pays ?? '') / 10_000_000n) });
    await askJson(of, paidEvent());
    const { data } = await askJson({ url: of.url, key: who.key }, { path: '/v1/ledger' }) as { data?: { kind: string; amount_nano_usd: string }[] };
    expect(data?.map(({ kind, amount_nano_usd }) => [kind, amount_nano_usd]).sort()).toEqual([['fee', String(nano(fee ?? ''))], ['topup', String(nano(gets ?? ''))]]);
  }, 30_000);

  test('less than 10 USD can not be topped up', async () => {
    const reply = await call(server.url, { path: '/v1/balance/topups', key: payer.key, body: { amount_nano_usd: '9990000000', success_url: 'https://a.example', cancel_url: 'https://a.example' } });
    expect(reply.status).toBe(400);
  });
});

describe('prices', () => {
  test.each(tableOf('| model | input |'))('%s costs what the page says', async (name = '', ...rates) => {
    const [, model = '', threshold] = /^(\S+)(?: above (\d+))?$/.exec(name) ?? [];
    const { pricing } = await askJson(server, { path: `/v1/models/${model}` }) as { pricing?: { long_prompts: { above_prompt_tokens: number }[] } };
    const shown = threshold === undefined ? pricing : pricing?.long_prompts.find((long) => long.above_prompt_tokens === Number(threshold));
    const [input, output, cacheRead, cacheWrite] = rates.map((rate) => (rate === '' ? null : String(nano(rate))));
    expect(shown).toMatchObject({ input, output, cache_read: cacheRead, cache_write: cacheWrite });
  });
});

describe('the worked example', () => {
  test('ends with a refusal and nothing left', () => {
    expect(steps).toHaveLength(10);
    expect(steps.at(-1)).toMatchObject({ costs: 'insufficient_balance', balance: '0.000000000' });
  });

  test.each(steps.map((step) => [step.number, step.what, step] as const))('%s. %s leaves what the page says', async (_number, _what, step) => {
    await perform(step);
    expect(await balance()).toBe(nano(step.balance));
  });

  test('the payment told again credits nothing, nor does one with another amount, an old one or a forged one', async () => {
    const before = await balance();
    await topUpAs(server, payer, 10_000_000_000n);
    await askJson(server, paidEvent());
    const paid = await balance();
    expect(paid).toBe(before + 10_000_000_000n);
    await expect(askJson(server, paidEvent('evt_again'))).resolves.toEqual({ received: true, credited: false });
    await topUpAs(server, payer, 10_000_000_000n);
    await expect(askJson(server, paidEvent('evt_less', { amount_total: 1 }))).resolves.toEqual({ received: true, credited: false });
    await expect(askJson(server, paidEvent('evt_yen', { currency: 'jpy' }))).resolves.toEqual({ received: true, credited: false });
    const genuine = paidEvent('evt_good');
    const text = String(genuine.body);
    for (const signature of [signed(text, 0, ''), signed(text, 0, 'whsec_other'), signed(text, 301), signed(`${text} `), undefined]) {
      const headers = { 'content-type': 'application/json', ...(signature === undefined ? {} : { 'stripe-signature': signature }) };
      const reply = await call(server.url, { ...genuine, headers });
      expect([reply.status, JSON.parse(reply.body.toString('utf8'))]).toMatchObject([400, { error: { code: 'invalid_signature' } }]);
    }
    expect(await balance()).toBe(paid);
    const { id } = await askJson(server, { path: '/v1/admin/ledger/adjustments', body: { workspace: payer.workspace, amount_nano_usd: '10000000000' } }, 201);
    expect(id).toMatch(/^ad:/);
    expect(await balance()).toBe(before);
  });

  test('the statement tells the same, line by line', async () => {
    const csv = (await call(server.url, { path: '/v1/balance/statement', key: payer.key })).body.toString('utf8');
    const lines = csv.split('\r\n').slice(1, -1).map((line) => line.split(','));
    const balances = lines.filter(([, , kind]) => kind !== 'fee').map((line) => nano(line[4] ?? ''));
    const told = steps.filter((step) => step.costs !== 'insufficient_balance').map((step) => nano(step.balance));
    expect(balances.slice(0, told.length)).toEqual(told);
    expect(balances.at(-1)).toBe(0n);
  });

  test('the receipt is genuine, by the code on the page', async () => {
    const code = /<!-- tested: verifies a receipt -->\n```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const receipt = await askJson({ url: server.url, key: payer.key }, { path: `/v1/requests/${made.get('9') ?? ''}` });
    const verified = (of: object): string => {
      const file = join(makeFolder(), 'verify.mjs');
      writeFileSync(file, `const receipt = ${JSON.stringify(of)};\n${code.replaceAll('http://127.0.0.1:3457', server.url)}`);
      return spawnSync(process.execPath, [file], { encoding: 'utf8' }).stdout.trim();
    };
    expect(verified(receipt)).toBe('true 717390712');
    const [header = '', payload = '', signature = ''] = String(receipt['jws']).split('.');
    const cheaper = Buffer.from(Buffer.from(payload, 'base64url').toString('utf8').replace('"717390712"', '"1"')).toString('base64url');
    expect(verified({ ...receipt, jws: `${header}.${cheaper}.${signature}` })).toBe('false 1');
  });

  test('every promise of the ledger holds, by the API and by the script', async () => {
    await expect(askJson(server, { path: '/v1/admin/ledger/check' })).resolves.toMatchObject({ ok: true, violations: [] });
    const script = new URL('../scripts/ledger.ts', import.meta.url).pathname;
    const run = (...args: string[]) => spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], { encoding: 'utf8', env: { ...process.env, INTERLINE_DATA: server.dataFolder } });
    const checked = run('check');
    expect([checked.status, checked.stdout]).toEqual([0, expect.stringContaining('every promise of the ledger holds')]);
    expect(run('show', made.get('9') ?? '').stdout).toContain('charged 717390712, overrun 82609288');
    expect(run('show', 'req_nobody').status).toBe(1);
  });
});

describe('without a payment provider', () => {
  test.each([['nothing', {}], ['an empty webhook secret', { STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRET: '' }]])('%s configured: there is no webhook and no top-up', async (_what, env) => {
    const bare = await startServer({ env });
    const forged = await call(bare.url, stripeEvent({ id: 'evt_1', type: 'checkout.session.completed', data: { object: {} } }, ''));
    expect([forged.status, JSON.parse(forged.body.toString('utf8'))]).toMatchObject([404, { error: { code: 'unknown_url' } }]);
    const topup = await call(bare.url, { path: '/v1/balance/topups', key: bare.key, body: { amount_nano_usd: '10000000000', success_url: 'https://a.example', cancel_url: 'https://a.example' } });
    expect(topup.status).toBe(404);
    await expect(askJson(bare, { path: '/v1/balance' })).resolves.toMatchObject({ topup: null, balance_nano_usd: '0' });
  }, 30_000);
});
