/** This file checks the request log from outside: what it lists and exports, to whom, and what is kept of bodies. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PRICED, hello } from './good-requests.ts';
import { askJson, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

interface Row {
  readonly id: string;
  readonly [field: string]: unknown;
}

interface List {
  readonly data: readonly Row[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

interface Kept {
  readonly request: { readonly text: string };
  readonly reply: { readonly text: string; readonly bytes: number };
  readonly created_at: number;
  readonly expires_at: number;
}

let server: ServerUnderTest;
let upstream: ReplayUpstream;
let owner: Payer;
let member = '';
/** What was asked, the oldest first. */
const asked: string[] = [];

async function chat(body: Readonly<Record<string, unknown>>, key = owner.key): Promise<string> {
  const reply = await call(server.url, { path: '/v1/chat/completions', key, body: hello(body) });
  const id = reply.headers['x-request-id'] ?? '';
  asked.push(id);
  return id;
}

async function list(query = '', key = owner.key): Promise<List> {
  return await askJson({ url: server.url, key }, { path: `/v1/requests?${query}` }) as unknown as List;
}

const idsOf = ({ data }: List): string[] => data.map(({ id }) => id);

beforeAll(async () => {
  upstream = await startReplayUpstream();
  const provider = { id: 'broken', name: 'Broken', wire: 'openai-chat', base_url: upstream.url, key_env: null, key_required: false, discover: false };
  const twice = { ...PRICED, id: 'twice/echo', targets: [{ provider: 'broken', model: 'fails', unpriced: true }, ...PRICED.targets] };
  server = await startServer({ config: { providers: [provider], models: [PRICED, twice] } });
  upstream.play('fails', { status: 500, headers: { 'content-type': 'application/json' }, steps: [{ write: '{"error":{"message":"boom","type":"server_error"}}' }] });
  owner = await makePayer(server, { billing: 'balance', nanoUsd: 10_000_000_000n });
  const user = String((await askJson(server, { path: '/v1/admin/users', body: { name: 'member' } }, 201))['id']);
  await askJson({ url: server.url, key: owner.key }, { path: '/v1/members', body: { user, role: 'member' } }, 201);
  member = String((await askJson(server, { path: '/v1/admin/keys', body: { name: 'k', user, workspace: owner.workspace, scopes: ['inference', 'management'] } }, 201))['secret']);
  await chat({ model: 'twice/echo' });
  await chat({ model: 'priced/echo', stream: true });
  await chat({ model: 'nobody/nothing' });
  await chat({ model: 'sandbox/echo' }, member);
}, 30_000);
afterAll(async () => {
  await stopServers();
  await upstream.close();
});

describe('the list', () => {
  test('shows every request once, the newest first, with each of its attempts', async () => {
    const { data, has_more: hasMore } = await list();
    expect(data.map(({ id }) => id)).toEqual([...asked].reverse());
    expect(hasMore).toBe(false);
    expect(data.at(-1)).toMatchObject({
      outcome: 'ok', status: 200, model: 'twice/echo', route: null, degraded: false, cache: null, error_code: null, error_type: null,
      attempts: [{ target: 'broken/fails', code: 'upstream_error', latency_ms: expect.any(Number) as unknown }, { target: 'sandbox/echo', code: null, latency_ms: expect.any(Number) as unknown }],
    });
    expect(data[1]).toMatchObject({ outcome: 'refused', status: 404, error_code: 'model_not_found', error_type: 'invalid_request_error', attempts: [] });
  });

  test.each([
    ['model=twice/echo', [0]], ['model=nobody/nothing', [2]], ['outcome=refused', [2]], ['error_code=model_not_found', [2]], ['error_type=invalid_request_error', [2]],
    ['error_type=api_error', []], ['error_type=api_error&error_code=model_not_found', []], ['status=404', [2]], ['operation=createEmbedding', []],
    ['operation=createChatCompletion&status=200', [3, 1, 0]], ['cost_min_nano_usd=1', [1, 0]], ['cost_max_nano_usd=0', [3, 2]], ['cost_max_nano_usd=9999999999999999999', [3, 2, 1, 0]],
    ['route=none', []], ['from=1', [3, 2, 1, 0]], ['to=1', []],
  ])('takes %s', async (query, which) => {
    expect(idsOf(await list(query))).toEqual(which.map((index) => asked[index]));
  });

  test('goes on where a page ended', async () => {
    const found: string[] = [];
    for (let page = await list('limit=1'); ; page = await list(`limit=1&cursor=${page.next_cursor ?? ''}`)) {
      found.push(...idsOf(page));
      if (!page.has_more) break;
    }
    expect(found).toEqual([...asked].reverse());
  });

  test('shows a member and a key without management only their own', async () => {
    expect(idsOf(await list('', member))).toEqual([asked[3]]);
    const plain = String((await askJson({ url: server.url, key: owner.key }, { path: '/v1/keys', body: { name: 'plain' } }, 201))['secret']);
    expect(idsOf(await list('', plain))).toEqual([]);
    const reply = await call(server.url, { path: `/v1/requests?key=${owner.keyId}`, key: plain });
    expect([reply.status, JSON.parse(reply.body.toString('utf8'))]).toMatchObject([403, { error: { code: 'insufficient_scope', param: 'key' } }]);
  });
});

describe('the export', () => {
  const get = (query: string): Promise<RawReply> => call(server.url, { path: `/v1/requests/export?${query}`, key: owner.key });

  test('as JSONL holds the rows of the list', async () => {
    const reply = await get('format=jsonl&operation=createChatCompletion');
    expect(reply.headers['content-type']).toBe('application/jsonl; charset=utf-8');
    expect(reply.body.toString('utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual((await list()).data);
  });

  test('as CSV has a line for each, under the names of its columns', async () => {
    const lines = (await get('')).body.toString('utf8').split('\r\n');
    expect(lines.at(-1)).toBe('');
    expect(lines.slice(1, -1).map((line) => line.split(',')[0])).toEqual([...asked].reverse());
    expect(lines[0]?.split(',')).toHaveLength(lines[1]?.split(',').length ?? 0);
    expect(lines.find((line) => line.startsWith(asked[0] ?? 'x'))).toContain('broken/fails upstream_error');
  });

  test('of nothing is a head, or nothing, and HEAD reads nothing', async () => {
    expect((await get('route=none')).body.toString('utf8')).toMatch(/^id,time,.*\r\n$/);
    expect((await get('route=none&format=jsonl')).body).toHaveLength(0);
    expect(await call(server.url, { method: 'HEAD', path: '/v1/requests/export', key: owner.key })).toMatchObject({ status: 200 });
  });
});

describe('bodies', () => {
  const keep = (setting: Readonly<Record<string, unknown>>): Promise<unknown> =>
    askJson({ url: server.url, key: owner.key }, { method: 'PATCH', path: `/v1/workspaces/${owner.workspace}`, body: { request_bodies: setting } });
  const bodyOf = async (id: string, key = owner.key): Promise<RawReply> => call(server.url, { path: `/v1/requests/${id}/body`, key });
  const kept = (id: string): Promise<Kept> => eventually(async () => {
    const reply = await bodyOf(id);
    return reply.status === 200 ? JSON.parse(reply.body.toString('utf8')) as Kept : null;
  });

  test('are kept of no workspace that has not asked for it', async () => {
    expect((await bodyOf(asked[0] ?? '')).status).toBe(404);
  });

  test('are kept in full, JSON and streams and refusals, for who asks for that', async () => {
    expect(await keep({ keep: 'full', days: 3 })).toMatchObject({ request_bodies: { keep: 'full', days: 3 } });
    const whole = await kept(await chat({ model: 'sandbox/echo' }));
    expect(JSON.parse(whole.request.text)).toEqual(hello({ model: 'sandbox/echo' }));
    expect(JSON.parse(whole.reply.text)).toMatchObject({ choices: [{ message: { content: 'Hello' } }] });
    expect(whole).toMatchObject({ object: 'request.body', kept: 'full', request: { truncated: false }, reply: { content_type: 'application/json', truncated: false } });
    expect(whole.expires_at - whole.created_at).toBe(3 * 86_400);
    const stream = (await kept(await chat({ model: 'sandbox/echo', stream: true }))).reply;
    expect(stream.text).toMatch(/^data: \{.*data: \[DONE\]\n\n$/s);
    expect(stream.bytes).toBe(stream.text.length);
    expect((await kept(await chat({ model: 'nobody/nothing' }))).reply?.text).toContain('model_not_found');
  });

  test('are kept without what the contract hides', async () => {
    await keep({ keep: 'redacted' });
    for (const stream of [false, true]) {
      const { request, reply } = await kept(await chat({ model: 'sandbox/echo', stream, user: 'somebody', temperature: 0.5 }));
      expect(JSON.parse(request.text)).toEqual(hello({ model: 'sandbox/echo', stream, temperature: 0.5, user: '[redacted]', messages: [{ role: 'user', content: '[redacted]' }] }));
      expect(reply.text).toContain('[redacted]');
      expect(reply.text).not.toContain('Hel');
    }
    const native = await call(server.url, { path: '/v1/native/sandbox/chat/completions', key: owner.key, body: hello({ model: 'echo' }) });
    expect(await kept(native.headers['x-request-id'] ?? '')).toMatchObject({ request: { text: '"[redacted]"' }, reply: { text: '"[redacted]"' } });
  });

  test('of a stream whose caller left hold what was sent until then', async () => {
    await keep({ keep: 'full' });
    const stream = await begin(server.url, { path: '/v1/chat/completions', key: owner.key, body: hello({ stream: true, sandbox: { hang_after_events: 2 } }) });
    const head = await stream.head();
    stream.leave();
    const { reply } = await kept(head.headers['x-request-id'] ?? '');
    expect(reply.text).toContain('chat.completion.chunk');
    expect(reply.text).not.toContain('[DONE]');
  });

  test('are seen by who sees the request, and deleted one by one or all', async () => {
    const [one, other] = [await chat({ model: 'sandbox/echo' }), await chat({ model: 'sandbox/echo' })];
    await Promise.all([kept(one), kept(other)]);
    expect((await bodyOf(one, member)).status).toBe(404);
    await askJson({ url: server.url, key: owner.key }, { method: 'DELETE', path: `/v1/requests/${one}/body` });
    expect((await bodyOf(one)).status).toBe(404);
    expect((await bodyOf(other)).status).toBe(200);
    expect(Number((await askJson({ url: server.url, key: owner.key }, { method: 'DELETE', path: '/v1/requests/bodies' }))['count'])).toBeGreaterThan(0);
    expect((await bodyOf(other)).status).toBe(404);
    expect((await list(`limit=1`)).data[0]?.id).toBe(other);
  });
});
