/** This file tries every operation with a key of another workspace: what a workspace owns is not there for others. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { operations } from '../generated/operations.ts';
import type { OperationId } from '../generated/operations.ts';
import { goodRequestTo } from './good-requests.ts';
import { askJson, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import { openStage } from './stage.ts';
import type { Stage } from './stage.ts';

const keyed = (Object.keys(operations) as OperationId[]).filter((id) => operations[id].scope === 'inference' || operations[id].scope === 'management');
const operators = (Object.keys(operations) as OperationId[]).filter((id) => operations[id].scope === 'operator');
/** What is named in these paths belongs to everybody. */
const SHARED: ReadonlySet<OperationId> = new Set<OperationId>(['retrieveModel', 'getNative', 'postNative', 'deleteNative']);

let stage: Stage;
let stranger: Payer;
/** Ids of things that are the first workspace's. */
let own: string[];

beforeAll(async () => {
  stage = await openStage();
  stranger = await makePayer(stage.main, { billing: 'balance', nanoUsd: 1_000_000_000n });
  const workspaces = await askJson(stage.main, { path: '/v1/workspaces' }) as { data?: { id: string }[] };
  const keys = await askJson(stage.main, { path: '/v1/keys?limit=100' }) as { data?: { id: string }[] };
  own = [...workspaces.data ?? [], ...keys.data ?? []].map(({ id }) => id);
}, 30_000);
afterAll(async () => { await stage.close(); });

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
