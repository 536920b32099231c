/** This file is what every Store must do for the reply cache: found by its workspace only, never more than it has room for, and not for ever. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CachedReplyRow, CachedReplyWish } from './cached-reply-row.ts';
import { TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';
import type { Store } from './store.ts';

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const ROOM = 1000;

function sampleReply(id: string, changes: Partial<CachedReplyRow> = {}): CachedReplyRow {
  return {
    id, workspaceId: 'ws_1', kekId: 'k1', wrappedKey: new Uint8Array([1]), iv: new Uint8Array([2]), ciphertext: new Uint8Array([3]), tag: new Uint8Array([4]),
    bytes: 100, createdMs: NOW_MS, expiresMs: NOW_MS + DAY_MS, ...changes,
  };
}

function wish(id: string, changes: Partial<CachedReplyWish> = {}): CachedReplyWish {
  return { workspaceId: 'ws_1', id, nowMs: NOW_MS, ageMax: DAY_MS, ...changes };
}

async function idsOf(store: Store, workspaceId: string, ids: readonly string[]): Promise<string[]> {
  const found = await Promise.all(ids.map((id) => store.findReply(wish(id, { workspaceId }))));
  return found.flatMap((row) => row?.id ?? []);
}

export function describeCachedReplies(withPlace: WithPlace): void {
  test('a cached reply is read back as it was written, by its workspace, while it is young enough', withPlace(async (open) => {
    const store = await open();
    await store.keepReplies('ws_1', [sampleReply('a', { bytes: 7 })], ROOM);
    const found = await store.findReply(wish('a'));
    expect(found && { ...found, ciphertext: [...found.ciphertext], wrappedKey: [...found.wrappedKey], iv: [...found.iv], tag: [...found.tag] })
      .toEqual({ ...sampleReply('a', { bytes: 7 }), ciphertext: [3], wrappedKey: [1], iv: [2], tag: [4] });
    expect(await store.findReply(wish('a', { workspaceId: 'ws_2' }))).toBeNull();
    expect(await store.findReply(wish('b'))).toBeNull();
    expect(await store.findReply(wish('a', { nowMs: NOW_MS + DAY_MS, ageMax: 2 * DAY_MS }))).toBeNull();
    expect(await store.findReply(wish('a', { nowMs: NOW_MS + 1000, ageMax: 1000 }))).toBeNull();
    expect(await store.findReply(wish('a', { nowMs: NOW_MS + 999, ageMax: 1000 }))).not.toBeNull();
  }), TEST_TIMEOUT_MS);

  test('a cached reply takes the place of an earlier one, and the oldest make room for it', withPlace(async (open) => {
    const store = await open();
    const keep = (id: string, bytes: number, createdMs: number): Promise<void> => store.keepReplies('ws_1', [sampleReply(id, { bytes, createdMs })], ROOM);
    await keep('a', 400, NOW_MS - 30);
    await keep('b', 400, NOW_MS - 20);
    await keep('a', 500, NOW_MS - 10);
    expect(await idsOf(store, 'ws_1', ['a', 'b'])).toEqual(['a', 'b']);
    await keep('c', 200, NOW_MS - 5);
    expect(await idsOf(store, 'ws_1', ['a', 'b', 'c'])).toEqual(['a', 'c']);
    // One that alone is too large takes nothing away.
    await keep('d', ROOM + 1, NOW_MS - 4);
    expect(await idsOf(store, 'ws_1', ['a', 'c', 'd'])).toEqual(['a', 'c']);
    await store.keepReplies('ws_2', [sampleReply('a', { workspaceId: 'ws_2', bytes: ROOM })], ROOM);
    expect(await idsOf(store, 'ws_1', ['a', 'c'])).toEqual(['a', 'c']);
    // Less room than before, as after a change of the setting.
    await store.keepReplies('ws_1', [sampleReply('e', { bytes: 100 })], 300);
    expect(await idsOf(store, 'ws_1', ['a', 'c', 'e'])).toEqual(['c', 'e']);
  }), TEST_TIMEOUT_MS);

  test('cached replies go with their time, or all of a workspace at once', withPlace(async (open) => {
    const store = await open();
    const ids = Array.from({ length: 250 }, (_, index) => `r${index}`);
    await store.keepReplies('ws_1', ids.map((id, index) => sampleReply(id, { bytes: 1, expiresMs: NOW_MS + index })), ROOM);
    await store.keepReplies('ws_2', [sampleReply('other', { workspaceId: 'ws_2', expiresMs: NOW_MS })], ROOM);
    let expired = 0;
    for (let some = await store.expireReplies(NOW_MS + 149); some > 0; some = await store.expireReplies(NOW_MS + 149)) expired += some;
    expect(expired).toBe(151);
    expect(await idsOf(store, 'ws_1', ids)).toHaveLength(100);
    await store.keepReplies('ws_2', [sampleReply('stays', { workspaceId: 'ws_2' })], ROOM);
    expect(await store.deleteReplies('ws_1')).toBe(100);
    expect(await store.deleteReplies('ws_1')).toBe(0);
    expect(await idsOf(store, 'ws_2', ['other', 'stays'])).toEqual(['stays']);
    // All the room is there again.
    await store.keepReplies('ws_1', [sampleReply('large', { bytes: ROOM })], ROOM);
    expect(await idsOf(store, 'ws_1', ['large'])).toEqual(['large']);
  }), TEST_TIMEOUT_MS);

  test('two gateways that keep at once never have more than there is room for, and lose none that has room', withPlace(async (open) => {
    const [one, other] = [await open(), await open()];
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), bytes: fc.integer({ min: 1, max: 600 }), isOther: fc.boolean() }), { minLength: 1, maxLength: 12 }), async (kept) => {
      await Promise.all(kept.map(({ id, bytes, isOther }) => (isOther ? other : one).keepReplies('ws_1', [sampleReply(id, { bytes })], ROOM)));
      const found = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => one.findReply(wish(id))));
      const bytes = found.reduce((sum, row) => sum + (row?.bytes ?? 0), 0);
      expect(bytes).toBeGreaterThan(0);
      expect(await other.measureReplies('ws_1')).toEqual({ count: found.filter((row) => row !== null).length, bytes });
      expect(bytes).toBeLessThanOrEqual(ROOM);
      // The sum is what is there: were it more, the next would drive out what has room.
      if (bytes < ROOM) await one.keepReplies('ws_1', [sampleReply('rest', { bytes: ROOM - bytes, createdMs: NOW_MS + 1 })], ROOM);
      const ids = found.flatMap((row) => row?.id ?? []);
      expect(await idsOf(one, 'ws_1', ids)).toEqual(ids);
      expect(await one.deleteReplies('ws_1')).toBe(ids.length + (bytes < ROOM ? 1 : 0));
    }), { numRuns: 15 });
  }), TEST_TIMEOUT_MS);
}
