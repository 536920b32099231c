/** This file tries every way past the meter of the native bypass. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKey, hello } from './good-requests.ts';
import { CHAT_REPLY, CLAUDE, GEMINI, SECRET, contents, expectRefusal, jsonOf, messages, openNativeStage, recorded, say } from './native-stage.ts';
import type { NativeStage } from './native-stage.ts';
import { askJson, makePayer } from './payer.ts';
import { call } from './raw-client.ts';

let stage: NativeStage;
beforeAll(async () => { stage = await openNativeStage(); }, 60_000);
afterAll(async () => { await stage.close(); });

describe('paths that nobody meters', () => {
  test('pass by the operator’s word, paid by none; their bytes and query go through', async () => {
    const reply = await stage.native('vllm/models?limit=2', undefined);
    expect({ status: reply.status, body: reply.body.toString('utf8') }).toEqual({ status: 200, body: '{"object":"list","data":[]}' });
    expect(await stage.receiptOf(reply)).toMatchObject({ payer: 'none', basis: 'none', messages: { counted_messages: 0 } });
    expect((await stage.native('sandbox/files/file-1', undefined, { method: 'DELETE' })).body.toString('utf8')).toContain('"deleted":true');
  });

  test('a key that is limited to models may not use them, nor a model beside its list', async () => {
    const { secret } = await createKey(stage.server, { name: 'narrow', models: ['anthropic/*'] });
    await expectRefusal(stage.native('vllm/models', undefined, { key: secret }), 403, 'model_not_allowed');
    await expectRefusal(stage.native('vllm/chat/completions', say('priced'), { key: secret }), 403, 'model_not_allowed');
  });

  test('an Idempotency-Key belongs to its path', async () => {
    stage.upstream.play('priced', jsonOf(CHAT_REPLY));
    const headers = { 'idempotency-key': 'one' };
    expect((await stage.native('vllm/chat/completions', say('priced'), { headers })).status).toBe(200);
    expect((await stage.native('vllm/chat/completions', say('priced'), { headers })).headers['idempotency-replayed']).toBe('true');
    await expectRefusal(stage.native('vllm/responses', say('priced'), { headers }), 422, 'idempotency_key_reused');
  });
});

describe('the meter can’t be got round', () => {
  test.each([
    ['messages/batches'], ['messages/count_tokens'], ['files'], ['complete'], ['Messages'], ['v2/messages'], ['v1/v1/messages'], ['MESSAGES'],
  ])('anthropic/%s is not metered, so it is refused', async (path) => {
    await expectRefusal(stage.native(`anthropic/${path}`, say(CLAUDE)), 403, 'native_path_not_metered');
  });

  test.each([
    ['google/models/gemini-2.5-pro:batchGenerateContent'], ['google/models/gemini-2.5-pro:countTokens'], ['google/models/gemini-2.5-pro:predictLongRunning'],
    ['google/v1alpha/models/gemini-2.5-pro:generateContent'], ['google/tunedModels/x:generateContent'], ['google/cachedContents'], ['vllm/batches'], ['vllm/fine_tuning/jobs'], ['vllm/images/generations'],
  ])('%s is not metered, so it is refused', async (path) => {
    await expectRefusal(stage.native(path, { contents }), 403, 'native_path_not_metered');
  });

  test.each([
    ['anthropic/x/../messages'], ['anthropic/%2e%2e/v1/messages'], ['anthropic/..%2fv1%2fmessages'], ['anthropic/%252e%252e/messages'], ['anthropic//messages'], ['anthropic/messages/'],
    ['anthropic/.%2Fmessages'], ['anthropic/messages%00'], ['anthropic/messages%3Fx=1'], ['anthropic/messages%23x'], ['anthropic/messages;x=1'], ['anthropic/http://example.org/messages'],
    ['anthropic/messages%20'], ['anthropic/mes%5Csages'], ['anthropic/@evil/../../messages'], ['anthropic/messages%0d%0ahost:%20evil'], ['anthropic/%zz'],
  ])('%s is no path', async (path) => {
    await expectRefusal(stage.native(path, say(CLAUDE)), 400, 'invalid_request');
  });

  test('an absolute URL, another method and a provider with a slash are not served', async () => {
    // In its absolute form a URL names the same path of this server (RFC 9112, 3.2.2); nobody else is asked.
    stage.upstream.play(CLAUDE, jsonOf(recorded('anthropic-messages/thinking.json')));
    const asked = stage.upstream.requests(CLAUDE).length;
    expect((await call(stage.server.url, { path: 'http://example.org/v1/native/anthropic/messages', key: stage.server.key, body: say(CLAUDE) })).status).toBe(200);
    expect(stage.upstream.requests(CLAUDE)).toHaveLength(asked + 1);
    await expectRefusal(stage.native('anthropic/messages', say(CLAUDE), { method: 'PUT' }), 405, 'method_not_allowed');
    expect((await stage.native('anthropic/messages', say(CLAUDE), { method: 'post' })).status).toBe(400);
    await expectRefusal(stage.native('nobody/messages', say(CLAUDE)), 404, 'provider_not_found');
    await expectRefusal(stage.native('anthropic%2Fx/messages', say(CLAUDE)), 400, 'invalid_request');
  });

  test.each([
    ['anthropic/messages?stream=true'], ['anthropic/messages?key=x'], ['anthropic/messages?beta=true&beta=true'], ['vllm/chat/completions?api-version=1'],
    [`google/models/${GEMINI}:generateContent?alt=sse`], [`google/models/${GEMINI}:streamGenerateContent`], [`google/models/${GEMINI}:streamGenerateContent?alt=proto`],
    [`google/models/${GEMINI}:generateContent?fields=candidates`], [`google/models/${GEMINI}:generateContent?$alt=sse`],
  ])('%s has a query that would hide usage', async (path) => {
    await expectRefusal(stage.native(path, path.startsWith('google') ? { contents } : say(path.startsWith('vllm') ? 'priced' : CLAUDE)), 400, 'invalid_request');
  });

  const chat = 'vllm/chat/completions';
  test.each<[string, string]>([
    [chat, '{"model":"priced","model":"other","messages":[]}'], [chat, '{"model":"priced","\\u006dodel":"other","messages":[]}'], [chat, '{"model":"priced","MODEL":"other","messages":[]}'],
    [chat, '{"model":["priced"],"messages":[]}'], [chat, '{"messages":[]}'], [chat, '{"model":"priced","stream":"true","messages":[]}'], [chat, '{"model":"priced","Stream":true,"messages":[]}'],
    [chat, '{"model":"priced","n":"9","messages":[]}'], [chat, '{"model":"priced","n":100000,"messages":[]}'], [chat, '{"model":"priced","max_tokens":1.5,"messages":[]}'], [chat, '{"model":"priced","maxTokens":1,"messages":[]}'],
    [`google/models/${GEMINI}:generateContent`, '{"model":"models/gemini-2.5-flash","contents":[]}'],
    [`google/models/${GEMINI}:generateContent`, '{"generationConfig":{"maxOutputTokens":1},"generation_config":{"max_output_tokens":60000},"contents":[]}'],
  ])('%s refuses the body %s', async (path, body) => {
    await expectRefusal(stage.native(path, body), 400, 'invalid_request');
  });

  test('what was read is what is sent, where a name inside a field is given twice', async () => {
    stage.upstream.play(GEMINI, jsonOf(recorded('gemini-content/call.json')));
    await stage.native(`google/models/${GEMINI}:generateContent`, '{"seed":12345678901234567890,"generationConfig":{"maxOutputTokens":60000,"maxOutputTokens":5},"contents":[]}');
    expect(stage.upstream.requests(GEMINI).at(-1)?.body).toBe('{"seed":12345678901234567890,"generationConfig":{"maxOutputTokens":5},"contents":[]}');
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['anthropic/messages', say(CLAUDE, { tools: [{ type: 'web_search_20250305', name: 'web_search' }] })], ['anthropic/messages', say(CLAUDE, { speed: 'fast' })],
    ['anthropic/messages', say(CLAUDE, { container: 'container_1' })], ['anthropic/messages', say(CLAUDE, { service_tier: 'priority' })],
    [chat, say('priced', { models: ['other'] })], [chat, say('priced', { web_search_options: {} })], [chat, say('priced', { modalities: ['text', 'audio'] })], [chat, say('priced', { extra_body: { model: 'x' } })],
    ['vllm/responses', { model: 'priced', input: 'x', background: true }], ['vllm/responses', { model: 'priced', input: 'x', previous_response_id: 'resp_1' }],
    ['vllm/responses', { model: 'priced', input: 'x', tools: [{ type: 'web_search' }] }],
    [`google/models/${GEMINI}:generateContent`, { contents, tools: [{ googleSearch: {} }] }], [`google/models/${GEMINI}:generateContent`, { contents, cachedContent: 'cachedContents/x' }],
  ])('%s with %j costs what nobody can know', async (path, body) => {
    await expectRefusal(stage.native(path, body), 403, 'native_path_not_metered');
  });

  test('a model without a price, or under the name the gateway has for it, is refused', async () => {
    await expectRefusal(stage.native('anthropic/messages', say('claude-of-tomorrow')), 404, 'model_not_found');
    await expectRefusal(stage.native('anthropic/messages', say('anthropic/claude-sonnet-4.5')), 404, 'model_not_found');
    await expectRefusal(stage.native('vllm/embeddings', { model: 'priced', input: 'x' }), 400, 'unsupported_model');
    await expectRefusal(stage.native('anthropic/messages', 'model=x', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }), 415, 'unsupported_media_type');
  });

  test('headers that would carry a credential, an account or another host stay here', async () => {
    stage.upstream.play(CLAUDE, jsonOf(recorded('anthropic-messages/thinking.json')));
    const headers = {
      cookie: 'a=b', 'x-forwarded-host': 'evil', 'openai-organization': 'org', 'anthropic-beta': 'a-2025,b', 'proxy-authorization': 'Basic x', 'x-goog-user-project': 'p', 'transfer-coding': 'x', 'accept-encoding': 'gzip',
    };
    expect((await stage.native('anthropic/messages', say(CLAUDE), { headers })).status).toBe(200);
    const sent = stage.upstream.requests(CLAUDE).at(-1)?.headers ?? {};
    expect(Object.keys(sent).sort()).toEqual(['accept', 'accept-encoding', 'anthropic-beta', 'anthropic-version', 'connection', 'content-length', 'content-type', 'host', 'x-api-key']);
    expect(sent).toMatchObject({ 'x-api-key': SECRET, 'accept-encoding': 'identity', 'anthropic-beta': 'a-2025,b' });
  });

  test('two keys that differ are none, and other operations take no key from vendors’ headers', async () => {
    await expectRefusal(stage.native('sandbox/models', undefined, { headers: { 'x-api-key': 'other' } }), 401, 'invalid_api_key');
    expect((await stage.native('sandbox/models', undefined, { headers: { 'x-api-key': stage.server.key } })).status).toBe(200);
    expect((await stage.native('sandbox/models', undefined, { key: null, headers: { 'x-goog-api-key': stage.server.key } })).status).toBe(200);
    await expectRefusal(call(stage.server.url, { path: '/v1/models', headers: { 'x-api-key': stage.server.key } }), 401, 'missing_api_key');
  });

  test('a balance and a budget hold for native calls as for others', async () => {
    stage.upstream.play('priced', jsonOf(CHAT_REPLY));
    const payer = await makePayer(stage.server, { billing: 'balance', nanoUsd: 100_000n });
    const asked = stage.upstream.requests('priced').length;
    // Without a cap the model's own 1000 tokens are set aside: more than the balance has.
    await expectRefusal(stage.native(chat, { model: 'priced', messages }, { key: payer.key }), 402, 'insufficient_balance');
    await expectRefusal(stage.native(chat, say('priced', { max_tokens: 20, n: 50 }), { key: payer.key }), 402, 'insufficient_balance');
    expect(stage.upstream.requests('priced')).toHaveLength(asked);
    expect((await stage.native(chat, say('priced', { max_tokens: 20 }), { key: payer.key })).status).toBe(200);
    const { data } = await askJson({ url: stage.server.url, key: payer.key }, { path: '/v1/usage?limit=1' }) as { data?: Record<string, unknown>[] };
    expect(data?.[0]).toMatchObject({ payer: 'balance', prompt_tokens: 10, completion_tokens: 5, charged_nano_usd: '15000' });
  });
});

describe("a workspace's own key", () => {
  test('pays for what nobody else would, and hears what the provider says of it', async () => {
    const payer = await makePayer(stage.server, { billing: 'balance', nanoUsd: 1n });
    const as = { key: payer.key };
    await expectRefusal(stage.native('together/batches', {}, as), 403, 'native_path_not_metered');
    await askJson({ url: stage.server.url, key: payer.key }, { path: '/v1/provider-keys', body: { provider: 'together', key: 'sk-own-0123456789' } }, 201);
    const body = { model: 'model-of-tomorrow', messages, tools: [{ type: 'web_search' }] };
    stage.upstream.play('model-of-tomorrow', jsonOf({ ...CHAT_REPLY, model: 'model-of-tomorrow' }));
    const unknown = await stage.native('together/chat/completions', body, as);
    expect({ status: unknown.status, text: unknown.body.toString('utf8') }).toMatchObject({ status: 200, text: expect.stringContaining('"Hi"') as unknown });
    expect(stage.upstream.requests('model-of-tomorrow').at(-1)).toMatchObject({ headers: { authorization: 'Bearer sk-own-0123456789' }, body: JSON.stringify(body) });
    stage.upstream.play('Qwen/Qwen3.5-9B', jsonOf(CHAT_REPLY));
    expect((await stage.native('together/chat/completions', { ...body, model: 'Qwen/Qwen3.5-9B' }, as)).status).toBe(200);
    const { data } = await askJson({ url: stage.server.url, key: payer.key }, { path: '/v1/usage?limit=2' }) as { data?: Record<string, unknown>[] };
    expect(data).toMatchObject([{ payer: 'own_key', prompt_tokens: 10, charged_nano_usd: '0' }, { payer: 'own_key', model: null, basis: 'none' }]);
    stage.upstream.play('Qwen/Qwen3.5-9B', jsonOf('{"error":{"message":"no such key"}}', { status: 401 }));
    const refused = await stage.native('together/chat/completions', say('Qwen/Qwen3.5-9B'), as);
    expect({ status: refused.status, text: refused.body.toString('utf8') }).toEqual({ status: 401, text: '{"error":{"message":"no such key"}}' });
  });
});

describe('the sandbox', () => {
  test('answers without a key of any provider, at both base paths', async () => {
    for (const base of ['/v1', '/api/openai/v1']) {
      const reply = await call(stage.server.url, { path: `${base}/native/sandbox/chat/completions`, key: stage.server.key, body: hello({ model: 'echo' }) });
      expect(JSON.parse(reply.body.toString('utf8'))).toMatchObject({ choices: [{ message: { content: 'Hello' } }] });
    }
    expect((await stage.native('sandbox/chat/completions', { model: 'echo', messages: [1, null] })).status).toBe(400);
    expect((await stage.native('sandbox/chat/completions', { model: 'echo' })).status).toBe(400);
  });
});
