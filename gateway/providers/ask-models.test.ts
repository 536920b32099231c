import { describe, expect, test } from '@jest/globals';
import type { Provider } from '../foundation/terms.ts';
import { askModels } from './ask-models.ts';
import type { OpenExchange } from './call.ts';
import type { HttpRequest, ScriptedReply } from './wire.ts';

const provider: Provider = { id: 'p', name: 'P', wire: 'openai-chat', baseUrl: 'http://localhost/v1', apiKey: 'key-1', headers: { 'x-extra': '1' }, quirks: {} };

/** Answers every exchange with this body, and keeps what was asked. */
function answering(body: object): { asked: (HttpRequest | ScriptedReply)[]; openExchange: OpenExchange } {
  const asked: (HttpRequest | ScriptedReply)[] = [];
  return {
    asked,
    openExchange: (_, request, events) => {
      asked.push(request);
      queueMicrotask(() => {
        events.onHead(200, {});
        events.onData(Buffer.from(JSON.stringify(body)));
        events.onEnd();
      });
      return { abort: () => undefined, resume: () => undefined };
    },
  };
}

describe('askModels', () => {
  test('shows the key and reads the list as OpenAI has them', async () => {
    const { asked, openExchange } = answering({ data: [{ id: 'a' }, { id: 'b' }, {}], models: [{ name: 'a' }] });
    expect(await askModels(openExchange, provider)).toEqual(['a', 'b']);
    expect(asked).toMatchObject([{ method: 'GET', path: '/models', headers: { authorization: 'Bearer key-1', 'x-extra': '1' } }]);
  });

  test('shows the key and reads the list as Gemini has them', async () => {
    const { asked, openExchange } = answering({ models: [{ name: 'models/gemini-3-flash' }, { name: 'tunedModels/mine' }] });
    expect(await askModels(openExchange, { ...provider, wire: 'gemini-content' })).toEqual(['gemini-3-flash', 'tunedModels/mine']);
    expect(asked).toMatchObject([{ method: 'GET', path: '/models', headers: { 'x-goog-api-key': 'key-1' } }]);
    expect(asked[0]).not.toHaveProperty('headers.authorization');
  });
});
