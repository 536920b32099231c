/** This file is what every Store must do for kept bytes: rows that count their files, and no file taken away that a row names. */
import { expect, test } from '@jest/globals';
import type { MediaRow } from './media-row.ts';
import { TEST_TIMEOUT_MS } from './store-under-test.ts';
import type { WithPlace } from './store-under-test.ts';

const NOW_MS = 1_800_000_000_000;
const HASH = 'a'.repeat(64);
const MANY = 40;

function sampleMedia(index: number, changes: Partial<MediaRow> = {}): MediaRow {
  return {
    id: `media_${String(index).padStart(4, '0')}`, workspaceId: 'ws_1', kind: 'image', sha256: HASH, contentType: 'image/png', bytes: 5_000_000_000,
    createdMs: NOW_MS, expiresMs: NOW_MS + 1000, ...changes,
  };
}

export function describeMedia(withPlace: WithPlace): void {
  test('media are read back as they were written, by their workspace and until they expire', withPlace(async (open) => {
    const store = await open();
    const row = sampleMedia(1);
    expect(await store.insertMedia(row)).toBe(true);
    expect(await store.findMedia('ws_1', row.id, NOW_MS)).toEqual(row);
    expect(await store.findMedia('ws_2', row.id, NOW_MS)).toBeNull();
    expect(await store.findMedia('ws_1', row.id, NOW_MS + 1000)).toBeNull();
    expect(await store.keepMedia('ws_2', row.id, NOW_MS + 9000)).toBe(false);
    expect(await store.keepMedia('ws_1', row.id, NOW_MS + 9000)).toBe(true);
    expect(await store.findMedia('ws_1', row.id, NOW_MS + 1000)).toEqual({ ...row, expiresMs: NOW_MS + 9000 });
    expect(await store.deleteMedia('ws_2', row.id)).toBe(false);
    expect(await store.deleteMedia('ws_1', row.id)).toBe(true);
    expect(await store.deleteMedia('ws_1', row.id)).toBe(false);
  }), TEST_TIMEOUT_MS);

  test('a file is given to be taken away only when its last row has gone, and until it is forgotten no row can name it', withPlace(async (open) => {
    const store = await open();
    await store.insertMedia(sampleMedia(1));
    await store.insertMedia(sampleMedia(2, { expiresMs: NOW_MS + 5000 }));
    expect(await store.expireMedia(NOW_MS + 1000)).toBe(1);
    expect(await store.collectMedia(NOW_MS + 1000)).toEqual([]);
    await store.deleteMedia('ws_1', sampleMedia(2).id);
    expect(await store.collectMedia(NOW_MS)).toEqual([HASH]);
    expect(await store.insertMedia(sampleMedia(3))).toBe(false);
    expect(await store.findMedia('ws_1', sampleMedia(3).id, NOW_MS)).toBeNull();
    expect(await store.collectMedia(NOW_MS + 1000)).toEqual([]);
    // Whoever took it on has died.
    expect(await store.collectMedia(NOW_MS + 10 * 60_000)).toEqual([HASH]);
    await store.forgetMedia(HASH);
    expect(await store.insertMedia(sampleMedia(3))).toBe(true);
    await store.forgetMedia(HASH);
    expect(await store.collectMedia(NOW_MS + 20 * 60_000)).toEqual([]);
  }), TEST_TIMEOUT_MS);

  test('a media id that is taken is refused, and counts no file', withPlace(async (open) => {
    const store = await open();
    await store.insertMedia(sampleMedia(1));
    await expect(store.insertMedia(sampleMedia(1, { sha256: 'b'.repeat(64), workspaceId: 'ws_2' }))).rejects.toThrow();
    await store.deleteMedia('ws_1', sampleMedia(1).id);
    expect(await store.collectMedia(NOW_MS)).toEqual([HASH]);
  }), TEST_TIMEOUT_MS);

  test('gateways that save, delete and collect the same bytes at once lose none that a row names', withPlace(async (open) => {
    const [here, there] = [await open(), await open()];
    const saved: MediaRow[] = [];
    const collected: string[] = [];
    await Promise.all(Array.from({ length: MANY }, async (_, index) => {
      const store = index % 2 === 0 ? here : there;
      const row = sampleMedia(index);
      if (!(await store.insertMedia(row))) return;
      if (index % 3 === 0) saved.push(row);
      else await store.deleteMedia('ws_1', row.id);
      collected.push(...await store.collectMedia(NOW_MS + index));
    }));
    for (const row of saved) expect(await there.findMedia('ws_1', row.id, NOW_MS)).toEqual(row);
    // Once somebody has begun to take the file away, nobody can name it.
    if (collected.length > 0) expect(saved).toEqual([]);
    expect(collected.length).toBeLessThanOrEqual(1);
  }), TEST_TIMEOUT_MS);
}
