/** This file tests kept answers: whose they are, how they follow one another, and how long they last. */
import { expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadVault } from '../access/vault.ts';
import type { KeptTurn } from '../dialects/responses-state.ts';
import { NO_THOUGHTS } from '../dialects/responses-thoughts.ts';
import { createManualClock } from '../foundation/clock.ts';
import type { ManualClock } from '../foundation/clock.ts';
import { Refusal } from '../foundation/errors.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLog } from '../foundation/log.ts';
import { openSqliteStore } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { createKeptResponses } from './kept-responses.ts';
import type { KeptResponses } from './kept-responses.ts';

/** Kept for so long here, for a month of a clock takes its time. */
const RETENTION_MS = 3000;
const thoughts = { ...NO_THOUGHTS, text: 'First, the units: what is asked in hours is answered in minutes.' };
const turn = (text: string): KeptTurn => ({ resource: { text }, input: [], output: [], thoughts });

async function inWorld(run: (kept: KeptResponses, clock: ManualClock, store: Store) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'interline-responses-'));
  const clock = createManualClock();
  const store = await openSqliteStore({ file: join(folder, 'store.db'), limits: defaultLimits, clock });
  const kept = createKeptResponses({ store, vault: loadVault(folder, undefined), clock, limits: { ...defaultLimits, responseChainMax: 3, responseRetentionMs: RETENTION_MS, responseSweepMs: RETENTION_MS }, log: createLog('silent') });
  try {
    await run(kept, clock, store);
  } finally {
    await kept.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  const thrown: unknown = await promise.then(() => null, (error: unknown) => error);
  return thrown instanceof Refusal ? [thrown.code, thrown.options.param] : thrown;
}

test('an answer is its workspace’s alone, and is gone when it is deleted', () => inWorld(async (kept) => {
  await kept.save('ws_1', { id: 'resp_1', previousId: null, turn: turn('one') });
  expect(await kept.find('ws_1', 'resp_1')).toEqual({ ...turn('one'), progress: 'ended' });
  expect(await kept.find('ws_2', 'resp_1')).toBeNull();
  expect(await refusalOf(kept.history('ws_2', 'resp_1'))).toEqual(['response_not_found', 'previous_response_id']);
  expect(await kept.remove('ws_2', 'resp_1')).toBe(false);
  expect(await kept.remove('ws_1', 'resp_1')).toBe(true);
  expect(await kept.find('ws_1', 'resp_1')).toBeNull();
}));

test('answers that follow one another are read the oldest first; a gap or too many of them are refused', () => inWorld(async (kept) => {
  for (const index of [1, 2, 3, 4]) await kept.save('ws_1', { id: `resp_${index}`, previousId: index === 1 ? null : `resp_${index - 1}`, turn: turn(String(index)) });
  expect((await kept.history('ws_1', 'resp_3')).map(({ resource }) => resource['text'])).toEqual(['1', '2', '3']);
  expect(await refusalOf(kept.history('ws_1', 'resp_4'))).toEqual(['invalid_request', 'previous_response_id']);
  await kept.remove('ws_1', 'resp_1');
  expect(await refusalOf(kept.history('ws_1', 'resp_2'))).toEqual(['response_not_found', 'previous_response_id']);
}));

test('an answer made in the background is open, cancelled for good, ended once, and lost with its gateway', () => inWorld(async (kept, _clock, store) => {
  const node = { id: 'node_1', host: 'h', pid: 1, started: 's', beats: 0, startedMs: 0 };
  await store.registerNode(node);
  const begun = (text: string): KeptTurn => ({ ...turn(text), resource: { text, status: 'in_progress' } });
  const done = (text: string): KeptTurn => ({ ...turn(text), resource: { text, status: 'completed', completed_at: 1 } });
  const statusOf = async (id: string): Promise<unknown[]> => {
    const found = await kept.find('ws_1', id);
    return [found?.progress, found?.resource['status'], found?.resource['completed_at']];
  };
  for (const id of ['resp_1', 'resp_2', 'resp_3']) await kept.begin('ws_1', { id, previousId: null, turn: begun(id) }, 'node_1');
  expect(await statusOf('resp_1')).toEqual(['open', 'in_progress', undefined]);
  expect(await refusalOf(kept.history('ws_1', 'resp_1'))).toEqual(['invalid_request', 'previous_response_id']);
  expect([await kept.cancel('ws_2', 'resp_2'), await kept.cancel('ws_1', 'resp_2')]).toEqual([false, true]);
  expect(await statusOf('resp_2')).toEqual(['open', 'cancelled', null]);
  expect(await kept.listOpen('node_1')).toEqual(expect.arrayContaining([{ id: 'resp_1', isCancelled: false }, { id: 'resp_2', isCancelled: true }]));
  expect(await kept.end('ws_1', { id: 'resp_1', turn: done('1') }, 'node_1')).toBe('kept');
  expect(await kept.end('ws_1', { id: 'resp_1', turn: begun('again') }, 'node_1')).toBe('gone');
  expect(await statusOf('resp_1')).toEqual(['ended', 'completed', 1]);
  expect(await kept.cancel('ws_1', 'resp_1')).toBe(false);
  // Somebody was told that it is cancelled: it stays so, with what came of it.
  expect(await kept.end('ws_1', { id: 'resp_2', turn: done('2') }, 'node_1')).toBe('cancelled');
  expect(await statusOf('resp_2')).toEqual(['ended', 'cancelled', null]);
  expect(await refusalOf(kept.history('ws_1', 'resp_2'))).toEqual(['invalid_request', 'previous_response_id']);
  await store.recoverNode('node_1', 1);
  expect(await statusOf('resp_3')).toEqual(['lost', 'failed', undefined]);
  expect(await kept.find('ws_1', 'resp_3')).toMatchObject({ resource: { error: { code: 'server_error' } } });
  expect(await kept.end('ws_1', { id: 'resp_3', turn: done('3') }, 'node_1')).toBe('gone');
  expect(await refusalOf(kept.history('ws_1', 'resp_3'))).toEqual(['invalid_request', 'previous_response_id']);
}));

test('an answer can’t be found once its time is over, and the sweep deletes it', () => inWorld(async (kept, clock) => {
  await kept.save('ws_1', { id: 'resp_1', previousId: null, turn: turn('one') });
  clock.advance(RETENTION_MS - 100);
  await kept.save('ws_1', { id: 'resp_2', previousId: null, turn: turn('two') });
  expect(await kept.find('ws_1', 'resp_1')).not.toBeNull();
  clock.advance(100);
  expect(await kept.find('ws_1', 'resp_1')).toBeNull();
  // The clock has set a sweep going already; what it left is nothing.
  await kept.sweep();
  expect(await kept.sweep()).toBe(0);
  expect(await kept.find('ws_1', 'resp_2')).not.toBeNull();
}));

test('sealed thoughts are opened for their workspace only, and nothing else is taken for them', () => inWorld(async (kept) => {
  const sealed = kept.sealThoughts('ws_1', thoughts);
  expect(sealed).not.toContain('units');
  expect(kept.openThoughts('ws_1', sealed)).toEqual(thoughts);
  expect(kept.openThoughts('ws_2', sealed)).toBeNull();
  for (const other of ['', 'gAAAAABn', 'gw1', 'gw1.a.b.c.d.e', sealed.slice(0, -2), `${sealed}x`, sealed.replace('gw1', 'gw2')]) expect([other.slice(0, 9), kept.openThoughts('ws_1', other)]).toEqual([other.slice(0, 9), null]);
  await Promise.resolve();
}));
