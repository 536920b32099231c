/** This file tests commits against faults of the disk, of rows and of the process, on a real SQLite file. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { CounterSpec, LedgerOp } from '../foundation/ledger.ts';
import { ledgerCalls } from './calls/ledger-calls.ts';
import { migrate } from './migrate.ts';
import { evidenceColumns, RECORD_WIDTH, usageColumns } from './record-rows.ts';
import { sampleRecord, sampleSettle } from './sample-rows.ts';
import { pushOp } from './sqlite-batch.ts';
import type { BatchValue } from './sqlite-batch.ts';
import { createCommit } from './sqlite-commit.ts';
import type { Commit } from './sqlite-commit.ts';
import { createTaskRunner } from './sqlite-run-task.ts';

const ROWS = 200;
const SETTLE_WIDTH = RECORD_WIDTH + 2;
const tables = ['usage_event', 'request_log', 'transfer', 'counter', 'hold', 'hold_line', 'idem'];
let folder: string;
let db: DatabaseSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interline-commit-'));
  db = new DatabaseSync(join(folder, 'interline.db'));
  db.exec('PRAGMA journal_mode = WAL');
  migrate(db, 0);
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

const open = (): Commit => createCommit(db, createTaskRunner(db));
const batchOf = (ops: readonly LedgerOp[]): BatchValue[] => {
  const batch: BatchValue[] = [1000];
  for (const op of ops) pushOp(batch, op);
  return batch;
};
const settles = (from: number, count: number): LedgerOp[] => Array.from({ length: count }, (_, index) => sampleSettle(sampleRecord(from + index)));
const countRows = (...names: string[]): unknown[] => names.map((table) => db.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get()?.['n']);
const everything = (): unknown => tables.map((table) => db.prepare(`SELECT * FROM ${table}`).all());
const NOTHING = { kind: 'batch', answers: [], failures: [] };

const wallet: CounterSpec = { id: 'w:ws_1', kind: 'wallet', scopeId: 'ws_1', unit: 'nusd', period: 'all', cap: null, capRevision: 0 };
const quota: CounterSpec = { id: 'q:ws_1:pro:2026-11-21', kind: 'quota', scopeId: 'ws_1', unit: 'msg', period: '2026-11-21', cap: 100n, capRevision: 1 };
const hold = (index: number, key: string | null): LedgerOp => ({
  kind: 'hold', id: sampleRecord(index).id, nodeId: 'node_1', options: [[{ counter: quota, amount: 2n }, { counter: wallet, amount: 5000n }]], giveBack: [],
  draft: sampleRecord(index, { payer: 'balance' }), nowMs: 1000, expiresMs: 2000,
  idempotency: key === null ? null : { scope: 'ws_1 createChatCompletion', key, bodyHash: 'h', expiresMs: 5000 },
});
const settle = (index: number): LedgerOp => sampleSettle(sampleRecord(index, { payer: 'balance' }), [
  { counter: quota, asked: 2n, actual: 1n, leaseId: null }, { counter: wallet, asked: 5000n, actual: 1000n, leaseId: null },
]);

describe('a commit', () => {
  test('on a full disk fails every row as the store\'s fault, writes nothing, and works again once there is room', () => {
    const commit = open();
    expect(commit(batchOf(settles(0, 1)))).toEqual(NOTHING);
    const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
    db.exec(`PRAGMA max_page_count = ${pages + 1}`);
    const { failures } = commit(batchOf(settles(1, ROWS)));
    expect(failures).toHaveLength(ROWS);
    expect(failures.every((failure) => failure.kind === 'unavailable' && failure.message.includes('full'))).toBe(true);
    expect(countRows('usage_event', 'request_log')).toEqual([1, 1]);
    db.exec('PRAGMA max_page_count = 100000');
    expect(commit(batchOf(settles(1, ROWS)))).toEqual(NOTHING);
    expect(countRows('usage_event', 'request_log')).toEqual([ROWS + 1, ROWS + 1]);
  });

  test('whose row is refused in the second table leaves no half of it in the first', () => {
    const batch = batchOf(settles(0, 3));
    // A column of request_log of the record in the middle that must be a whole number.
    batch[1 + SETTLE_WIDTH + usageColumns.length + evidenceColumns.indexOf('attempt_us')] = 'soon';
    expect(open()(batch).failures).toMatchObject([{ index: 1, kind: 'fault' }]);
    expect(countRows('usage_event', 'request_log')).toEqual([2, 2]);
  });

  test('of entries that cannot even be read or bound names them and does the others', () => {
    const batch = batchOf(settles(0, 4));
    batch[2] = 2n ** 80n;
    batch[1 + SETTLE_WIDTH + RECORD_WIDTH] = '[["q:1","no such kind"]]';
    expect(open()(batch).failures).toMatchObject([{ index: 1, kind: 'fault' }, { index: 0, kind: 'fault' }]);
    expect(countRows('usage_event', 'request_log')).toEqual([2, 2]);
  });

  test('with a refused row in it still decides the holds beside it, one after the other', () => {
    const commit = open();
    const poison = sampleSettle(sampleRecord(9, { usage: { ...sampleRecord(9).usage, completionTokens: -1 } }));
    const big = { ...quota, cap: 3n };
    const small = (index: number): LedgerOp => ({ ...hold(index, null), kind: 'hold', options: [[{ counter: big, amount: 2n }]] } as LedgerOp);
    const { answers, failures } = commit(batchOf([small(1), poison, small(2)]));
    expect(failures).toMatchObject([{ index: 1 }]);
    expect(answers).toMatchObject([[0, { kind: 'granted', rooms: [1n] }], [2, { kind: 'denied', denials: [{ cap: 3n, held: 2n }] }]]);
  });

  test('that breaks off at any of its statements has written nothing, and does it all when it is run again', () => {
    const prepare = db.prepare.bind(db);
    let untilBroken = Number.POSITIVE_INFINITY;
    db.prepare = (sql: string) => {
      const statement = prepare(sql);
      const all: (...values: SQLInputValue[]) => Record<string, SQLOutputValue>[] = statement.all.bind(statement);
      return Object.assign(statement, {
        all: (...values: SQLInputValue[]) => {
          if (untilBroken-- <= 0) throw Object.assign(new Error('the disk is gone'), { errcode: 10 });
          return all(...values);
        },
      });
    };
    const commit = open();
    db.exec("INSERT INTO counter (id, kind, scope_id, unit, period, cap) VALUES ('w:ws_1', 'wallet', 'ws_1', 'nusd', 'all', 1000000)");
    commit(batchOf([hold(1, 'first'), hold(2, null), hold(3, null)]));
    const before = everything();
    const batch = batchOf([settle(1), settle(2), hold(4, 'second'), { kind: 'observe', id: sampleRecord(3).id, record: sampleRecord(3, { status: 299 }) }, hold(5, null)]);
    let breaks = 0;
    for (;; breaks++) {
      untilBroken = breaks;
      const { failures } = commit(batch);
      untilBroken = Number.POSITIVE_INFINITY;
      if (failures.length === 0) break;
      expect(failures).toHaveLength(5);
      expect(everything()).toEqual(before);
    }
    expect(breaks).toBeGreaterThan(10);
    expect(createTaskRunner(db).run(ledgerCalls.checkLedger).filter(({ invariant }) => invariant !== 'I4')).toEqual([]);
    expect(countRows('usage_event', 'request_log', 'transfer', 'hold', 'idem')).toEqual([2, 2, 2, 3, 1]);
  });
});
