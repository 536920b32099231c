/** This file shows what the book of one batch keeps: only what has changed is written, and what one entry changes the next one sees. */
import { describe, expect, test } from '@jest/globals';
import { LedgerBook } from './ledger-book.ts';
import type { CounterRow, HoldRow, KeyUse, LedgerRows } from './ledger-rows.ts';
import { quota, wallet } from './ledger-samples.ts';

const day = quota(100n);
const purse = wallet();
const key: KeyUse = {
  scope: 'ws_1 createChatCompletion', key: 'k', bodyHash: 'h', requestId: 'req_1', state: 'open', status: null, contentType: null, body: null, expiresMs: 1,
};

function counterRow(changes: Partial<CounterRow> = {}): CounterRow {
  return { ...day, used: 0n, held: 0n, recallMs: 0, ...changes };
}

function request(changes: Partial<HoldRow> = {}): HoldRow {
  return {
    id: 'req_1', kind: 'req', nodeId: 'node_1', counterId: null, draft: 'a draft', idempotency: null, createdMs: 0, expiresMs: 1, lines: new Map([[day.id, 5n]]),
    ...changes,
  };
}

function lease(amount: bigint, changes: Partial<HoldRow> = {}): HoldRow {
  return request({ id: 'lease_1', kind: 'lease', counterId: day.id, draft: null, lines: new Map([[day.id, amount]]), ...changes });
}

function open(changes: Partial<LedgerRows> = {}): LedgerBook {
  return new LedgerBook({ counters: [counterRow()], holds: [], settled: new Set(), keys: [], nodes: new Set(), leased: new Map(), ...changes });
}

const nothing = {
  counters: [], newHolds: [], drafts: [], changedLines: [], endedHolds: [], usage: [], evidence: [], transfers: [], newKeys: [], finishedKeys: [], freedKeys: [],
};

function holdOf(book: LedgerBook, id: string) {
  const hold = book.hold(id);
  if (!hold) throw new Error(`there is no hold ${id}`);
  return hold;
}

describe('what is written', () => {
  test('nothing, of what was only read', () => {
    expect(open({ holds: [request(), lease(9n)], keys: [key] }).writes()).toEqual(nothing);
  });

  test('of what takes nothing, nothing: no counter is moved and no line of a hold changed', () => {
    const book = open({ holds: [lease(9n)] });
    expect(book.takeFromLease('lease_1', day.id, 0n)).toBe(0n);
    expect(book.takeFromLease('lease_1', day.id, -3n)).toBe(0n);
    book.open(request({ id: 'req_2', lines: new Map([[day.id, 0n]]) }));
    expect(book.writes()).toMatchObject({ ...nothing, newHolds: [{ id: 'req_2' }] });
  });

  test('a new hold whole, and not once more as a change', () => {
    const book = open();
    book.open(lease(9n));
    book.takeFromLease('lease_1', day.id, 4n);
    expect(book.writes()).toMatchObject({ ...nothing, counters: [{ held: 5n }], newHolds: [{ id: 'lease_1', lines: new Map([[day.id, 5n]]) }] });
  });

  test('no trace of a hold that is opened and ended in one batch, but of its counter', () => {
    const book = open();
    book.open(request());
    book.end(holdOf(book, 'req_1'));
    expect(book.writes()).toMatchObject({ ...nothing, counters: [{ id: day.id, held: 0n }] });
  });

  test('a key is finished, taken over from another request, or freed, each by its own name', () => {
    const done: KeyUse = { ...key, state: 'done', status: 200 };
    const finished = open({ keys: [key] });
    finished.setKey(done);
    expect(finished.writes()).toEqual({ ...nothing, finishedKeys: [done] });
    const takenOver = open({ keys: [key] });
    const next: KeyUse = { ...key, requestId: 'req_2' };
    takenOver.setKey(next);
    expect(takenOver.writes()).toEqual({ ...nothing, newKeys: [next], freedKeys: [{ scope: key.scope, key: 'k', requestId: 'req_1' }] });
  });

  test('a key that is freed by somebody else\'s request stays, and one that is freed twice is freed once', () => {
    const book = open({ keys: [key] });
    book.freeKey(key.scope, 'k', 'req_2');
    expect(book.keyUse(key.scope, 'k')).toEqual(key);
    expect(book.writes()).toEqual(nothing);
    book.freeKey(key.scope, 'k', 'req_1');
    book.freeKey(key.scope, 'k', 'req_1');
    expect(book.keyUse(key.scope, 'k')).toBeNull();
    expect(book.writes()).toEqual({ ...nothing, freedKeys: [{ scope: key.scope, key: 'k', requestId: 'req_1' }] });
  });
});

describe('counters', () => {
  test('one that was not read is a fault, and never one of which everything is free', () => {
    expect(() => open().counter('q:nobody')).toThrow('q:nobody');
    expect(() => { open({ counters: [] }).open(request()); }).toThrow(day.id);
  });

  test('the first cap of a revision stays', () => {
    const book = open();
    expect(book.see({ ...day, cap: 7n })).toMatchObject({ cap: 100n });
    expect(book.writes()).toEqual(nothing);
    expect(book.see({ ...day, cap: 7n, capRevision: 2 })).toMatchObject({ cap: 7n, capRevision: 2 });
  });

  test('the cap of a wallet is what was credited to it, whatever anybody says', () => {
    const book = open({ counters: [{ ...purse, cap: 500n, used: 0n, held: 0n, recallMs: 0 }] });
    expect(book.see({ ...purse, cap: 9_000_000n, capRevision: 7 })).toMatchObject({ cap: 500n, capRevision: 0 });
    expect(book.writes()).toEqual(nothing);
  });
});

describe('leases', () => {
  test('nothing is taken out of what is no lease of this counter', () => {
    const book = open({ holds: [request(), lease(9n)] });
    expect(book.takeFromLease('req_1', day.id, 5n)).toBe(0n);
    expect(book.takeFromLease('lease_1', 'q:other', 5n)).toBe(0n);
    expect(book.takeFromLease('lease_9', day.id, 5n)).toBe(0n);
    expect(book.writes()).toEqual(nothing);
  });

  test('one with nothing in it is over, and what it held is free', () => {
    const book = open({ counters: [counterRow({ held: 9n })], holds: [lease(9n)] });
    expect(book.takeFromLease('lease_1', day.id, 4n)).toBe(4n);
    expect(book.writes()).toMatchObject({ ...nothing, counters: [{ held: 5n }], changedLines: [{ holdId: 'lease_1', counterId: day.id, amount: 5n }] });
    expect(book.takeFromLease('lease_1', day.id, 6n)).toBe(5n);
    expect(book.hold('lease_1')).toBeNull();
    expect(book.writes()).toMatchObject({ ...nothing, counters: [{ held: 0n }], endedHolds: ['lease_1'] });
  });

  test('what others lease is what they leased before, and what this batch has given and taken since', () => {
    const theirs = lease(9n, { nodeId: 'node_2' });
    const leased = new Map([[day.id, new Map([['node_1', 50n], ['node_2', 9n]])]]);
    const book = open({ counters: [counterRow({ held: 59n })], holds: [theirs], leased });
    const byOthers = (): bigint | null => book.leasedByOthers(day.id, 'node_1');
    expect(byOthers()).toBe(9n);
    book.takeFromLease('lease_1', day.id, 2n);
    expect(byOthers()).toBe(7n);
    book.open(lease(20n, { id: 'lease_3', nodeId: 'node_3' }));
    book.open(request({ id: 'req_2', nodeId: 'node_3' }));
    expect(byOthers()).toBe(27n);
    book.end(holdOf(book, 'req_2'));
    book.end(holdOf(book, 'lease_3'));
    expect(byOthers()).toBe(7n);
    expect(leased.get(day.id)?.get('node_2')).toBe(9n);
    expect([...book.unseenLeases]).toEqual([]);
  });

  test('that nobody has looked what others lease is not the same as nothing', () => {
    const book = open();
    expect(book.leasedByOthers(day.id, 'node_1')).toBeNull();
    expect([...book.unseenLeases]).toEqual([day.id]);
  });
});
