/** This file shows how a chat's answer is told as Responses: every event in its place, whatever the order things came in. */
import { describe, expect, test } from '@jest/globals';
import type { ErrorResponse } from '../../generated/client/types.gen.ts';
import { decodeText, encodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { responsesDialect } from './responses.ts';
import type { ResponsesDialect } from './responses.ts';
import type { ToolIdentity } from './responses-names.ts';
import { writeThoughts } from './responses-thoughts.ts';

interface Told {
  readonly type: string;
  readonly sequence_number: number;
  readonly [field: string]: unknown;
}

const ID = `resp_${'b'.repeat(32)}`;
const names = new Map<string, ToolIdentity>([
  ['ns__f', { kind: 'function', namespace: 'ns', name: 'f' }], ['sql', { kind: 'custom', namespace: null, name: 'sql' }],
]);
const ERROR: ErrorResponse = { error: { message: 'It broke.', type: 'server_error', param: null, code: 'upstream_stream_failed', request_id: 'req_1' } };

function dialect(fields: Record<string, unknown> = {}): ResponsesDialect {
  return responsesDialect({ model: 'asked', input: 'q', ...fields }, { id: ID, names, seal: (thoughts) => `sealed ${writeThoughts(thoughts)}`, nowSeconds: () => 7 });
}
const sealing = { include: ['reasoning.encrypted_content'] };

function chunk(delta: object, more: object = {}, finish: string | null = null): ByteText {
  return encodeText(`data: ${JSON.stringify({ id: 'c', model: 'up', choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`);
}

function eventsIn(told: string): Told[] {
  const events = told.split('\n\n').filter((event) => event.startsWith('event: ')).map((event) => {
    const [name, json] = event.split('\n');
    const parsed = JSON.parse((json ?? '').slice('data: '.length)) as Told;
    expect(name).toBe(`event: ${parsed.type}`);
    return parsed;
  });
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_event, at) => at));
  return events;
}

function tell(chunks: readonly ByteText[], fields: Record<string, unknown> = {}): { events: Told[]; response: Record<string, unknown>; output: Record<string, unknown>[] } {
  const stream = dialect(fields).openStream();
  const told = decodeText(encodeText(chunks.map((each) => decodeText(stream.read(each) ?? encodeText(''))).join('') + decodeText(stream.finish())));
  expect(told.endsWith('data: [DONE]\n\n')).toBe(true);
  const events = eventsIn(told);
  const response = events.at(-1)?.['response'] as Record<string, unknown>;
  return { events, response, output: response['output'] as Record<string, unknown>[] };
}
const typesOf = (events: readonly Told[]): string[] => events.map(({ type }) => type.replace(/^response\./, ''));

describe('a stream', () => {
  test('of a thought and a text opens and closes each in turn, and one answer is told whole the same', () => {
    const usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8, prompt_tokens_details: { cached_tokens: 2 }, completion_tokens_details: { reasoning_tokens: 1 } };
    const { events, response, output } = tell([chunk({ role: 'assistant', content: '' }), chunk({ reasoning_content: 'h' }), chunk({ reasoning_content: 'm' }), chunk({ content: 'Grüße 🙂' }), chunk({}, {}, 'stop'), encodeText(`data: ${JSON.stringify({ model: 'up', choices: [], usage })}\n\n`)]);
    expect(typesOf(events)).toEqual([
      'created', 'in_progress', 'output_item.added', 'reasoning_summary_part.added', 'reasoning_summary_text.delta', 'reasoning_summary_text.delta', 'reasoning_summary_text.done', 'reasoning_summary_part.done', 'output_item.done',
      'output_item.added', 'content_part.added', 'output_text.delta', 'output_text.done', 'content_part.done', 'output_item.done', 'completed',
    ]);
    expect(response).toMatchObject({ id: ID, model: 'up', status: 'completed', completed_at: 7, usage: { input_tokens: 5, input_tokens_details: { cached_tokens: 2, cache_write_tokens: 0 }, output_tokens: 3, output_tokens_details: { reasoning_tokens: 1 }, total_tokens: 8 } });
    expect(output).toMatchObject([{ type: 'reasoning', summary: [{ text: 'hm' }] }, { type: 'message', status: 'completed', content: [{ text: 'Grüße 🙂' }] }]);
    expect(output.map(({ id }) => id)).toEqual([`rs_${'b'.repeat(32)}o0`, `msg_${'b'.repeat(32)}o1`]);
    const whole = dialect().toReply(JSON.stringify({ model: 'up', choices: [{ index: 0, message: { role: 'assistant', reasoning_content: 'hm', content: 'Grüße 🙂' }, finish_reason: 'stop' }], usage }));
    expect(JSON.parse(whole)).toEqual(response);
  });

  test('of calls that come mixed closes each once, with all that was said of it', () => {
    const call = (index: number, fields: object): object => ({ tool_calls: [{ index, ...fields }] });
    const { events, output } = tell([
      chunk({ content: 'Let me see.' }), chunk(call(0, { id: 'c1', function: { name: 'ns__f', arguments: '{"a"' } })), chunk(call(1, { id: 'c2', function: { name: 'sql', arguments: '{"input":"sel' } })),
      chunk(call(0, { function: { arguments: ':1}' } })), chunk(call(1, { function: { arguments: 'ect 1"}' } })), chunk({}, {}, 'tool_calls'),
    ]);
    expect(output).toEqual([
      expect.objectContaining({ type: 'message' }), { id: `fc_${'b'.repeat(32)}o1`, type: 'function_call', status: 'completed', call_id: 'c1', namespace: 'ns', name: 'f', arguments: '{"a":1}' },
      { id: `ctc_${'b'.repeat(32)}o2`, type: 'custom_tool_call', status: 'completed', call_id: 'c2', name: 'sql', input: 'select 1' },
    ]);
    expect(typesOf(events).slice(-6)).toEqual(['function_call_arguments.done', 'output_item.done', 'custom_tool_call_input.delta', 'custom_tool_call_input.done', 'output_item.done', 'completed']);
  });

  test('seals what was signed before what it was signed for, and what came last at the end', () => {
    const detail = { type: 'reasoning.text', text: 'hm', index: 0 };
    const { output } = tell([
      chunk({ reasoning_content: 'hm', reasoning_details: [detail] }), chunk({ reasoning_details: [{ ...detail, text: '', signature: 'sig' }] }),
      chunk({ tool_calls: [{ index: 0, id: 'c1', function: { name: 'f', arguments: '{}' }, extra_content: { google: { thought_signature: 's1' } } }] }), chunk({ extra_content: { google: { thought_signature: 'last' } } }, {}, 'tool_calls'),
    ], sealing);
    expect(output.map(({ type }) => type)).toEqual(['reasoning', 'function_call', 'reasoning']);
    expect(JSON.parse(String(output[0]?.['encrypted_content']).slice('sealed '.length))).toMatchObject({ text: 'hm', details: [{ text: 'hm', signature: 'sig' }], calls: { c1: { google: { thought_signature: 's1' } } } });
    expect(JSON.parse(String(output[2]?.['encrypted_content']).slice('sealed '.length))).toMatchObject({ extra: { google: { thought_signature: 'last' } } });
    const unsealed = tell([chunk({ tool_calls: [{ index: 0, id: 'c1', function: { name: 'f', arguments: '{}' }, extra_content: {} }] })]);
    expect(unsealed.output.map(({ type }) => type)).toEqual(['function_call']);
  });

  test('says refusals, sources and why it was cut off', () => {
    const refused = tell([chunk({ content: 'Well, ' }), chunk({ refusal: 'no.' }), chunk({}, {}, 'stop')]);
    expect(refused.output).toMatchObject([{ content: [{ type: 'output_text', text: 'Well, ' }, { type: 'refusal', refusal: 'no.' }] }]);
    expect(typesOf(refused.events)).toEqual(expect.arrayContaining(['refusal.delta', 'refusal.done']));
    const cited = tell([chunk({ content: 'a' }), chunk({ annotations: [{ type: 'url_citation', url_citation: { url: 'u', title: 't', start_index: 0, end_index: 1 } }] })]);
    expect(cited.output).toMatchObject([{ content: [{ annotations: [{ type: 'url_citation', url: 'u', title: 't', start_index: 0, end_index: 1 }] }] }]);
    for (const [finish, reason] of [['length', 'max_output_tokens'], ['content_filter', 'content_filter']] as const) {
      const { events, response } = tell([chunk({ content: 'a' }), chunk({}, {}, finish)]);
      expect([events.at(-1)?.type, response]).toMatchObject(['response.incomplete', { status: 'incomplete', incomplete_details: { reason }, completed_at: null, output: [{ status: 'incomplete' }] }]);
    }
  });

  test('names the processing class as OpenAI does', () => {
    for (const [told, said] of [['flex', 'flex'], ['on_demand', 'default'], [null, 'default']] as const) expect(tell([chunk({ content: 'a' }, { service_tier: told }, 'stop')]).response).toMatchObject({ service_tier: said });
  });

  test('reads what other servers say in their own ways, and tells only the first of several choices', () => {
    const { output } = tell([
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }, { type: 'text', text: 'a' }] }), encodeText(': a comment\n\n'), encodeText('data: {"choices":[{"index":1,"delta":{"content":"other"}}]}\n\n'),
      encodeText(`${decodeText(chunk({ content: 'b' }))}${decodeText(chunk({ function_call: { name: 'f', arguments: '{}' } }))}`),
    ]);
    expect(output).toMatchObject([{ type: 'reasoning' }, { type: 'message', content: [{ text: 'ab' }] }, { type: 'function_call', name: 'f', arguments: '{}' }]);
  });
});

describe('a failure', () => {
  test('in the middle is an event and a failed answer, and nothing is finished', () => {
    const made = dialect();
    const stream = made.openStream();
    const told = decodeText(stream.read(chunk({ content: 'a' })) ?? encodeText('')) + decodeText(stream.fail(ERROR));
    expect(eventsIn(told).slice(-2)).toMatchObject([
      { type: 'error', code: 'upstream_stream_failed', message: 'It broke.', param: null },
      { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error', message: 'It broke.' }, output: [{ status: 'incomplete' }] } },
    ]);
    expect(made.finished()).toBeNull();
  });

  test('before anything was told still begins with the answer, and one at the end takes the place of what was not sent', () => {
    expect(typesOf(eventsIn(decodeText(dialect().openStream().fail(ERROR))))).toEqual(['created', 'in_progress', 'error', 'failed']);
    const made = dialect();
    const stream = made.openStream();
    const begun = decodeText(stream.read(chunk({ content: 'a' }, {}, 'stop')) ?? encodeText(''));
    stream.finish();
    expect(made.finished()).not.toBeNull();
    expect(typesOf(eventsIn(begun + decodeText(stream.fail(ERROR)))).slice(-2)).toEqual(['error', 'failed']);
    expect(made.finished()).toBeNull();
  });
});
