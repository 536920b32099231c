/** This file is what the ledger of every Store must do, whatever its engine: holds, settlements and what becomes of them. */
import { describe, expect, test } from '@jest/globals';
import type { HoldAnswer } from '../foundation/ledger.ts';
import type { Settled } from '../foundation/terms.ts';
import { describeIdempotency } from './ledger-idempotency.suite.ts';
import { describeLeases } from './ledger-leases.suite.ts';
import { describeRecovery } from './ledger-recovery.suite.ts';
import { describeTiers } from './ledger-tiers.suite.ts';
import { budget, grantOf, holdOp, quota, readCounter, settleOp, usedRecord, wallet } from './ledger-samples.ts';
import { describeTransfers } from './ledger-transfers.suite.ts';
import { sampleRecord } from './sample-rows.ts';
import { apply, inPlace, TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { StorePlace, WithPlace } from './store-under-test.ts';
import type { Store } from './store.ts';

/** Declares the suite for one engine. */
export function describeLedger(engine: string, makePlace: () => Promise<StorePlace>): void {
  const withPlace = inPlace(makePlace);
  describe(`the ledger on ${engine}`, () => {
    describeHolds(withPlace);
    describeSettling(withPlace);
    describeOverrun(withPlace);
    describeRaces(withPlace);
    describeLeases(withPlace);
    describeRecovery(withPlace);
    describeTiers(withPlace);
    describeIdempotency(withPlace);
    describeTransfers(withPlace);
  });
}

async function settledOf(store: Store, index: number): Promise<Settled | undefined> {
  return (await store.findRequest('ws_1', sampleRecord(index).id))?.settled;
}

function describeHolds(withPlace: WithPlace): void {
  test('a hold takes its room at once, one more is refused with what there is, and the refused one leaves nothing', withPlace(async (open) => {
    const store = await open();
    const ask = { counter: quota(10n), amount: 6n };
    expect(await apply(store, holdOp(1, [ask]))).toEqual({ kind: 'granted', option: 0, rooms: [4n] });
    expect(await apply(store, holdOp(2, [ask]))).toEqual({ kind: 'denied', denials: [{ ask, cap: 10n, used: 0n, held: 6n }] });
    expect(await readCounter(store, ask.counter.id)).toEqual({ cap: 10n, used: 0n, held: 6n });
    expect(await apply(store, holdOp(3, [{ ...ask, amount: 4n }]))).toEqual({ kind: 'granted', option: 0, rooms: [0n] });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('the first option all of whose asks fit is taken, and a denial names one for each', withPlace(async (open) => {
    const store = await open();
    const day = { counter: quota(2n), amount: 3n };
    const pool = { counter: quota(5n, { id: 'p:ws_1:2026-11', kind: 'pool' }), amount: 3n };
    const money = { counter: budget(100n), amount: 60n };
    const options = [[day, money], [money, pool]];
    expect(await apply(store, holdOp(1, [], { options }))).toEqual({ kind: 'granted', option: 1, rooms: [40n, 2n] });
    expect(await apply(store, holdOp(2, [], { options }))).toEqual({
      kind: 'denied', denials: [{ ask: day, cap: 2n, used: 0n, held: 0n }, { ask: money, cap: 100n, used: 0n, held: 60n }],
    });
  }), TEST_TIMEOUT_MS);

  test('a counter without a cap is never held, a wallet without credits has nothing, and nothing needs no room', withPlace(async (open) => {
    const store = await open();
    const free = { counter: quota(null), amount: 1000n };
    expect(await apply(store, holdOp(1, [free]))).toEqual({ kind: 'granted', option: 0, rooms: [null] });
    expect(await apply(store, holdOp(2, []))).toEqual({ kind: 'granted', option: 0, rooms: [] });
    expect(await apply(store, holdOp(3, [{ counter: wallet(), amount: 1n }]))).toMatchObject({ kind: 'denied', denials: [{ cap: 0n, used: 0n, held: 0n }] });
    expect(await apply(store, holdOp(4, [{ counter: wallet(), amount: 0n }]))).toEqual({ kind: 'granted', option: 0, rooms: [0n] });
    expect(await readCounter(store, free.counter.id)).toMatchObject({ used: 0n, held: 0n });
  }), TEST_TIMEOUT_MS);

  test('the cap of the highest revision holds, whoever comes with an older one', withPlace(async (open) => {
    const store = await open();
    const at = (cap: bigint | null, capRevision: number, index: number): Promise<unknown> => apply(store, holdOp(index, [{ counter: quota(cap, { capRevision }), amount: 1n }]));
    expect(await at(5n, 3, 1)).toMatchObject({ rooms: [4n] });
    expect(await at(100n, 2, 2)).toMatchObject({ rooms: [3n] });
    expect(await at(2n, 4, 3)).toMatchObject({ kind: 'denied', denials: [{ cap: 2n, held: 2n }] });
    expect(await at(5n, 3, 4)).toMatchObject({ kind: 'denied', denials: [{ cap: 2n, held: 2n }] });
    expect(await at(null, 5, 5)).toMatchObject({ rooms: [null] });
    expect(await apply(store, holdOp(6, [{ counter: quota(5n, { id: 'q:first', capRevision: 0 }), amount: 5n }]))).toMatchObject({ rooms: [0n] });
  }), TEST_TIMEOUT_MS);

  test('a hold that is repeated, open or settled, is a duplicate and takes nothing', withPlace(async (open) => {
    const store = await open();
    const asks = [{ counter: quota(10n), amount: 3n }];
    const both = await Promise.all([apply(store, holdOp(1, asks)), apply(store, holdOp(1, asks))]);
    expect(both).toEqual([{ kind: 'granted', option: 0, rooms: [7n] }, { kind: 'duplicate' }]);
    await apply(store, settleOp(usedRecord(1, { messages: 2 }), asks));
    expect(await apply(store, holdOp(1, asks))).toEqual({ kind: 'duplicate' });
    expect(await readCounter(store, quota(0n).id)).toEqual({ cap: 10n, used: 2n, held: 0n });
  }), TEST_TIMEOUT_MS);
}

function describeSettling(withPlace: WithPlace): void {
  test('a settlement that says it is the first word of its request is believed only when it is: nothing is counted twice, and its neighbours are done', withPlace(async (open) => {
    const store = await open();
    const asks = [{ counter: quota(100n), amount: 5n }];
    await apply(store, settleOp(usedRecord(1, { messages: 2 }), asks, { isFirstWord: true }));
    await Promise.all([2, 1, 3, 1].map((index) => apply(store, settleOp(usedRecord(index, { messages: 2 }), asks, { isFirstWord: true }))));
    await Promise.all([4, 4].map((index) => apply(store, settleOp(usedRecord(index, { messages: 2 }), asks, { isFirstWord: true }))));
    expect(await readCounter(store, quota(0n).id)).toEqual({ cap: 100n, used: 8n, held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a settlement frees what was held and counts what was used, once, however often it comes', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(10_000n)]);
    const asks = [{ counter: quota(10n), amount: 5n }, { counter: wallet(), amount: 3000n }, { counter: budget(null), amount: 3000n }];
    const record = usedRecord(1, { messages: 2, nanoUsd: 1234n }, { payer: 'balance' });
    await apply(store, holdOp(1, asks));
    await Promise.all([1, 2, 3].map(() => apply(store, settleOp(record, asks))));
    await apply(store, settleOp(usedRecord(1, { messages: 9, nanoUsd: 9000n }, { payer: 'balance' }), asks));
    expect(await readCounter(store, quota(0n).id)).toEqual({ cap: 10n, used: 2n, held: 0n });
    expect(await readCounter(store, wallet().id)).toEqual({ cap: 10_000n, used: 1234n, held: 0n });
    expect(await readCounter(store, budget(0n).id)).toEqual({ cap: null, used: 1234n, held: 0n });
    expect(await settledOf(store, 1)).toMatchObject({ charged: 1234n, overrunNanoUsd: 0n, overrunMessages: 0 });
    expect((await settledOf(store, 1))?.lines.toSorted((a, b) => (a.counterId < b.counterId ? -1 : 1))).toEqual([
      { counterId: budget(0n).id, amount: 1234n }, { counterId: quota(0n).id, amount: 2n }, { counterId: wallet().id, amount: 1234n },
    ]);
    expect(await store.listTransfersFor('ws_1', record.id)).toMatchObject([
      { id: `u:${record.id}`, kind: 'usage', debitAccount: 'w:ws_1', creditAccount: 'sys:revenue', amount: 1234n, reference: record.id },
    ]);
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a request that is not paid from the balance moves no money, whatever it costs', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(10_000n)]);
    await apply(store, settleOp(usedRecord(1, { nanoUsd: 500n }, { payer: 'plan' }), [{ counter: quota(null), amount: 0n }]));
    await apply(store, settleOp(usedRecord(2, { nanoUsd: 500n }, { payer: 'own_key' }), []));
    expect(await settledOf(store, 1)).toMatchObject({ charged: 0n, overrunNanoUsd: 0n, lines: [{ amount: 1n }] });
    expect(await settledOf(store, 2)).toMatchObject({ charged: 0n, overrunNanoUsd: 0n, lines: [] });
    expect(await readCounter(store, wallet().id)).toEqual({ cap: 10_000n, used: 0n, held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a settlement frees all that its hold has set aside, also of counters it does not name', withPlace(async (open) => {
    const store = await open();
    const [day, money] = [{ counter: quota(10n), amount: 5n }, { counter: budget(100n), amount: 60n }];
    await apply(store, holdOp(1, [day, money]));
    await apply(store, settleOp(usedRecord(1, { messages: 2 }), [day]));
    expect(await readCounter(store, quota(0n).id)).toEqual({ cap: 10n, used: 2n, held: 0n });
    expect(await readCounter(store, budget(0n).id)).toEqual({ cap: 100n, used: 0n, held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a settlement of nothing frees the hold and leaves its row', withPlace(async (open) => {
    const store = await open();
    const asks = [{ counter: quota(10n), amount: 5n }];
    await apply(store, holdOp(1, asks));
    await apply(store, settleOp(usedRecord(1, { messages: 0 }, { outcome: 'refused', basis: 'none' }), asks));
    expect(await readCounter(store, quota(0n).id)).toEqual({ cap: 10n, used: 0n, held: 0n });
    expect(await settledOf(store, 1)).toMatchObject({ lines: [] });
  }), TEST_TIMEOUT_MS);

  test('a settlement gives its hold\'s room to the hold behind it in the same batch', withPlace(async (open) => {
    const store = await open();
    const asks = [{ counter: quota(5n), amount: 5n }];
    await apply(store, holdOp(1, asks));
    const answers = await Promise.all([
      apply(store, holdOp(2, asks)), apply(store, settleOp(usedRecord(1, { messages: 0 }, { basis: 'none' }), asks)), apply(store, holdOp(3, asks)),
    ]);
    expect(answers.map((answer) => answer.kind)).toEqual(['denied', 'done', 'granted']);
  }), TEST_TIMEOUT_MS);
}

function describeOverrun(withPlace: WithPlace): void {
  test('what was used beyond the hold is taken from what is free, and what no cap has room for is overrun', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(1000n)]);
    const asks = [{ counter: wallet(), amount: 400n }, { counter: quota(10n), amount: 2n }];
    await apply(store, holdOp(1, asks));
    await apply(store, holdOp(2, asks));
    await apply(store, settleOp(usedRecord(1, { messages: 11, nanoUsd: 900n }, { payer: 'balance' }), asks));
    // 1000 less the 400 that are held for the other; 10 messages less 2.
    expect(await settledOf(store, 1)).toMatchObject({ charged: 600n, overrunNanoUsd: 300n, overrunMessages: 3 });
    expect(await readCounter(store, wallet().id)).toEqual({ cap: 1000n, used: 600n, held: 400n });
    expect(await readCounter(store, quota(0n).id)).toEqual({ cap: 10n, used: 8n, held: 2n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('every counter of a unit is moved by what the fullest has room for', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(1000n)]);
    const asks = [{ counter: wallet(), amount: 100n }, { counter: budget(150n), amount: 100n }, { counter: budget(null, { id: 'b:warn:all' }), amount: 100n }];
    await apply(store, holdOp(1, asks));
    await apply(store, settleOp(usedRecord(1, { nanoUsd: 500n }, { payer: 'balance' }), asks));
    expect(await settledOf(store, 1)).toMatchObject({ charged: 150n, overrunNanoUsd: 350n, overrunMessages: 0 });
    for (const { counter } of asks) expect(await readCounter(store, counter.id)).toMatchObject({ used: 150n, held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a cap that was lowered below what is used charges nothing more, and nothing negative', withPlace(async (open) => {
    const store = await open();
    const asks = [{ counter: quota(10n), amount: 5n }];
    await apply(store, holdOp(1, asks));
    await apply(store, holdOp(2, asks));
    await apply(store, settleOp(usedRecord(1, { messages: 5 }), [{ counter: quota(3n, { capRevision: 2 }), amount: 5n }]));
    await apply(store, settleOp(usedRecord(2, { messages: 5 }), asks));
    expect(await settledOf(store, 1)).toMatchObject({ overrunMessages: 5, lines: [] });
    expect(await settledOf(store, 2)).toMatchObject({ overrunMessages: 2, lines: [{ amount: 3n }] });
    expect(await readCounter(store, quota(0n).id)).toEqual({ cap: 3n, used: 3n, held: 0n });
  }), TEST_TIMEOUT_MS);
}

function describeRaces(withPlace: WithPlace): void {
  test('of callers on two stores who race for a cap nobody has used before, exactly as many get in as fit', withPlace(async (open) => {
    const stores = [await open(), await open()];
    const asks = [{ counter: quota(100n), amount: 1n }, { counter: budget(100n), amount: 1n }];
    const answers = await Promise.all(Array.from({ length: 400 }, (_, index) => apply(stores[index % 2] as Store, holdOp(index, index % 3 === 0 ? asks : asks.toReversed()))));
    const granted = answers.flatMap((answer, index) => (answer.kind === 'granted' ? [index] : []));
    expect(granted).toHaveLength(100);
    expect(answers.filter((answer): answer is HoldAnswer => answer.kind === 'denied')).toHaveLength(300);
    await Promise.all(granted.map((index) => apply(stores[(index + 1) % 2] as Store, settleOp(usedRecord(index, { messages: 1, nanoUsd: 2n }), asks))));
    for (const { counter } of asks) expect(await readCounter(stores[0] as Store, counter.id)).toEqual({ cap: 100n, used: 100n, held: 0n });
    expect(await stores[1]?.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a request that two stores settle at once is settled once', withPlace(async (open) => {
    const stores = [await open(), await open()];
    const asks = [{ counter: quota(null), amount: 0n }];
    for (let index = 0; index < 20; index++) {
      await Promise.all(stores.map((store) => apply(store, settleOp(usedRecord(index, { messages: 1 }), asks))));
    }
    expect(await readCounter(stores[0] as Store, quota(0n).id)).toEqual({ cap: null, used: 20n, held: 0n });
    expect(await stores[0]?.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);
}
