/** This file is what every Store must do with money that is not a charge: credits, debits, refunds, and how they are listed. */
import { expect, test } from '@jest/globals';
import { toNanoUsd } from '../foundation/money.ts';
import { walletId } from '../foundation/ledger.ts';
import { budget, grantOf, holdOp, NOW_MS, quota, settleOp, usedRecord, wallet, readCounter } from './ledger-samples.ts';
import { sampleRecord } from './sample-rows.ts';
import { apply, TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';
import { InsufficientRoom } from './store.ts';
import type { LedgerFilter, Store } from './store.ts';

const everything: LedgerFilter = { workspaceId: 'ws_1', kinds: null, fromMs: null, toMs: null };
const firstPage = { limit: 100, after: null };
const asks = [{ counter: wallet(), amount: 1000n }, { counter: budget(5000n), amount: 1000n }, { counter: quota(10n), amount: 1n }];

export function describeTransfers(withPlace: WithPlace): void {
  describePosting(withPlace);
  describeRefunds(withPlace);
  describeLists(withPlace);
}

/** A balance of 10,000 of which a request was charged 900. */
async function openCharged(store: Store): Promise<string> {
  await store.postTransfers([grantOf(10_000n)]);
  const record = usedRecord(1, { nanoUsd: 900n }, { payer: 'balance' });
  await apply(store, settleOp(record, asks));
  return record.id;
}

function describePosting(withPlace: WithPlace): void {
  test('a credit moves the wallet\'s cap once, with all that is posted with it', withPlace(async (open) => {
    const store = await open();
    const topup = grantOf(10_000n, { id: 'tu:pay_1', kind: 'topup', debitAccount: 'ext:stripe' });
    const fee = grantOf(500n, { id: 'fee:pay_1', kind: 'fee', debitAccount: 'ext:stripe', creditAccount: 'sys:fees' });
    expect(await store.postTransfers([topup, fee])).toBe(true);
    expect(await store.postTransfers([topup, fee])).toBe(false);
    expect(await store.postTransfers([{ ...topup, amount: toNanoUsd(1n) }])).toBe(false);
    expect(await readCounter(store, walletId('ws_1'))).toEqual({ cap: 10_000n, used: 0n, held: 0n });
    expect(await store.listTransfers(everything, firstPage)).toEqual([topup, fee]);
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a credit that ten stores post at once is posted once', withPlace(async (open) => {
    const stores = [await open(), await open()];
    const posted = await Promise.all(Array.from({ length: 10 }, async (_, index) => stores[index % 2]?.postTransfers([grantOf(7n)])));
    expect(posted.filter(Boolean)).toHaveLength(1);
    expect(await readCounter(stores[0] as Store, walletId('ws_1'))).toMatchObject({ cap: 7n });
  }), TEST_TIMEOUT_MS);

  test('a debit takes what is free, and never what is used or held', withPlace(async (open) => {
    const store = await open();
    await openCharged(store);
    await apply(store, holdOp(2, asks));
    const debit = (id: string, amount: bigint): Promise<boolean> =>
      store.postTransfers([grantOf(amount, { id, kind: 'adjust', debitAccount: walletId('ws_1'), creditAccount: 'sys:grants' })]);
    await expect(debit('adj:1', 8101n)).rejects.toBeInstanceOf(InsufficientRoom);
    expect(await store.listTransfers({ ...everything, kinds: ['adjust'] }, firstPage)).toEqual([]);
    expect(await debit('adj:1', 8100n)).toBe(true);
    expect(await readCounter(store, walletId('ws_1'))).toEqual({ cap: 1900n, used: 900n, held: 1000n });
    await expect(debit('adj:2', 1n)).rejects.toBeInstanceOf(InsufficientRoom);
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('nobody posts a charge, and of what is refused nothing is posted', withPlace(async (open) => {
    const store = await open();
    await expect(store.postTransfers([grantOf(5n), grantOf(5n, { id: 'u:req_1', kind: 'usage' })])).rejects.toThrow(/only a request/);
    await expect(store.postTransfers([grantOf(5n), grantOf(0n, { id: 'gr:2' })])).rejects.toThrow();
    expect(await store.listTransfers(everything, firstPage)).toEqual([]);
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);
}

function describeRefunds(withPlace: WithPlace): void {
  test('a refund gives back a part and then the rest, and never more than was charged', withPlace(async (open) => {
    const store = await open();
    const id = await openCharged(store);
    const refund = (amount: bigint | null, nowMs = NOW_MS) => store.refund('ws_1', id, { amount, note: 'sorry', nowMs });
    expect(await refund(901n)).toEqual({ kind: 'too_much', left: 900n });
    expect(await refund(300n)).toMatchObject({ kind: 'refunded', transfer: { id: `rf:${id}`, kind: 'refund', amount: 300n, reference: id, note: 'sorry' } });
    expect(await refund(601n)).toEqual({ kind: 'too_much', left: 600n });
    expect(await refund(null, NOW_MS + 1)).toMatchObject({ kind: 'refunded', transfer: { debitAccount: 'sys:revenue', creditAccount: 'w:ws_1', amount: 600n } });
    expect(await refund(null)).toEqual({ kind: 'too_much', left: 0n });
    expect(await readCounter(store, wallet().id)).toEqual({ cap: 10_000n, used: 0n, held: 0n });
    expect(await readCounter(store, budget(0n).id)).toMatchObject({ used: 0n });
    expect(await readCounter(store, quota(0n).id)).toMatchObject({ used: 1n });
    expect((await store.listTransfersFor('ws_1', id)).map(({ kind, amount }) => `${kind} ${amount}`).sort()).toEqual(['refund 300', 'refund 600', 'usage 900']);
    expect(await store.findRequest('ws_1', `rf:${id}`)).toMatchObject({ outcome: 'refund', settled: { charged: -300n } });
    expect(await store.sumUsage({ workspaceId: 'ws_1', keyId: null, userId: null, model: null, fromMs: null, toMs: null })).toMatchObject({ requests: 1, nanoUsd: 0n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('refunds that race give back no more than was charged', withPlace(async (open) => {
    const stores = [await open(), await open()] as const;
    const id = await openCharged(stores[0]);
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => stores[index % 2 === 0 ? 0 : 1].refund('ws_1', id, { amount: 400n, note: null, nowMs: NOW_MS })));
    expect(answers.filter(({ kind }) => kind === 'refunded')).toHaveLength(2);
    expect(await readCounter(stores[0], wallet().id)).toMatchObject({ used: 100n });
    expect(await stores[0].checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('of another workspace\'s request, of none, and of a refund, nothing is refunded', withPlace(async (open) => {
    const store = await open();
    const id = await openCharged(store);
    const given = { amount: null, note: null, nowMs: NOW_MS };
    expect(await store.refund('ws_2', id, given)).toEqual({ kind: 'not_found' });
    expect(await store.refund('ws_1', sampleRecord(7).id, given)).toEqual({ kind: 'not_found' });
    await store.refund('ws_1', id, given);
    expect(await store.refund('ws_1', `rf:${id}`, given)).toEqual({ kind: 'not_found' });
    await apply(store, settleOp(usedRecord(2, { nanoUsd: 50n }), []));
    expect(await store.refund('ws_1', sampleRecord(2).id, given)).toEqual({ kind: 'too_much', left: 0n });
  }), TEST_TIMEOUT_MS);
}

function describeLists(withPlace: WithPlace): void {
  test('transfers are listed newest first, in pages, by kind and time, and never another workspace\'s', withPlace(async (open) => {
    const store = await open();
    for (let index = 1; index <= 7; index++) {
      const kind = index % 2 === 0 ? 'grant' as const : 'topup' as const;
      await store.postTransfers([grantOf(BigInt(index), { id: `t:${index}`, kind, createdMs: NOW_MS + Math.floor(index / 3) })]);
    }
    await store.postTransfers([grantOf(5n, { id: 't:other', workspaceId: 'ws_2', creditAccount: walletId('ws_2') })]);
    const seen: string[] = [];
    for (let after: string | null = null; ;) {
      const page: readonly { id: string }[] = await store.listTransfers(everything, { limit: 2, after });
      seen.push(...page.map(({ id }) => id));
      after = page.at(-1)?.id ?? null;
      if (after === null) break;
    }
    expect(seen).toEqual(['t:7', 't:6', 't:5', 't:4', 't:3', 't:2', 't:1']);
    const idsOf = async (filter: Partial<LedgerFilter>): Promise<string[]> => (await store.listTransfers({ ...everything, ...filter }, firstPage)).map(({ id }) => id);
    expect(await idsOf({ kinds: ['grant'] })).toEqual(['t:6', 't:4', 't:2']);
    expect(await idsOf({ kinds: ['fee', 'topup'], toMs: NOW_MS + 1 })).toEqual(['t:1']);
    expect(await idsOf({ fromMs: NOW_MS + 2 })).toEqual(['t:7', 't:6']);
    expect(await idsOf({ workspaceId: 'ws_2' })).toEqual(['t:other']);
    expect(await store.listTransfers(everything, { limit: 2, after: 't:other' })).toEqual([]);
  }), TEST_TIMEOUT_MS);
}
