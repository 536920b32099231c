/** This file shows what of a chat request does not go to an upstream of OpenAI's wire as it came. */
import { expect, test } from '@jest/globals';
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import { outlineJson } from '../foundation/json-outline.ts';
import type { Quirks } from '../foundation/terms.ts';
import { openaiChatWire } from './openai-chat.ts';

function encode(fields: Record<string, unknown>, quirks: Quirks = {}) {
  const bodyText = JSON.stringify({ model: 'a/b', messages: [{ role: 'user', content: 'x' }], ...fields });
  const provider = { id: 'p', name: 'P', wire: 'openai-chat' as const, baseUrl: 'http://h/v1', apiKey: null, headers: {}, quirks };
  const request = openaiChatWire.encode({
    target: { id: 'p/up', provider, upstreamModel: 'up', price: null, quirks: {}, options: {} },
    body: JSON.parse(bodyText) as ChatCompletionRequest, bodyText, outline: outlineJson(bodyText, 64), isStream: false, files: [], requestId: 'req_1', nowSeconds: 1,
  });
  return { sent: JSON.parse(request.kind === 'http' ? String(request.body) : '') as Record<string, unknown>, warnings: request.warnings };
}

test('a field that decides is sent in one case only: servers that read MODEL as model must not be told two things', () => {
  const { sent, warnings } = encode({ MODEL: 'dear', Model: 'dearer', max_tokens: 5, Max_Tokens: 9_999_999, N: 50, Metadata: { kept: true } });
  expect(sent).toEqual({ model: 'up', messages: [{ role: 'user', content: 'x' }], max_tokens: 5, Metadata: { kept: true } });
  expect(warnings).toEqual(['MODEL: dropped, it is written model', 'Model: dropped, it is written model', 'Max_Tokens: dropped, it is written max_tokens', 'N: dropped, it is written n']);
});

test('what the catalogue says a provider must not be told is dropped aloud', () => {
  expect(encode({ models: ['dear/model'], route: 'fallback', seed: 1 }, { dropFields: ['models', 'route', 'plugins'] })).toEqual({
    sent: { model: 'up', messages: [{ role: 'user', content: 'x' }], seed: 1 },
    warnings: ['models: dropped, p/up does not take it', 'route: dropped, p/up does not take it'],
  });
});
