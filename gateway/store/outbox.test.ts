/** This file tests the outbox on real files: order, what survives, and who may read it. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LedgerOp, SettleOp } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import { openOutbox } from './outbox.ts';
import { decodeOp, encodeOp } from './outbox-op.ts';
import { sampleRecord, sampleSettle } from './sample-rows.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'interline-outbox-')); });
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

const settle = (index: number): SettleOp => sampleSettle(sampleRecord(index));

describe('the outbox', () => {
  test('makes no file before something must wait', () => {
    const outbox = openOutbox(folder);
    expect(outbox.isEmpty).toBe(true);
    expect(outbox.first(10)).toEqual([]);
    outbox.append([]);
    outbox.close();
    expect(existsSync(join(folder, 'outbox.db'))).toBe(false);
  });

  test('gives back what was put in, in order, also after it was opened again', () => {
    const first = openOutbox(join(folder, 'made', 'for', 'it'));
    first.append([settle(1), settle(2)]);
    first.append([settle(3)]);
    expect(first.isEmpty).toBe(false);
    first.close();
    const second = openOutbox(join(folder, 'made', 'for', 'it'));
    expect(second.isEmpty).toBe(false);
    expect(second.first(2).map(({ op }) => op)).toEqual([settle(1), settle(2)]);
    second.drop(second.first(2));
    expect(second.first(2).map(({ op }) => op)).toEqual([settle(3)]);
    second.drop(second.first(2));
    expect(second.first(2)).toEqual([]);
    expect(second.isEmpty).toBe(true);
    second.close();
  });

  test('keeps its order for what comes while the rest is carried over', () => {
    const outbox = openOutbox(folder);
    outbox.append([settle(1), settle(2)]);
    const carried = outbox.first(1);
    outbox.append([settle(3)]);
    outbox.drop(carried);
    expect(outbox.first(10).map(({ op }) => op)).toEqual([settle(2), settle(3)]);
    outbox.close();
  });

  test('of two processes on one folder loses nothing of either', () => {
    const here = openOutbox(folder);
    const there = openOutbox(folder);
    here.append([settle(1)]);
    there.append([settle(2)]);
    const seen = here.first(10);
    expect(seen.map(({ op }) => op)).toEqual([settle(1), settle(2)]);
    there.append([settle(3)]);
    here.drop(seen);
    expect(there.first(10).map(({ op }) => op)).toEqual([settle(3)]);
    here.close();
    there.close();
  });

  test('keeps what the database refused for people to look at, out of the way of the rest', () => {
    const outbox = openOutbox(folder);
    outbox.append([settle(1), settle(2)]);
    const [poison] = outbox.first(1);
    if (!poison) throw new Error('nothing waits');
    outbox.refuse(poison, 'a row was refused: negative tokens');
    expect(outbox.first(10).map(({ op }) => op)).toEqual([settle(2)]);
    outbox.close();
    const db = new DatabaseSync(join(folder, 'outbox.db'));
    expect(db.prepare('SELECT refused FROM waiting WHERE refused IS NOT NULL').all()).toEqual([{ refused: 'a row was refused: negative tokens' }]);
    db.close();
  });

  test('adds all of a batch or nothing', () => {
    const outbox = openOutbox(folder);
    outbox.append([settle(1)]);
    const db = new DatabaseSync(join(folder, 'outbox.db'));
    db.exec("CREATE TRIGGER full BEFORE INSERT ON waiting WHEN NEW.op LIKE '%req_00000003%' BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    expect(() => { outbox.append([settle(2), settle(3)]); }).toThrow('disk full');
    expect(outbox.first(10).map(({ op }) => op)).toEqual([settle(1)]);
    db.close();
    outbox.close();
  });

  test('can be read by nobody else', () => {
    const outbox = openOutbox(folder);
    outbox.append([settle(1)]);
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(join(folder, `outbox.db${suffix}`)).mode & 0o777).toBe(0o600);
    outbox.close();
  });
});

describe('an operation as text', () => {
  const counter = { id: 'w:ws_1', kind: 'wallet', scopeId: 'ws_1', unit: 'nusd', period: 'all', cap: null, capRevision: 3 } as const;
  const record = sampleRecord(1, { charge: { messages: 1, nanoUsd: toNanoUsd(9_007_199_254_740_993_123n), priceVersion: '{"bigint":"7"}', isUnpriced: false }, finishReason: 'a "quoted"\n\u0000\ud83d\ude00' });
  const ops: LedgerOp[] = [
    sampleSettle(record, [{ counter, asked: 0n, actual: 9_007_199_254_740_993_123n, leaseId: null }, { counter: { ...counter, cap: -5n }, asked: 1n, actual: 0n, leaseId: 'lease_1' }]),
    { ...sampleSettle(record), idempotency: { scope: 's', key: 'k', reply: { status: 200, contentType: 'text/event-stream', body: '\u00e2\u0082\u00ac', requestId: 'req_1' } } },
    { kind: 'observe', id: 'req_1', record },
    { kind: 'give_back', changes: [{ leaseId: 'lease_1', counterId: 'w:ws_1', amount: 12n }] },
    { kind: 'journal', id: 'req_1', nodeId: 'node_1', lines: [{ leaseId: 'lease_1', ask: { counter, amount: 3n } }], record, nowMs: 1, expiresMs: 2 },
  ];

  test.each(ops)('comes back digit for digit and character for character: %#', (op) => {
    expect(decodeOp(encodeOp(op))).toEqual(op);
  });

  test('that no gateway has written is refused', () => {
    expect(() => decodeOp('{"kind":"toString"}')).toThrow(/no operation/);
    expect(() => decodeOp('[]')).toThrow(/no operation/);
  });
});
