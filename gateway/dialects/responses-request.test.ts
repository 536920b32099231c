/** This file shows how a Responses request becomes a chat: items, tools, options, and what is left out or refused. */
import { describe, expect, test } from '@jest/globals';
import type { ResponseRequest } from '../../generated/client/types.gen.ts';
import { Refusal } from '../foundation/errors.ts';
import { chatOfResponse } from './responses-request.ts';
import type { WrittenChat } from './responses-request.ts';
import { inputItems, itemId, readTurn, responseOfItem, writeTurn } from './responses-state.ts';
import type { KeptTurn } from './responses-state.ts';
import { NO_THOUGHTS } from './responses-thoughts.ts';
import type { Thoughts } from './responses-thoughts.ts';

const ID = `resp_${'a'.repeat(32)}`;
const thoughts: Thoughts = { text: 'hm', field: 'reasoning_content', details: [{ type: 'reasoning.text', text: 'hm', signature: 'sig', index: 0 }], extra: null, calls: { call_1: { google: { thought_signature: 's1' } } } };
const openThoughts = (sealed: string): Thoughts | null => (sealed === 'ours' ? thoughts : null);

function write(fields: Record<string, unknown>, history: KeptTurn[] = []): WrittenChat {
  const body: ResponseRequest = { model: 'm', ...fields };
  return chatOfResponse(body, inputItems(body.input, ID), { history, openThoughts });
}
const refusalOf = (fields: Record<string, unknown>): unknown => {
  try {
    return write(fields);
  } catch (thrown) {
    return thrown instanceof Refusal ? [thrown.code, thrown.options.param] : thrown;
  }
};
const call = (id: string, name = 'f', more: object = {}): object => ({ type: 'function_call', call_id: id, name, arguments: '{}', ...more });
const output = (id: string, text: unknown = 'ok'): object => ({ type: 'function_call_output', call_id: id, output: text });

describe('items', () => {
  test('of one turn are one message: thoughts, text and calls made at once, each signed', () => {
    const { chat, warnings } = write({ input: [
      { role: 'user', content: 'q' }, { type: 'reasoning', summary: [], encrypted_content: 'ours' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Let me see.' }] }, call('call_1'), call('call_2', 'g', { namespace: 'ns' }), output('call_1'), output('call_2'), { role: 'user', content: 'and?' },
    ] });
    expect(chat.messages).toEqual([
      { role: 'user', content: 'q' },
      {
        role: 'assistant', content: 'Let me see.', reasoning_content: 'hm', reasoning_details: thoughts.details,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' }, extra_content: { google: { thought_signature: 's1' } } },
          { id: 'call_2', type: 'function', function: { name: 'ns__g', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'ok' }, { role: 'tool', tool_call_id: 'call_2', content: 'ok' }, { role: 'user', content: 'and?' },
    ]);
    expect(warnings).toEqual([]);
  });

  test('of two turns are two messages, and what was only thought is none', () => {
    const said = (text: string): object => ({ type: 'message', role: 'assistant', content: text });
    expect(write({ input: [said('a'), said('b'), { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'x' }] }] }).chat.messages).toEqual([{ role: 'assistant', content: 'a' }, { role: 'assistant', content: 'b', reasoning_content: 'x' }]);
  });

  test('show images, files and sound, and refuse files nobody has', () => {
    const { chat } = write({ input: [{ role: 'user', content: [
      { type: 'input_text', text: 't' }, { type: 'input_image', image_url: 'data:x', detail: 'low' }, { type: 'input_file', filename: 'a.pdf', file_data: 'data:y' },
      { type: 'input_file', file_url: 'https://x/y' }, { type: 'input_audio', input_audio: { data: 'zz', format: 'wav' } },
    ] }, output('c', [{ type: 'input_text', text: 'one' }, { type: 'input_image', image_url: 'u' }])] });
    expect(chat.messages).toEqual([
      { role: 'user', content: [
        { type: 'text', text: 't' }, { type: 'image_url', image_url: { url: 'data:x', detail: 'low' } }, { type: 'file', file: { filename: 'a.pdf', file_data: 'data:y' } },
        { type: 'document_url', document_url: 'https://x/y' }, { type: 'input_audio', input_audio: { data: 'zz', format: 'wav' } },
      ] },
      { role: 'tool', tool_call_id: 'c', content: [{ type: 'text', text: 'one' }, { type: 'image_url', image_url: { url: 'u' } }] },
    ]);
    expect(refusalOf({ input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'file_1' }] }] })).toEqual(['unsupported_field', 'input[0].content[0].file_id']);
    expect(refusalOf({ input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] }] })).toEqual(['unsupported_field', 'input[0].content[0].file_id']);
    expect(refusalOf({ input: [{ role: 'user', content: [{ type: 'input_file' }] }] })).toEqual(['invalid_request', 'input[0].content[0]']);
  });

  test('a chat has no place for are left out with a warning, as are thoughts of others', () => {
    const { chat, warnings } = write({ input: [{ role: 'user', content: 'q' }, { type: 'web_search_call', id: 'ws_1' }, { type: 'reasoning', summary: [], encrypted_content: 'gAAAA' }, { type: 'custom_tool_call', call_id: 'c', name: 'sql', input: 'select "1"' }] });
    expect(chat.messages).toEqual([{ role: 'user', content: 'q' }, { role: 'assistant', content: null, tool_calls: [{ id: 'c', type: 'function', function: { name: 'sql', arguments: '{"input":"select \\"1\\""}' } }] }]);
    expect(warnings).toEqual(['input[1]: web_search_call dropped, no chat can be told it', 'input[2]: reasoning that was not given by this gateway is not sent']);
  });

  test('follow what was said before, thoughts and all, and instructions stand before everything', () => {
    const before: KeptTurn = { resource: {}, input: inputItems('first', ID), output: [{ type: 'reasoning', summary: [] }, { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'one' }] }], thoughts };
    expect(write({ input: 'second', instructions: 'Be brief.' }, [before]).chat.messages).toEqual([
      { role: 'system', content: 'Be brief.' }, { role: 'user', content: 'first' },
      { role: 'assistant', content: 'one', reasoning_content: 'hm', reasoning_details: thoughts.details }, { role: 'user', content: 'second' },
    ]);
  });

  test('are listed with ids that say whose they are', () => {
    expect(inputItems('hi', ID)).toEqual([{ type: 'message', role: 'user', id: `msg_${'a'.repeat(32)}i0`, status: 'completed', content: [{ type: 'input_text', text: 'hi' }] }]);
    expect(responseOfItem(itemId(ID, { type: 'function_call', side: 'o', at: 12 }))).toBe(ID);
    expect(responseOfItem('msg_abc')).toBeNull();
    const turn: KeptTurn = { resource: { id: ID }, input: inputItems('hi', ID), output: [], thoughts };
    expect(readTurn(writeTurn(turn))).toEqual(turn);
    expect(readTurn(writeTurn({ ...turn, thoughts: NO_THOUGHTS })).thoughts).toEqual(NO_THOUGHTS);
    expect(() => readTurn('{}')).toThrow();
  });
});

describe('tools', () => {
  const fn = (name: string): object => ({ type: 'function', name, parameters: { type: 'object' }, strict: true });

  test('of namespaces are flattened, custom ones take one text, hosted ones are left out', () => {
    const grammar = { type: 'grammar', syntax: 'lark', definition: 'start: "a"' };
    const { chat, names, warnings } = write({ input: 'q', parallel_tool_calls: false, tool_choice: 'auto', tools: [fn('f'), { type: 'namespace', name: 'ns', description: 'd', tools: [fn('g')] }, { type: 'custom', name: 'sql', description: 'Runs.', format: grammar }, { type: 'web_search' }] });
    expect(chat).toMatchObject({ tool_choice: 'auto', parallel_tool_calls: false, tools: [
      { type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } }, { function: { name: 'ns__g' } },
      { function: { name: 'sql', description: 'Runs.\n\nThe input must follow this lark grammar:\nstart: "a"', parameters: { required: ['input'] } } },
    ] });
    expect([...names]).toEqual([['f', { kind: 'function', namespace: null, name: 'f' }], ['ns__g', { kind: 'function', namespace: 'ns', name: 'g' }], ['sql', { kind: 'custom', namespace: null, name: 'sql' }]]);
    expect(warnings).toEqual(['tools[3]: web_search dropped, no upstream is asked to run tools itself']);
  });

  test('whose names are too long stay apart, and whose names are the same are refused', () => {
    const { chat } = write({ input: 'q', tools: [{ type: 'namespace', name: 'n'.repeat(60), tools: [fn(`${'x'.repeat(30)}1`), fn(`${'x'.repeat(30)}2`)] }] });
    const [first, second] = (chat.tools ?? []).map((tool) => (tool.type === 'function' ? tool.function.name : ''));
    expect([first?.length, second?.length]).toEqual([64, 64]);
    expect(first).not.toBe(second);
    expect(refusalOf({ input: 'q', tools: [fn('ns__g'), { type: 'namespace', name: 'ns', tools: [fn('g')] }] })).toEqual(['invalid_request', 'tools[1].tools[0].name']);
    expect(refusalOf({ input: 'q', tools: [{ type: 'namespace', name: 'a', tools: [{ type: 'namespace', name: 'b', tools: [] }] }] })).toEqual(['invalid_request', 'tools[0].tools[0].type']);
  });

  test('are chosen by name, or several allowed', () => {
    const tools = [fn('f'), fn('h'), { type: 'namespace', name: 'ns', tools: [fn('g')] }];
    const chosen = (tool_choice: unknown): unknown => { const { chat, warnings } = write({ input: 'q', tools, tool_choice }); return [chat.tools?.length, chat.tool_choice, warnings.length]; };
    expect(chosen({ type: 'function', name: 'f' })).toEqual([3, { type: 'function', function: { name: 'f' } }, 0]);
    expect(chosen({ type: 'function', name: 'g', namespace: 'ns' })).toEqual([3, { type: 'function', function: { name: 'ns__g' } }, 0]);
    expect(chosen({ type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'h' }] })).toEqual([1, 'required', 0]);
    expect(chosen({ type: 'web_search' })).toEqual([3, undefined, 1]);
    expect(refusalOf({ input: 'q', tools, tool_choice: { type: 'function', name: 'nobody' } })).toEqual(['invalid_request', 'tool_choice']);
    expect(write({ input: 'q', tools: [{ type: 'web_search' }], tool_choice: 'required' })).toMatchObject({ chat: { model: 'm' }, warnings: [expect.stringMatching(/^tools/), expect.stringMatching(/^tool_choice/)] });
  });
});

describe('options', () => {
  test('are said in the words of a chat; nothing is stored or streamed that was not asked for', () => {
    const format = { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: false };
    expect(write({
      input: 'q', max_output_tokens: 9, temperature: 0, reasoning: { effort: 'low', summary: 'auto' }, text: { format, verbosity: 'low' }, top_logprobs: 2, include: ['message.output_text.logprobs'],
      store: true, metadata: { a: 'b' }, stream: true, prompt_cache_key: 'k', truncation: 'disabled', client_metadata: { x: 'y' }, user: null,
    })).toEqual({
      names: new Map(), warnings: [],
      chat: {
        model: 'm', messages: [{ role: 'user', content: 'q' }], max_completion_tokens: 9, temperature: 0, reasoning_effort: 'low', verbosity: 'low', logprobs: true, top_logprobs: 2,
        response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' }, strict: false } }, stream: true, stream_options: { include_usage: true }, prompt_cache_key: 'k',
      },
    });
    expect(write({ input: 'q', text: { format: { type: 'text' } } }).chat).toEqual({ model: 'm', messages: [{ role: 'user', content: 'q' }] });
    expect(write({ input: 'q', text: { format: { type: 'json_object' } } }).chat.response_format).toEqual({ type: 'json_object' });
  });

  test('in the background are streamed, so that what came of an answer is known at any time', () => {
    expect(write({ input: 'q', background: true }).chat).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  test('no chat knows are left out with a warning, and those the gateway does not do are refused', () => {
    expect(write({ input: 'q', truncation: 'auto', nobody_knows: 1, seed: null }).warnings).toEqual(['nobody_knows: dropped, no chat knows it', 'truncation: auto dropped, what is too long for the model is refused by it']);
    expect(refusalOf({ input: 'q', background: true, store: false })).toEqual(['invalid_request', 'background']);
    expect(refusalOf({ input: 'q', conversation: 'c' })).toEqual(['unsupported_field', 'conversation']);
    expect(refusalOf({ input: 'q', prompt: { id: 'p' } })).toEqual(['unsupported_field', 'prompt']);
    expect(refusalOf({})).toEqual(['invalid_request', 'input']);
    expect(write({ input: 'q', background: false, conversation: null }).warnings).toEqual([]);
  });
});
