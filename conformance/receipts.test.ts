/** This file checks who sees whose requests: receipts and usage of a workspace, by role and by scope. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askJson, makePayer } from './payer.ts';
import { PRICED, PRICED_MODEL, hello } from './good-requests.ts';
import { call } from './raw-client.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

let server: ServerUnderTest;
/** Who asks → their key. */
const keys = { owner: '', billing: '', member: '', colleague: '', secondOfMember: '', stranger: '' };
/** Of a request that made and read text alone. */
const NO_MEDIA_RATES = { image: null, audio_second: null, video_second: null, mega_characters: null };
let workspace = '';
const users: Record<string, string> = {};
/** Made by `member`, and given back in two parts. */
let requestId = '';

async function chat(key: string): Promise<string> {
  const reply = await call(server.url, { path: '/v1/chat/completions', key, body: hello({ model: PRICED_MODEL }) });
  expect(reply.status).toBe(200);
  return reply.headers['x-request-id'] ?? '';
}

async function join(name: string, role: string): Promise<string> {
  const user = String((await askJson(server, { path: '/v1/admin/users', body: { name } }, 201))['id']);
  users[name] = user;
  await askJson({ url: server.url, key: keys.owner }, { path: '/v1/members', body: { user, role } }, 201);
  return keyOf(user, ['inference', 'management']);
}

async function keyOf(user: string, scopes: readonly string[]): Promise<string> {
  return String((await askJson(server, { path: '/v1/admin/keys', body: { name: 'k', user, workspace, scopes } }, 201))['secret']);
}

beforeAll(async () => {
  server = await startServer({ config: { models: [PRICED] } });
  const owner = await makePayer(server, { billing: 'balance', nanoUsd: 10_000_000_000n });
  workspace = owner.workspace;
  keys.owner = owner.key;
  keys.billing = await join('billing', 'billing');
  keys.member = await join('member', 'member');
  keys.colleague = await join('colleague', 'member');
  keys.secondOfMember = await keyOf(users['member'] ?? '', ['inference']);
  keys.stranger = (await makePayer(server)).key;
  requestId = await chat(keys.member);
  await chat(keys.owner);
  for (const amount of ['1', '2']) {
    await askJson(server, { path: '/v1/admin/ledger/refunds', body: { workspace, request: requestId, amount_nano_usd: amount } }, 201);
  }
}, 30_000);
afterAll(stopServers);

describe('a receipt', () => {
  test.each([['owner', 200], ['billing', 200], ['member', 200], ['colleague', 404], ['secondOfMember', 404], ['stranger', 404]] as const)('asked for by %s: %s', async (who, status) => {
    const reply = await call(server.url, { path: `/v1/requests/${requestId}`, key: keys[who] });
    expect(reply.status).toBe(status);
    if (status === 404) expect(JSON.parse(reply.body.toString('utf8'))).toMatchObject({ error: { code: 'request_not_found' } });
  });

  test('tells what was given back, part by part; a refund has none of its own', async () => {
    const { transfers } = await askJson({ url: server.url, key: keys.owner }, { path: `/v1/requests/${requestId}` }) as { transfers?: { id: string; kind: string; amount_nano_usd: string }[] };
    expect(transfers?.map(({ id, kind }) => [id, kind])).toEqual([[`u:${requestId}`, 'usage'], [`rf:${requestId}`, 'refund'], [`rf:${requestId}:2`, 'refund']]);
    expect(transfers?.slice(1).map(({ amount_nano_usd: amount }) => amount)).toEqual(['1', '2']);
    expect((await call(server.url, { path: `/v1/requests/rf:${requestId}`, key: keys.owner })).status).toBe(404);
  });
});

describe('the rates on a receipt', () => {
  const ratesOf = async (): Promise<unknown> => (await askJson({ url: server.url, key: keys.owner }, { path: `/v1/requests/${requestId}` }))['price'];

  test('are those that were charged, and left out once the price is another, even under the same version', async () => {
    expect(await ratesOf()).toEqual({ version: 'operator', rates: { input: '1000000000', output: '1000000000', cache_read: null, cache_write: null, reasoning: null, ...NO_MEDIA_RATES } });
    const dearer = { ...PRICED, targets: [{ provider: 'sandbox', model: 'echo', price: { input: 2_000_000_000, output: 1_000_000_000 } }] };
    await askJson(server, { method: 'PUT', path: `/v1/admin/models/${PRICED_MODEL}`, body: dearer });
    await eventually(async () => ((await ratesOf() as { rates: unknown }).rates === null ? true : null));
    expect(await ratesOf()).toEqual({ version: 'operator', rates: null });
  });
});

describe('usage', () => {
  const usersOf = async (who: keyof typeof keys, query = ''): Promise<Set<string>> => {
    const { data } = await askJson({ url: server.url, key: keys[who] }, { path: `/v1/usage${query}` }) as { data?: { user: string }[] };
    return new Set(data?.map(({ user }) => user));
  };

  test('of the whole workspace is seen by owner and billing, and can be asked for by user', async () => {
    expect((await usersOf('owner')).size).toBe(2);
    expect((await usersOf('billing')).size).toBe(2);
    expect(await usersOf('owner', `?user=${users['member'] ?? ''}`)).toEqual(new Set([users['member']]));
  });

  test('of others is not seen by a member, who is told so when asking', async () => {
    expect(await usersOf('member')).toEqual(new Set([users['member']]));
    expect(await usersOf('member', `?user=${users['member'] ?? ''}`)).toEqual(new Set([users['member']]));
    const reply = await call(server.url, { path: `/v1/usage?user=${users['colleague'] ?? ''}`, key: keys.member });
    expect([reply.status, JSON.parse(reply.body.toString('utf8'))]).toMatchObject([403, { error: { code: 'insufficient_role', param: 'user' } }]);
  });

  test('of other keys is not seen without the scope management', async () => {
    expect((await usersOf('secondOfMember')).size).toBe(0);
  });

  test('a refund is a row that takes its amount back, and the sum has it', async () => {
    const { data, totals } = await askJson({ url: server.url, key: keys.owner }, { path: `/v1/usage?user=${users['member'] ?? ''}` }) as {
      data?: { id: string; outcome: string; charged_nano_usd: string; cost_nano_usd: string }[]; totals?: { requests: number; cost_nano_usd: string };
    };
    expect(data?.filter(({ outcome }) => outcome === 'refund').map(({ id, charged_nano_usd: charged }) => [id, charged]).sort()).toEqual([[`rf:${requestId}`, '-1'], [`rf:${requestId}:2`, '-2']]);
    const charge = BigInt(data?.find(({ id }) => id === requestId)?.cost_nano_usd ?? 0);
    expect(totals).toMatchObject({ requests: 1, cost_nano_usd: String(charge - 3n) });
  });
});
