import { describe, expect, test } from '@jest/globals';
import { loadContract } from './contract.ts';
import { complaintOf } from './validation-message.ts';

const routes = await loadContract([]);
const chat = routes.find((route) => route.operationId === 'createChatCompletion');
const usage = routes.find((route) => route.operationId === 'listUsage');
const user = { role: 'user', content: 'hi' };

function complain(body: unknown): string {
  const validate = chat?.validators.body;
  if (!validate || validate({ requestBody: body })) return 'accepted';
  const { param, message } = complaintOf(validate.errors ?? []);
  return `${param ?? 'null'}: ${message}`;
}

describe('400 names the field and says what was expected', () => {
  test.each([
    [{ messages: [user] }, "model: Field 'model' is required."],
    [{ model: 'm', messages: [] }, "messages: Field 'messages' must have at least 1 item."],
    [{ model: 'm', messages: [{ role: 'boss', content: 'x' }] }, "messages[0].role: Field 'messages[0].role' has a value that is not known: \"boss\"."],
    [{ model: 'm', messages: [{ content: 'x' }] }, "messages[0].role: Field 'messages[0].role' is required."],
    [{ model: 'm', messages: [{ role: 'user', content: 5 }] }, "messages[0].content: Field 'messages[0].content' must be string or array."],
    [{ model: 'm', messages: [{ role: 'user', content: [{ type: 'text' }] }] }, "messages[0].content[0].text: Field 'messages[0].content[0].text' is required."],
    [{ model: 'm', messages: [user], n: 0 }, "n: Field 'n' must be >= 1."],
    [[], 'null: The body must be object.'],
  ])('%j', (body, expected) => {
    expect(complain(body)).toBe(expected);
  });

  test('an unknown field is no mistake', () => {
    expect(complain({ model: 'm', messages: [{ ...user, cache_control: { type: 'ephemeral' } }], provider_thing: 1 })).toBe('accepted');
  });

  test('a query parameter is called one', () => {
    const validate = usage?.validators.parameters;
    expect(validate?.({ path: {}, query: { limit: 'many' }, header: {}, cookie: {} })).toBe(false);
    expect(complaintOf(validate?.errors ?? [])).toEqual({ param: 'limit', message: "Query parameter 'limit' must be integer." });
    expect(validate?.({ path: {}, query: { nonsense: '1' }, header: {}, cookie: {} })).toBe(false);
    expect(complaintOf(validate?.errors ?? []).param).toBe('nonsense');
  });
});
