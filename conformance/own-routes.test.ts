/** This file shows how routes and aliases are put, by operators for everybody and by workspaces for themselves, and what is told of them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Model, Route, RouteExplanation } from '../generated/client/types.gen.ts';
import { askJson, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

let server: ServerUnderTest;
let payer: Payer;
let other: Payer;

beforeAll(async () => {
  server = await startServer({ config: { routes: [{ id: 'filed', description: 'of the file', targets: ['sandbox/echo'] }], aliases: { 'of-file': 'filed' } } });
  payer = await makePayer(server);
  other = await makePayer(server);
}, 30_000);
afterAll(async () => { await stopServers(); });

const put = (path: string, body: unknown, key = server.key): Promise<RawReply> => call(server.url, { method: 'PUT', path: `/v1${path}`, key, body });
const remove = (path: string, key = server.key): Promise<RawReply> => call(server.url, { method: 'DELETE', path: `/v1${path}`, key });
const routeOf = async (id: string, key = server.key): Promise<Route> => await askJson({ url: server.url, key }, { path: `/v1/routes/${id}` }) as unknown as Route;
const chat = (model: string, key = server.key): Promise<RawReply> => call(server.url, { path: '/v1/chat/completions', key, body: { model, messages: [{ role: 'user', content: 'Reply with exactly: hello' }] } });
const answeredBy = async (model: string, key = server.key): Promise<readonly (string | number | undefined)[]> => {
  const { status, headers } = await chat(model, key);
  return [status, headers['x-interline-route'], headers['x-interline-target']];
};
const errorOf = (reply: RawReply): unknown => ({ status: reply.status, ...(JSON.parse(reply.body.toString('utf8')) as { error: object }).error });
const explain = async (model: string, key = server.key): Promise<RouteExplanation> => await askJson({ url: server.url, key }, {
  path: '/v1/routes/explain', body: { operation: 'chat.completions', request: { model, messages: [{ role: 'user', content: 'hello' }] } },
}) as unknown as RouteExplanation;

const echo = (id: string): object => ({ id, description: 'the echo', targets: ['sandbox/echo'], fallback: { attempts: 2, seconds: 9 } });

describe('GET /routes', () => {
  test('every route of the program works without a provider key, but for the one the sandbox has no eyes for', async () => {
    const { data } = await askJson(server, { path: '/v1/routes' }) as { data?: Route[] };
    const ids = data?.map(({ id }) => id) ?? [];
    expect(ids).toEqual([...ids].sort());
    for (const id of ['cheap-fast', 'balanced', 'best-quality', 'long-context', 'code', 'research', 'fallback']) {
      const route = data?.find((each) => each.id === id);
      expect(route).toMatchObject({ source: 'built_in', stands_for: null });
      expect(route?.models.filter(({ available }) => available)).toEqual([{ model: 'sandbox/chat', weight: 1, available: true, targets: ['sandbox/chat'], reason: null, detail: null }]);
      expect(await answeredBy(id)).toEqual([200, id, 'sandbox/chat']);
    }
    expect(data?.find(({ id }) => id === 'vision')?.models.some(({ available }) => available)).toBe(false);
    expect(errorOf(await chat('vision'))).toMatchObject({ status: 404, code: 'model_not_available', message: expect.stringContaining('set GEMINI_API_KEY') });
  });

  test('a route says why its models can not be called, and an alias what it stands for', async () => {
    expect((await routeOf('balanced')).models[1]).toMatchObject({ model: 'anthropic/claude-sonnet-4.6', available: false, reason: 'no_key', detail: expect.stringContaining('ANTHROPIC_API_KEY') });
    expect(await routeOf('fast')).toMatchObject({ source: 'built_in', stands_for: ['cheap-fast'], models: expect.arrayContaining([expect.objectContaining({ model: 'sandbox/chat', available: true })]) as unknown });
    expect(await routeOf('filed')).toMatchObject({ source: 'file', fallback: { attempts: 3, seconds: null, on: { content_filter: ['stop'], context_length: ['degrade'] } } });
    expect(await routeOf('of-file')).toMatchObject({ source: 'file', stands_for: ['filed'] });
  });
});

describe('an operator’s route', () => {
  test('is in force at once for everybody, in the place of the one of its name, until it is deleted', async () => {
    expect(await answeredBy('balanced', payer.key)).toEqual([200, 'balanced', 'sandbox/chat']);
    expect(JSON.parse((await put('/admin/routes/balanced', echo('balanced'))).body.toString('utf8'))).toMatchObject({ source: 'api', fallback: { attempts: 2, seconds: 9 } });
    expect(await answeredBy('balanced', payer.key)).toEqual([200, 'balanced', 'sandbox/echo']);
    expect((await remove('/admin/routes/balanced')).status).toBe(200);
    expect(await answeredBy('balanced', payer.key)).toEqual([200, 'balanced', 'sandbox/chat']);
  });

  test('an alias takes the place of a route, and a route that of an alias', async () => {
    expect((await put('/admin/routes/code', { id: 'code', stands_for: ['sandbox/echo'] })).status).toBe(200);
    expect(await answeredBy('code')).toEqual([200, undefined, 'sandbox/echo']);
    expect((await put('/admin/routes/fast', echo('fast'))).status).toBe(200);
    expect(await answeredBy('fast')).toEqual([200, 'fast', 'sandbox/echo']);
    expect([(await remove('/admin/routes/code')).status, (await remove('/admin/routes/fast')).status]).toEqual([200, 200]);
    expect([await answeredBy('code'), await answeredBy('fast')]).toEqual([[200, 'code', 'sandbox/chat'], [200, 'cheap-fast', 'sandbox/chat']]);
  });

  test.each([
    ['a model nobody knows', { id: 'mine', description: 'x', targets: ['nobody/nothing'] }, 'an existing model, not nobody/nothing'],
    ['a model twice', { id: 'mine', description: 'x', targets: ['sandbox/echo', { model: 'sandbox/echo' }] }, 'each model once'],
    ['a name nobody knows', { id: 'mine', stands_for: ['nothing'] }, 'an existing model or route, not nothing'],
    ['another id', echo('yours'), 'the one in the path'],
    ['an unknown step', { ...echo('mine'), fallback: { on: { timeout: ['hope'] } } }, ''],
    ['an unknown class', { ...echo('mine'), fallback: { on: { despair: ['stop'] } } }, ''],
    ['no targets and nothing to stand for', { id: 'mine', description: 'x' }, ''],
  ])('%s is refused, by operators and by workspaces', async (_what, body, message) => {
    for (const reply of [await put('/admin/routes/mine', body), await put('/routes/mine', body, payer.key)]) {
      expect(errorOf(reply)).toMatchObject({ status: 400, code: 'invalid_request', message: expect.stringContaining(message) });
    }
    expect((await remove('/routes/mine', payer.key)).status).toBe(404);
  });
});

describe('a workspace’s own route', () => {
  test('takes the place of the installation’s for this workspace alone, in every kind of call', async () => {
    const made = await put('/routes/balanced', echo('balanced'), payer.key);
    expect(JSON.parse(made.body.toString('utf8'))).toMatchObject({ source: 'workspace', models: [{ model: 'sandbox/echo', available: true }] });
    expect(await answeredBy('balanced', payer.key)).toEqual([200, 'balanced', 'sandbox/echo']);
    expect(await answeredBy('openai/balanced', payer.key)).toEqual([200, 'balanced', 'sandbox/echo']);
    expect(await answeredBy('balanced', other.key)).toEqual([200, 'balanced', 'sandbox/chat']);
    const response = await call(server.url, { path: '/v1/responses', key: payer.key, body: { model: 'balanced', input: 'hello' } });
    expect([response.status, response.headers['x-interline-target']]).toEqual([200, 'sandbox/echo']);
    expect((await explain('balanced', payer.key)).targets.map(({ target }) => target)).toEqual(['sandbox/echo']);
    expect([(await routeOf('balanced', payer.key)).source, (await routeOf('balanced', other.key)).source]).toEqual(['workspace', 'built_in']);
    expect((await remove('/routes/balanced', payer.key)).status).toBe(200);
    expect(await answeredBy('balanced', payer.key)).toEqual([200, 'balanced', 'sandbox/chat']);
  });

  test('an alias of its own is nobody else’s', async () => {
    expect((await put('/routes/house-model', { id: 'house-model', stands_for: ['sandbox/echo'] }, payer.key)).status).toBe(200);
    expect(await answeredBy('house-model', payer.key)).toEqual([200, undefined, 'sandbox/echo']);
    expect((await chat('house-model', other.key)).status).toBe(404);
  });

  test('is listed with the models, and retrieved, as the routes of the installation are; nobody else sees it', async () => {
    const models = async (key: string): Promise<Model[]> => (await askJson({ url: server.url, key }, { path: '/v1/models' }) as unknown as { data: Model[] }).data;
    const [before, othersBefore] = [await models(payer.key), await models(other.key)];
    await put('/routes/zz-own', echo('zz-own'), payer.key);
    await put('/routes/zz-alias', { id: 'zz-alias', stands_for: ['sandbox/chat'] }, payer.key);
    await put('/routes/balanced', { ...echo('balanced'), description: 'ours' }, payer.key);
    await put('/routes/zz-closed', { id: 'zz-closed', description: 'x', targets: ['openai/gpt-5-mini'] }, payer.key);
    const listed = await models(payer.key);
    expect(listed.map(({ id }) => id)).toEqual([...before.map(({ id }) => id), 'zz-alias', 'zz-own']);
    expect(listed.find(({ id }) => id === 'zz-own')).toMatchObject({ name: 'zz-own', description: 'the echo', resolves_to: 'sandbox/echo', available: true });
    expect(listed.find(({ id }) => id === 'zz-alias')).toMatchObject({ description: 'Stands for sandbox/chat.', resolves_to: 'sandbox/chat' });
    expect(listed.find(({ id }) => id === 'balanced')).toMatchObject({ description: 'ours', resolves_to: 'sandbox/echo' });
    for (const id of ['zz-own', 'zz-alias', 'balanced']) expect(await askJson({ url: server.url, key: payer.key }, { path: `/v1/models/${id}` })).toEqual(listed.find((each) => each.id === id));
    expect(await askJson({ url: server.url, key: payer.key }, { path: '/v1/models/openai/zz-own' })).toMatchObject({ id: 'zz-own' });
    expect(await askJson({ url: server.url, key: payer.key }, { path: '/v1/models/zz-closed' })).toMatchObject({ available: false, missing_credentials: expect.arrayContaining(['OPENAI_API_KEY']) });
    expect(await models(other.key)).toEqual(othersBefore);
    expect(errorOf(await call(server.url, { path: '/v1/models/zz-own', key: other.key }))).toMatchObject({ status: 404, code: 'model_not_found' });
    for (const id of ['zz-own', 'zz-alias', 'zz-closed', 'balanced']) await remove(`/routes/${id}`, payer.key);
    expect((await models(payer.key)).filter(({ id }) => id !== 'house-model')).toEqual(before.filter(({ id }) => id !== 'house-model'));
  });

  test('is known to other gateways within a moment', async () => {
    const beside = await startServer({ dataFolder: server.dataFolder });
    const askBeside = async (): Promise<string | null> => {
      const reply = await call(beside.url, { path: '/v1/chat/completions', key: payer.key, body: { model: 'shared', messages: [{ role: 'user', content: 'hello' }] } });
      return reply.status === 200 ? reply.headers['x-interline-target'] ?? null : null;
    };
    expect(await askBeside()).toBeNull();
    await put('/routes/shared', echo('shared'), payer.key);
    expect(await eventually(askBeside)).toBe('sandbox/echo');
    expect(await beside.stop()).toBe(0);
  }, 30_000);

  test('is put by owners and admins, not by members', async () => {
    const { id: user } = await askJson(server, { path: '/v1/admin/users', body: { name: 'm' } }, 201);
    await askJson({ url: server.url, key: payer.key }, { path: '/v1/members', body: { user, role: 'member' } }, 201);
    const { secret } = await askJson(server, { path: '/v1/admin/keys', body: { name: 'm', user, workspace: payer.workspace, scopes: ['inference', 'management'] } }, 201);
    expect(errorOf(await put('/routes/mine', echo('mine'), String(secret)))).toMatchObject({ status: 403, code: 'insufficient_role' });
    expect((await routeOf('balanced', String(secret))).id).toBe('balanced');
  });

  test('a workspace has a bounded number of them', async () => {
    const full = await makePayer(server);
    const replies = [];
    for (let at = 0; at <= 100; at++) replies.push((await put(`/routes/r${at}`, { id: `r${at}`, stands_for: ['sandbox/echo'] }, full.key)).status);
    expect([replies.filter((status) => status === 200).length, replies.at(-1)]).toEqual([100, 400]);
  }, 30_000);
});

describe('POST /routes/explain', () => {
  test('tells what the caller would be told', async () => {
    const basicOnly = { allowed: true, messages_per_day: 1 };
    const none = { allowed: false, messages_per_day: 0 };
    await askJson(server, { method: 'PUT', path: '/v1/admin/plans/pro-only', body: { name: 'Pro only', tiers: { basic: none, pro: basicOnly, ultimate: none } } });
    const poor = await makePayer(server, { plan: 'pro-only' });
    for (const model of ['balanced', 'sandbox/echo', 'nobody/nothing', 'openai/gpt-5-mini']) {
      const { refusal, targets, order } = await explain(model, poor.key);
      expect([targets, order]).toEqual([[], []]);
      expect(errorOf(await chat(model, poor.key))).toMatchObject({ ...refusal });
    }
  });

  test('takes responses and embeddings, too, and asks nobody', async () => {
    const before = await askJson(server, { path: '/v1/usage?limit=1' });
    const ask = (operation: string, request: object): Promise<Record<string, unknown>> => askJson(server, { path: '/v1/routes/explain', body: { operation, request } });
    expect(await ask('responses', { model: 'balanced', input: 'hello' })).toMatchObject({ route: 'balanced', model: 'sandbox/chat', order: ['sandbox/chat'], refusal: null });
    expect(await ask('embeddings', { model: 'sandbox/embedding', input: 'hello' })).toMatchObject({ route: null, model: 'sandbox/embedding', refusal: null });
    expect(await ask('embeddings', { model: 'balanced', input: 'hello' })).toMatchObject({ targets: [], refusal: { code: 'unsupported_model' } });
    expect((await askJson(server, { path: '/v1/usage?limit=1' }))['first_id']).toBe(before['first_id']);
  });
});
