/** This file shows what a batch reads, and in which order: two batches must not lock each other out, and what is read ahead must be what is asked. */
import { describe, expect, test } from '@jest/globals';
import type { CounterSpec, LedgerOp } from '../foundation/ledger.ts';
import { openBreakingDatabase } from './breaking-database.suite.ts';
import { commitEntries } from './ledger-commit.ts';
import { toEntry } from './ledger-entries.ts';
import type { EndEntry, LedgerEntry } from './ledger-entries.ts';
import { planReads, readRows } from './ledger-reads.ts';
import type { ReadOptions } from './ledger-reads.ts';
import type { LedgerRows } from './ledger-rows.ts';
import { holdOp, journalOp, leaseOp, NOW_MS, quota, settleLine, settleOp, usedRecord } from './ledger-samples.ts';
import { sampleRecord } from './sample-rows.ts';
import type { SqlTask, Statement } from './sql-task.ts';
import { createTaskRunner } from './sqlite-run-task.ts';

const named = (name: string): CounterSpec => quota(1000n, { id: `q:ws_1:${name}:2026-11-21` });
const [a, b, c] = [named('a'), named('b'), named('c')];
const idOf = (index: number): string => sampleRecord(index).id;
const end = (index: number): EndEntry => ({ kind: 'end', id: idOf(index), outcome: 'recovered' });
const ask = (counter: CounterSpec) => ({ counter, amount: 5n });
const claim = { scope: 'ws_1 createChatCompletion', key: 'k', bodyHash: 'h', expiresMs: NOW_MS + 1000 };

/** A store in memory, and everything that is asked of it. */
function openStore() {
  const runner = createTaskRunner(openBreakingDatabase().db);
  const asked: Statement[] = [];
  function* noting<Value>(task: SqlTask<Value>): SqlTask<Value> {
    let step = task.next();
    while (step.done !== true) {
      asked.push(step.value);
      step = task.next(yield step.value);
    }
    return step.value;
  }
  return {
    asked,
    commit: (...ops: readonly LedgerOp[]): void => {
      runner.drive(commitEntries(ops.map(toEntry), { nowMs: NOW_MS, known: new Set(), isWary: true }));
      asked.length = 0;
    },
    read: (entries: readonly LedgerEntry[], options: Partial<ReadOptions> = {}): LedgerRows =>
      runner.drive(noting(readRows(planReads(entries, true), { known: new Set(), ...options }))),
    /** The values of every statement that begins so. */
    valuesOf: (start: string) => asked.filter(({ sql }) => sql.startsWith(start)).map(({ values }) => values),
  };
}

const LOCKS = 'SELECT id, kind, scope_id';
const MAKES = 'INSERT INTO counter';

describe('what is planned', () => {
  const isEmpty = { specs: new Map(), counterIds: new Set(), holdIds: new Set(), requestIds: new Set(), nodeIds: new Set(), keys: new Map(), endedIds: [] };

  test('a hold looks for itself, its node, every counter of its options, the leases it gives back, and its key', () => {
    const giveBack = [{ leaseId: 'lease_1', counterId: c.id, amount: 1n }];
    expect(planReads([toEntry(holdOp(1, [], { options: [[ask(a)], [ask(b)]], giveBack, idempotency: claim }))], false)).toMatchObject({
      ...isEmpty, specs: new Map([[a.id, a], [b.id, b]]), counterIds: new Set([a.id, b.id, c.id]), holdIds: new Set([idOf(1), 'lease_1']),
      requestIds: new Set([idOf(1)]), nodeIds: new Set(['node_1']), keys: new Map([[`${claim.scope}\nk`, { scope: claim.scope, key: 'k' }]]),
    });
  });

  test('a settlement that says it is the first word of its request is believed, but by the wary; what has no lease looks for none', () => {
    const entries = [toEntry(settleOp(usedRecord(1, {}), [ask(a)], { isFirstWord: true }))];
    const counters = { specs: new Map([[a.id, a]]), counterIds: new Set([a.id]) };
    expect(planReads(entries, false)).toMatchObject({ ...isEmpty, ...counters });
    expect(planReads(entries, true)).toMatchObject({ ...isEmpty, ...counters, requestIds: new Set([idOf(1)]), holdIds: new Set([idOf(1)]) });
    expect(planReads([toEntry(settleOp(usedRecord(1, {}), [], { isFirstWord: false }))], false)).toMatchObject({ ...isEmpty, requestIds: new Set([idOf(1)]), holdIds: new Set([idOf(1)]) });
  });

  test('a note and what is given back touch no request, a journal and a lease need their node', () => {
    expect(planReads([toEntry({ kind: 'observe', id: idOf(1), record: usedRecord(1, {}) })], false)).toMatchObject({ ...isEmpty, holdIds: new Set([idOf(1)]) });
    expect(planReads([{ kind: 'give_back', changes: [{ leaseId: 'lease_1', counterId: a.id, amount: 1n }] }], false)).toMatchObject({
      ...isEmpty, counterIds: new Set([a.id]), holdIds: new Set(['lease_1']),
    });
    const counters = { specs: new Map([[a.id, a]]), counterIds: new Set([a.id]), nodeIds: new Set(['node_1']) };
    expect(planReads([toEntry(journalOp(1, [{ leaseId: 'lease_1', ask: ask(a) }]))], false)).toMatchObject({
      ...isEmpty, ...counters, requestIds: new Set([idOf(1)]), holdIds: new Set([idOf(1), 'lease_1']),
    });
    expect(planReads([toEntry(leaseOp(a, 9n))], false)).toMatchObject({ ...isEmpty, ...counters, holdIds: new Set(['lease_1']) });
  });

  test('an end looks for its hold, and a counter is made as it was first described', () => {
    expect(planReads([end(1)], false)).toMatchObject({ ...isEmpty, requestIds: new Set([idOf(1)]), holdIds: new Set([idOf(1)]), endedIds: [idOf(1)] });
    const later = { ...a, cap: 5n, capRevision: 2 };
    expect(planReads([a, later].map((each, index) => toEntry(holdOp(index, [ask(each)]))), false).specs.get(a.id)).toBe(a);
  });
});

describe('the order of locks', () => {
  test('nodes are locked before counters, and both in the order of their ids, whatever the batch names first', () => {
    const { read, asked, valuesOf } = openStore();
    read([toEntry(holdOp(1, [ask(c), ask(a), ask(b)], { nodeId: 'node_2' })), toEntry(holdOp(2, [], { nodeId: 'node_1' }))]);
    expect(asked[0]?.sql).toContain('FROM node');
    expect(asked[0]?.values).toEqual(['node_1', 'node_2']);
    expect(valuesOf(LOCKS)).toEqual([[a.id, b.id, c.id, c.id]]);
  });

  test('counters are made in that order too, and only those that are not there', () => {
    const { commit, read, valuesOf } = openStore();
    const entries = [toEntry(holdOp(1, [ask(c), ask(a), ask(b), ask(named('d'))]))];
    commit(holdOp(9, [ask(named('d'))]));
    const { counters } = read(entries);
    expect(valuesOf(MAKES).flat().filter((value) => String(value).startsWith('q:'))).toEqual([a.id, b.id, c.id]);
    expect(counters.map(({ id, cap, held }) => [id, cap, held])).toEqual([[a.id, 1000n, 0n], [b.id, 1000n, 0n], [c.id, 1000n, 0n], [named('d').id, 1000n, 5n]]);
    read(entries);
    expect(valuesOf(MAKES)).toHaveLength(2);
  });

  test('the counters of a hold that others end are locked with the rest, at once', () => {
    const { commit, read, valuesOf } = openStore();
    commit(holdOp(1, [ask(c), ask(a)]));
    const { holds } = read([end(1), toEntry(holdOp(2, [ask(b)]))]);
    expect(valuesOf(LOCKS)).toEqual([[a.id, b.id, c.id, c.id]]);
    expect(holds).toMatchObject([{ id: idOf(1), lines: new Map([[c.id, 5n], [a.id, 5n]]) }]);
    expect(holds[0]?.draft).not.toBeNull();
  });

  test('a counter that only a hold knows of is locked when that is found, and the hold is read again behind that lock', () => {
    const { commit, read, asked, valuesOf } = openStore();
    commit(holdOp(1, [ask(b), ask(a)]));
    const settlement = toEntry(settleOp(usedRecord(1, {}), [ask(b)]));
    const { counters, holds } = read([settlement, toEntry(settleOp(usedRecord(2, {}), []))]);
    expect(valuesOf(LOCKS)).toEqual([[b.id], [a.id]]);
    expect(counters.map(({ id }) => id)).toEqual([b.id, a.id]);
    expect(holds).toMatchObject([{ id: idOf(1) }]);
    expect(valuesOf('SELECT hold_id')).toEqual([[idOf(1)], [idOf(1)]]);
    expect(asked.at(-1)?.sql).toContain('FROM hold_line');
  });

  test('nothing is read twice of a hold whose counters are all known', () => {
    const { commit, read, valuesOf } = openStore();
    commit(holdOp(1, [ask(a)]));
    const { keys, settled } = read([toEntry(settleOp(usedRecord(1, {}), [ask(a)]))]);
    expect(valuesOf(LOCKS)).toEqual([[a.id]]);
    expect(valuesOf('SELECT hold_id')).toEqual([[idOf(1)]]);
    expect(keys).toEqual([]);
    expect(settled).toEqual(new Set());
  });
});

describe('what is read ahead', () => {
  const first = toEntry(holdOp(1, [ask(b), ask(a)], { idempotency: claim }));
  const second = toEntry(settleOp(usedRecord(2, {}), [], { lines: [settleLine(usedRecord(2, {}), ask(a), 'lease_1')] }));
  const known = new Set([a.id, b.id]);

  test('is everything that will be asked, in its order, whatever is found', () => {
    const { commit, read, asked } = openStore();
    commit(holdOp(2, [ask(a)]), holdOp(3, [ask(b)]));
    const announced: Statement[] = [];
    read([first, second], { known, ahead: (statements) => { announced.push(...statements); } });
    expect(announced).toEqual(asked);
    expect(asked.map(({ sql }) => /FROM (\w+)/.exec(sql)?.[1])).toEqual(['node', 'counter', 'hold', 'hold_line', 'usage_event', 'idem']);
    expect(asked.at(-1)?.values).toEqual([claim.scope, 'k']);
  });

  test('is nothing when a counter must be made, or only a hold knows what it touches', () => {
    const { commit, read } = openStore();
    commit(holdOp(2, [ask(a)]), holdOp(3, [ask(b)]));
    const ahead = (): never => { throw new Error('what will be asked is not known yet'); };
    expect(read([first], { known: new Set([a.id]), ahead }).counters).toHaveLength(2);
    expect(read([first, end(2)], { known, ahead }).holds).toHaveLength(1);
    expect(read([end(2)], { ahead }).holds).toHaveLength(1);
  });

  test('counters that are known are not looked for, and without a long way to the store holds that are not there have no lines', () => {
    const { commit, read, valuesOf } = openStore();
    commit(holdOp(2, [ask(a)]), holdOp(3, [ask(b)]));
    read([first], { known });
    expect(valuesOf('SELECT id FROM counter')).toEqual([]);
    expect(valuesOf('SELECT hold_id')).toEqual([]);
  });
});
