/** This file tests commits against faults of the disk and of rows, on a real SQLite file. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { migrate } from './migrate.ts';
import { pushRecord, RECORD_WIDTH } from './record-rows.ts';
import type { RecordValue } from './record-rows.ts';
import { sampleRecord } from './sample-rows.ts';
import { createCommit } from './sqlite-commit.ts';

const ROWS = 200;
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

const batchOf = (from: number, count: number): RecordValue[] => {
  const batch: RecordValue[] = [];
  for (let index = from; index < from + count; index++) pushRecord(batch, sampleRecord(index));
  return batch;
};
const countRows = (): unknown[] => ['usage_event', 'request_log'].map((table) => db.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get()?.['n']);

describe('a commit', () => {
  test('on a full disk fails every row as the store\'s fault, writes nothing, and works again once there is room', () => {
    const commit = createCommit(db);
    expect(commit(batchOf(0, 1))).toEqual([]);
    const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
    db.exec(`PRAGMA max_page_count = ${pages + 1}`);
    const failures = commit(batchOf(1, ROWS));
    expect(failures).toHaveLength(ROWS);
    expect(failures.every((failure) => failure.isUnavailable && failure.message.includes('full'))).toBe(true);
    expect(countRows()).toEqual([1, 1]);
    db.exec('PRAGMA max_page_count = 100000');
    expect(commit(batchOf(1, ROWS))).toEqual([]);
    expect(countRows()).toEqual([ROWS + 1, ROWS + 1]);
  });

  test('whose row is refused in the second table leaves no half of it in the first', () => {
    const batch = batchOf(0, 3);
    // The last value of the row in the middle belongs to request_log, and must be a whole number.
    batch[2 * RECORD_WIDTH - 1] = 'soon';
    expect(createCommit(db)(batch)).toMatchObject([{ index: 1, isUnavailable: false }]);
    expect(countRows()).toEqual([2, 2]);
  });

  test('of rows that cannot even be bound names them and writes the others', () => {
    const batch = batchOf(0, 2);
    batch[1] = 2n ** 80n;
    expect(createCommit(db)(batch)).toMatchObject([{ index: 0, isUnavailable: false }]);
    expect(countRows()).toEqual([1, 1]);
  });
});
