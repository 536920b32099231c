/** This file is what every Store must do with what a dead gateway has left open: settle it at what was observed, once, and quickly. */
import { expect, test } from '@jest/globals';
import type { LedgerOp } from '../foundation/ledger.ts';
import { budget, draftRecord, grantOf, holdOp, leaseOp, nodeRow, NOW_MS, quota, settleOp, usedRecord, wallet, readCounter } from './ledger-samples.ts';
import { sampleRecord } from './sample-rows.ts';
import { apply, TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';

const MANY_HOLDS = 10_000;
const nothing = { usage: { promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 } };

export function describeRecovery(withPlace: WithPlace): void {
  describeNodes(withPlace);
  describeEnds(withPlace);
  describeSweeps(withPlace);
  test('ten thousand open holds of a dead node are recovered, each once', withPlace(async (open) => {
    const store = await open();
    await store.registerNode(nodeRow());
    await store.postTransfers([grantOf(10_000_000_000n)]);
    const asks = [{ counter: quota(1_000_000n), amount: 2n }, { counter: wallet(), amount: 5000n }];
    const draft = (index: number) => usedRecord(index, { nanoUsd: 10n }, { payer: 'balance', basis: 'observed' });
    await Promise.all(Array.from({ length: MANY_HOLDS }, (_, index) => apply(store, holdOp(index, asks, { draft: draft(index) }))));
    expect(await store.recoverNode('node_1', NOW_MS)).toBe(MANY_HOLDS);
    expect(await store.recoverNode('node_1', NOW_MS)).toBe(0);
    expect(await readCounter(store, wallet().id)).toEqual({ cap: 10_000_000_000n, used: 100_000n, held: 0n });
    expect(await readCounter(store, quota(0n).id)).toMatchObject({ used: 10_000n, held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);
}

function describeNodes(withPlace: WithPlace): void {
  test('a node is listed with its signs of life until it is recovered, and then it is told that it was', withPlace(async (open) => {
    const store = await open();
    const row = nodeRow();
    await store.registerNode(row);
    await store.registerNode(row);
    expect(await store.listNodes()).toEqual([row]);
    // A sign is shown to others every two seconds at most.
    for (const nowMs of [0, 250, 1999, 2000, 4000]) expect(await store.beat('node_1', NOW_MS + nowMs)).toEqual({ isFenced: false, recalled: [] });
    expect(await store.listNodes()).toEqual([{ ...row, beats: 3 }]);
    expect(await store.recoverNode('node_1', NOW_MS)).toBe(0);
    expect(await store.listNodes()).toEqual([]);
    expect((await store.beat('node_1', NOW_MS + 4100)).isFenced).toBe(true);
    expect((await store.beat('node_1', NOW_MS + 9000)).isFenced).toBe(true);
  }), TEST_TIMEOUT_MS);
}

function describeEnds(withPlace: WithPlace): void {
  test('a hold of a dead node is settled at what was last observed, and the settlement that comes too late changes nothing', withPlace(async (open) => {
    const store = await open();
    await store.registerNode(nodeRow());
    await store.postTransfers([grantOf(10_000n)]);
    const asks = [{ counter: quota(10n), amount: 5n }, { counter: wallet(), amount: 3000n }, { counter: budget(null), amount: 3000n }];
    const observed = usedRecord(1, { messages: 2, nanoUsd: 700n }, { payer: 'balance', basis: 'observed' });
    await apply(store, holdOp(1, asks));
    await apply(store, { kind: 'observe', id: observed.id, record: usedRecord(1, { messages: 1, nanoUsd: 300n }, { payer: 'balance', basis: 'observed' }) });
    await apply(store, { kind: 'observe', id: observed.id, record: observed });
    expect(await store.recoverNode('node_1', NOW_MS)).toBe(1);
    await apply(store, settleOp(usedRecord(1, { messages: 5, nanoUsd: 2900n }, { payer: 'balance' }), asks));
    await apply(store, { kind: 'observe', id: observed.id, record: observed });
    expect(await store.findRequest('ws_1', observed.id)).toMatchObject({
      ...observed, outcome: 'recovered', settled: { charged: 700n, overrunNanoUsd: 0n, overrunMessages: 0, settledMs: NOW_MS },
    });
    expect(await readCounter(store, wallet().id)).toEqual({ cap: 10_000n, used: 700n, held: 0n });
    expect(await readCounter(store, quota(0n).id)).toMatchObject({ used: 2n, held: 0n });
    expect(await readCounter(store, budget(0n).id)).toMatchObject({ used: 700n, held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a recovered request is never charged more than it held, however much was observed or is free', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([grantOf(10_000n)]);
    const asks = [{ counter: quota(10n), amount: 1n }, { counter: wallet(), amount: 500n }];
    await apply(store, holdOp(1, asks, { draft: usedRecord(1, { messages: 4, nanoUsd: 900n }, { payer: 'balance', basis: 'observed' }) }));
    await store.recoverNode('node_1', NOW_MS);
    expect((await store.findRequest('ws_1', sampleRecord(1).id))?.settled).toMatchObject({ charged: 500n, overrunNanoUsd: 400n, overrunMessages: 3 });
    expect(await readCounter(store, wallet().id)).toEqual({ cap: 10_000n, used: 500n, held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('one of which nothing was observed costs nothing, and its leases are free again; other nodes keep theirs', withPlace(async (open) => {
    const store = await open();
    await store.registerNode(nodeRow());
    await store.registerNode(nodeRow('node_2'));
    const counter = quota(800n);
    await apply(store, leaseOp(counter, 50n));
    await apply(store, leaseOp(counter, 40n, { nodeId: 'node_2', leaseId: 'lease_2' }));
    await apply(store, holdOp(1, [{ counter, amount: 7n }]));
    await apply(store, holdOp(2, [{ counter, amount: 9n }], { nodeId: 'node_2' }));
    expect(await store.recoverNode('node_1', NOW_MS)).toBe(1);
    expect(await readCounter(store, counter.id)).toEqual({ cap: 800n, used: 0n, held: 49n });
    expect(await store.findRequest('ws_1', sampleRecord(1).id)).toMatchObject({ outcome: 'recovered', settled: { lines: [] } });
    expect(await store.findRequest('ws_1', sampleRecord(2).id)).toBeNull();
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('one with an idempotency key costs nothing whatever was observed, and its key may be used again', withPlace(async (open) => {
    const store = await open();
    const asks = [{ counter: quota(10n), amount: 5n }];
    const idempotency = { scope: 'ws_1 createChatCompletion', key: 'k', bodyHash: 'h', expiresMs: NOW_MS + 1e9 };
    await apply(store, holdOp(1, asks, { idempotency }));
    await apply(store, { kind: 'observe', id: sampleRecord(1).id, record: usedRecord(1, { messages: 3 }, { basis: 'observed' }) });
    await store.recoverNode('node_1', NOW_MS);
    expect(await store.findRequest('ws_1', sampleRecord(1).id)).toMatchObject({ outcome: 'recovered', payer: 'none', ...nothing, charge: { messages: 0, nanoUsd: 0n } });
    expect(await apply(store, holdOp(2, asks, { idempotency }))).toMatchObject({ kind: 'granted', rooms: [5n] });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('two that recover one node at once end each of its holds once', withPlace(async (open) => {
    const stores = [await open(), await open()] as const;
    await stores[0].registerNode(nodeRow());
    const asks = [{ counter: quota(10_000n), amount: 5n }];
    const ops: LedgerOp[] = Array.from({ length: 600 }, (_, index) => holdOp(index, asks, { draft: usedRecord(index, { messages: 1 }, { basis: 'observed' }) }));
    await Promise.all(ops.map((op) => apply(stores[0], op)));
    const [here, there] = await Promise.all([stores[0].recoverNode('node_1', NOW_MS), stores[1].recoverNode('node_1', NOW_MS)]);
    expect(here + there).toBe(600);
    expect(await readCounter(stores[0], quota(0n).id)).toMatchObject({ used: 600n, held: 0n });
    expect(await stores[1].checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);
}

function describeSweeps(withPlace: WithPlace): void {
  test('a hold past its time is ended as expired at what was observed, one within it stays', withPlace(async (open) => {
    const store = await open();
    const asks = [{ counter: quota(10n), amount: 2n }];
    await apply(store, holdOp(1, asks, { expiresMs: NOW_MS, draft: usedRecord(1, { messages: 1 }, { basis: 'observed' }) }));
    await apply(store, holdOp(2, asks, { expiresMs: NOW_MS + 1, draft: draftRecord(2) }));
    expect(await store.sweep(NOW_MS)).toBe(1);
    expect(await readCounter(store, quota(0n).id)).toEqual({ cap: 10n, used: 1n, held: 2n });
    expect(await store.findRequest('ws_1', sampleRecord(1).id)).toMatchObject({ outcome: 'expired' });
    expect(await store.sweep(NOW_MS)).toBe(0);
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a lease has no time of its own', withPlace(async (open) => {
    const store = await open();
    await store.registerNode(nodeRow());
    await apply(store, leaseOp(quota(800n), 50n));
    expect(await store.sweep(NOW_MS * 2)).toBe(0);
    expect(await readCounter(store, quota(0n).id)).toMatchObject({ held: 50n });
  }), TEST_TIMEOUT_MS);
}
