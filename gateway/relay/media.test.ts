/** This file tests kept bytes: whose they are, how long they last, and that nobody's file goes while somebody needs it. */
import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createManualClock, systemClock } from '../foundation/clock.ts';
import type { ManualClock } from '../foundation/clock.ts';
import { createIds } from '../foundation/ids.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLog } from '../foundation/log.ts';
import { sniffContentType } from '../foundation/sniff.ts';
import { createFileBlobs } from '../store/blobs-files.ts';
import { createInbox } from '../store/blobs.ts';
import type { BlobStore } from '../store/blobs.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { BlobTooLarge, MediaRefused, createMedia } from './media.ts';
import type { MediaStore } from './media.ts';
import { isKnown, readRange, serveMedia } from './serve-media.ts';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n and so on', 'latin1');
const HOUR_MS = 3_600_000;

interface World {
  readonly media: MediaStore;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly clock: ManualClock;
  readonly files: () => string[];
}

async function inWorld(run: (world: World) => Promise<void>, wrap: (blobs: BlobStore, store: Store) => BlobStore = (blobs) => blobs): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'interline-media-'));
  const clock = createManualClock();
  const makeId = createIds(clock);
  const store = await openSqliteStore({ file: join(folder, 'store.db'), limits: defaultLimits, clock });
  const blobs = wrap(createFileBlobs(join(folder, 'media')), store);
  const inbox = createInbox(join(folder, 'inbox'), { clock: systemClock, makeId });
  const media = createMedia({ store, blobs, inbox, clock, makeId, limits: defaultLimits, log: createLog('silent') });
  const files = (): string[] => readdirSync(join(folder, 'media'), { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).map(({ name }) => name);
  try {
    await run({ media, store, blobs, clock, files });
  } finally {
    await media.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('what a workspace saves', () => {
  test('is found by it alone, as what it is and not as what it was called', () => inWorld(async ({ media }) => {
    const saved = await media.save(PNG, { workspaceId: 'ws_1', kind: 'image' });
    expect(saved).toMatchObject({ contentType: 'image/png', bytes: PNG.length, kind: 'image' });
    expect(await media.find('ws_1', saved.id)).toEqual(saved);
    expect(await media.find('ws_2', saved.id)).toBeNull();
    expect(await media.remove('ws_2', saved.id)).toBe(false);
    expect(await buffer(await media.open(saved, null))).toEqual(PNG);
    expect((await media.save(Buffer.from('<svg onload=alert(1)>'), { workspaceId: 'ws_1', kind: 'image' })).contentType).toBe('application/octet-stream');
  }));

  test('is refused when it is too large or of another kind, and then nothing is kept', () => inWorld(async ({ media, store, files }) => {
    await expect(media.save(PNG, { workspaceId: 'ws_1', kind: 'image', bytesMax: 5 })).rejects.toThrow(BlobTooLarge);
    await expect(media.save(PNG, { workspaceId: 'ws_1', kind: 'video', accepts: (type) => type === 'video/mp4' })).rejects.toThrow(new MediaRefused('image/png'));
    expect(() => files()).toThrow('ENOENT');
    expect(await store.collectMedia(0)).toEqual([]);
  }));

  test('is one file for all who save the same, until the last of them has removed it', () => inWorld(async ({ media, files }) => {
    const [first, second] = [await media.save(PNG, { workspaceId: 'ws_1', kind: 'image' }), await media.save(PNG, { workspaceId: 'ws_2', kind: 'image' })];
    expect(files()).toEqual([first.sha256]);
    await media.remove('ws_1', first.id);
    expect(await media.sweep()).toBe(0);
    expect(await buffer(await media.open(second, null))).toEqual(PNG);
    await media.remove('ws_2', second.id);
    expect(await media.sweep()).toBe(1);
    expect(files()).toEqual([]);
  }));

  test('expires: it is not found from then on, and the next sweep takes it away, unless it is kept for longer', () => inWorld(async ({ media, store, clock, files }) => {
    const short = { workspaceId: 'ws_1', kind: 'image', expiresMs: clock.now() + HOUR_MS };
    const [gone, kept] = [await media.save(PNG, short), await media.save(Buffer.from('kept'), short)];
    expect(await store.keepMedia('ws_2', kept.id, clock.now() + 9 * HOUR_MS)).toBe(false);
    expect(await store.keepMedia('ws_1', kept.id, clock.now() + 9 * HOUR_MS)).toBe(true);
    clock.advance(HOUR_MS);
    expect(await media.find('ws_1', gone.id)).toBeNull();
    expect(await media.find('ws_1', kept.id)).toMatchObject({ expiresMs: clock.now() + 8 * HOUR_MS });
    await media.sweep();
    expect(files()).toEqual([kept.sha256]);
  }));

  test('while the same bytes are being taken away waits until they are gone, and is whole then', async () => {
    let during: (() => Promise<void>) | null = null;
    const wrap = (blobs: BlobStore): BlobStore => ({ ...blobs, remove: async (sha256) => { await during?.(); await blobs.remove(sha256); } });
    await inWorld(async ({ media, store, clock }) => {
      const first = await media.save(PNG, { workspaceId: 'ws_1', kind: 'image' });
      await media.remove('ws_1', first.id);
      let saving: Promise<{ id: string; sha256: string }> | null = null;
      during = async () => {
        saving = media.save(PNG, { workspaceId: 'ws_2', kind: 'image' });
        // It asks, is told to wait, and nothing can be written meanwhile.
        for (let turn = 0; turn < 50; turn++) expect(await store.insertMedia({ ...first, id: `media_${turn}` })).toBe(false);
      };
      expect(await media.sweep()).toBe(1);
      during = null;
      const ticking = systemClock.every(1, () => { clock.advance(100); });
      const saved = await (saving ?? Promise.reject(new Error('nothing was saved')));
      ticking();
      expect(await buffer(await media.open(saved, null))).toEqual(PNG);
    }, wrap);
  });

  test('whose file can not be put in its place leaves no row', () => inWorld(async ({ media, store }) => {
    await expect(media.save(PNG, { workspaceId: 'ws_1', kind: 'image' })).rejects.toThrow('disk on fire');
    expect(await store.collectMedia(0)).toHaveLength(1);
  }, (blobs) => ({ ...blobs, put: () => Promise.reject(new Error('disk on fire')) })));

  test('whose bytes are gone is a 503, not somebody else\'s fault', () => inWorld(async ({ media, blobs }) => {
    const saved = await media.save(PNG, { workspaceId: 'ws_1', kind: 'image' });
    await blobs.remove(saved.sha256);
    await expect(media.open(saved, null)).rejects.toMatchObject({ code: 'store_unavailable' });
  }));
});

describe('two who sweep at once', () => {
  test('take each file away once between them', () => inWorld(async ({ media, store, clock }) => {
    const rows = await Promise.all(Array.from({ length: 250 }, (_, at) => media.save(Buffer.from(`bytes ${at}`), { workspaceId: 'ws_1', kind: 'image', expiresMs: clock.now() + 1 })));
    clock.advance(1);
    while (await store.expireMedia(clock.now()) > 0);
    const taken: string[] = [];
    for (;;) {
      const both = (await Promise.all([store.collectMedia(clock.now()), store.collectMedia(clock.now())])).flat();
      if (both.length === 0) break;
      taken.push(...both);
    }
    expect(taken.sort()).toEqual(rows.map(({ sha256 }) => sha256).sort());
    // Nobody has forgotten them: whoever took them on has died.
    clock.advance(10 * 60_000);
    expect(await store.collectMedia(clock.now())).toHaveLength(100);
  }));
});

describe('a GET', () => {
  test.each([
    [undefined, 'whole'], ['bytes=0-9', { start: 0, end: 9 }], ['bytes=90-', { start: 90, end: 99 }], ['bytes=-10', { start: 90, end: 99 }], ['bytes=-1000', { start: 0, end: 99 }],
    ['bytes=50-5000', { start: 50, end: 99 }], ['bytes=100-', 'outside'], ['bytes=-0', 'outside'], ['bytes=9-1', 'whole'], ['bytes=-', 'whole'], ['bytes=1-2,5-6', 'whole'],
    ['lines=1-2', 'whole'], ['bytes=99999999999999999999-', 'whole'],
  ])('with the range %s of a hundred bytes asks for %j', (header, expected) => {
    expect(readRange(header, 100)).toEqual(expected);
  });

  test.each([[undefined, false], ['"a"', true], ['W/"a"', true], ['"b", "a"', true], ['*', true], ['"b"', false], ['a', false]])('with If-None-Match %s knows "a": %s', (header, expected) => {
    expect(isKnown(header, '"a"')).toBe(expected);
  });

  test('gives the whole, a part, or nothing to who has it already', () => inWorld(async ({ media }) => {
    const saved = await media.save(PNG, { workspaceId: 'ws_1', kind: 'image' });
    const etag = `"${saved.sha256}"`;
    const whole = await serveMedia(media, saved, {});
    expect(whole).toMatchObject({ status: 200, bytesCount: PNG.length, contentType: 'image/png', headers: { etag, 'accept-ranges': 'bytes', 'x-content-type-options': 'nosniff' } });
    if ('stream' in whole) whole.stream.destroy();
    const part = await serveMedia(media, saved, { range: 'bytes=1-3', 'if-range': etag });
    expect(part).toMatchObject({ status: 206, bytesCount: 3, headers: { 'content-range': `bytes 1-3/${PNG.length}` } });
    expect('stream' in part && (await buffer(part.stream)).toString()).toBe('PNG');
    // Whatever is no range, or is one of something else, gets the whole.
    for (const headers of [{ range: 'bytes=1-3', 'if-range': '"other"' }, { range: 'bytes=5000-', 'if-range': '"other"' }, { range: 'lines=5000-' }, { range: 'bytes=3-1' }]) {
      const all = await serveMedia(media, saved, headers);
      expect(all.status).toBe(200);
      if ('stream' in all) all.stream.destroy();
    }
    for (const range of [`bytes=${PNG.length}-`, 'bytes=5000-5001', 'bytes=-0']) {
      await expect(serveMedia(media, saved, { range })).rejects.toMatchObject({ code: 'range_not_satisfiable', options: { param: 'range', headers: { 'content-range': `bytes */${PNG.length}` } } });
    }
    expect(await serveMedia(media, saved, { 'if-none-match': etag, range: 'bytes=1-3' })).toMatchObject({ status: 304, bytes: '', headers: { etag } });
  }));
});

describe('bytes are', () => {
  const box = (brand: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}`)]);
  test.each([
    [PNG, 'image/png'], [Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 'image/jpeg'], [Buffer.from('GIF89a'), 'image/gif'], [Buffer.from('RIFF\0\0\0\0WEBPVP8 '), 'image/webp'],
    [Buffer.from('RIFF\0\0\0\0WAVEfmt '), 'audio/wav'], [Buffer.from('RIFF\0\0\0\0oops'), null], [box('isom'), 'video/mp4'], [box('avif'), 'image/avif'], [box('M4A '), 'audio/mp4'],
    [box('qt  '), 'video/quicktime'], [Buffer.from([0x1a, 0x45, 0xdf, 0xa3]), 'video/webm'], [Buffer.from([0xff, 0xfb, 0x90, 0]), 'audio/mpeg'], [Buffer.from([0xff, 0xff, 0xff, 0xff]), null],
    [Buffer.from('ID3\x04'), 'audio/mpeg'], [Buffer.from('OggS'), 'audio/ogg'], [Buffer.from('fLaC'), 'audio/flac'], [Buffer.from('%PDF-1.7'), 'application/pdf'],
    [Buffer.from('<html>'), null], [Buffer.alloc(0), null],
  ])('%s: %s', (head, expected) => {
    expect(sniffContentType(head)).toBe(expected);
  });
});
