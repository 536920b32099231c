/** This file is what leases of every Store must do: given where there is room, taken back when others want it, never more than was given. */
import { expect, test } from '@jest/globals';
import type { LedgerAnswer } from '../foundation/ledger.ts';
import { LEASE_QUIET_MS } from './ledger-core.ts';
import { budget, grantOf, holdOp, journalOp, leaseOp, nodeRow, NOW_MS, quota, settleLine, settleOp, usedRecord, wallet, readCounter } from './ledger-samples.ts';
import { sampleRecord, sampleSettle } from './sample-rows.ts';
import { apply, TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { OpenStore, WithPlace } from './store-under-test.ts';
import type { Store } from './store.ts';

const counter = quota(800n);
const other = { nodeId: 'node_2', leaseId: 'lease_2' };

export function describeLeases(withPlace: WithPlace): void {
  describeGiving(withPlace);
  describeLeasedRequests(withPlace);
  describeRecalls(withPlace);
  describeJournals(withPlace);
}

async function openNodes(open: OpenStore): Promise<Store> {
  const store = await open();
  await store.registerNode(nodeRow());
  await store.registerNode(nodeRow('node_2'));
  return store;
}

const leased = (amount: bigint): LedgerAnswer => ({ kind: 'leased', amount });

function describeGiving(withPlace: WithPlace): void {
  test('a lease is at most an eighth of what is free, and nothing when that is next to nothing', withPlace(async (open) => {
    const store = await openNodes(open);
    expect(await apply(store, leaseOp(counter, 60n))).toEqual(leased(60n));
    expect(await apply(store, leaseOp(counter, 1000n, other))).toEqual(leased(92n));
    expect(await apply(store, leaseOp(counter, 10_000n, { leaseId: 'lease_3' }))).toEqual(leased(0n));
    expect(await readCounter(store, counter.id)).toEqual({ cap: 800n, used: 0n, held: 152n });
    expect(await apply(store, leaseOp(quota(7n, { id: 'q:small' }), 1n))).toEqual(leased(0n));
    // Ten are an eighth of 80, and just a 64th of 640.
    expect(await apply(store, leaseOp(quota(80n, { id: 'q:eighty' }), 641n, { leaseId: 'lease_4' }))).toEqual(leased(0n));
    expect(await apply(store, leaseOp(quota(80n, { id: 'q:eighty' }), 640n, { leaseId: 'lease_5' }))).toEqual(leased(10n));
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('nothing is leased to a node that is not registered, nor of a counter without a cap, nor of an empty wallet', withPlace(async (open) => {
    const store = await openNodes(open);
    expect(await apply(store, leaseOp(counter, 60n, { nodeId: 'node_9' }))).toEqual(leased(0n));
    expect(await apply(store, leaseOp(quota(null, { id: 'q:free' }), 60n))).toEqual(leased(0n));
    expect(await apply(store, leaseOp(wallet(), 60n))).toEqual(leased(0n));
    expect(await store.recoverNode('node_9', NOW_MS)).toBe(0);
    expect(await readCounter(store, counter.id)).toMatchObject({ held: 0n });
  }), TEST_TIMEOUT_MS);

  test('a lease that is asked for twice is given once', withPlace(async (open) => {
    const store = await openNodes(open);
    expect(await apply(store, leaseOp(counter, 60n))).toEqual(leased(60n));
    expect(await apply(store, leaseOp(counter, 60n))).toEqual(leased(60n));
    expect(await readCounter(store, counter.id)).toMatchObject({ held: 60n });
  }), TEST_TIMEOUT_MS);

  test('what is given back is free again; more than there is changes nothing more', withPlace(async (open) => {
    const store = await openNodes(open);
    await apply(store, leaseOp(counter, 60n));
    const giveBack = (amount: bigint): Promise<LedgerAnswer> =>
      apply(store, { kind: 'give_back', changes: [{ leaseId: 'lease_1', counterId: counter.id, amount }, { leaseId: 'lease_9', counterId: 'q:nobody', amount: 5n }] });
    await giveBack(20n);
    expect(await readCounter(store, counter.id)).toMatchObject({ held: 40n });
    await giveBack(60n);
    await giveBack(60n);
    expect(await readCounter(store, counter.id)).toMatchObject({ held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);
}

function describeLeasedRequests(withPlace: WithPlace): void {
  test('used grows as the lease shrinks: by what was used, at most what was asked', withPlace(async (open) => {
    const store = await openNodes(open);
    await apply(store, leaseOp(counter, 60n));
    const settle = (index: number, messages: number): Promise<LedgerAnswer> => {
      const record = usedRecord(index, { messages });
      return apply(store, sampleSettle(record, [settleLine(record, { counter, amount: 10n }, 'lease_1')]));
    };
    await settle(1, 4);
    expect(await readCounter(store, counter.id)).toEqual({ cap: 800n, used: 4n, held: 56n });
    await settle(2, 15);
    expect(await readCounter(store, counter.id)).toEqual({ cap: 800n, used: 19n, held: 46n });
    await settle(2, 15);
    expect(await readCounter(store, counter.id)).toEqual({ cap: 800n, used: 19n, held: 46n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a lease that is gone holds nothing more, and its requests are charged as far as there is room', withPlace(async (open) => {
    const store = await openNodes(open);
    const small = quota(100n, { id: 'q:small' });
    await apply(store, leaseOp(small, 12n));
    await store.recoverNode('node_1', NOW_MS);
    await apply(store, holdOp(9, [{ counter: small, amount: 97n }]));
    const record = usedRecord(1, { messages: 8 });
    await apply(store, sampleSettle(record, [settleLine(record, { counter: small, amount: 8n }, 'lease_1')]));
    expect(await readCounter(store, small.id)).toEqual({ cap: 100n, used: 3n, held: 97n });
    expect((await store.findRequest('ws_1', record.id))?.settled).toMatchObject({ overrunMessages: 5 });
  }), TEST_TIMEOUT_MS);
}

function describeRecalls(withPlace: WithPlace): void {
  test('a hold that would fit but for another node\'s lease is contended, the owner hears of it, and no lease is given for ten seconds', withPlace(async (open) => {
    const store = await openNodes(open);
    await apply(store, leaseOp(counter, 100n, other));
    const asks = [{ counter, amount: 750n }];
    expect(await store.beat('node_2', NOW_MS)).toEqual({ isFenced: false, recalled: [] });
    expect(await apply(store, holdOp(1, asks))).toMatchObject({ kind: 'contended', denials: [{ cap: 800n, used: 0n, held: 100n }] });
    expect(await store.beat('node_2', NOW_MS + 1)).toEqual({ isFenced: false, recalled: [{ leaseId: 'lease_2', counterId: counter.id }] });
    expect(await store.beat('node_1', NOW_MS + 1)).toEqual({ isFenced: false, recalled: [] });
    await apply(store, { kind: 'give_back', changes: [{ leaseId: 'lease_2', counterId: counter.id, amount: 100n }] });
    expect(await apply(store, leaseOp(counter, 10n, { ...other, leaseId: 'lease_3', nowMs: NOW_MS + LEASE_QUIET_MS - 1 }))).toEqual(leased(0n));
    expect(await apply(store, holdOp(1, asks))).toMatchObject({ kind: 'granted' });
    expect(await apply(store, leaseOp(counter, 6n, { ...other, leaseId: 'lease_4', nowMs: NOW_MS + LEASE_QUIET_MS }))).toEqual(leased(6n));
    expect(await store.beat('node_2', NOW_MS + LEASE_QUIET_MS + 1)).toEqual({ isFenced: false, recalled: [] });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('what is too big anyway, or held by requests, or leased to the asker itself, is denied and recalls nothing', withPlace(async (open) => {
    const store = await openNodes(open);
    await apply(store, leaseOp(counter, 100n, other));
    expect(await apply(store, holdOp(1, [{ counter, amount: 801n }]))).toMatchObject({ kind: 'denied' });
    await apply(store, leaseOp(counter, 80n));
    expect(await apply(store, holdOp(2, [{ counter, amount: 750n }]))).toMatchObject({ kind: 'denied' });
    expect(await apply(store, holdOp(3, [{ counter, amount: 700n }, { counter: budget(1n), amount: 2n }]))).toMatchObject({ kind: 'denied' });
    expect((await store.beat('node_2', NOW_MS)).recalled).toEqual([]);
    const spare = { leaseId: 'lease_1', counterId: counter.id, amount: 80n };
    expect(await apply(store, holdOp(4, [{ counter, amount: 750n }], { giveBack: [spare] }))).toMatchObject({ kind: 'contended' });
    expect((await store.beat('node_2', NOW_MS)).recalled).toEqual([{ leaseId: 'lease_2', counterId: counter.id }]);
  }), TEST_TIMEOUT_MS);

  test('what a hold gives back is free before its asks are tried, and is given back once', withPlace(async (open) => {
    const store = await openNodes(open);
    await apply(store, leaseOp(counter, 100n));
    const giveBack = [{ leaseId: 'lease_1', counterId: counter.id, amount: 50n }];
    const hold = holdOp(1, [{ counter, amount: 750n }], { giveBack });
    expect(await apply(store, hold)).toEqual({ kind: 'granted', option: 0, rooms: [0n] });
    expect(await apply(store, hold)).toEqual({ kind: 'duplicate' });
    expect(await readCounter(store, counter.id)).toMatchObject({ held: 800n });
    expect(await apply(store, holdOp(2, [{ counter, amount: 90n }], { giveBack: [{ leaseId: 'lease_1', counterId: counter.id, amount: 20n }] }))).toMatchObject({ kind: 'denied' });
    expect(await readCounter(store, counter.id)).toMatchObject({ held: 780n });
  }), TEST_TIMEOUT_MS);
}

function describeJournals(withPlace: WithPlace): void {
  test('a journalled request leaves its lease for a hold of its own, and is settled out of that', withPlace(async (open) => {
    const store = await openNodes(open);
    await store.postTransfers([grantOf(80_000n)]);
    await apply(store, leaseOp(counter, 60n));
    await apply(store, leaseOp(wallet(), 6000n, { leaseId: 'lease_w' }));
    const asks = [{ counter, amount: 10n }, { counter: wallet(), amount: 1000n }];
    const journal = journalOp(1, [{ leaseId: 'lease_1', ask: { counter, amount: 10n } }, { leaseId: 'lease_w', ask: { counter: wallet(), amount: 1000n } }]);
    await apply(store, journal);
    await apply(store, journal);
    expect(await readCounter(store, counter.id)).toMatchObject({ used: 0n, held: 60n });
    const record = usedRecord(1, { messages: 3, nanoUsd: 400n }, { payer: 'balance' });
    await apply(store, settleOp(record, asks));
    await apply(store, journal);
    expect(await readCounter(store, counter.id)).toMatchObject({ used: 3n, held: 50n });
    expect(await readCounter(store, wallet().id)).toEqual({ cap: 80_000n, used: 400n, held: 5000n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a settlement that still names the lease of a journalled request takes nothing out of it again', withPlace(async (open) => {
    const store = await openNodes(open);
    await apply(store, leaseOp(counter, 60n));
    await apply(store, journalOp(1, [{ leaseId: 'lease_1', ask: { counter, amount: 10n } }]));
    const record = usedRecord(1, { messages: 3 });
    await apply(store, sampleSettle(record, [settleLine(record, { counter, amount: 10n }, 'lease_1')]));
    expect(await readCounter(store, counter.id)).toMatchObject({ used: 3n, held: 50n });
  }), TEST_TIMEOUT_MS);

  test('what its lease no longer has is held anew, as far as there is room', withPlace(async (open) => {
    const store = await openNodes(open);
    const small = quota(100n, { id: 'q:small' });
    await apply(store, leaseOp(small, 8n));
    await apply(store, holdOp(9, [{ counter: small, amount: 90n }]));
    await apply(store, journalOp(1, [{ leaseId: 'lease_1', ask: { counter: small, amount: 20n } }]));
    expect(await readCounter(store, small.id)).toMatchObject({ used: 0n, held: 100n });
    await apply(store, settleOp(usedRecord(1, { messages: 0 }, { basis: 'none' }), [{ counter: small, amount: 20n }]));
    expect(await readCounter(store, small.id)).toMatchObject({ used: 0n, held: 90n });
    expect(await store.findRequest('ws_1', sampleRecord(1).id)).not.toBeNull();
  }), TEST_TIMEOUT_MS);
}
