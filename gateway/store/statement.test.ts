/** This file tests on both engines what statements are made of: the balance before a moment, and transfers the oldest first. */
import { describe, expect, jest, test } from '@jest/globals';
import { postgresPlaces, sqlitePlaces } from '../../scripts/store-places.ts';
import type { TransferRow } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import { sampleRecord, sampleSettle } from './sample-rows.ts';
import { apply, inPlace } from './store-under-test.ts';
import type { LedgerFilter, Store } from './store.ts';

jest.setTimeout(60_000);

const all: LedgerFilter = { workspaceId: 'ws_1', kinds: null, fromMs: null, toMs: null };
const movement = (id: string, createdMs: number, changes: Partial<TransferRow> = {}): TransferRow => ({
  id, kind: 'grant', workspaceId: 'ws_1', debitAccount: 'sys:grants', creditAccount: 'w:ws_1', amount: toNanoUsd(100n), reference: id, note: null, createdMs, ...changes,
});

/** 100 at 1000, b and c at 2000 in one moment, one with a fee, 40 charged at 3000, 10 of it given back at 4000, 30 taken away at 5000. */
async function fill(store: Store): Promise<void> {
  await store.postTransfers([movement('a', 1000)]);
  await store.postTransfers([movement('c', 2000, { kind: 'topup', debitAccount: 'ext:stripe' }), movement('cfee', 2000, { kind: 'fee', debitAccount: 'ext:stripe', creditAccount: 'sys:fees', amount: toNanoUsd(5n) })]);
  await store.postTransfers([movement('b', 2000)]);
  await store.postTransfers([movement('other', 2000, { workspaceId: 'ws_2', creditAccount: 'w:ws_2', amount: toNanoUsd(7n) })]);
  const record = sampleRecord(1, { payer: 'balance', startedMs: 3000, latencyMs: 0, charge: { messages: 1, nanoUsd: toNanoUsd(40n), priceVersion: 'v', isUnpriced: false } });
  const counter = { id: 'w:ws_1', kind: 'wallet', scopeId: 'ws_1', unit: 'nusd', period: 'all', cap: null, capRevision: 0 } as const;
  await apply(store, sampleSettle(record, [{ counter, asked: 0n, actual: 40n, leaseId: null }]));
  const [charge] = await store.listTransfers({ ...all, kinds: ['usage'] }, { limit: 1, after: null });
  const chargedMs = charge?.createdMs ?? 0;
  await store.refund('ws_1', record.id, { amount: 10n, note: null, nowMs: chargedMs + 1000 });
  await store.postTransfers([movement('taken', chargedMs + 2000, { kind: 'adjust', debitAccount: 'w:ws_1', creditAccount: 'sys:grants', amount: toNanoUsd(30n) })]);
}

const order = ['a', 'b', 'c', 'cfee', 'u:req_00000001', 'rf:req_00000001', 'taken'];

describe.each([['SQLite', sqlitePlaces()], ['PostgreSQL', postgresPlaces()]] as const)('statements on %s', (_engine, makePlace) => {
  const withPlace = inPlace(makePlace);

  test('transfers are listed the oldest first, those of one moment by their ids, page by page', withPlace(async (open) => {
    const store = await open();
    await fill(store);
    for (const limit of [1, 2, 3, 100]) {
      const ids: string[] = [];
      for (let after: string | null = null; ;) {
        const page: TransferRow[] = await store.listTransfersOldestFirst(all, { limit, after });
        ids.push(...page.map(({ id }) => id));
        after = page.at(-1)?.id ?? null;
        if (page.length < limit) break;
      }
      expect(ids).toEqual(order);
    }
  }));

  test('a span begins with its start and ends before its end; kinds are chosen; what is unknown is nobody\'s place', withPlace(async (open) => {
    const store = await open();
    await fill(store);
    const idsOf = async (filter: Partial<LedgerFilter>, after: string | null = null) => (await store.listTransfersOldestFirst({ ...all, ...filter }, { limit: 100, after })).map(({ id }) => id);
    expect(await idsOf({ fromMs: 1000, toMs: 2000 })).toEqual(['a']);
    expect(await idsOf({ fromMs: 1001, toMs: 2001 })).toEqual(['b', 'c', 'cfee']);
    expect(await idsOf({ fromMs: 1001, toMs: 2001 }, 'b')).toEqual(['c', 'cfee']);
    expect(await idsOf({ kinds: ['fee', 'adjust'] })).toEqual(['cfee', 'taken']);
    expect(await idsOf({}, 'other')).toEqual([]);
    expect(await idsOf({ workspaceId: 'ws_9' })).toEqual([]);
  }));

  test('the balance before a moment counts what moved it before, and nothing else', withPlace(async (open) => {
    const store = await open();
    await fill(store);
    const rows = await store.listTransfersOldestFirst(all, { limit: 100, after: null });
    const at = (id: string): number => rows.find((row) => row.id === id)?.createdMs ?? 0;
    const moments: [number, bigint][] = [
      [0, 0n], [1000, 0n], [1001, 100n], [2000, 100n], [2001, 300n], [at('u:req_00000001'), 300n], [at('u:req_00000001') + 1, 260n],
      [at('rf:req_00000001') + 1, 270n], [at('taken'), 270n], [at('taken') + 1, 240n], [Number.MAX_SAFE_INTEGER, 240n],
    ];
    for (const [ms, balance] of moments) expect([ms, await store.balanceBefore('ws_1', ms)]).toEqual([ms, balance]);
    expect(await store.balanceBefore('ws_9', 5)).toBe(0n);
    expect(await store.checkLedger()).toEqual([]);
  }));

  test('amounts beyond what a JavaScript number holds are exact', withPlace(async (open) => {
    const store = await open();
    await store.postTransfers([movement('a', 1000, { amount: toNanoUsd(9_007_199_254_740_993n) })]);
    await store.postTransfers([movement('b', 2000, { amount: toNanoUsd(900_000_000_000_000_001n) })]);
    expect(await store.balanceBefore('ws_1', 2000)).toBe(9_007_199_254_740_993n);
    expect(await store.balanceBefore('ws_1', 3000)).toBe(909_007_199_254_740_994n);
  }));
});
