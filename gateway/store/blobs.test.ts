/** This file tests where bytes are kept: files in a folder and S3, by the same promises. */
import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '../foundation/clock.ts';
import type { Clock } from '../foundation/clock.ts';
import { createIds } from '../foundation/ids.ts';
import { BlobMissing, BlobTooLarge, createInbox } from './blobs.ts';
import type { BlobStore, Inbox } from './blobs.ts';
import { createFileBlobs } from './blobs-files.ts';
import { createS3Blobs, readS3Place } from './blobs-s3.ts';
import { S3_KEY, S3_REGION, startS3 } from './s3-under-test.ts';
import type { S3UnderTest } from './s3-under-test.ts';
import { StoreUnavailable } from './store.ts';

const MANY = 3_000_000;
const bytes = Buffer.from(Array.from({ length: MANY }, (_, at) => at % 251));
const hashOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
const environment = { AWS_ACCESS_KEY_ID: S3_KEY.accessKeyId, AWS_SECRET_ACCESS_KEY: S3_KEY.secretAccessKey };

interface Place {
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly inbox: Inbox;
}

/** Retries come at once. */
const hurried: Clock = { ...systemClock, after: (_ms, callback) => systemClock.after(0, callback) };

async function inFolder(run: (place: Place) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'interline-blobs-'));
  const inbox = createInbox(join(folder, 'inbox'), { clock: systemClock, makeId: createIds(systemClock) });
  const blobs = createFileBlobs(join(folder, 'media'));
  try {
    await run({ folder, blobs, inbox });
  } finally {
    await blobs.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onS3(run: (place: Place, server: S3UnderTest) => Promise<void>): Promise<void> {
  const server = await startS3();
  const place = readS3Place(`s3://my-bucket/some/prefix?endpoint=${encodeURIComponent(server.url)}&region=${S3_REGION}`, environment);
  if (typeof place === 'string') throw new Error(place);
  const folder = mkdtempSync(join(tmpdir(), 'interline-blobs-'));
  const inbox = createInbox(join(folder, 'inbox'), { clock: systemClock, makeId: createIds(systemClock) });
  const blobs = createS3Blobs(place, { clock: hurried, chance: () => 0 });
  try {
    await run({ folder, blobs, inbox }, server);
  } finally {
    await blobs.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const engines: readonly (readonly [string, (run: (place: Place) => Promise<void>) => Promise<void>])[] = [['a folder', inFolder], ['S3', onS3]];

describe.each(engines)('bytes in %s', (_name, within) => {
  test('are found by their hash, whole and in part, however they came', () => within(async ({ folder, blobs, inbox }) => {
    const pieces = [bytes.subarray(0, 10), bytes.subarray(10, 1_000_000), bytes.subarray(1_000_000)];
    for (const source of [bytes, Readable.from(pieces)]) {
      const draft = await inbox.receive(source, MANY);
      expect(draft).toMatchObject({ sha256: hashOf(bytes), bytes: MANY });
      expect(Buffer.from(draft.head)).toEqual(bytes.subarray(0, 512));
      await blobs.put(draft);
    }
    expect(readdirSync(join(folder, 'inbox'))).toEqual([]);
    const { sha256 } = { sha256: hashOf(bytes) };
    expect((await buffer(await blobs.open(sha256, null))).equals(bytes)).toBe(true);
    expect((await buffer(await blobs.open(sha256, { start: 999, end: 1_500_000 }))).equals(bytes.subarray(999, 1_500_001))).toBe(true);
  }));

  test('that were taken away are missing, and taking them away again changes nothing', () => within(async ({ blobs, inbox }) => {
    const draft = await inbox.receive(Buffer.from('gone'), 4);
    await blobs.put(draft);
    await blobs.remove(draft.sha256);
    await blobs.remove(draft.sha256);
    await expect(blobs.open(draft.sha256, null)).rejects.toThrow(BlobMissing);
  }));

  test('of nothing at all are kept too', () => within(async ({ blobs, inbox }) => {
    const draft = await inbox.receive(new Uint8Array(0), 0);
    await blobs.put(draft);
    expect(await buffer(await blobs.open(draft.sha256, null))).toHaveLength(0);
  }));

  test('have no other name than a hash', () => within(async ({ blobs }) => {
    for (const name of ['../../etc/passwd', 'A'.repeat(64), '']) await expect(blobs.open(name, null)).rejects.toThrow('no SHA-256');
  }));
});

describe('the inbox', () => {
  test('refuses more bytes than may be taken and leaves nothing behind, also when the source breaks', () => inFolder(async ({ folder, inbox }) => {
    let isDestroyed = false;
    const endless = new Readable({ read() { this.push(Buffer.alloc(1000)); }, destroy(_error, done) { isDestroyed = true; done(null); } });
    await expect(inbox.receive(endless, 10_000)).rejects.toThrow(BlobTooLarge);
    expect(isDestroyed).toBe(true);
    await expect(inbox.receive(Buffer.alloc(11), 10)).rejects.toThrow(BlobTooLarge);
    const broken = Readable.from((function* () { yield Buffer.from('half'); throw new Error('the source broke'); })());
    await expect(inbox.receive(broken, 10_000)).rejects.toThrow('the source broke');
    expect(readdirSync(join(folder, 'inbox'))).toEqual([]);
  }));

  test('is swept of what a crash has left, and of nothing younger', () => inFolder(async ({ folder, inbox }) => {
    const young = await inbox.receive(Buffer.from('young'), 10);
    writeFileSync(join(folder, 'inbox', 'media_old'), 'old');
    utimesSync(join(folder, 'inbox', 'media_old'), 1, 1);
    await inbox.sweep(60_000);
    expect(readdirSync(join(folder, 'inbox'))).toEqual([young.file.split('/').at(-1)]);
    expect(statSync(young.file).mode & 0o777).toBe(0o600);
  }));

  test('that can not be written is a store that can not be reached', () => inFolder(async ({ folder }) => {
    writeFileSync(join(folder, 'file'), '');
    const inbox = createInbox(join(folder, 'file', 'inbox'), { clock: systemClock, makeId: createIds(systemClock) });
    await expect(inbox.receive(Buffer.from('x'), 1)).rejects.toThrow(StoreUnavailable);
  }));
});

describe('S3', () => {
  test('sees one object per hash beneath the bucket and the prefix, whose signature holds', () => onS3(async ({ blobs, inbox }, server) => {
    const draft = await inbox.receive(Buffer.from('here'), 4);
    await blobs.put(draft);
    expect(server.seen).toEqual([`PUT /my-bucket/some/prefix/${draft.sha256}`]);
    expect([...server.objects.values()]).toEqual([Buffer.from('here')]);
  }));

  test('is asked again when it is busy, and given up in the end', () => onS3(async ({ blobs, inbox }, server) => {
    const draft = await inbox.receive(Buffer.from('here'), 4);
    server.failures.push(503, 500, 429);
    await blobs.put(draft);
    expect(server.seen).toHaveLength(4);
    server.failures.push(503, 503, 503, 503);
    await expect(blobs.open(draft.sha256, null)).rejects.toThrow(new StoreUnavailable('the S3 storage answered 503 (SlowDown)'));
  }));

  test('that refuses the credentials is unavailable, and says why', async () => {
    const server = await startS3();
    const place = readS3Place(`s3://my-bucket?endpoint=${server.url}&region=${S3_REGION}`, { ...environment, AWS_SECRET_ACCESS_KEY: 'wrong' });
    if (typeof place === 'string') throw new Error(place);
    const blobs = createS3Blobs(place, { clock: hurried, chance: () => 0 });
    await expect(blobs.open(hashOf(bytes), null)).rejects.toThrow('the S3 storage answered 403 (SignatureDoesNotMatch)');
    await server.close();
    await expect(blobs.open(hashOf(bytes), null)).rejects.toThrow(StoreUnavailable);
    await blobs.close();
  });

  test('is AWS where no endpoint is named, in the region of the environment', () => {
    expect(readS3Place('s3://my-bucket/a/', { ...environment, AWS_REGION: 'eu-central-1' })).toMatchObject({
      base: new URL('https://my-bucket.s3.eu-central-1.amazonaws.com/a/'), region: 'eu-central-1', sessionToken: null,
    });
    expect(readS3Place('s3://my-bucket', { ...environment, AWS_SESSION_TOKEN: 't' })).toMatchObject({
      base: new URL('https://my-bucket.s3.us-east-1.amazonaws.com/'), sessionToken: 't',
    });
    expect(readS3Place('s3://my-bucket/p?endpoint=http://127.0.0.1:9000', environment)).toMatchObject({ base: new URL('http://127.0.0.1:9000/my-bucket/p/') });
  });

  test.each([
    ['s3://', 's3://bucket/prefix'], ['s3://My_Bucket', 's3://bucket/prefix'], ['s3://user:secret@bucket/x', 's3://bucket/prefix'],
    ['s3://my-bucket/a b', 's3://bucket/prefix'], ['s3://my-bucket?endpoint=ftp://x', 'endpoint'], ['s3://my-bucket?endpoint=http://u:p@x', 'endpoint'],
  ])('at %s can not be used, and it is said why without repeating it', (address, words) => {
    expect(readS3Place(address, environment)).toEqual(expect.stringContaining(words));
    expect(readS3Place(address, environment)).not.toEqual(expect.stringContaining('secret'));
  });

  test('needs its credentials', () => {
    expect(readS3Place('s3://my-bucket', {})).toEqual(expect.stringContaining('AWS_ACCESS_KEY_ID'));
  });
});
