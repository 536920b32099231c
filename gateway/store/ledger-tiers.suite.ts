/** This file is what every Store must do with a call that models of several tiers might have answered: it holds room in each, and one of them pays. */
import { expect, test } from '@jest/globals';
import { journalOp, holdOp, leaseOp, nodeRow, NOW_MS, quota, readCounter, settleOp, usedRecord } from './ledger-samples.ts';
import { sampleRecord } from './sample-rows.ts';
import { apply, TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';

const pro = quota(5n);
const basic = quota(10n, { id: 'q:ws_1:basic:2026-11-21' });
const asks = [{ counter: pro, amount: 4n }, { counter: basic, amount: 4n }];
const { id } = sampleRecord(1);

export function describeTiers(withPlace: WithPlace): void {
  test('the tier that answered pays, the other is free again, even where it has room for nothing', withPlace(async (open) => {
    const store = await open();
    await apply(store, holdOp(1, asks));
    // Meanwhile the cap of the other tier is lowered below what is held.
    await apply(store, holdOp(2, [{ counter: { ...pro, cap: 0n, capRevision: 2 }, amount: 0n }]));
    const record = usedRecord(1, { messages: 3 });
    const settled = settleOp(record, asks);
    await apply(store, { ...settled, lines: settled.lines.map((line) => (line.counter.id === pro.id ? { ...line, actual: 0n } : line)) });
    expect(await readCounter(store, pro.id)).toEqual({ cap: 0n, used: 0n, held: 0n });
    expect(await readCounter(store, basic.id)).toEqual({ cap: 10n, used: 3n, held: 0n });
    expect((await store.findRequest('ws_1', id))?.settled).toMatchObject({ overrunMessages: 0, lines: [{ counterId: basic.id, amount: 3n }] });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a gateway that dies after the first byte has the tier pay that was answering', withPlace(async (open) => {
    const store = await open();
    await apply(store, holdOp(1, asks));
    await apply(store, { kind: 'observe', id, record: usedRecord(1, { messages: 2 }, { basis: 'observed' }), borneBy: [basic.id] });
    await store.recoverNode('node_1', NOW_MS);
    expect(await readCounter(store, pro.id)).toEqual({ cap: 5n, used: 0n, held: 0n });
    expect(await readCounter(store, basic.id)).toEqual({ cap: 10n, used: 2n, held: 0n });
    expect(await store.findRequest('ws_1', id)).toMatchObject({ outcome: 'recovered', settled: { lines: [{ counterId: basic.id, amount: 2n }] } });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('the same of one that was admitted out of leases', withPlace(async (open) => {
    const store = await open();
    await store.registerNode(nodeRow());
    const [large, other] = [quota(800n), quota(800n, { id: basic.id })];
    await apply(store, leaseOp(large, 50n));
    await apply(store, leaseOp(other, 50n, { leaseId: 'lease_2' }));
    const lines = [{ leaseId: 'lease_1', ask: { counter: large, amount: 4n } }, { leaseId: 'lease_2', ask: { counter: other, amount: 4n } }];
    await apply(store, journalOp(1, lines, { record: usedRecord(1, { messages: 2 }, { basis: 'observed' }), borneBy: [other.id] }));
    await store.recoverNode('node_1', NOW_MS);
    expect(await readCounter(store, large.id)).toMatchObject({ used: 0n, held: 0n });
    expect(await readCounter(store, other.id)).toMatchObject({ used: 2n, held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);
}
