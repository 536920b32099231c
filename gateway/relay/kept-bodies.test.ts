/** This file tests what is kept of bodies: how much of them, sealed for whom, and what is given up under load; and what is swept. */
import { expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadVault } from '../access/vault.ts';
import { createManualClock } from '../foundation/clock.ts';
import type { ManualClock } from '../foundation/clock.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLogSweep } from '../reporting/log-sweep.ts';
import { sampleRecord } from '../store/sample-rows.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import { record } from '../store/store-under-test.ts';
import type { Store } from '../store/store.ts';
import { createKeptBodies } from './kept-bodies.ts';
import type { Exchanged, KeptBodies, SentBody } from './kept-bodies.ts';

const DAY_MS = 24 * 60 * 60_000;
/** The store looks for changes every so often; a clock that is moved by days would have it look a million times. */
const POLL_MS = 10 * DAY_MS;
const BYTES_MAX = 64;

interface World {
  readonly kept: KeptBodies;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly folder: string;
  readonly warnings: string[];
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'interline-bodies-'));
  const clock = createManualClock();
  const store = await openSqliteStore({ file: join(folder, 'store.db'), limits: { ...defaultLimits, revisionPollMs: POLL_MS }, clock });
  const warnings: string[] = [];
  const log = { warn: (...said: readonly unknown[]) => { warnings.push(String(said[1])); } };
  const kept = createKeptBodies({ store, vault: loadVault(folder, undefined), clock, limits: { keptBodyBytesMax: BYTES_MAX, keptBodiesQueueBytesMax: 1000 }, log });
  try {
    await run({ kept, store, clock, folder, warnings });
  } finally {
    await kept.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const sent = (text: string, changes: Partial<SentBody> = {}): SentBody => ({ contentType: 'application/json', text, bytes: Buffer.byteLength(text), isCut: false, ...changes });
const exchanged = (requestId: string, keptBodies: 'full' | 'redacted', parts: Partial<Exchanged> = {}): Exchanged => ({
  requestId, operationId: 'createChatCompletion', account: { workspaceId: 'ws_1', keptBodies, bodyDays: 2 }, request: sent('{"model":"m"}'), reply: null, ...parts,
});

test('what is kept can be read again by its workspace, and by nobody who has the store alone', () => inWorld(async ({ kept, folder, clock }) => {
  kept.keep(exchanged('req_1', 'full', { request: sent('{"a":"the very secret"}') }));
  await kept.close();
  expect(await kept.find('ws_1', 'req_1')).toEqual({
    id: 'req_1', object: 'request.body', kept: 'full', request: { content_type: 'application/json', bytes: 23, text: '{"a":"the very secret"}', truncated: false }, reply: null, shadow: null,
    created_at: Math.floor(clock.now() / 1000), expires_at: Math.floor((clock.now() + 2 * DAY_MS) / 1000),
  });
  expect(await kept.find('ws_2', 'req_1')).toBeNull();
  for (const suffix of ['', '-wal']) expect(readFileSync(join(folder, `store.db${suffix}`)).includes('the very secret')).toBe(false);
}));

test('what a shadow was answered is told with its request, and forgotten with it', () => inWorld(async ({ kept }) => {
  kept.keep(exchanged('req_1.shadow', 'full', { request: sent(''), reply: sent('{"b":2}') }));
  kept.keep(exchanged('req_1', 'full', { reply: sent('{"a":1}') }));
  await kept.close();
  expect(await kept.find('ws_1', 'req_1')).toMatchObject({ reply: { text: '{"a":1}' }, shadow: { text: '{"b":2}' } });
  expect(await kept.remove('ws_1', 'req_1')).toBe(true);
  expect([await kept.find('ws_1', 'req_1.shadow'), await kept.remove('ws_1', 'req_1')]).toEqual([null, false]);
}));

test('what is too long is cut between characters, and said to be', () => inWorld(async ({ kept }) => {
  kept.keep(exchanged('req_1', 'full', { request: sent('é'.repeat(BYTES_MAX)), reply: sent('x'.repeat(BYTES_MAX)) }));
  await kept.close();
  expect(await kept.find('ws_1', 'req_1')).toMatchObject({ request: { text: 'é'.repeat(BYTES_MAX / 2), truncated: true, bytes: 2 * BYTES_MAX }, reply: { truncated: false } });
}));

test('what can’t be redacted is not kept: no JSON, only the beginning of it, or no text', () => inWorld(async ({ kept }) => {
  kept.keep(exchanged('req_1', 'redacted', { request: sent('{"user":"s"', { isCut: true, bytes: 99 }), reply: sent('no JSON') }));
  kept.keep(exchanged('req_2', 'redacted', { request: sent('{"user":"s","n":1}'), reply: sent('\u0000\u0001', { contentType: 'audio/mpeg' }) }));
  await kept.close();
  expect(await kept.find('ws_1', 'req_1')).toMatchObject({ kept: 'redacted', request: { text: null, truncated: true }, reply: { text: null, truncated: true } });
  expect(await kept.find('ws_1', 'req_2')).toMatchObject({ request: { text: '{"user":"[redacted]","n":1}', truncated: false }, reply: { text: null, truncated: true } });
}));

test('when too much waits, what comes is not kept, and the rest is', () => inWorld(async ({ kept, warnings }) => {
  for (let index = 0; index < 40; index++) kept.keep(exchanged(`req_${index}`, 'full', { request: sent('x'.repeat(100)) }));
  await kept.close();
  expect(await kept.find('ws_1', 'req_9')).not.toBeNull();
  expect(await kept.find('ws_1', 'req_10')).toBeNull();
  expect(warnings).toHaveLength(30);
  kept.keep(exchanged('req_later', 'full'));
  await kept.close();
  expect(await kept.removeAll('ws_1')).toBe(11);
}));

test('a store that is away loses bodies and nothing else', () => inWorld(async ({ kept, store, warnings }) => {
  await store.close();
  kept.keep(exchanged('req_1', 'full'));
  await kept.close();
  expect(warnings).toEqual(['bodies of requests could not be kept']);
}));

test('what has expired is swept: bodies after their days, evidence after the operator’s time', () => inWorld(async ({ kept, store, clock }) => {
  const idAt = (ms: number): string => `req_${ms.toString(16).padStart(12, '0')}7${'0'.repeat(19)}`;
  const [old, young] = [idAt(clock.now()), idAt(clock.now() + DAY_MS)];
  await record(store, sampleRecord(1, { id: old }));
  await record(store, sampleRecord(2, { id: young }));
  kept.keep(exchanged(old, 'full'));
  await kept.close();
  const sweep = createLogSweep({ store, clock, limits: { requestLogRetentionMs: 3 * DAY_MS, requestLogSweepMs: 100 * DAY_MS }, log: { warn: () => undefined } });
  clock.advance(2 * DAY_MS - 1);
  expect(await sweep.sweep()).toBe(0);
  clock.advance(1);
  expect([await kept.find('ws_1', old), await sweep.sweep()]).toEqual([null, 1]);
  clock.advance(DAY_MS + 1);
  expect(await sweep.sweep()).toBe(1);
  expect([await store.findRequest('ws_1', old), (await store.findRequest('ws_1', young))?.id]).toEqual([null, young]);
  await sweep.close();
}));
