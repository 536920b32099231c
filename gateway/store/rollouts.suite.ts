/** This file is what every Store must do for rollouts: keep them, tell others of them, write each change into the audit log, and keep to the money of shadow calls. */
import { expect, test } from '@jest/globals';
import { toNanoUsd } from '../foundation/money.ts';
import type { AuditFilter, AuditStamp } from './audit-row.ts';
import type { RolloutRow } from './rollout-row.ts';
import { sampleRecord } from './sample-rows.ts';
import { record, TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';

const NOW_MS = 1_800_000_000_000;
const everything: AuditFilter = { fromMs: null, toMs: null, action: null, kind: null, subject: null, keyId: null, userId: null };
const rollout = (id: string, changes: Partial<RolloutRow> = {}): RolloutRow => ({
  id, name: 'fast', state: 'running', createdMs: NOW_MS, changedMs: NOW_MS, promotedMs: null, ...changes,
  terms: { candidate: 'a/new', percentage: 12.5, keys: ['key_1'], shadowPercentage: 5, shadowDailyNanoUsd: 10n ** 17n, ...changes.terms },
});
let made = 0;
const by = (changes: Partial<AuditStamp> = {}): AuditStamp => ({
  id: `audit_${String(++made).padStart(6, '0')}`, atMs: NOW_MS + made, keyId: 'key_op', userId: 'user_op', requestId: 'req_1', hides: [], ...changes,
});
const idAt = (ms: number, rest: string): string => `req_${ms.toString(16).padStart(12, '0')}${rest}`;

export function describeRollouts(withPlace: WithPlace): void {
  test('a rollout is kept as it was begun, known to every process, and the only one that runs for its name', withPlace(async (open) => {
    const [here, there] = [await open(), await open()];
    const heard = new Promise<string>((resolve) => { there.onForeignChange(resolve); });
    expect(await here.createRollout(rollout('roll_1'), by())).toBe(true);
    expect(await heard).toBe('catalog');
    expect(await there.createRollout(rollout('roll_2'), by())).toBe(false);
    expect(await there.createRollout(rollout('roll_3', { name: 'smart' }), by())).toBe(true);
    expect(await there.findRollout('roll_1')).toEqual(rollout('roll_1'));
    expect(await there.findRollout('roll_2')).toBeNull();
    expect((await here.listRollouts({ limit: 1, after: null })).map(({ id }) => id)).toEqual(['roll_3']);
    expect((await here.listRollouts({ limit: 9, after: 'roll_3' })).map(({ id }) => id)).toEqual(['roll_1']);
    expect((await here.listAuditLog(everything, { limit: 9, after: null })).map(({ action, subject }) => [action, subject])).toEqual([['rollout.create', 'roll_3'], ['rollout.create', 'roll_1']]);
  }), TEST_TIMEOUT_MS);

  test('is changed, promoted and rolled back, each told once with what was before and after', withPlace(async (open) => {
    const store = await open();
    await store.createRollout(rollout('roll_1'), by());
    expect(await store.changeRollout('roll_1', { kind: 'change', terms: { percentage: 50 } }, by())).toMatchObject({ kind: 'changed', row: { terms: { percentage: 50, keys: ['key_1'] } } });
    expect(await store.changeRollout('roll_1', { kind: 'promote' }, by({ atMs: NOW_MS + 7 }))).toMatchObject({ kind: 'changed', row: { state: 'promoted', promotedMs: NOW_MS + 7 } });
    expect(await store.changeRollout('roll_1', { kind: 'promote' }, by())).toMatchObject({ kind: 'changed', row: { promotedMs: NOW_MS + 7 } });
    expect(await store.changeRollout('roll_1', { kind: 'change', terms: { percentage: 1 } }, by())).toMatchObject({ kind: 'over', row: { state: 'promoted' } });
    expect([await store.deleteRollout('roll_1', by()), (await store.listRolloutsInForce()).length]).toEqual(['promoted', 1]);
    // Another may begin over what was promoted.
    expect(await store.createRollout(rollout('roll_2'), by())).toBe(true);
    expect((await store.listRolloutsInForce()).map(({ id }) => id)).toEqual(['roll_1', 'roll_2']);
    expect(await store.changeRollout('roll_1', { kind: 'roll_back' }, by())).toMatchObject({ kind: 'changed', row: { state: 'rolled_back' } });
    expect(await store.changeRollout('roll_1', { kind: 'promote' }, by())).toMatchObject({ kind: 'over' });
    expect([await store.deleteRollout('roll_1', by()), await store.deleteRollout('roll_1', by()), await store.changeRollout('roll_1', { kind: 'promote' }, by())]).toEqual(['deleted', 'not_found', { kind: 'not_found' }]);
    const log = await store.listAuditLog({ ...everything, subject: 'roll_1', kind: 'rollout' }, { limit: 9, after: null });
    expect(log.map(({ action }) => action)).toEqual(['rollout.delete', 'rollout.roll_back', 'rollout.promote', 'rollout.change', 'rollout.create']);
    expect(log.slice(2, 4).map(({ before, after }) => [before, after].map((text) => JSON.parse(text ?? '') as unknown))).toMatchObject([
      [{ state: 'running', percentage: 50 }, { state: 'promoted', percentage: 50 }], [{ percentage: 12.5 }, { percentage: 50, model: 'fast', shadow: { daily_limit_nano_usd: '100000000000000000' } }],
    ]);
    expect([log[0]?.after, log.at(-1)?.before]).toEqual([null, null]);
  }), TEST_TIMEOUT_MS);

  test('the audit log tells of entries of the catalogue without their secrets, by every filter, and nothing of a change that failed', withPlace(async (open) => {
    const store = await open();
    const put = (id: string, body: string, stamp: AuditStamp): Promise<unknown> => store.putCatalogEntry({ kind: 'provider', id, body, changedMs: 1 }, stamp);
    await put('office', '{"id":"office","headers":{"x-key":"sk-1"}}', by({ hides: ['headers.*'], keyId: 'key_a', atMs: NOW_MS }));
    await put('office', '{"id":"office","headers":{"x-key":"sk-2"},"name":"O"}', by({ hides: ['headers.*'], userId: 'user_b', atMs: NOW_MS + 10_000 }));
    expect(await store.deleteCatalogEntry('provider', 'office', by({ hides: ['headers.*'] }))).toBe(true);
    expect(await store.deleteCatalogEntry('provider', 'office', by())).toBe(false);
    const [deleted, changed, begun] = await store.listAuditLog(everything, { limit: 9, after: null });
    expect([deleted, changed, begun].map((row) => [row?.action, row?.before, row?.after])).toEqual([
      ['provider.delete', '{"id":"office","headers":{"x-key":"[redacted]"},"name":"O"}', null],
      ['provider.put', '{"id":"office","headers":{"x-key":"[redacted]"}}', '{"id":"office","headers":{"x-key":"[redacted]"},"name":"O"}'],
      ['provider.put', null, '{"id":"office","headers":{"x-key":"[redacted]"}}'],
    ]);
    const count = async (filter: Partial<AuditFilter>): Promise<number> => (await store.listAuditLog({ ...everything, ...filter }, { limit: 9, after: null })).length;
    expect([await count({ keyId: 'key_a' }), await count({ userId: 'user_b' }), await count({ action: 'provider.delete' }), await count({ kind: 'plan' }), await count({ subject: 'office' })]).toEqual([1, 1, 1, 0, 3]);
    expect([await count({ fromMs: NOW_MS + 10_000 }), await count({ toMs: NOW_MS + 1 })]).toEqual([1, 1]);
    expect((await store.listAuditLog(everything, { limit: 9, after: changed?.id ?? '' })).map(({ id }) => id)).toEqual([begun?.id]);
    await expect(put('twice', '{}', by({ id: begun?.id ?? '' }))).rejects.toThrow();
    expect((await store.listCatalogEntries()).map(({ id }) => id)).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('what gateways take for shadow calls is never more than a day’s limit, and what is put back can be taken again', withPlace(async (open) => {
    const [here, there] = [await open(), await open()];
    const purse = { rollout: 'roll_1', dayMs: 86_400_000, limit: 100n };
    const taken = await Promise.all(Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? here : there).takeShadowMoney(purse, 10n)));
    expect(taken.filter((is) => is)).toHaveLength(10);
    expect(await here.takeShadowMoney(purse, 1n)).toBe(false);
    await there.returnShadowMoney(purse, 4n);
    expect([await here.takeShadowMoney(purse, 5n), await here.takeShadowMoney(purse, 4n)]).toEqual([false, true]);
    expect(await here.takeShadowMoney({ ...purse, dayMs: 2 * 86_400_000 }, 100n)).toBe(true);
    expect(await here.takeShadowMoney({ ...purse, rollout: 'roll_2', limit: 2n ** 62n }, 2n ** 62n)).toBe(true);
  }), TEST_TIMEOUT_MS);

  test('both sides and the shadow can be read, the newest first, and none of another rollout', withPlace(async (open) => {
    const store = await open();
    const row = (at: number, part: string | null): ReturnType<typeof sampleRecord> => sampleRecord(at, { id: idAt(NOW_MS + at, `7${at}`), startedMs: NOW_MS + at, rollout: part, latencyMs: at });
    for (const [at, part] of [[1, 'roll_1/candidate'], [2, 'roll_1/baseline'], [3, 'roll_1/candidate'], [4, 'roll_2/candidate'], [5, null]] as const) await record(store, row(at, part));
    const page = { fromMs: NOW_MS, toMs: NOW_MS + 100, limit: 10 };
    expect((await store.listRolloutCalls('roll_1/candidate', page)).map(({ latencyMs }) => latencyMs).sort()).toEqual([1, 3]);
    expect((await store.listRolloutCalls('roll_1/candidate', { ...page, limit: 1 })).map(({ latencyMs }) => latencyMs)).toEqual([3]);
    expect((await store.listRolloutCalls('roll_1/candidate', { ...page, fromMs: NOW_MS + 2 })).length).toBe(1);
    await store.insertShadowCalls([2, 6].map((at) => ({ rollout: 'roll_1', record: { ...row(at, null), outcome: at === 6 ? 'timeout' : 'ok', charge: { ...row(at, null).charge, nanoUsd: toNanoUsd(7n) } } })));
    await store.insertShadowCalls([{ rollout: 'roll_1', record: row(6, null) }]);
    expect((await store.listShadowCalls('roll_1', page)).map(({ outcome, nanoUsd, latencyMs }) => [outcome, nanoUsd, latencyMs])).toEqual([['timeout', 7n, 6], ['ok', 7n, 2]]);
    const found = await store.findRequest('ws_1', idAt(NOW_MS + 1, '71'));
    expect(found?.rollout).toBe('roll_1/candidate');
    expect(await store.checkLedger()).toEqual([]);
    await store.expireRequestLog(NOW_MS + 5);
    expect([(await store.listShadowCalls('roll_1', page)).length, (await store.listRolloutCalls('roll_1/candidate', page)).length]).toEqual([1, 0]);
  }), TEST_TIMEOUT_MS);
}
