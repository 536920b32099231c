/** This file tests what is left of a body once what the contract hides is taken out. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { redactions } from '../../generated/redactions.ts';
import { redactEvents, redactJson } from './redact.ts';

const chat = redactions.createChatCompletion;

describe('a body', () => {
  test.each([
    ['{"messages":[{"role":"user","content":"s"}],"temperature":1}', '{"messages":[{"role":"user","content":"[redacted]"}],"temperature":1}'],
    ['{"messages":[{"role":"user","content":[{"type":"text","text":"s"}]}]}', '{"messages":[{"role":"user","content":"[redacted]"}]}'],
    ['{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c","function":{"name":"f","arguments":"s"}}]}]}', '{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c","function":{"name":"f","arguments":"[redacted]"}}]}]}'],
    ['{"messages":"s"}', '{"messages":"s"}'], ['[]', '[]'], ['3', '3'],
  ])('%s', (text, left) => {
    expect(redactJson(text, chat.body)).toBe(left);
  });

  test('of which all is hidden leaves nothing, and one that is not JSON is not guessed at', () => {
    expect(redactJson('{"a":[1]}', [''])).toBe('"[redacted]"');
    expect(redactJson('not JSON', ['a'])).toBeNull();
    expect(redactJson('[redacted', ['a'])).toBeNull();
  });

  test('leaves no trace of a secret wherever the contract says there may be one', () => {
    const json = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, fc.constant('a secret'), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(fc.constantFrom('text', 'type'), tie('value'))),
    })).value;
    fc.assert(fc.property(json, (secret) => {
      const body = { messages: [{ role: 'user', content: secret }, { content: secret, function_call: { arguments: secret } }], user: secret };
      expect(redactJson(JSON.stringify(body), chat.body)).not.toContain('a secret');
    }));
  });
});

describe('a stream', () => {
  test('keeps its events, comments and end, without what was said', () => {
    const said = 'data: {"choices":[{"index":0,"delta":{"content":"s"}}]}\n\n: waiting\n\nevent: x\ndata: cut of{\n\ndata: [DONE]\n\n';
    expect(redactEvents(said, chat.replies)).toBe('data: {"choices":[{"index":0,"delta":{"content":"[redacted]"}}]}\n\n: waiting\n\nevent: x\ndata: [redacted]\n\ndata: [DONE]\n\n');
  });
});
