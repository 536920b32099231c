/** This file shows what a request does with what the store answers to its hold, answers no store should give included. */
import { describe, expect, test } from '@jest/globals';
import { createManualClock } from '../foundation/clock.ts';
import type { Ask, Denial, LedgerAnswer, LedgerOp } from '../foundation/ledger.ts';
import { sampleRecord } from '../store/sample-rows.ts';
import { placeHold } from './ledger-hold.ts';
import type { HoldDesk } from './ledger-hold.ts';
import type { Leases, Spares } from './leases.ts';

const counter: Ask['counter'] = { id: 'wallet:ws_1', kind: 'wallet', scopeId: 'ws_1', unit: 'nusd', period: '', cap: 100n, capRevision: 0 } as unknown as Ask['counter'];
const ask: Ask = { counter, amount: 5n };
const denial = { ask, cap: 100n, used: 100n, held: 0n } as unknown as Denial;
const request = { requestId: 'req_1', options: [[ask]], makeDraft: () => sampleRecord(1), idempotency: null };
const LIMITS = { holdMs: 600_000, contendedMs: 200 };

/** A desk whose store gives these answers in turn, and the last of them for ever. */
function setUp(answers: readonly (LedgerAnswer | Error)[]) {
  const clock = createManualClock();
  const ops: LedgerOp[] = [];
  const restored: Spares[] = [];
  const wanted: unknown[] = [];
  const spares: Spares = { taken: [], isExact: true };
  const leases = {
    spare: () => spares, restore: (back: Spares) => { restored.push(back); }, want: (asks: unknown) => { wanted.push(asks); },
  } as unknown as Leases;
  const store: HoldDesk['store'] = {
    apply(op, done) {
      const answer = answers[Math.min(ops.length, answers.length - 1)];
      ops.push(op);
      if (answer instanceof Error) done(answer, null);
      else if (answer) done(null, answer);
      else done(null, null);
    },
  };
  const desk: HoldDesk = { store, clock, limits: LIMITS, leases, node: { id: 'node_1' }, waiting: 0 };
  return { clock, ops, restored, wanted, desk, placed: placeHold(desk, request) };
}

const settled = async (): Promise<void> => { for (let turn = 0; turn < 10; turn++) await Promise.resolve(); };

describe('a hold', () => {
  test('says how long it may last, and whose it is', async () => {
    const { clock, ops, placed, wanted } = setUp([{ kind: 'granted', option: 0, rooms: [null] }]);
    expect(await placed).toMatchObject({ kind: 'placed', placing: { option: 0 } });
    expect(ops).toMatchObject([{ kind: 'hold', id: 'req_1', nodeId: 'node_1', nowMs: clock.now(), expiresMs: clock.now() + LIMITS.holdMs, draft: sampleRecord(1) }]);
    expect(wanted).toEqual([[ask]]);
  });

  test.each<LedgerAnswer>([{ kind: 'unanswered' }, { kind: 'other_body' }])('hands on that the idempotency key is taken: %p', async (answer) => {
    expect(await setUp([answer]).placed).toEqual(answer);
  });

  test('is denied at once where nobody else has leased what it needs', async () => {
    const { ops, placed } = setUp([{ kind: 'denied', denials: [denial] }]);
    expect(await placed).toEqual({ kind: 'denied', denials: [denial] });
    expect(ops).toHaveLength(1);
  });

  test('waits for other gateways until its time is over, to the millisecond', async () => {
    const { clock, ops, placed, desk } = setUp([{ kind: 'contended', denials: [denial] }]);
    for (const asked of [1, 2, 3, 4]) {
      await settled();
      expect(ops).toHaveLength(asked);
      expect(desk.waiting).toBe(1);
      clock.advance(50);
    }
    expect(await placed).toEqual({ kind: 'denied', denials: [denial] });
    expect(ops).toHaveLength(5);
    expect(desk.waiting).toBe(0);
  });

  test.each<[string, LedgerAnswer | Error, RegExp]>([
    ['the answer to another question', { kind: 'done' }, /answered with done/],
    ['a lease', { kind: 'leased' } as unknown as LedgerAnswer, /answered with leased/],
    ['a failure', new Error('the disk is full'), /disk is full/],
  ])('%s is thrown, and what was taken from leases is put back', async (_name, answer, message) => {
    const { placed, restored } = setUp([answer]);
    await expect(placed).rejects.toThrow(message);
    expect(restored).toHaveLength(1);
  });

  test('an option that was never offered, and an id that was held before, are thrown', async () => {
    await expect(setUp([{ kind: 'granted', option: 3, rooms: [] }]).placed).rejects.toThrow(/option 3 of 1/);
    await expect(setUp([{ kind: 'duplicate' }]).placed).rejects.toThrow(/held before/);
  });
});
