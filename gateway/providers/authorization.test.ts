import { describe, expect, test } from '@jest/globals';
import type { WireName } from '../foundation/terms.ts';
import { askModels } from './ask-models.ts';
import { authorization } from './authorization.ts';
import { requestHeaders } from './request-headers.ts';
import type { HttpRequest } from './wire.ts';

function provider(wire: WireName, apiKey: string | null) {
  return { id: 'p', name: 'P', wire, baseUrl: 'https://p.test/v1', apiKey, headers: { 'x-fixed': '1' }, quirks: {} };
}

describe('authorization', () => {
  test.each<[WireName, string | null, Record<string, string>]>([
    ['openai-chat', 'k', { authorization: 'Bearer k' }],
    ['openai-chat', null, {}],
    ['openai-responses', 'k', { authorization: 'Bearer k' }],
    ['gemini-content', 'k', { 'x-goog-api-key': 'k' }],
    ['gemini-content', null, {}],
    ['anthropic-messages', 'k', { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' }],
    ['anthropic-messages', null, { 'anthropic-version': '2023-06-01' }],
  ])('%s with %s', (wire, key, headers) => {
    expect(authorization(provider(wire, key))).toEqual(headers);
  });

  test('goes by the wire that is spoken, where the provider has several', () => {
    const mixed = { ...provider('openai-chat', 'k'), wires: { chat: 'gemini-content' as const } };
    expect(requestHeaders(mixed, { wire: 'gemini-content' })).toEqual({
      'content-type': 'application/json', accept: 'application/json', 'accept-encoding': 'identity', 'x-fixed': '1', 'x-goog-api-key': 'k',
    });
  });

  test('goes with the question which models there are', async () => {
    const asked: HttpRequest[] = [];
    const models = await askModels((_, request, events) => {
      if (request.kind === 'http') asked.push(request);
      queueMicrotask(() => {
        events.onHead(200, {});
        events.onData(Buffer.from('{"data":[{"type":"model","id":"claude-opus-5"}]}'));
        events.onEnd();
      });
      return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
    }, provider('anthropic-messages', 'k'));
    expect(models).toEqual(['claude-opus-5']);
    expect(asked).toEqual([{ kind: 'http', method: 'GET', path: '/models', headers: { accept: 'application/json', 'x-fixed': '1', 'x-api-key': 'k', 'anthropic-version': '2023-06-01' }, body: '', warnings: [] }]);
  });
});
