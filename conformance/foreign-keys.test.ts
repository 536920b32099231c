/** This file tries every operation with a key of another workspace: what a workspace owns is not there for others. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { operations } from '../generated/operations.ts';
import type { OperationId } from '../generated/operations.ts';
import { transcription } from './audio-requests.ts';
import { BRIEF_VIDEO, goodRequestTo } from './good-requests.ts';
import { image } from './image-requests.ts';
import { askJson, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { openStage } from './stage.ts';
import type { Stage } from './stage.ts';

const keyed = (Object.keys(operations) as OperationId[]).filter((id) => operations[id].scope === 'inference' || operations[id].scope === 'management');
const operators = (Object.keys(operations) as OperationId[]).filter((id) => operations[id].scope === 'operator');
/** What is named in these paths belongs to everybody, or to whoever names it. */
const SHARED: ReadonlySet<OperationId> = new Set<OperationId>(['retrieveModel', 'retrieveRoute', 'retrieveReport', 'putRoute', 'getNative', 'postNative', 'deleteNative']);

let stage: Stage;
let stranger: Payer;
/** Ids of things that are the first workspace's, and words that stand in what it asked and was answered. */
let own: string[];
let made: Record<'image' | 'video' | 'response' | 'request', string>;
const SECRET_WORDS = { image: 'a-heron-nobody-else-knows', video: 'a-kite-nobody-else-knows', response: 'a-word-nobody-else-knows', speech: 'a-song-nobody-else-knows' };

beforeAll(async () => {
  stage = await openStage();
  stranger = await makePayer(stage.main, { billing: 'balance', nanoUsd: 1_000_000_000n });
  const workspaces = await askJson(stage.main, { path: '/v1/workspaces' }) as { data?: { id: string }[] };
  const keys = await askJson(stage.main, { path: '/v1/keys?limit=100' }) as { data?: { id: string }[] };
  made = await makeThings();
  own = [...[...workspaces.data ?? [], ...keys.data ?? []].map(({ id }) => id), ...Object.values(made), ...Object.values(SECRET_WORDS)];
}, 30_000);
afterAll(async () => { await stage.close(); });

/** An image, a video, a response and a transcript (of which the row is kept, and the words are not). */
async function makeThings(): Promise<typeof made> {
  const { data } = await askJson(stage.main, image({ prompt: SECRET_WORDS.image, size: '64x64', response_format: 'url' })) as { data?: { id: string }[] };
  const video = await askJson(stage.main, { path: '/v1/videos', body: { ...BRIEF_VIDEO, prompt: SECRET_WORDS.video } });
  const response = await askJson(stage.main, { path: '/v1/responses', body: { model: 'sandbox/chat', input: `Reply with exactly: ${SECRET_WORDS.response}` } });
  const transcript = await call(stage.main.url, { ...transcription({ prompt: SECRET_WORDS.speech }), key: stage.main.key });
  return { image: data?.[0]?.id ?? '', video: String(video['id']), response: String(response['id']), request: transcript.headers['x-request-id'] ?? '' };
}

const idempotent = (parts: RequestParts, key: string): Promise<RawReply> => call(stage.main.url, { ...parts, key, headers: { ...parts.headers, 'idempotency-key': `for-all-${parts.path}` } });

describe('what a workspace has made', () => {
  const paths = (): string[] => [
    `/v1/images/${made.image}/content`, `/v1/videos/${made.video}`, `/v1/videos/${made.video}/content`, `/v1/videos/${made.video}/content?variant=thumbnail`,
    `/v1/responses/${made.response}`, `/v1/responses/${made.response}/input_items`, `/v1/requests/${made.request}`,
  ];

  test('is answered to others as if it were not there, by any of its paths', async () => {
    for (const path of paths()) {
      const nobody = path.replace(/_[0-9a-f]{32}/, `_${'0'.repeat(32)}`);
      const [foreign, absent] = [await call(stage.main.url, { path, key: stranger.key }), await call(stage.main.url, { path: nobody, key: stranger.key })];
      const told = (reply: RawReply, id: string): unknown => ({ status: reply.status, text: reply.body.toString('utf8').replaceAll(reply.headers['x-request-id'] ?? '', '').replaceAll(id, '') });
      expect({ path, ...told(foreign, path.split('/')[3] ?? '') as object }).toEqual({ path, ...told(absent, nobody.split('/')[3] ?? '') as object, status: 404 });
      expect((await call(stage.main.url, { path, key: stage.main.key })).status).not.toBe(404);
    }
  });

  test('is in no list of theirs', async () => {
    for (const path of ['/v1/videos?limit=100', '/v1/usage?limit=100', '/v1/ledger?limit=100']) {
      const reply = await call(stage.main.url, { path, key: stranger.key });
      expect({ path, status: reply.status, found: own.filter((each) => reply.body.includes(each)) }).toEqual({ path, status: 200, found: [] });
    }
  });

  test('can neither be followed nor referred to', async () => {
    const { data } = await askJson(stage.main, { path: `/v1/responses/${made.response}/input_items` }) as { data?: { id: string }[] };
    for (const fields of [{ previous_response_id: made.response }, { input: [{ type: 'item_reference', id: data?.[0]?.id }, { role: 'user', content: 'And?' }] }]) {
      const reply = await call(stage.main.url, { path: '/v1/responses', key: stranger.key, body: { model: 'sandbox/chat', input: 'And?', ...fields } });
      expect(reply.status).toBe(404);
      expect(reply.body.toString('utf8')).not.toContain(SECRET_WORDS.response);
    }
  });

  test('is not changed by others', async () => {
    for (const path of [`/v1/videos/${made.video}`, `/v1/responses/${made.response}`]) expect((await call(stage.main.url, { method: 'DELETE', path, key: stranger.key })).status).toBe(404);
    expect((await call(stage.main.url, { method: 'POST', path: `/v1/responses/${made.response}/cancel`, key: stranger.key, body: {} })).status).toBe(404);
    for (const path of [`/v1/videos/${made.video}`, `/v1/responses/${made.response}`]) expect((await call(stage.main.url, { path, key: stage.main.key })).status).toBe(200);
  });

  test('is nobody else’s reply to the same idempotency key', async () => {
    const asks: RequestParts[] = [
      transcription(), image({ size: '64x64', response_format: 'url' }), { path: '/v1/videos', body: BRIEF_VIDEO }, { path: '/v1/responses', body: { model: 'sandbox/chat', input: 'What everybody asks.' } },
    ];
    for (const parts of asks) {
      const ours = await idempotent(parts, stage.main.key);
      expect(ours.status).toBe(200);
      expect((await idempotent(parts, stage.main.key)).headers['idempotency-replayed']).toBe('true');
      const theirs = await idempotent(parts, stranger.key);
      expect(theirs.status).toBe(200);
      expect({ path: parts.path, replayed: theirs.headers['idempotency-replayed'], same: theirs.headers['x-request-id'] === ours.headers['x-request-id'] }).toEqual({ path: parts.path, replayed: undefined, same: false });
    }
  });
});

describe('a key of another workspace', () => {
  test.each(keyed)('%s shows and changes nothing of ours', async (id) => {
    const request = await goodRequestTo(stage.main, id);
    const reply = await call(stage.main.url, { ...request, key: stranger.key });
    const text = reply.body.toString('utf8');
    const namesSomething = operations[id].path.includes('{') && !SHARED.has(id);
    if (namesSomething) expect({ status: reply.status, text }).toMatchObject({ status: 404 });
    expect(own.filter((each) => reply.status < 400 && text.includes(each))).toEqual([]);
    if (!namesSomething || operations[id].method === 'get' || !operations[id].statuses.some((status) => status < 300)) return;
    // Ours is still there, and answers as before.
    const again = await call(stage.main.url, { ...request, key: stage.main.key });
    expect(again.status).toBeLessThan(300);
  });

  test.each(keyed)('%s acts in no workspace that is not its user’s, and can’t tell one that is from one that is not there', async (id) => {
    const request = await goodRequestTo(stage.main, id);
    const ask = async (workspace: string): Promise<unknown> => {
      const reply = await call(stage.main.url, { ...request, key: stranger.key, headers: { ...request.headers, 'x-writingmate-workspace': workspace } });
      const { error } = JSON.parse(reply.body.toString('utf8')) as { error: Record<string, unknown> };
      return { status: reply.status, ...error, request_id: null };
    };
    const foreign = await ask(own[0] ?? '');
    expect(foreign).toMatchObject({ status: 403, code: 'workspace_not_allowed' });
    for (const nobody of [`ws_${'0'.repeat(32)}`, 'ws_', 'nonsense']) expect(await ask(nobody)).toEqual(foreign);
  });

  test.each(operators)('%s is an operator’s alone', async (id) => {
    const reply = await call(stage.main.url, { ...await goodRequestTo(stage.main, id), key: stranger.key });
    expect({ status: reply.status, text: reply.body.toString('utf8') }).toMatchObject({ status: 403 });
    expect(reply.body.toString('utf8')).toContain('insufficient_scope');
  });
});
