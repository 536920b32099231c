/** This file is what every Store must do with idempotency keys: one request for each, its reply for every repetition. */
import { expect, test } from '@jest/globals';
import type { KeptReply } from '../foundation/ledger.ts';
import { holdOp, NOW_MS, quota, settleOp, usedRecord, readCounter } from './ledger-samples.ts';
import { sampleRecord } from './sample-rows.ts';
import { apply, TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';
import type { Store } from './store.ts';

const asks = [{ counter: quota(100n), amount: 5n }];
const claim = { scope: 'ws_1 createChatCompletion', key: 'key-1', bodyHash: 'hash', expiresMs: NOW_MS + 1000 };
const { scope, key } = claim;

function replyOf(index: number, changes: Partial<KeptReply> = {}): KeptReply {
  return { status: 200, contentType: 'application/json', body: '{"text":"\u00c3\u00a9"}', requestId: sampleRecord(index).id, ...changes };
}

export function describeIdempotency(withPlace: WithPlace): void {
  describeReplays(withPlace);
  describeFreedKeys(withPlace);
}

function describeReplays(withPlace: WithPlace): void {
  test('a key in use is told apart from one that was answered, and from one used for another body', withPlace(async (open) => {
    const store = await open();
    expect(await apply(store, holdOp(1, asks, { idempotency: claim }))).toMatchObject({ kind: 'granted' });
    expect(await apply(store, holdOp(2, asks, { idempotency: claim }))).toEqual({ kind: 'unanswered' });
    expect(await apply(store, holdOp(2, asks, { idempotency: { ...claim, bodyHash: 'other' } }))).toEqual({ kind: 'other_body' });
    expect(await apply(store, holdOp(3, asks, { idempotency: { ...claim, scope: 'ws_2 createChatCompletion' } }))).toMatchObject({ kind: 'granted' });
    await apply(store, settleOp(usedRecord(1, {}), asks, { idempotency: { scope, key, reply: replyOf(1) } }));
    expect(await apply(store, holdOp(4, asks, { idempotency: claim }))).toEqual({ kind: 'answered', reply: replyOf(1) });
    expect(await apply(store, holdOp(4, asks, { idempotency: { ...claim, bodyHash: 'other' } }))).toEqual({ kind: 'other_body' });
    expect(await readCounter(store, quota(0n).id)).toEqual({ cap: 100n, used: 1n, held: 5n });
    expect(await store.checkLedger()).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a reply that was not kept is remembered as one that was given', withPlace(async (open) => {
    const store = await open();
    await apply(store, holdOp(1, asks, { idempotency: claim }));
    await apply(store, settleOp(usedRecord(1, {}), asks, { idempotency: { scope, key, reply: replyOf(1, { body: null, status: 502 }) } }));
    expect(await apply(store, holdOp(2, asks, { idempotency: claim }))).toEqual({ kind: 'answered', reply: replyOf(1, { body: null, status: 502 }) });
  }), TEST_TIMEOUT_MS);

  test('of callers on two stores with one key, one gets in', withPlace(async (open) => {
    const stores = [await open(), await open()];
    // No counter in common, over which they would wait for each other.
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => apply(stores[index % 2] as Store, holdOp(index, [], { idempotency: claim }))));
    expect(answers.filter((answer) => answer.kind === 'granted')).toHaveLength(1);
    expect(answers.filter((answer) => answer.kind === 'unanswered')).toHaveLength(39);
  }), TEST_TIMEOUT_MS);

  test('two with one key in the same batch are one request', withPlace(async (open) => {
    const store = await open();
    const answers = await Promise.all([
      apply(store, holdOp(1, asks, { idempotency: claim })), apply(store, holdOp(2, asks, { idempotency: claim })),
      apply(store, settleOp(usedRecord(1, {}), asks, { idempotency: { scope, key, reply: replyOf(1) } })), apply(store, holdOp(3, asks, { idempotency: claim })),
    ]);
    expect(answers.map((answer) => answer.kind)).toEqual(['granted', 'unanswered', 'done', 'answered']);
    expect(await apply(store, holdOp(4, asks, { idempotency: claim }))).toEqual({ kind: 'answered', reply: replyOf(1) });
  }), TEST_TIMEOUT_MS);
}

function describeFreedKeys(withPlace: WithPlace): void {
  test('a key is free again when its request bought nothing, and only its own request can free it', withPlace(async (open) => {
    const store = await open();
    await apply(store, holdOp(1, asks, { idempotency: claim }));
    await store.forgetIdempotency(scope, key, sampleRecord(9).id);
    expect(await apply(store, holdOp(2, asks, { idempotency: claim }))).toEqual({ kind: 'unanswered' });
    await apply(store, settleOp(usedRecord(1, { messages: 0 }, { basis: 'none' }), asks, { idempotency: { scope, key, reply: null } }));
    expect(await apply(store, holdOp(3, asks, { idempotency: claim }))).toMatchObject({ kind: 'granted' });
    await store.forgetIdempotency(scope, key, sampleRecord(3).id);
    expect(await apply(store, holdOp(4, asks, { idempotency: claim }))).toMatchObject({ kind: 'granted' });
    await apply(store, settleOp(usedRecord(4, {}), asks, { idempotency: { scope, key, reply: replyOf(4) } }));
    await store.forgetIdempotency(scope, key, sampleRecord(4).id);
    expect(await apply(store, holdOp(5, asks, { idempotency: claim }))).toMatchObject({ kind: 'answered' });
  }), TEST_TIMEOUT_MS);

  test('a denied hold leaves its key free', withPlace(async (open) => {
    const store = await open();
    expect(await apply(store, holdOp(1, [{ counter: quota(100n), amount: 101n }], { idempotency: claim }))).toMatchObject({ kind: 'denied' });
    expect(await apply(store, holdOp(2, asks, { idempotency: { ...claim, bodyHash: 'other' } }))).toMatchObject({ kind: 'granted' });
  }), TEST_TIMEOUT_MS);

  test('a key past its time is taken over, and the settlement of the one before leaves it alone', withPlace(async (open) => {
    const store = await open();
    await apply(store, holdOp(1, asks, { idempotency: claim }));
    const later = { ...claim, expiresMs: NOW_MS + 9000, bodyHash: 'other' };
    expect(await apply(store, holdOp(2, asks, { idempotency: later, nowMs: NOW_MS + 1000 }))).toMatchObject({ kind: 'granted' });
    await apply(store, settleOp(usedRecord(1, {}), asks, { idempotency: { scope, key, reply: replyOf(1) } }));
    expect(await apply(store, holdOp(3, asks, { idempotency: later }))).toEqual({ kind: 'unanswered' });
    await store.sweep(NOW_MS + 9000);
    expect(await apply(store, holdOp(4, asks, { idempotency: claim }))).toMatchObject({ kind: 'granted' });
  }), TEST_TIMEOUT_MS);
}
