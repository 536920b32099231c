import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { DEFAULT_TERMS } from '../metering/topups.ts';
import { sampleWorkspace } from '../store/sample-rows.ts';
import { openSqliteStore, sqliteFile } from '../store/sqlite.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { createPayments } from './payments.ts';
import type { Checkout, PaidEvent, PaymentParts, PaymentProvider, Payments, ProviderEvent } from './payments.ts';

let folder = '';
let store: Store;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interline-payments-'));
  store = await openSqliteStore({ file: sqliteFile(folder), limits: defaultLimits, clock });
  await store.createWorkspace(sampleWorkspace(1));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const clock = createManualClock();
const paid: PaidEvent = {
  kind: 'paid', eventId: 'evt_1', paymentId: 'stripe:cs_1', topupId: 'topup_1', workspaceId: 'ws_1', paidNanoUsd: 10_500_000_000n, currency: 'usd',
  expected: { pays: 10_500_000_000n, fee: 500_000_000n, credits: 10_000_000_000n },
};

interface Desk {
  readonly payments: Payments;
  readonly checkouts: Checkout[];
  readonly logged: { readonly level: string; readonly line: object; readonly message: string }[];
}

/** A desk at which a provider says what the test wants; stripe.test.ts has the real one. */
function openDesk(event: ProviderEvent, changes: Partial<PaymentParts> = {}): Desk {
  const checkouts: Checkout[] = [];
  const logged: { level: string; line: object; message: string }[] = [];
  const provider: PaymentProvider = {
    name: 'stripe',
    createCheckout(checkout) {
      checkouts.push(checkout);
      return Promise.resolve('https://pay.example/1');
    },
    readEvent: (_body, signature) => (signature === 'good' ? Promise.resolve(event) : Promise.reject(new Error('not signed'))),
  };
  const note = (level: string) => (line: object, message: string): void => { logged.push({ level, line, message }); };
  const log = { info: note('info'), warn: note('warn'), error: note('error') } as unknown as PaymentParts['log'];
  return { payments: createPayments({ provider, terms: DEFAULT_TERMS, store, clock, makeId: (prefix) => `${prefix}_1`, log, ...changes }), checkouts, logged };
}

const take = (event: ProviderEvent): Promise<boolean> => openDesk(event).payments.takeEvent('{}', 'good');
const wallet = async (): Promise<bigint | null | undefined> => (await store.readCounters(['w:ws_1']))[0]?.cap;
const entries = () => store.listTransfers({ workspaceId: 'ws_1', kinds: null, fromMs: null, toMs: null }, { limit: 100, after: null });

describe('a top-up', () => {
  test('gets a page that asks for the amount with its fee', async () => {
    const { payments, checkouts } = openDesk(paid);
    const wanted = { workspaceId: 'ws_1', amount: 10_000_000_000n, successUrl: 'https://a.example', cancelUrl: 'https://b.example' };
    const amounts = { pays: 10_500_000_000n, fee: 500_000_000n, credits: 10_000_000_000n };
    await expect(payments.topUp(wanted)).resolves.toEqual({ id: 'topup_1', url: 'https://pay.example/1', amounts });
    expect(checkouts).toEqual([{ topupId: 'topup_1', workspaceId: 'ws_1', amounts, successUrl: 'https://a.example', cancelUrl: 'https://b.example' }]);
  });

  test('of less than the least gets none', async () => {
    const { payments, checkouts } = openDesk(paid);
    await expect(payments.topUp({ workspaceId: 'ws_1', amount: 1n, successUrl: '', cancelUrl: '' })).rejects.toMatchObject({ code: 'invalid_request' });
    expect(checkouts).toEqual([]);
  });

  test('credits nothing before it is paid', async () => {
    await openDesk(paid).payments.topUp({ workspaceId: 'ws_1', amount: 10_000_000_000n, successUrl: '', cancelUrl: '' });
    expect(await wallet()).toBeUndefined();
  });
});

describe('a payment', () => {
  test('credits the balance and leaves the fee as an entry of its own', async () => {
    await expect(take(paid)).resolves.toBe(true);
    expect(await wallet()).toBe(10_000_000_000n);
    expect((await entries()).map(({ id, kind, amount }) => [id, kind, amount]).sort()).toEqual([
      ['fee:stripe:cs_1', 'fee', 500_000_000n], ['tu:stripe:cs_1', 'topup', 10_000_000_000n],
    ]);
    expect(await store.checkLedger()).toEqual([]);
  });

  test('told again, under another event and later, credits nothing more', async () => {
    await take(paid);
    clock.advance(86_400_000);
    await expect(take({ ...paid, eventId: 'evt_2' })).resolves.toBe(false);
    expect(await wallet()).toBe(10_000_000_000n);
    expect(await entries()).toHaveLength(2);
  });

  test('told 32 times at once, credits once', async () => {
    const credited = await Promise.all(Array.from({ length: 32 }, (_, index) => take({ ...paid, eventId: `evt_${index}` })));
    expect(credited.filter(Boolean)).toHaveLength(1);
    expect(await wallet()).toBe(10_000_000_000n);
    expect(await store.checkLedger()).toEqual([]);
  });

  test('is credited as was agreed when its page was made, whatever the terms are now', async () => {
    const { payments } = openDesk(paid, { terms: { feeMode: 'deducted', feeBasisPoints: 900, minimum: 50_000_000_000n } });
    await expect(payments.takeEvent('{}', 'good')).resolves.toBe(true);
    expect(await wallet()).toBe(10_000_000_000n);
  });

  test.each<[string, Partial<PaidEvent>]>([
    ['of less than was agreed', { paidNanoUsd: 1_050_000_000n }],
    ['of more than was agreed', { paidNanoUsd: 10_510_000_000n }],
    ['in another currency', { currency: 'jpy' }],
    ['whose agreed amounts do not add up', { expected: { pays: 10_500_000_000n, fee: 0n, credits: 100_000_000_000n } }],
    ['that credits nothing', { expected: { pays: 10_500_000_000n, fee: 10_500_000_000n, credits: 0n } }],
    ['whose fee is less than nothing', { expected: { pays: 10_500_000_000n, fee: -1n, credits: 10_500_000_001n } }],
    ['of a workspace that is not there', { workspaceId: 'ws_2' }],
  ])('%s credits nothing and is logged as an error', async (_what, change) => {
    const { payments, logged } = openDesk({ ...paid, ...change });
    await expect(payments.takeEvent('{}', 'good')).resolves.toBe(false);
    expect(await wallet()).toBeUndefined();
    expect(await store.listTransfers({ workspaceId: 'ws_2', kinds: null, fromMs: null, toMs: null }, { limit: 1, after: null })).toEqual([]);
    expect(logged).toMatchObject([{ level: 'error', line: { event: 'evt_1', payment: 'stripe:cs_1', topup: 'topup_1' }, message: 'a payment was not credited' }]);
  });

  test('that is no match by the provider\'s own reading is logged as an error', async () => {
    const { payments, logged } = openDesk({ kind: 'fault', eventId: 'evt_1', detail: 'its mode is subscription' });
    await expect(payments.takeEvent('{}', 'good')).resolves.toBe(false);
    expect(logged).toMatchObject([{ level: 'error', line: { detail: 'its mode is subscription' } }]);
  });

  test('that is being taken back is logged, and the balance stays', async () => {
    await take(paid);
    const { payments, logged } = openDesk({ kind: 'taken_back', eventId: 'evt_2', detail: 'charge.refunded: pi_1 of ws_1' });
    await expect(payments.takeEvent('{}', 'good')).resolves.toBe(false);
    expect(logged).toMatchObject([{ level: 'warn', line: { detail: 'charge.refunded: pi_1 of ws_1' } }]);
    expect(await wallet()).toBe(10_000_000_000n);
  });

  test('that can not be written now is a 503, so that the provider sends it again', async () => {
    const gone = { findWorkspace: () => Promise.resolve(sampleWorkspace(1)), postTransfers: () => Promise.reject(new StoreUnavailable('closed')) };
    await expect(openDesk(paid, { store: gone }).payments.takeEvent('{}', 'good')).rejects.toMatchObject({ code: 'store_unavailable', status: 503 });
  });

  test('whose event is not signed is not even looked at', async () => {
    const provider: PaymentProvider = { name: 'stripe', createCheckout: () => Promise.resolve(''), readEvent: () => Promise.resolve().then(() => fail('invalid_signature')) };
    await expect(openDesk(paid, { provider }).payments.takeEvent('{}', undefined)).rejects.toMatchObject({ code: 'invalid_signature' });
    expect(await wallet()).toBeUndefined();
  });
});
