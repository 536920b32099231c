import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createManualClock } from '../foundation/clock.ts';
import { DEFAULT_TERMS, computeTopup } from '../metering/topups.ts';
import type { Checkout, PaymentProvider } from './payments.ts';
import { createStripeProvider, openStripe } from './stripe.ts';

const SECRET = 'whsec_0123456789abcdef';
const NOW_SECONDS = 1_800_000_000;
const clock = createManualClock(NOW_SECONDS * 1000);

interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly form: Readonly<Record<string, string>>;
}

/** Stripe's API as far as it is used, over a real socket. */
const asked: Asked[] = [];
let answers: { status: number; body: unknown }[] = [];
const server = createServer((request, response) => {
  let text = '';
  request.on('data', (bytes: Buffer) => { text += bytes.toString('utf8'); });
  request.on('end', () => {
    asked.push({ url: `${request.method ?? ''} ${request.url ?? ''}`, headers: request.headers, form: Object.fromEntries(new URLSearchParams(text)) });
    const answer = answers.shift() ?? { status: 200, body: { id: 'cs_1', object: 'checkout.session', url: 'https://checkout.stripe.com/c/pay/cs_1' } };
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
});
let apiBase = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise<void>((resolve) => {
  server.close(() => { resolve(); });
  server.closeAllConnections();
}));

const provider = (secretKey = 'sk_test_1'): PaymentProvider => createStripeProvider({ secretKey, webhookSecret: SECRET, apiBase, clock });
const checkout: Checkout = {
  topupId: 'topup_1', workspaceId: 'ws_1', amounts: computeTopup(10_000_000_000n, DEFAULT_TERMS), successUrl: 'https://example.com/paid?a=b&c', cancelUrl: 'https://example.com/billing',
};

function sign(body: string, { secret = SECRET, seconds = NOW_SECONDS }: { secret?: string; seconds?: number } = {}): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`, 'utf8').digest('hex')}`;
}

const metadata = { interline_topup: 'topup_1', interline_workspace: 'ws_1', interline_pays: '10500000000', interline_fee: '500000000', interline_credits: '10000000000' };
const session = { id: 'cs_1', object: 'checkout.session', mode: 'payment', payment_status: 'paid', client_reference_id: 'ws_1', amount_total: 1050, currency: 'usd', metadata };
const eventOf = (object: object, type = 'checkout.session.completed', more: object = {}): string => JSON.stringify({ id: 'evt_1', object: 'event', type, livemode: false, data: { object }, ...more });
const read = (body: string, signature: string | undefined = sign(body)) => provider().readEvent(body, signature);

describe('the payment page', () => {
  test('is asked of Stripe with what was agreed, once for a top-up', async () => {
    asked.length = 0;
    await expect(provider().createCheckout(checkout)).resolves.toBe('https://checkout.stripe.com/c/pay/cs_1');
    expect(asked).toHaveLength(1);
    const [{ url, headers, form } = { url: '', headers: {}, form: {} }] = asked;
    expect(url).toBe('POST /v1/checkout/sessions');
    expect(headers).toMatchObject({ authorization: 'Bearer sk_test_1', 'idempotency-key': 'topup_1' });
    expect(form).toEqual({
      mode: 'payment', client_reference_id: 'ws_1', success_url: checkout.successUrl, cancel_url: checkout.cancelUrl,
      ...Object.fromEntries(Object.entries(metadata).flatMap(([name, value]) => [[`metadata[${name}]`, value], [`payment_intent_data[metadata][${name}]`, value]])),
      'line_items[0][quantity]': '1', 'line_items[0][price_data][currency]': 'usd', 'line_items[0][price_data][unit_amount]': '1050',
      'line_items[0][price_data][product_data][name]': '10.00 USD of prepaid balance',
    });
  });

  test('a failure of Stripe is asked again once under the same idempotency key, then told', async () => {
    asked.length = 0;
    const broken = { status: 500, body: { error: { type: 'api_error', message: 'no' } } };
    answers = [broken, broken];
    await expect(provider().createCheckout(checkout)).rejects.toMatchObject({ code: 'payment_provider_failed', status: 502 });
    expect(asked.map(({ headers }) => headers['idempotency-key'])).toEqual(['topup_1', 'topup_1']);
  });

  test.each([
    ['a refusal', { status: 401, body: { error: { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_1' } } }],
    ['a page without an address', { status: 200, body: { id: 'cs_1', object: 'checkout.session', url: null } }],
  ])('%s is told without what Stripe said', async (_what, answer) => {
    answers = [answer];
    await expect(provider().createCheckout(checkout)).rejects.toMatchObject({ code: 'payment_provider_failed', message: expect.not.stringContaining('sk_test') as unknown });
  });

  test('an API that can not be reached is told', async () => {
    const gone = createStripeProvider({ secretKey: 'sk_test_1', webhookSecret: SECRET, apiBase: 'http://127.0.0.1:9', clock });
    await expect(gone.createCheckout(checkout)).rejects.toMatchObject({ code: 'payment_provider_failed' });
  });
});

describe('the signature', () => {
  const body = eventOf({ ...session, customer_details: { name: 'Zoë €' } });

  test('over the text as it came is believed', async () => {
    await expect(read(body)).resolves.toMatchObject({ kind: 'paid', paymentId: 'stripe:cs_1' });
  });

  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['nonsense', 'v1'],
    ['one made with another secret', sign(body, { secret: 'whsec_other' })],
    ['one made with no secret', sign(body, { secret: '' })],
    ['one of another text', sign(`${body} `)],
    ['one of the right text under another time', sign(body).replace(String(NOW_SECONDS), String(NOW_SECONDS - 1))],
    ['one of a scheme that is not v1', sign(body).replace('v1=', 'v0=')],
  ])('%s is refused', async (_what, signature) => {
    await expect(provider().readEvent(body, signature)).rejects.toMatchObject({ code: 'invalid_signature', status: 400 });
  });

  test('over a text that was changed by one byte is refused', async () => {
    await expect(read(body.replace('"amount_total":1050', '"amount_total":1051'), sign(body))).rejects.toMatchObject({ code: 'invalid_signature' });
  });

  test('is good for 300 seconds of the injected clock, and then it is somebody\'s copy', async () => {
    const signature = sign(body);
    const later = (seconds: number): PaymentProvider => createStripeProvider({ secretKey: 'sk_test_1', webhookSecret: SECRET, apiBase, clock: createManualClock((NOW_SECONDS + seconds) * 1000) });
    await expect(later(300).readEvent(body, signature)).resolves.toMatchObject({ kind: 'paid' });
    await expect(later(301).readEvent(body, signature)).rejects.toMatchObject({ code: 'invalid_signature' });
    await expect(later(86_400).readEvent(body, signature)).rejects.toMatchObject({ code: 'invalid_signature' });
  });

  test('of an old secret beside that of a new one is believed, as while secrets are changed', async () => {
    await expect(read(body, `${sign(body, { secret: 'whsec_old' })},${sign(body).split(',')[1] ?? ''}`)).resolves.toMatchObject({ kind: 'paid' });
  });
});

describe('the event', () => {
  test.each(['checkout.session.completed', 'checkout.session.async_payment_succeeded'])('%s of a paid session says what was paid and agreed', async (type) => {
    await expect(read(eventOf(session, type))).resolves.toEqual({
      kind: 'paid', eventId: 'evt_1', paymentId: 'stripe:cs_1', topupId: 'topup_1', workspaceId: 'ws_1', paidNanoUsd: 10_500_000_000n, currency: 'usd',
      expected: { pays: 10_500_000_000n, fee: 500_000_000n, credits: 10_000_000_000n },
    });
  });

  test.each([
    ['of a session that is completed but not paid yet', eventOf({ ...session, payment_status: 'unpaid' })],
    ['of somebody else\'s session at the same account', eventOf({ ...session, metadata: {} })],
    ['of a session without metadata', eventOf({ ...session, metadata: null })],
    ['about a payment that failed later', eventOf(session, 'checkout.session.async_payment_failed')],
    ['about something else', eventOf({ id: 'cus_1' }, 'customer.created')],
    ['without a subject', JSON.stringify({ id: 'evt_1', type: 'checkout.session.completed' })],
    ['that is no object', '[]'],
  ])('%s credits nothing', async (_what, body) => {
    await expect(read(body)).resolves.toEqual({ kind: 'other' });
  });

  test.each([
    ['a subscription', { ...session, mode: 'subscription' }, /mode/],
    ['a session that needs no payment', { ...session, payment_status: 'no_payment_required' }, /payment status/],
    ['a session of another workspace', { ...session, client_reference_id: 'ws_2' }, /two workspaces/],
    ['a session without a workspace', { ...session, metadata: { ...metadata, interline_workspace: undefined } }, /two workspaces/],
    ['a session without an id', { ...session, id: undefined }, /no id/],
  ])('%s is a fault', async (_what, object, detail) => {
    await expect(read(eventOf(object))).resolves.toMatchObject({ kind: 'fault', eventId: 'evt_1', detail: expect.stringMatching(detail) as unknown });
  });

  test('amounts that are no whole numbers agree with nothing', async () => {
    for (const amount of [10.5, '1050.0', '', null, -1050, 1e30]) {
      await expect(read(eventOf({ ...session, amount_total: amount }))).resolves.toMatchObject({ paidNanoUsd: -10_000_000n });
    }
    await expect(read(eventOf({ ...session, metadata: { ...metadata, interline_credits: '1e9' } }))).resolves.toMatchObject({ expected: { credits: -1n } });
  });

  test.each(['charge.refunded', 'charge.dispute.created', 'charge.dispute.closed', 'refund.created'])('%s is told with its payment and workspace', async (type) => {
    await expect(read(eventOf({ id: 'x_1', payment_intent: 'pi_1', metadata }, type))).resolves.toEqual({ kind: 'taken_back', eventId: 'evt_1', detail: `${type}: pi_1 of ws_1` });
  });

  test('play money buys nothing with a key for real money', async () => {
    const live = createStripeProvider({ secretKey: 'sk_live_1', webhookSecret: SECRET, apiBase, clock });
    const [play, real] = [eventOf(session), eventOf(session, 'checkout.session.completed', { livemode: true })];
    await expect(live.readEvent(play, sign(play))).resolves.toMatchObject({ kind: 'fault', detail: 'paid with play money' });
    await expect(live.readEvent(real, sign(real))).resolves.toMatchObject({ kind: 'paid' });
  });
});

describe('the settings', () => {
  test.each([
    ['nothing', {}],
    ['no webhook secret', { secretKey: 'sk_test_1' }],
    ['an empty webhook secret', { secretKey: 'sk_test_1', webhookSecret: '' }],
    ['a webhook secret of a space', { secretKey: 'sk_test_1', webhookSecret: ' ' }],
    ['a webhook secret with a line end', { secretKey: 'sk_test_1', webhookSecret: 'whsec_1\n' }],
    ['no secret key', { webhookSecret: SECRET }],
    ['an empty secret key', { secretKey: '', webhookSecret: SECRET }],
  ])('%s: nobody takes payments', (_what, settings) => {
    expect(openStripe({ secretKey: undefined, webhookSecret: undefined, apiBase: undefined, ...settings }, clock)).toBeNull();
  });

  test('both secrets: Stripe does', () => {
    expect(openStripe({ secretKey: 'sk_test_1', webhookSecret: SECRET, apiBase: '' }, clock)).toMatchObject({ name: 'stripe' });
  });
});
