/** This file holds the reading of native paths, queries and bodies: what could be read in two ways is not read at all. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { outlineJson } from '../foundation/json-outline.ts';
import { isJsonObject, parseJson } from '../foundation/json-value.ts';
import type { NativeForm } from '../foundation/terms.ts';
import { readNativeRequest } from './native-body.ts';
import type { NativeRequest } from './native-body.ts';
import { gatherNativePrompt } from './native-prompt.ts';
import { isUnmetered, meteredPath, readNativePath, safeReplyHeaders, safeRequestHeaders, writeNativeQuery } from './native.ts';

const ANTHROPIC = { wire: 'anthropic-messages', baseUrl: 'https://api.example.org/v1' };

describe('a path', () => {
  test('loses the version of its base URL once', () => {
    expect(readNativePath('v1/messages', ANTHROPIC)).toBe('messages');
    expect(readNativePath('v1/v1/messages', ANTHROPIC)).toBe('v1/messages');
    expect(readNativePath('v1', ANTHROPIC)).toBe('v1');
    expect(readNativePath('v1/models', { wire: 'openai-chat', baseUrl: 'https://api.example.org/openai' })).toBe('v1/models');
    expect(readNativePath('v1/models/a:generateContent', { wire: 'gemini-content', baseUrl: 'https://example.org/v1beta' })).toBe('models/a:generateContent');
  });

  test('that is read is sent as it stands, and stays below its base URL', () => {
    const segment = fc.oneof(fc.string(), fc.constantFrom('..', '.', '', '%2e%2e', '%2F', 'messages', 'v1', 'models', 'a:b', '\\', '?x', '#', ';'));
    fc.assert(fc.property(fc.array(segment, { maxLength: 5 }).map((parts) => parts.join('/')), (path) => {
      let read: string;
      try {
        read = readNativePath(path, ANTHROPIC);
      } catch {
        return;
      }
      expect(new URL(`https://api.example.org/v1/${read}`).pathname).toBe(`/v1/${read}`);
    }), { numRuns: 2000 });
  });

  test('is metered where its usage can be read, and only by POST', () => {
    expect(meteredPath('anthropic-messages', 'POST', 'messages')).toEqual({ form: 'messages', model: null, isStream: null });
    expect(meteredPath('gemini-content', 'POST', 'models/a:streamGenerateContent')).toEqual({ form: 'generate', model: 'a', isStream: true });
    for (const [wire, path] of [['anthropic-messages', 'messages/batches'], ['openai-chat', 'batches'], ['openai-chat', 'constructor'], ['kling-videos', 'chat/completions'], ['sandbox', 'completions']] as const) {
      expect(meteredPath(wire, 'POST', path)).toBeNull();
    }
    expect(meteredPath('openai-chat', 'GET', 'responses')).toBeNull();
  });

  test.each<[string, 'GET' | 'POST', string, boolean]>([
    ['GET /models', 'GET', 'models', true], ['GET models', 'POST', 'models', false], ['models', 'POST', 'models', true], ['files/*', 'GET', 'files/a/content', true],
    ['files/*', 'GET', 'files', false], ['files/*/content', 'GET', 'files/a/content', true], ['files/*/content', 'GET', 'files/a/b/content', false], ['*', 'POST', 'a/b', true],
  ])('the pattern %s and %s %s: %s', (pattern, method, path, isMeant) => {
    expect(isUnmetered([pattern], method, path)).toBe(isMeant);
  });
});

test('a query never carries a key, and of a metered path only what hides nothing', () => {
  const stream = meteredPath('gemini-content', 'POST', 'models/a:streamGenerateContent');
  expect(writeNativeQuery({ alt: 'sse' }, stream)).toBe('?alt=sse');
  expect(writeNativeQuery({ limit: '2', 'ids[]': 'a b' }, null)).toBe('?limit=2&ids%5B%5D=a+b');
  for (const query of [{ key: 'x' }, { KEY: 'x' }, { 'api-key': 'x' }, { 'a b': 'x' }]) expect(() => writeNativeQuery(query, null)).toThrow();
  for (const query of [{}, { alt: 'sse', fields: 'candidates' }, { alt: 'proto' }]) expect(() => writeNativeQuery(query, stream)).toThrow();
});

test('of headers only those that are known to be harmless go either way', () => {
  const asked = { 'anthropic-beta': 'a, b', 'anthropic-version': '2023-06-01', authorization: 'x', 'openai-beta': 'a\r\nx: y', accept: 'image/png' };
  expect(safeRequestHeaders(asked, true)).toEqual({ 'anthropic-beta': 'a, b', 'anthropic-version': '2023-06-01' });
  expect(safeRequestHeaders(asked, false)).toMatchObject({ accept: 'image/png' });
  expect(safeReplyHeaders({ 'retry-after': '3', 'set-cookie': 'a', 'openai-organization': 'org', 'request-id': ['a', 'b'] }))
    .toEqual({ 'retry-after': '3', 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; sandbox" });
});

function read(form: NativeForm, text: string): NativeRequest {
  const body = parseJson(text);
  const isInPath = form === 'generate' || form === 'embed';
  return readNativeRequest({ form, model: isInPath ? 'm' : null, isStream: isInPath ? false : null }, isJsonObject(body) ? body : {}, outlineJson(text, 64));
}

describe('a body', () => {
  test.each<[NativeForm, string, Partial<NativeRequest>]>([
    ['chat', '{"model":"m","n":3,"max_tokens":5,"max_completion_tokens":7}', { outputTokens: 7, choices: 3 }],
    ['chat', '{"model":"m","max_tokens":-1,"stream":null}', { outputTokens: null, isStream: false }],
    ['completions', '{"model":"m","best_of":4,"n":2,"prompt":["a","b"],"max_tokens":10}', { choices: 8, outputTokens: 10 }],
    ['completions', '{"model":"m","prompt":[1,2,3]}', { choices: 1 }],
    ['responses', '{"model":"m","input":"x","max_output_tokens":9,"stream":true}', { outputTokens: 9, isStream: true }],
    ['messages', '{"model":"m","max_tokens":100,"thinking":{"type":"enabled","budget_tokens":2000}}', { outputTokens: 2100 }],
    ['messages', '{"model":"m","max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":2000}}', { outputTokens: 4000 }],
    ['generate', '{"generation_config":{"max_output_tokens":8,"candidateCount":2}}', { outputTokens: 8, choices: 2 }],
    ['generate', '{"generationConfig":{"maxOutputTokens":8,"max_output_tokens":80}}', { outputTokens: 80 }],
    ['embeddings', '{"model":"m","input":"x","stream":true}', { outputTokens: 0, isStream: false }],
    ['embed', '{"model":"models/m","content":{}}', { model: 'm', outputTokens: 0 }],
  ])('of %s %s is read', (form, text, wanted) => {
    expect(read(form, text)).toMatchObject(wanted);
  });

  test.each<[NativeForm, string]>([
    ['generate', '{"GenerationConfig":{}}'], ['generate', '{"generation-config":{}}'], ['embed', '{"model":"models/other"}'], ['messages', '{"model":"m","MAX_TOKENS":5}'],
    ['generate', '{"generationConfig":{"maxOutputTokens":"8"}}'], ['messages', '{"model":"m","thinking":{"budget_tokens":0.5}}'], ['completions', `{"model":"m","prompt":[${'"a",'.repeat(2100)}"b"]}`],
  ])('of %s that could be read in two ways is refused: %.60s', (form, text) => {
    expect(() => read(form, text)).toThrow();
  });
});

describe('a prompt', () => {
  const gather = (text: string) => {
    const body = parseJson(text);
    return gatherNativePrompt(isJsonObject(body) ? body : {});
  };

  test('is its texts, wherever they stand', () => {
    expect(gather('{"model":"m","system":"s","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"tool_result","tool_use_id":"t","content":"b"}]}]}').texts).toEqual(['s', 'a', 'b']);
    expect(gather('{"contents":[{"parts":[{"text":"a"},{"functionResponse":{"name":"f","response":{"x":"b"}}}]}]}').texts).toEqual(['a', 'f', 'b']);
  });

  test('has tokens for numbers that are tokens, and for media by its length', () => {
    expect(gather('{"input":[1,2,3],"model":"m"}')).toMatchObject({ tokens: 3, texts: [] });
    const image = 'A'.repeat(133_000);
    expect(gather(`{"messages":[{"source":{"type":"base64","media_type":"image/png","data":"${image}"}}]}`)).toMatchObject({ tokens: 2500, texts: [] });
    expect(gather(`{"contents":[{"inlineData":{"mimeType":"audio/wav","data":"${image}"}}]}`)).toMatchObject({ tokens: 2500, texts: [] });
  });

  test('does not pass text off as media', () => {
    expect(gather('{"messages":[{"source":{"type":"text","media_type":"text/plain","data":"long"}}]}').texts).toEqual(['long']);
    expect(gather('{"messages":[{"data":"long"}]}').texts).toEqual(['long']);
  });
});
