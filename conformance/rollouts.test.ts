/** This file shows what a rollout promises over real sockets: who gets the candidate, on which gateway, what it costs, and how it is undone. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditLog, RequestRow, Rollout, RolloutComparison, RouteExplanation } from '../generated/client/types.gen.ts';
import { startPostgres, stopPostgres } from '../scripts/postgres-under-test.ts';
import { askJson, balanceOf, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { OLD_PRICE, playing, rolloutConfig, TOKENS } from './rollout-upstreams.ts';
import { eventually, makeFolder, startServer, stopServers } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

const TEST_MS_MAX = 30_000;
const GRANT = 1_000_000_000n;

let upstream: ReplayUpstream;
let options: ServerOptions;
let server: ServerUnderTest;
let payer: Payer;

beforeAll(async () => {
  upstream = await startReplayUpstream();
  options = { env: { VLLM_BASE_URL: upstream.url }, config: rolloutConfig };
  server = await startServer(options);
  payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANT });
}, TEST_MS_MAX);
afterEach(async () => {
  for (const { id, state } of await rollouts()) {
    if (state === 'promoted') await roll(id, 'rollback');
    await remove(id);
  }
});
afterAll(async () => {
  await upstream.close();
  await stopServers();
  await stopPostgres();
}, TEST_MS_MAX);

const begin = async (body: object, at = server): Promise<Rollout> => await askJson(at, { path: '/v1/admin/rollouts', body }, 201) as unknown as Rollout;
const roll = async (id: string, how: 'promote' | 'rollback', at = server): Promise<Rollout> => await askJson(at, { method: 'POST', path: `/v1/admin/rollouts/${id}/${how}` }) as unknown as Rollout;
const change = async (id: string, body: object, at = server): Promise<Rollout> => await askJson(at, { method: 'PATCH', path: `/v1/admin/rollouts/${id}`, body }) as unknown as Rollout;
const remove = (id: string): Promise<RawReply> => call(server.url, { method: 'DELETE', path: `/v1/admin/rollouts/${id}`, key: server.key });
const rollouts = async (): Promise<Rollout[]> => ((await askJson(server, { path: '/v1/admin/rollouts?limit=100' })) as unknown as { data: Rollout[] }).data;
const chat = (model: string, key = payer.key, at = server, headers: Readonly<Record<string, string>> = {}): Promise<RawReply> =>
  call(at.url, { path: '/v1/chat/completions', key, headers, body: { model, max_tokens: 100, messages: [{ role: 'user', content: 'hello' }] } });
const who = ({ status, headers }: RawReply): unknown[] => [status, headers['x-interline-rollout'], headers['x-interline-target'], headers['x-interline-attempts']];
const errorOf = (reply: RawReply): unknown => ({ status: reply.status, ...(JSON.parse(reply.body.toString('utf8')) as { error: object }).error });
const OLD = [200, undefined, 'vllm/old', '1'];
const BASELINE = [200, 'baseline', 'vllm/old', '1'];
const CANDIDATE = [200, 'candidate', 'vllm/new', '1'];

function play(replays: Parameters<typeof playing>[1] = {}): void {
  playing(upstream, replays);
}

describe('a rollout', () => {
  test('gives chosen keys the candidate and leaves all others where they were; the log and explain say so', async () => {
    play();
    const { id } = await begin({ model: 'm/old', candidate: 'm/new', keys: [payer.keyId] });
    expect([who(await chat('m/old')), who(await chat('m/old', server.key)), who(await chat('m/other'))]).toEqual([CANDIDATE, BASELINE, [200, undefined, 'vllm/other', '1']]);
    // By whatever name: a bare one, a client's prefix, an alias. One that names the target means just that.
    expect([who(await chat('old')), who(await chat('openai/m/old')), who(await chat('an-alias')), who(await chat('vllm/old'))]).toEqual([CANDIDATE, CANDIDATE, CANDIDATE, OLD]);
    expect(who(await chat('m/old', payer.key, server, { 'x-interline-target': 'vllm/old' }))).toEqual(OLD);
    const explained = await askJson({ url: server.url, key: payer.key }, { path: '/v1/routes/explain', body: { operation: 'chat.completions', request: { model: 'm/old', messages: [{ role: 'user', content: 'hello' }] } } }) as unknown as RouteExplanation;
    expect(explained).toMatchObject({ rollout: { id, side: 'candidate' }, order: ['vllm/new', 'vllm/old'], model: 'm/new' });
    const { data } = await askJson({ url: server.url, key: payer.key }, { path: '/v1/requests?limit=1&model=m/new' }) as unknown as { data: RequestRow[] };
    expect(data[0]).toMatchObject({ rollout: { id, part: 'candidate' }, model: 'm/new' });
  });

  test('of a route and of an alias holds for that name', async () => {
    play();
    await begin({ model: 'r', candidate: 'm/new', percentage: 100 });
    await begin({ model: 'an-alias', candidate: 'vllm/new', percentage: 100 });
    const routed = await chat('r');
    expect([who(routed), routed.headers['x-interline-route']]).toEqual([CANDIDATE, 'r']);
    expect([who(await chat('an-alias')), who(await chat('m/old'))]).toEqual([CANDIDATE, OLD]);
    expect(who(await chat('m/other', payer.key, server, { 'x-interline-route': 'r' }))).toEqual(CANDIDATE);
  });

  test('falls back to the old target, and only that is charged', async () => {
    play({ new: { status: 500, headers: {}, steps: [] } });
    await begin({ model: 'm/old', candidate: 'm/new', percentage: 100 });
    const before = await balanceOf(server, payer.key);
    const reply = await chat('m/old');
    expect(who(reply)).toEqual([200, 'fallback', 'vllm/old', '2']);
    expect(reply.headers['x-interline-degraded']).toBeUndefined();
    expect(before - await balanceOf(server, payer.key)).toBe(TOKENS * OLD_PRICE);
    // What stops, stops.
    await begin({ model: 'stops', candidate: 'm/new', percentage: 100 });
    expect(who(await chat('stops'))).toEqual([502, 'candidate', 'vllm/new', '1']);
  });

  test('charges by the price of who answers', async () => {
    play();
    await begin({ model: 'm/old', candidate: 'm/new', percentage: 100 });
    const before = await balanceOf(server, payer.key);
    await chat('m/old');
    expect(before - await balanceOf(server, payer.key)).toBe(TOKENS * 2n * OLD_PRICE);
  });

  test('is no way around what a key may call, nor for a request the candidate can’t answer', async () => {
    play();
    await begin({ model: 'm/old', candidate: 'm/plain', percentage: 100 });
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
    const reply = await call(server.url, { path: '/v1/chat/completions', key: payer.key, body: { model: 'm/old', tools, messages: [{ role: 'user', content: 'hello' }] } });
    expect([who(reply), who(await chat('m/old'))]).toEqual([OLD, [200, 'candidate', 'vllm/plain', '1']]);
    const limited = await askJson({ url: server.url, key: payer.key }, { path: '/v1/keys', body: { name: 'limited', models: ['m/old'] } }, 201);
    expect(who(await chat('m/old', String(limited['secret'])))).toEqual(OLD);
  });

  test('is compared: what each side answered, how fast and for how much', async () => {
    play();
    const { id } = await begin({ model: 'm/old', candidate: 'm/new', keys: [payer.keyId] });
    for (let at = 0; at < 3; at++) {
      await chat('m/old');
      await chat('m/old', server.key);
    }
    play({ new: { status: 500, headers: {}, steps: [] } });
    await chat('m/old');
    const seen = await askJson(server, { path: `/v1/admin/rollouts/${id}/comparison` }) as unknown as RolloutComparison;
    expect(seen).toMatchObject({
      rollout: id, shadow: { requests: 0, success_rate: null, latency_ms: { p50: null, p95: null } }, shadow_dropped: 0,
      baseline: { requests: 3, successes: 3, success_rate: 1, fallbacks: 0, errors: [], cost_nano_usd: String(3n * TOKENS * OLD_PRICE), cost_per_success_nano_usd: String(TOKENS * OLD_PRICE) },
      candidate: { requests: 4, successes: 3, success_rate: 0.75, fallbacks: 1, errors: [{ code: 'upstream_error', count: 1 }], cost_per_success_nano_usd: String(2n * TOKENS * OLD_PRICE), completion_tokens: 120 },
    });
    expect(seen.candidate.latency_ms.p50).toBeGreaterThan(0);
  });

  test('has no part in an answer out of the reply cache, and nobody on one side is given the other’s', async () => {
    play();
    const own = await makePayer(server);
    await askJson({ url: server.url, key: own.key }, { method: 'PATCH', path: `/v1/workspaces/${own.workspace}`, body: { reply_cache: { enabled: true } } });
    const seen = async (): Promise<unknown[]> => {
      const reply = await chat('m/old', own.key);
      return [...who(reply).slice(1, 3), reply.headers['x-interline-cache']];
    };
    const { id } = await begin({ model: 'm/old', candidate: 'm/new', shadow: { percentage: 100 } });
    expect(await seen()).toEqual(['baseline', 'vllm/old', 'miss']);
    expect(await eventually(async () => {
      const again = await seen();
      return again[2] === 'hit' ? again : null;
    })).toEqual([undefined, 'vllm/old', 'hit']);
    await change(id, { percentage: 100 });
    expect(await seen()).toEqual(['candidate', 'vllm/new', 'miss']);
  });

  test('can’t be begun for what is not there, or twice, nor changed once it is over', async () => {
    const ask = async (body: object): Promise<unknown> => errorOf(await call(server.url, { path: '/v1/admin/rollouts', key: server.key, body }));
    expect(await ask({ model: 'nobody', candidate: 'm/new' })).toMatchObject({ status: 400, code: 'invalid_request', param: 'model' });
    expect(await ask({ model: 'm/old', candidate: 'nobody' })).toMatchObject({ status: 400, param: 'candidate' });
    expect(await ask({ model: 'm/old', candidate: 'old' })).toMatchObject({ status: 400, param: 'candidate' });
    expect(await ask({ model: 'm/old', candidate: 'openai/gpt-5' })).toMatchObject({ status: 400, param: 'candidate', message: expect.stringContaining('OPENAI_API_KEY') });
    expect(await ask({ model: 'm/old', candidate: 'm/new', keys: ['key_AAAAAAAAAAAAAAAA'] })).toMatchObject({ status: 400, param: 'keys' });
    expect(await ask({ model: 'm/old', candidate: 'm/new', percentage: 101 })).toMatchObject({ status: 400, param: 'percentage' });
    const { id } = await begin({ model: 'm/old', candidate: 'm/new' });
    expect(await ask({ model: 'm/old', candidate: 'm/other' })).toMatchObject({ status: 409, code: 'rollout_in_force' });
    await roll(id, 'promote');
    expect(errorOf(await remove(id))).toMatchObject({ status: 409, code: 'rollout_in_force' });
    expect(errorOf(await call(server.url, { method: 'PATCH', path: `/v1/admin/rollouts/${id}`, key: server.key, body: { percentage: 3 } }))).toMatchObject({ status: 409, code: 'rollout_over' });
    await roll(id, 'rollback');
    expect(errorOf(await call(server.url, { method: 'POST', path: `/v1/admin/rollouts/${id}/promote`, key: server.key }))).toMatchObject({ status: 409, code: 'rollout_over' });
  });
});

describe('promoting and rolling back', () => {
  test('is one call each, holds for everybody at once, and the one before is in force again', async () => {
    play();
    const first = await begin({ model: 'm/old', candidate: 'm/new', percentage: 10 });
    expect(await roll(first.id, 'promote')).toMatchObject({ state: 'promoted', promoted_at: expect.any(Number) });
    const promoted = [200, undefined, 'vllm/new', '1'];
    expect([who(await chat('m/old')), who(await chat('m/old', server.key)), who(await chat('old'))]).toEqual([promoted, promoted, promoted]);
    const second = await begin({ model: 'm/old', candidate: 'm/other', percentage: 100 });
    expect(who(await chat('m/old'))).toEqual([200, 'candidate', 'vllm/other', '1']);
    await roll(second.id, 'promote');
    expect(who(await chat('m/old'))).toEqual([200, undefined, 'vllm/other', '1']);
    await roll(second.id, 'rollback');
    expect(who(await chat('m/old'))).toEqual(promoted);
    await roll(first.id, 'rollback');
    expect(who(await chat('m/old'))).toEqual(OLD);
  });
});

describe.each(['SQLite', 'PostgreSQL'])('several gateways on one %s', (engine) => {
  test('have the same rollouts soon, and after a restart', async () => {
    play();
    const shared: ServerOptions = engine === 'SQLite' ? { ...options, dataFolder: makeFolder() } : { ...options, dataFolder: makeFolder(), env: { ...options.env, INTERLINE_DATABASE_URL: (await startPostgres()).url } };
    const here = await startServer(shared);
    const there = await startServer(shared);
    const { id } = await begin({ model: 'm/old', candidate: 'm/new' }, here);
    const seenThere = (expected: unknown[]): Promise<unknown> => eventually(async () => {
      const seen = who(await chat('m/old', here.key, there));
      return JSON.stringify(seen) === JSON.stringify(expected) ? true : null;
    });
    await seenThere(BASELINE);
    await change(id, { percentage: 100 }, here);
    await seenThere(CANDIDATE);
    await roll(id, 'promote', there);
    await eventually(async () => (who(await chat('m/old', here.key, here))[1] === undefined ? true : null));
    await Promise.all([here.stop(), there.stop()]);
    const again = await startServer(shared);
    expect(who(await chat('m/old', again.key, again))).toEqual([200, undefined, 'vllm/new', '1']);
    const log = await askJson(again, { path: '/v1/admin/audit-log' }) as unknown as AuditLog;
    expect(log.data.map(({ action }) => action)).toEqual(['rollout.promote', 'rollout.change', 'rollout.create']);
    await again.stop();
  }, 4 * TEST_MS_MAX);
});

describe('the audit log', () => {
  test('tells who changed what of rollouts, routes, models, providers and plans, page by page, and no secret', async () => {
    const put = (path: string, body: object): Promise<unknown> => askJson(server, { method: 'PUT', path: `/v1/admin/${path}`, body });
    const gone = (path: string): Promise<unknown> => askJson(server, { method: 'DELETE', path: `/v1/admin/${path}` });
    const since = Math.floor(Date.now() / 1000);
    const provider = { id: 'audited', name: 'Audited', wire: 'openai-chat', base_url: 'http://127.0.0.1:9/v1', key_env: null, key_required: false, discover: false, headers: { 'x-secret': 'sk-never-told' } };
    await put('providers/audited', provider);
    await put('models/audited/model', { id: 'audited/model', tier: 'pro', context_window: 1000, max_output_tokens: 100, targets: [{ provider: 'audited', model: 'x', unpriced: true }] });
    await put('routes/audited', { id: 'audited', stands_for: ['audited/model'] });
    await put('routes/audited', { id: 'audited', stands_for: ['sandbox/echo'] });
    await put('plans/audited', { name: 'Audited', tiers: { basic: { allowed: true, messages_per_day: 1 }, pro: { allowed: false, messages_per_day: 0 }, ultimate: { allowed: false, messages_per_day: 0 } } });
    for (const path of ['plans/audited', 'routes/audited', 'models/audited/model', 'providers/audited']) await gone(path);
    const reply = await call(server.url, { path: `/v1/admin/audit-log?limit=100&from=${since}`, key: server.key });
    expect(reply.body.toString('utf8')).not.toContain('sk-never-told');
    const { data } = JSON.parse(reply.body.toString('utf8')) as AuditLog;
    const told = data.filter(({ subject }) => subject.startsWith('audited'));
    expect(told.map(({ action }) => action)).toEqual([
      'provider.delete', 'model.delete', 'route.delete', 'plan.delete', 'plan.put', 'route.put', 'route.put', 'model.put', 'provider.put',
    ]);
    expect(told[5]).toMatchObject({ before: { stands_for: ['audited/model'] }, after: { stands_for: ['sandbox/echo'] }, key: expect.stringMatching(/^key_/), user: expect.stringMatching(/^user_/), request: expect.stringMatching(/^req_/) });
    expect(told.at(-1)).toMatchObject({ before: null, after: { id: 'audited', headers: { 'x-secret': '[redacted]' } } });
    // Page by page and by every filter the same rows.
    const ids: string[] = [];
    for (let after: string | null | undefined = ''; after !== null && after !== undefined;) {
      const page = await askJson(server, { path: `/v1/admin/audit-log?limit=2&kind=route&subject=audited${after === '' ? '' : `&after=${after}`}` }) as unknown as AuditLog;
      ids.push(...page.data.map(({ id }) => id));
      after = page.has_more ? page.last_id : null;
    }
    expect(ids).toEqual(told.filter(({ kind }) => kind === 'route').map(({ id }) => id));
    const [one] = told;
    for (const query of [`key=${one?.key ?? ''}`, `user=${one?.user ?? ''}`, 'action=provider.delete&subject=audited']) {
      expect((await askJson(server, { path: `/v1/admin/audit-log?limit=100&${query}` }) as unknown as AuditLog).data.map(({ id }) => id)).toContain(one?.id);
    }
    expect((await askJson(server, { path: `/v1/admin/audit-log?key=${payer.keyId}` }) as unknown as AuditLog).data).toEqual([]);
  });
});
