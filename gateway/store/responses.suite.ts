/** This file is what every Store must do for answers of Responses: found by their workspace only, in order, and not for ever. */
import { expect, test } from '@jest/globals';
import type { NodeRow } from './node-row.ts';
import type { ResponseEnding, ResponseRow } from './response-row.ts';
import { TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';

const NOW_MS = 1_800_000_000_000;

function sampleResponse(index: number, changes: Partial<ResponseRow> = {}): ResponseRow {
  return {
    id: `resp_${index}`, workspaceId: 'ws_1', previousId: index > 1 ? `resp_${index - 1}` : null, kekId: 'k1', wrappedKey: new Uint8Array([1]), iv: new Uint8Array([2]),
    ciphertext: new Uint8Array(300_000).fill(index), tag: new Uint8Array([4]), createdMs: NOW_MS, expiresMs: NOW_MS + 1000, openNode: null, ...changes,
  };
}

/** Engines give bytes in classes of their own. */
function plain(row: ResponseRow | null): object | null {
  return row && { ...row, wrappedKey: [...row.wrappedKey], iv: [...row.iv], ciphertext: row.ciphertext.length, tag: [...row.tag] };
}

export function describeResponses(withPlace: WithPlace): void {
  test('an answer is read back as it was written, by its workspace and until it expires', withPlace(async (open) => {
    const store = await open();
    const row = sampleResponse(1);
    await store.insertResponse(row);
    expect(plain(await store.findResponse('ws_1', row.id, NOW_MS))).toEqual({ ...plain(row), progress: 'ended', isCancelled: false });
    expect(await store.findResponse('ws_2', row.id, NOW_MS)).toBeNull();
    expect(await store.findResponse('ws_1', row.id, NOW_MS + 1000)).toBeNull();
    expect(await store.deleteResponse('ws_2', row.id, NOW_MS)).toBe(false);
    expect(await store.deleteResponse('ws_1', row.id, NOW_MS + 1000)).toBe(false);
    expect(await store.deleteResponse('ws_1', row.id, NOW_MS)).toBe(true);
    expect(await store.findResponse('ws_1', row.id, NOW_MS)).toBeNull();
  }), TEST_TIMEOUT_MS);

  test('a chain of answers is read from its last, as far as it goes and no further than asked', withPlace(async (open) => {
    const store = await open();
    for (const index of [1, 2, 3]) await store.insertResponse(sampleResponse(index));
    const read = async (max: number, workspaceId = 'ws_1'): Promise<string[]> => (await store.listResponseChain({ workspaceId, id: 'resp_3', nowMs: NOW_MS, max })).map(({ id }) => id);
    expect(await read(10)).toEqual(['resp_3', 'resp_2', 'resp_1']);
    expect(await read(2)).toEqual(['resp_3', 'resp_2']);
    expect(await read(10, 'ws_2')).toEqual([]);
    await store.deleteResponse('ws_1', 'resp_1', NOW_MS);
    expect(await read(10)).toEqual(['resp_3', 'resp_2']);
    // An id another workspace has taken is no part of it.
    await store.insertResponse(sampleResponse(1, { workspaceId: 'ws_2' }));
    expect(await read(10)).toEqual(['resp_3', 'resp_2']);
  }), TEST_TIMEOUT_MS);

  test('a sweep deletes what has expired and nothing else', withPlace(async (open) => {
    const store = await open();
    await store.insertResponse(sampleResponse(1));
    await store.insertResponse(sampleResponse(2, { expiresMs: NOW_MS + 5000 }));
    expect(await store.expireResponses(NOW_MS)).toBe(0);
    expect(await store.expireResponses(NOW_MS + 1000)).toBe(1);
    expect(await store.expireResponses(NOW_MS + 1000)).toBe(0);
    expect(await store.findResponse('ws_1', 'resp_2', NOW_MS)).not.toBeNull();
  }), TEST_TIMEOUT_MS);

  test('an open answer ends once, by its own gateway and while that one lives', withPlace(async (open) => {
    const store = await open();
    const node = (id: string): NodeRow => ({ id, host: 'h', pid: 1, started: 's', beats: 0, startedMs: NOW_MS });
    for (const id of ['node_1', 'node_2']) await store.registerNode(node(id));
    const ending = (index: number, openNode: string): ResponseEnding => ({ ...sampleResponse(index), ciphertext: new Uint8Array([9]), openNode });
    await store.insertResponse(sampleResponse(1, { openNode: 'node_1' }));
    for (const index of [2, 3]) await store.insertResponse(sampleResponse(index, { openNode: 'node_1' }));
    const read = async (index: number): Promise<unknown> => {
      const found = await store.findResponse('ws_1', `resp_${index}`, NOW_MS);
      return found && [found.progress, found.isCancelled, found.ciphertext.length];
    };
    expect(await read(1)).toEqual(['open', false, 300_000]);
    expect(await store.endResponse(ending(1, 'node_2'))).toBeNull();
    expect(await store.endResponse(ending(1, 'node_1'))).toBe('kept');
    expect(await store.endResponse(ending(1, 'node_1'))).toBeNull();
    expect(await read(1)).toEqual(['ended', false, 1]);
    expect(await store.cancelResponse('ws_1', 'resp_1', NOW_MS)).toBe(false);
    expect(await store.cancelResponse('ws_2', 'resp_2', NOW_MS)).toBe(false);
    await store.cancelResponse('ws_1', 'resp_3', NOW_MS);
    expect(await store.endResponse(ending(3, 'node_1'))).toBe('cancelled');
    expect(await read(3)).toEqual(['ended', true, 1]);
    expect(await store.listOpenResponses('node_1')).toEqual([{ id: 'resp_2', isCancelled: false }]);
    expect([await store.cancelResponse('ws_1', 'resp_2', NOW_MS), await store.cancelResponse('ws_1', 'resp_2', NOW_MS)]).toEqual([true, true]);
    expect(await store.listOpenResponses('node_1')).toEqual([{ id: 'resp_2', isCancelled: true }]);
    expect(await store.listOpenResponses('node_2')).toEqual([]);
    await store.recoverNode('node_1', NOW_MS);
    expect(await read(2)).toEqual(['lost', true, 300_000]);
    expect(await store.endResponse(ending(2, 'node_1'))).toBeNull();
  }), TEST_TIMEOUT_MS);
}
