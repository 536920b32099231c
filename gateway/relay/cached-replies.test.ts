/** This file tests the reply cache of one gateway: sealed for its workspace, given up under load, and never the reason why something fails. */
import { expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadVault } from '../access/vault.ts';
import { asByteText, encodeText } from '../foundation/byte-text.ts';
import { createManualClock } from '../foundation/clock.ts';
import type { ManualClock } from '../foundation/clock.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLogSweep } from '../reporting/log-sweep.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { createCachedReplies } from './cached-replies.ts';
import type { CachedReplies, CachedReply, CachePlace } from './cached-replies.ts';

const HOUR_S = 3600;
/** The store looks for changes every so often; a clock that is moved by hours would have it look a million times. */
const POLL_MS = 10 * 24 * HOUR_S * 1000;
const QUEUE_MAX = 1000;

interface World {
  readonly replies: CachedReplies;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly folder: string;
  readonly warnings: string[];
  /** Another gateway of the same store, with another store or vault where given. */
  readonly other: (parts: Partial<Parameters<typeof createCachedReplies>[0]>) => CachedReplies;
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'interline-replies-'));
  const clock = createManualClock();
  const store = await openSqliteStore({ file: join(folder, 'store.db'), limits: { ...defaultLimits, revisionPollMs: POLL_MS }, clock });
  const warnings: string[] = [];
  const log = { warn: (...said: readonly unknown[]) => { warnings.push(String(said[1])); } };
  const parts = { store, vault: loadVault(folder, undefined), clock, limits: { replyCacheBytesMax: 4000, replyCacheQueueBytesMax: QUEUE_MAX }, log };
  const replies = createCachedReplies(parts);
  try {
    await run({ replies, store, clock, folder, warnings, other: (more) => createCachedReplies({ ...parts, ...more }) });
  } finally {
    await replies.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const placeOf = (id: string, changes: Partial<CachePlace> = {}): CachePlace => ({
  workspaceId: 'ws_1', id, seconds: HOUR_S, setting: { isOn: true, ttlSeconds: HOUR_S, replyBytesMax: 600, bytesMax: 1_000_000 }, ...changes,
});
const replyOf = (body: string, changes: Partial<CachedReply> = {}): CachedReply => ({
  contentType: 'application/json', body: encodeText(body), maker: 'm', usage: { promptTokens: 1, cachedTokens: 2, cacheWriteTokens: 3, completionTokens: 4, reasoningTokens: 5 },
  finishReason: 'stop', upstreamId: 'c-1', upstreamModel: 'm-1', warnings: ['dropped x'], ...changes,
});

test('an answer is read back byte by byte, by its workspace and by nobody who has the store alone', () => inWorld(async ({ replies, folder, clock }) => {
  const bytes = asByteText(Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join(''));
  const reply = replyOf('', { body: asByteText(`the very secret\n${bytes}`), finishReason: null, upstreamId: null, upstreamModel: null });
  replies.keep(placeOf('a'), reply);
  replies.keep(placeOf('b'), replyOf(''));
  await replies.close();
  expect(await replies.find(placeOf('a'))).toEqual({ ...reply, createdMs: clock.now() });
  expect(await replies.find(placeOf('b'))).toMatchObject({ body: '' });
  expect(await replies.find(placeOf('a', { workspaceId: 'ws_2' }))).toBeNull();
  for (const suffix of ['', '-wal']) expect(readFileSync(join(folder, `store.db${suffix}`)).includes('the very secret')).toBe(false);
}));

test('what is too long is not kept, nor what comes while too much waits', () => inWorld(async ({ replies, warnings }) => {
  replies.keep(placeOf('long'), replyOf('x'.repeat(601)));
  for (const id of ['a', 'b']) replies.keep(placeOf(id), replyOf('x'.repeat(600)));
  await replies.close();
  expect(await replies.find(placeOf('long'))).toBeNull();
  expect(await replies.find(placeOf('a'))).not.toBeNull();
  expect(await replies.find(placeOf('b'))).toBeNull();
  expect(warnings).toEqual(['an answer was not kept in the reply cache: too many wait']);
  replies.keep(placeOf('c'), replyOf('x'));
  await replies.close();
  expect(await replies.find(placeOf('c'))).not.toBeNull();
}));

test('the operator’s bound holds whatever the workspace has set', () => inWorld(async ({ replies }) => {
  for (let index = 0; index < 8; index++) {
    replies.keep(placeOf(`r${index}`), replyOf('x'.repeat(600)));
    await replies.close();
  }
  const { bytes } = await replies.measure('ws_1');
  expect(bytes).toBeGreaterThan(3000);
  expect(bytes).toBeLessThanOrEqual(4000);
}));

test('answers of several workspaces that wait together are each kept for their own', () => inWorld(async ({ replies }) => {
  for (const id of ['a', 'b', 'c']) for (const workspaceId of ['ws_1', 'ws_2']) replies.keep(placeOf(id, { workspaceId }), replyOf(`${workspaceId} ${id}`));
  await replies.close();
  for (const workspaceId of ['ws_1', 'ws_2']) expect((await replies.find(placeOf('b', { workspaceId })))?.body).toBe(`${workspaceId} b`);
  expect(await replies.removeAll('ws_1')).toBe(3);
  expect(await replies.measure('ws_1')).toEqual({ count: 0, bytes: 0 });
  expect((await replies.measure('ws_2')).count).toBe(3);
}));

test('what is emptied takes with it what waits', () => inWorld(async ({ replies }) => {
  replies.keep(placeOf('a'), replyOf('x'));
  await replies.removeAll('ws_1');
  await replies.close();
  expect((await replies.measure('ws_1')).count).toBe(0);
}));

test('a cache that can’t be read or written is an empty one', () => inWorld(async ({ replies, other, store, folder, warnings }) => {
  replies.keep(placeOf('a'), replyOf('x'));
  await replies.close();
  const away = other({ store: { ...store, findReply: () => Promise.reject(new StoreUnavailable('away')), keepReplies: () => Promise.reject(new StoreUnavailable('away')) } });
  expect(await away.find(placeOf('a'))).toBeNull();
  away.keep(placeOf('b'), replyOf('y'));
  await away.close();
  const locked = other({ vault: loadVault(folder, Buffer.alloc(32, 7).toString('base64')) });
  locked.keep(placeOf('c'), replyOf('z'));
  await locked.close();
  expect(await replies.find(placeOf('c'))).toBeNull();
  expect(await replies.find(placeOf('a'))).not.toBeNull();
  expect(warnings).toEqual(['the reply cache could not be read', 'answers could not be kept in the reply cache', 'the reply cache could not be read']);
}));

test('what is too old is not given, and swept with the log', () => inWorld(async ({ replies, store, clock }) => {
  replies.keep(placeOf('short', { seconds: 10 }), replyOf('x'));
  replies.keep(placeOf('long'), replyOf('y'));
  await replies.close();
  clock.advance(10_000);
  expect(await replies.find(placeOf('short'))).toBeNull();
  expect(await replies.find(placeOf('long', { seconds: 10 }))).toBeNull();
  expect(await replies.find(placeOf('long', { seconds: 11 }))).not.toBeNull();
  const sweep = createLogSweep({ store, clock, limits: defaultLimits, log: { warn: () => undefined } });
  expect(await sweep.sweep()).toBe(1);
  await sweep.close();
  expect((await replies.measure('ws_1')).count).toBe(1);
}));
