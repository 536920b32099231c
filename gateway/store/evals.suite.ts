/** This file is what every Store must do for evals: sets of a workspace, runs of one gateway at a time, results that are written once. */
import { expect, test } from '@jest/globals';
import type { EvalItemRow, EvalResultRow, EvalRunRow, EvalSetRow } from './eval-row.ts';
import type { SealedColumns } from './sealed-columns.ts';
import type { Page, Store } from './store.ts';
import { TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';

const NOW_MS = 1_800_000_000_000;
const firstPage: Page = { limit: 100, after: null };
const NOTHING = { spentNanoUsd: 0n, done: 0, failed: 0 };
/** More than a JavaScript number can tell. */
const MUCH = 9_007_199_254_740_993n;

function sealed(mark: number): SealedColumns {
  return { kekId: 'k1', wrappedKey: new Uint8Array([1]), iv: new Uint8Array([2]), ciphertext: new Uint8Array([mark]), tag: new Uint8Array([4]) };
}

function sampleSet(index: number, changes: Partial<EvalSetRow> = {}): EvalSetRow {
  return { id: `eval_${index}`, workspaceId: 'ws_1', name: `set ${index}`, description: null, items: 0, ...sealed(index), createdMs: NOW_MS, changedMs: NOW_MS, ...changes };
}

function sampleItem(index: number, changes: Partial<EvalItemRow> = {}): EvalItemRow {
  return { id: `evitem_${index}`, setId: 'eval_1', workspaceId: 'ws_1', name: null, sourceRequest: null, ...sealed(index), createdMs: NOW_MS, ...changes };
}

function sampleRun(index: number, changes: Partial<EvalRunRow> = {}): EvalRunRow {
  return {
    id: `evrun_${index}`, workspaceId: 'ws_1', setId: 'eval_1', keyId: 'key_1', state: 'queued', plan: '{}', ...sealed(index), budgetNanoUsd: MUCH, budgetRevision: 1, spentNanoUsd: 0n,
    total: 4, done: 0, failed: 0, lastItem: 'evitem_9', error: null, summary: null, fence: 0, runAtMs: NOW_MS, createdMs: NOW_MS, startedMs: null, endedMs: null,
    expiresMs: NOW_MS + 1_000_000, ...changes,
  };
}

function sampleResult(id: string, changes: Partial<EvalResultRow> = {}): EvalResultRow {
  return { id, state: 'asked', facts: '{}', said: null, ...changes };
}

async function addItems(store: Store, items: readonly EvalItemRow[], max = 100): Promise<string> {
  return store.insertEvalItems('ws_1', 'eval_1', { items, max, nowMs: NOW_MS + 1 });
}

export function describeEvals(withPlace: WithPlace): void {
  test('a set is its workspace’s, is changed in what is named only, and counts its prompts', withPlace(async (open) => {
    const store = await open();
    await store.insertEval(sampleSet(1));
    await store.insertEval(sampleSet(2, { workspaceId: 'ws_2' }));
    expect(await store.findEval('ws_2', 'eval_1')).toBeNull();
    expect((await store.listEvals('ws_1', firstPage)).map(({ id }) => id)).toEqual(['eval_1']);
    expect(await store.changeEval('ws_2', 'eval_1', { name: 'theirs', changedMs: 1 })).toBeNull();
    expect(await store.changeEval('ws_1', 'eval_1', { description: 'why', changedMs: NOW_MS + 5 })).toMatchObject({ name: 'set 1', description: 'why', changedMs: NOW_MS + 5 });
    const changed = await store.changeEval('ws_1', 'eval_1', { sealed: sealed(9), changedMs: NOW_MS + 6 });
    expect([...changed?.ciphertext ?? []]).toEqual([9]);
    expect(await addItems(store, [sampleItem(1), sampleItem(2)])).toBe('added');
    expect(await addItems(store, [sampleItem(3)], 2)).toBe('too_many');
    expect(await store.insertEvalItems('ws_2', 'eval_1', { items: [sampleItem(4)], max: 10, nowMs: 1 })).toBe('not_found');
    expect((await store.listEvalItems('ws_1', 'eval_1', { limit: 1, after: 'evitem_1' })).map(({ id }) => id)).toEqual(['evitem_2']);
    expect(await store.listEvalItems('ws_2', 'eval_1', firstPage)).toEqual([]);
    expect([await store.deleteEvalItem('ws_2', 'eval_1', 'evitem_1'), await store.deleteEvalItem('ws_1', 'eval_1', 'evitem_1'), await store.deleteEvalItem('ws_1', 'eval_1', 'evitem_1')])
      .toEqual([false, true, false]);
    expect((await store.findEval('ws_1', 'eval_1'))?.items).toBe(1);
  }), TEST_TIMEOUT_MS);

  test('a run is claimed by one at a time, and only who holds the newest claim writes', withPlace(async (open) => {
    const store = await open();
    await store.insertEvalRun(sampleRun(1));
    const [first] = await store.claimEvalRuns(NOW_MS, 1000, 10);
    expect(first).toMatchObject({ id: 'evrun_1', state: 'running', fence: 1, budgetNanoUsd: MUCH });
    expect(await store.claimEvalRuns(NOW_MS + 999, 1000, 10)).toEqual([]);
    expect(await store.renewEvalRun('evrun_1', 1, NOW_MS + 2000)).toBe(true);
    expect((await store.claimEvalRuns(NOW_MS + 2000, 1000, 10)).map(({ fence }) => fence)).toEqual([2]);
    expect(await store.renewEvalRun('evrun_1', 1, NOW_MS + 9000)).toBe(false);
    expect(await store.saveEvalResult('evrun_1', 1, { result: sampleResult('a'), advance: { spentNanoUsd: 5n, done: 1, failed: 0 } })).toBeNull();
    expect(await store.listEvalResults('ws_1', 'evrun_1', firstPage)).toEqual([]);
    expect(await store.stepEvalRun('evrun_1', 1, { state: 'failed' })).toBe(false);
    expect(await store.stepEvalRun('evrun_1', 2, { runAtMs: NOW_MS + 5000, startedMs: NOW_MS + 1 })).toBe(true);
    expect(await store.claimEvalRuns(NOW_MS + 4999, 1000, 10)).toEqual([]);
    expect(await store.claimEvalRuns(NOW_MS + 5000, 1000, 10)).toHaveLength(1);
  }), TEST_TIMEOUT_MS);

  test('a result stands in the place of what stood there, and its run advances with it', withPlace(async (open) => {
    const store = await open();
    await store.insertEvalRun(sampleRun(1));
    await store.claimEvalRuns(NOW_MS, 1000, 1);
    await store.saveEvalResult('evrun_1', 1, { result: sampleResult('b'), advance: NOTHING });
    await store.saveEvalResult('evrun_1', 1, { result: sampleResult('a'), advance: NOTHING });
    expect((await store.listEvalResults('ws_1', 'evrun_1', firstPage)).map(({ id, state }) => [id, state])).toEqual([['a', 'asked'], ['b', 'asked']]);
    await store.saveEvalResult('evrun_1', 1, { result: sampleResult('b', { state: 'done', facts: '{"x":1}', said: sealed(7) }), advance: { spentNanoUsd: MUCH, done: 1, failed: 1 } });
    const [result] = await store.listEvalResults('ws_1', 'evrun_1', { limit: 5, after: 'a' });
    expect(result).toMatchObject({ id: 'b', state: 'done', facts: '{"x":1}' });
    expect([...result?.said?.ciphertext ?? []]).toEqual([7]);
    expect(await store.listEvalResults('ws_2', 'evrun_1', firstPage)).toEqual([]);
    expect(await store.findEvalRun('ws_1', 'eval_1', 'evrun_1')).toMatchObject({ spentNanoUsd: MUCH, done: 1, failed: 1 });
    expect(await store.findEvalRun('ws_2', 'eval_1', 'evrun_1')).toBeNull();
  }), TEST_TIMEOUT_MS);

  test('a run that was stopped goes on with another budget, and one that is completed stays so', withPlace(async (open) => {
    const store = await open();
    await store.insertEval(sampleSet(1));
    await store.insertEvalRun(sampleRun(1));
    await store.claimEvalRuns(NOW_MS, 1000, 1);
    expect(await store.resumeEvalRun('ws_1', 'evrun_1', { budgetNanoUsd: null, keyId: 'key_2', nowMs: NOW_MS })).toBeNull();
    expect(await store.stepEvalRun('evrun_1', 1, { state: 'failed', error: { code: 'quota_exceeded', message: 'no' }, endedMs: NOW_MS })).toBe(true);
    expect(await store.stepEvalRun('evrun_1', 1, { state: 'running' })).toBe(false);
    expect(await store.resumeEvalRun('ws_2', 'evrun_1', { budgetNanoUsd: null, keyId: 'key_2', nowMs: NOW_MS })).toBeNull();
    expect(await store.resumeEvalRun('ws_1', 'evrun_1', { budgetNanoUsd: 7n, keyId: 'key_2', nowMs: NOW_MS }))
      .toMatchObject({ state: 'queued', budgetNanoUsd: 7n, budgetRevision: 2, keyId: 'key_2', error: null, endedMs: null });
    const [claimed] = await store.claimEvalRuns(NOW_MS + 9000, 1000, 1);
    expect(await store.cancelEvalRun('ws_1', 'evrun_1', NOW_MS + 1)).toMatchObject({ state: 'cancelled', endedMs: NOW_MS + 1 });
    // What was under way is still written, and nothing else is begun.
    expect(await store.saveEvalResult('evrun_1', claimed?.fence ?? 0, { result: sampleResult('a', { state: 'done' }), advance: { ...NOTHING, done: 1 } })).toBe('cancelled');
    expect(await store.renewEvalRun('evrun_1', claimed?.fence ?? 0, NOW_MS)).toBe(false);
    expect(await store.cancelEvalRun('ws_2', 'evrun_1', NOW_MS + 1)).toBeNull();
    expect(await store.claimEvalRuns(NOW_MS + 19_000, 1000, 1)).toEqual([]);
    expect(await store.resumeEvalRun('ws_1', 'evrun_1', { budgetNanoUsd: null, keyId: 'key_1', nowMs: NOW_MS + 2 })).toMatchObject({ state: 'queued', budgetNanoUsd: 7n });
    const [again] = await store.claimEvalRuns(NOW_MS + 19_000, 1000, 1);
    expect(await store.stepEvalRun('evrun_1', again?.fence ?? 0, { state: 'completed', summary: '{"s":1}', total: 3, endedMs: NOW_MS + 3 })).toBe(true);
    expect(await store.cancelEvalRun('ws_1', 'evrun_1', NOW_MS + 4)).toMatchObject({ state: 'completed', total: 3 });
    expect(await store.resumeEvalRun('ws_1', 'evrun_1', { budgetNanoUsd: 9n, keyId: 'key_1', nowMs: NOW_MS + 4 })).toBeNull();
    expect(await store.listEvalReports('ws_1', 10)).toEqual([{ runId: 'evrun_1', setId: 'eval_1', setName: 'set 1', endedMs: NOW_MS + 3, spentNanoUsd: 0n, summary: '{"s":1}' }]);
    expect(await store.listEvalReports('ws_2', 10)).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a set that is deleted takes its prompts, runs and results with it; so does time the runs', withPlace(async (open) => {
    const store = await open();
    await store.insertEval(sampleSet(1));
    await addItems(store, [sampleItem(1)]);
    await store.insertEvalRun(sampleRun(1));
    await store.insertEvalRun(sampleRun(2, { setId: 'eval_2', expiresMs: NOW_MS + 10 }));
    const [run] = await store.claimEvalRuns(NOW_MS, 1000, 1);
    await store.saveEvalResult('evrun_1', 1, { result: sampleResult('a'), advance: NOTHING });
    expect([await store.deleteEval('ws_2', 'eval_1'), await store.deleteEval('ws_1', 'eval_1'), await store.deleteEval('ws_1', 'eval_1')]).toEqual([false, true, false]);
    expect(await store.stepEvalRun('evrun_1', run?.fence ?? 0, {})).toBe(false);
    expect(await store.listEvalItems('ws_1', 'eval_1', firstPage)).toEqual([]);
    expect(await store.findEvalRun('ws_1', 'eval_1', 'evrun_1')).toBeNull();
    while (await store.expireEvalRuns(NOW_MS) > 0);
    expect(await store.listEvalResults('ws_1', 'evrun_1', firstPage)).toEqual([]);
    expect(await store.findEvalRun('ws_1', 'eval_2', 'evrun_2')).not.toBeNull();
    expect(await store.expireEvalRuns(NOW_MS + 10)).toBe(1);
    expect(await store.findEvalRun('ws_1', 'eval_2', 'evrun_2')).toBeNull();
  }), TEST_TIMEOUT_MS);
}
