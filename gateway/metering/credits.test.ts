import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '../foundation/clock.ts';
import type { CounterSpec } from '../foundation/ledger.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { toNanoUsd } from '../foundation/money.ts';
import { sampleRecord, sampleSettle, sampleWorkspace } from '../store/sample-rows.ts';
import { openSqliteStore, sqliteFile } from '../store/sqlite.ts';
import { apply } from '../store/store-under-test.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { adjust, grant, refund } from './credits.ts';
import type { Credit, CreditOffice } from './credits.ts';

let folder = '';
let store: Store;
let office: CreditOffice;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interline-credits-'));
  const clock = createManualClock();
  store = await openSqliteStore({ file: sqliteFile(folder), limits: defaultLimits, clock });
  let made = 0;
  office = { store, clock, makeId: (prefix) => `${prefix}_${++made}` };
  await store.createWorkspace(sampleWorkspace(1));
  await store.createWorkspace(sampleWorkspace(2));
});
afterEach(async () => {
  expect(await store.checkLedger()).toEqual([]);
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const credit = (amount: bigint, changes: Partial<Credit> = {}): Credit => ({ workspaceId: 'ws_1', amount, note: null, id: null, ...changes });
const wallet: CounterSpec = { id: 'w:ws_1', kind: 'wallet', scopeId: 'ws_1', unit: 'nusd', period: 'all', cap: null, capRevision: 0 };
const balance = async (workspaceId = 'ws_1') => {
  const [found] = await store.readCounters([`w:${workspaceId}`]);
  return found && { cap: found.cap, used: found.used, held: found.held };
};
/** A request that the balance has paid. */
async function spend(amount: bigint, index = 1): Promise<string> {
  const record = sampleRecord(index, { payer: 'balance', charge: { messages: 1, nanoUsd: toNanoUsd(amount), priceVersion: 'v1', isUnpriced: false } });
  await apply(store, sampleSettle(record, [{ counter: wallet, asked: 0n, actual: amount, leaseId: null }]));
  return record.id;
}
const giveBack = (requestId: string, amount: bigint | null, workspaceId = 'ws_1') => refund(office, { workspaceId, requestId, amount, note: 'sorry' });

describe('a grant', () => {
  test('adds to the balance and is an entry with its reason', async () => {
    await expect(grant(office, credit(500n, { note: 'welcome' }))).resolves.toEqual({
      id: 'gr:ws_1:grant_1', kind: 'grant', workspaceId: 'ws_1', debitAccount: 'sys:grants', creditAccount: 'w:ws_1', amount: 500n, reference: 'grant_1', note: 'welcome', createdMs: 1_800_000_000_000,
    });
    await grant(office, credit(7n));
    expect(await balance()).toEqual({ cap: 507n, used: 0n, held: 0n });
  });

  test('with an id of the operator\'s is made once, and told as it was made', async () => {
    const first = await grant(office, credit(500n, { id: 'invoice-1', note: 'first' }));
    const again = await Promise.all(Array.from({ length: 8 }, () => grant(office, credit(500n, { id: 'invoice-1', note: 'again' }))));
    expect(again).toEqual(Array.from({ length: 8 }, () => first));
    expect(await balance()).toMatchObject({ cap: 500n });
  });

  test('of another amount under the same id is refused and changes nothing', async () => {
    await grant(office, credit(500n, { id: 'invoice-1' }));
    await expect(grant(office, credit(501n, { id: 'invoice-1' }))).rejects.toMatchObject({ code: 'invalid_request', options: { param: 'id' } });
    expect(await balance()).toMatchObject({ cap: 500n });
  });

  test('ids are a workspace\'s own: the same invoice number credits each', async () => {
    await grant(office, credit(500n, { id: 'november' }));
    await grant(office, credit(600n, { id: 'november', workspaceId: 'ws_2' }));
    expect([await balance('ws_1'), await balance('ws_2')]).toMatchObject([{ cap: 500n }, { cap: 600n }]);
  });

  test('of a workspace that is not there is refused', async () => {
    await expect(grant(office, credit(1n, { workspaceId: 'ws_9' }))).rejects.toMatchObject({ code: 'workspace_not_found' });
    expect(await balance('ws_9')).toBeUndefined();
  });

  test('a store that can not be reached is a 503', async () => {
    const gone = { ...office, store: { ...store, findWorkspace: () => Promise.reject(new StoreUnavailable('closed')) } };
    await expect(grant(gone, credit(1n))).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

describe('an adjustment', () => {
  test('takes from the balance', async () => {
    await grant(office, credit(500n));
    await expect(adjust(office, credit(200n, { note: 'by mistake' }))).resolves.toMatchObject({ kind: 'adjust', debitAccount: 'w:ws_1', creditAccount: 'sys:grants', amount: 200n });
    expect(await balance()).toMatchObject({ cap: 300n });
  });

  test('takes the last nano-USD that is free, and not one more', async () => {
    await grant(office, credit(500n));
    await spend(120n);
    await expect(adjust(office, credit(381n))).rejects.toMatchObject({ code: 'balance_in_use', status: 409 });
    await adjust(office, credit(380n));
    expect(await balance()).toEqual({ cap: 120n, used: 120n, held: 0n });
  });

  test('does not take what open requests hold', async () => {
    await grant(office, credit(500n));
    await store.registerNode({ id: 'node_1', host: 'h', pid: 1, started: 's', beats: 0, startedMs: 0 });
    const draft = sampleRecord(9, { payer: 'balance', charge: { messages: 0, nanoUsd: toNanoUsd(0), priceVersion: 'v1', isUnpriced: false } });
    await apply(store, { kind: 'hold', id: draft.id, nodeId: 'node_1', options: [[{ counter: wallet, amount: 450n }]], giveBack: [], draft, nowMs: 1, expiresMs: 9_000_000_000_000, idempotency: null });
    await expect(adjust(office, credit(51n))).rejects.toMatchObject({ code: 'balance_in_use' });
    await adjust(office, credit(50n));
    expect(await balance()).toEqual({ cap: 450n, used: 0n, held: 450n });
  });

  test('of a workspace that never had a balance is refused', async () => {
    await expect(adjust(office, credit(1n))).rejects.toMatchObject({ code: 'balance_in_use' });
  });

  test('and a grant under the same id are two things', async () => {
    await grant(office, credit(500n, { id: 'x' }));
    await adjust(office, credit(500n, { id: 'x' }));
    await adjust(office, credit(500n, { id: 'x' }));
    expect(await balance()).toMatchObject({ cap: 0n });
  });
});

describe('a refund', () => {
  test('gives a request\'s whole charge back, once', async () => {
    await grant(office, credit(500n));
    const id = await spend(120n);
    await expect(giveBack(id, null)).resolves.toMatchObject({ id: `rf:${id}`, kind: 'refund', amount: 120n, creditAccount: 'w:ws_1', reference: id, note: 'sorry' });
    expect(await balance()).toEqual({ cap: 500n, used: 0n, held: 0n });
    await expect(giveBack(id, null)).rejects.toMatchObject({ code: 'refund_too_large', status: 409 });
  });

  test('in parts gives back no more than the charge', async () => {
    await grant(office, credit(500n));
    const id = await spend(120n);
    await giveBack(id, 100n);
    await expect(giveBack(id, 21n)).rejects.toMatchObject({ code: 'refund_too_large', message: expect.stringContaining('20 nano-USD') as unknown });
    await giveBack(id, 20n);
    expect(await balance()).toMatchObject({ used: 0n });
  });

  test('asked for 16 times at once gives back once', async () => {
    await grant(office, credit(500n));
    const id = await spend(120n);
    const answers = await Promise.allSettled(Array.from({ length: 16 }, () => giveBack(id, null)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await balance()).toMatchObject({ used: 0n });
  });

  test('of a request that is not there, of another workspace, or of a refund is refused', async () => {
    await grant(office, credit(500n));
    const id = await spend(120n);
    await giveBack(id, 1n);
    await expect(giveBack('req_none', null)).rejects.toMatchObject({ code: 'request_not_found' });
    await expect(giveBack(id, null, 'ws_2')).rejects.toMatchObject({ code: 'request_not_found' });
    await expect(giveBack(`rf:${id}`, null)).rejects.toMatchObject({ code: 'request_not_found' });
    await expect(giveBack(id, null, 'ws_9')).rejects.toMatchObject({ code: 'workspace_not_found' });
  });
});
