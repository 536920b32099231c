/** This file holds the dialects to what mutated streams have found: whatever stands in a chunk, the events made of it keep to the contract. */
import { describe, expect, test } from '@jest/globals';
import { decodeText, encodeText } from '../foundation/byte-text.ts';
import { parseJson } from '../foundation/json-value.ts';
import { dataEvent, eventPayload, eventsIn } from '../foundation/sse.ts';
import { completionsDialect } from './completions.ts';
import type { DialectStream } from './dialect.ts';
import { responsesDialect } from './responses.ts';

const completions = (): DialectStream => completionsDialect({ model: 'm', prompt: 'Say', stream: true }).openStream();
const responses = (): DialectStream => responsesDialect({ model: 'm', input: 'Say', stream: true }, { id: 'resp_1', names: new Map(), seal: () => '', nowSeconds: () => 7 }).openStream();

function told(stream: DialectStream, chunk: string): unknown[] {
  const events = stream.read(dataEvent(chunk));
  return events === null ? [] : eventsIn(events).map((event) => parseJson(decodeText(eventPayload(event) ?? encodeText('null'))));
}

describe('a completion', () => {
  test('tells counts that are whole, and no usage that counts nothing', () => {
    expect(told(completions(), '{"id":"a","created":-1.5,"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":-2,"total_tokens":"x","prompt_tokens_details":{"cached_tokens":-1,"audio_tokens":null},"completion_tokens_details":7}}')).toEqual([
      { id: 'cmpl-a', object: 'text_completion', created: 0, model: '', choices: [], usage: { prompt_tokens: 4, completion_tokens: 0, total_tokens: 4, prompt_tokens_details: { cached_tokens: 0 } } },
    ]);
    expect(told(completions(), '{"choices":[],"usage":{"input_tokens":4}}')).toEqual([]);
  });

  test('tells log probabilities that are some', () => {
    expect(told(completions(), '{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":0.25,"top_logprobs":[{"token":"b","logprob":-1e400}]}]}}]}')).toMatchObject([
      { choices: [{ logprobs: { token_logprobs: [0], top_logprobs: [{ b: 0 }] } }] },
    ]);
  });
});

describe('a response', () => {
  test('tells log probabilities that are some', () => {
    const events = told(responses(), '{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"token":5,"logprob":-1},{"token":"a","logprob":1e400},{"token":"b","logprob":-1,"bytes":"x","top_logprobs":[null,{"token":"c","logprob":-2,"bytes":[-1]}]}]}}]}');
    expect(events.at(-1)).toMatchObject({ type: 'response.output_text.delta', logprobs: [{ token: 'b', logprob: -1, bytes: [98], top_logprobs: [{ token: 'c', logprob: -2, bytes: [99] }] }] });
  });

  test('takes more log probabilities than a function takes arguments', () => {
    const many = Array.from({ length: 150_000 }, () => '{"token":"a","logprob":-1}').join(',');
    expect(told(responses(), `{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[${many}]}}]}`)).not.toEqual([]);
  });

  test('gives a call an id of its own when the upstream\'s is longer than the contract has it', () => {
    const events = told(responses(), `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"${'x'.repeat(300)}","function":{"name":"f","arguments":""}}]}}]}`);
    expect(events.at(-1)).toMatchObject({ item: { type: 'function_call', call_id: 'call_0' } });
  });
});

test.each([['completion', completions], ['response', responses]])('a %s says nothing of events without data', (_name, open) => {
  expect(open().read(encodeText(': thinking\rdata: {}\n\n'))).toBe(': keep-alive\n\n');
  expect(open().read(encodeText('event: x\rdata: {}\n\n'))).toBeNull();
});
