/** This file reads what a recorded reply holds, whole or in events, in each chat wire's words and independently of the gateway's own readers. */

/** What an answer says, whoever gives it and however it is asked for. */
export interface Answer {
  readonly text: string;
  readonly refusal: string;
  readonly reasoning: string;
  /** Arguments as values; as text where they are no JSON. */
  readonly calls: readonly { readonly name: string; readonly arguments: unknown }[];
  /** In the words of OpenAI's chat. */
  readonly finish: string;
  /** Null where the recording tells none. */
  readonly usage: { readonly prompt: number; readonly completion: number } | null;
}

type Json = Readonly<Record<string, unknown>>;
type ChatWire = 'openai-chat' | 'anthropic-messages' | 'gemini-content' | 'openai-responses';

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const object = (value: unknown, key: string): Json => (isJson(value) && isJson(value[key]) ? value[key] : {});
const list = (value: unknown, key: string): Json[] => (isJson(value) && Array.isArray(value[key]) ? value[key].filter(isJson) : []);
const text = (value: unknown, key: string): string => (isJson(value) && typeof value[key] === 'string' ? value[key] : '');
const count = (value: unknown, key: string): number => (isJson(value) && typeof value[key] === 'number' ? value[key] : 0);
const joined = (values: readonly Json[], key: string): string => values.map((value) => text(value, key)).join('');

/** Arguments as a client reads them; no arguments are an empty object. */
export function argumentsOf(given: string): unknown {
  if (given === '') return {};
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

/** What a whole recorded reply says. */
export function answerOf(wire: ChatWire, reply: Json): Answer {
  if (wire === 'openai-chat') return chatAnswer(reply);
  if (wire === 'anthropic-messages') return messageAnswer(reply);
  return wire === 'gemini-content' ? contentAnswer([reply]) : responseAnswer(reply);
}

/** What the events of a recorded stream say together. */
export function answerOfEvents(wire: ChatWire, events: readonly Json[]): Answer {
  if (wire === 'openai-chat') return chatAnswer(chatOf(events));
  if (wire === 'anthropic-messages') return messageAnswer(messageOf(events));
  if (wire === 'gemini-content') return contentAnswer(events);
  const last = events.findLast((event) => isJson(event['response']) && /\.(?:completed|incomplete)$/.test(text(event, 'type')));
  const items = events.filter((event) => event['type'] === 'response.output_item.done').map((event) => object(event, 'item'));
  const response = object(last, 'response');
  // What the items say counts: some recordings leave them out of the last event, or have other text there.
  return responseAnswer(items.length > 0 ? { ...response, output: items } : response);
}

function chatAnswer(reply: Json): Answer {
  const choice = list(reply, 'choices')[0] ?? {};
  const message = object(choice, 'message');
  const usage = object(reply, 'usage');
  // Mistral's thinking stands among the content.
  const thinking = list(message, 'content').filter((part) => part['type'] === 'thinking').flatMap((part) => list(part, 'thinking'));
  return {
    text: text(message, 'content') || joined(list(message, 'content'), 'text'), refusal: text(message, 'refusal'),
    reasoning: text(message, 'reasoning_content') || text(message, 'reasoning') || joined(thinking, 'text'),
    calls: list(message, 'tool_calls').map((call) => ({ name: text(object(call, 'function'), 'name'), arguments: argumentsOf(text(object(call, 'function'), 'arguments')) })),
    finish: text(choice, 'finish_reason'), usage: 'prompt_tokens' in usage ? { prompt: count(usage, 'prompt_tokens'), completion: count(usage, 'completion_tokens') } : null,
  };
}

/** One reply of a stream's chunks. */
function chatOf(events: readonly Json[]): Json {
  const deltas = events.flatMap((event) => list(event, 'choices').slice(0, 1)).map((choice) => object(choice, 'delta'));
  const pieces = deltas.flatMap((delta) => list(delta, 'tool_calls'));
  const indices = [...new Set(pieces.map((piece) => count(piece, 'index')))];
  const calls = indices.map((index) => {
    const own = pieces.filter((piece) => count(piece, 'index') === index).map((piece) => object(piece, 'function'));
    return { function: { name: own.map((piece) => text(piece, 'name')).find((name) => name !== ''), arguments: joined(own, 'arguments') } };
  });
  const finish = events.flatMap((event) => list(event, 'choices')).map((choice) => choice['finish_reason']).find((reason) => typeof reason === 'string');
  const usage = events.map((event) => (isJson(event['usage']) ? event['usage'] : object(event['x_groq'], 'usage'))).findLast((each) => 'prompt_tokens' in each);
  const parts = deltas.flatMap((delta) => list(delta, 'content'));
  const message = { content: parts.length > 0 ? [...parts, { type: 'text', text: joined(deltas, 'content') }] : joined(deltas, 'content'), refusal: joined(deltas, 'refusal'), reasoning_content: joined(deltas, 'reasoning_content'), reasoning: joined(deltas, 'reasoning'), tool_calls: calls };
  return { choices: [{ message, finish_reason: finish }], usage };
}

const CLAUDE_FINISH: Readonly<Record<string, string>> = {
  end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length', model_context_window_exceeded: 'length', tool_use: 'tool_calls', refusal: 'content_filter',
};

function messageAnswer(message: Json): Answer {
  const blocks = list(message, 'content');
  const of = (type: string): Json[] => blocks.filter((block) => block['type'] === type);
  const told = object(message, 'usage');
  // A compaction is told among the iterations alone; an advisor there is another model, and a fallback is in the sum.
  const iterations = list(told, 'iterations').filter((run) => run['type'] === 'compaction' || run['type'] === 'message');
  const runs = iterations.some((run) => run['type'] === 'compaction') ? iterations : [told];
  const sum = (...keys: string[]): number => runs.flatMap((run) => keys.map((key) => count(run, key))).reduce((left, right) => left + right, 0);
  return {
    text: joined(of('text'), 'text'), refusal: text(object(message, 'stop_details'), 'explanation'), reasoning: joined(of('thinking'), 'thinking'),
    calls: of('tool_use').map((block) => ({ name: text(block, 'name'), arguments: block['input'] })),
    finish: CLAUDE_FINISH[text(message, 'stop_reason')] ?? '',
    usage: { prompt: sum('input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'), completion: sum('output_tokens') },
  };
}

/** One message of a stream's events. */
function messageOf(events: readonly Json[]): Json {
  const of = (type: string): Json[] => events.filter((event) => event['type'] === type);
  const content = of('content_block_start').map((start) => {
    const block = object(start, 'content_block');
    const deltas = of('content_block_delta').filter((event) => event['index'] === start['index']).map((event) => object(event, 'delta'));
    const input = joined(deltas, 'partial_json');
    return { ...block, text: text(block, 'text') + joined(deltas, 'text'), thinking: text(block, 'thinking') + joined(deltas, 'thinking'), input: input === '' ? block['input'] : argumentsOf(input) };
  });
  const last = of('message_delta').at(-1);
  const usage = { ...object(object(of('message_start')[0], 'message'), 'usage'), ...object(last, 'usage') };
  return { ...object(last, 'delta'), content, usage };
}

const GEMINI_FINISH: Readonly<Record<string, string>> = { STOP: 'stop', MAX_TOKENS: 'length', SAFETY: 'content_filter', RECITATION: 'content_filter', PROHIBITED_CONTENT: 'content_filter' };

function contentAnswer(replies: readonly Json[]): Answer {
  const candidates = replies.flatMap((reply) => list(reply, 'candidates').slice(0, 1));
  const parts = candidates.flatMap((candidate) => list(object(candidate, 'content'), 'parts'));
  const calls = parts.filter((part) => isJson(part['functionCall'])).map((part) => ({ name: text(object(part, 'functionCall'), 'name'), arguments: object(part, 'functionCall')['args'] ?? {} }));
  const reason = candidates.map((candidate) => text(candidate, 'finishReason')).find((each) => each !== '') ?? '';
  const usage = replies.map((reply) => object(reply, 'usageMetadata')).findLast((each) => 'promptTokenCount' in each) ?? {};
  return {
    text: joined(parts.filter((part) => part['thought'] !== true), 'text'), refusal: '', reasoning: joined(parts.filter((part) => part['thought'] === true), 'text'), calls,
    finish: calls.length > 0 ? 'tool_calls' : GEMINI_FINISH[reason] ?? '',
    usage: { prompt: count(usage, 'promptTokenCount') + count(usage, 'toolUsePromptTokenCount'), completion: count(usage, 'candidatesTokenCount') + count(usage, 'thoughtsTokenCount') },
  };
}

function responseAnswer(response: Json): Answer {
  const items = list(response, 'output');
  const of = (type: string): Json[] => items.filter((item) => item['type'] === type);
  const parts = of('message').flatMap((item) => list(item, 'content'));
  const thoughts = of('reasoning').map((item) => [...list(item, 'summary'), ...list(item, 'content')].map((part) => text(part, 'text')).join('\n\n'));
  // xAI's own search comes as calls of custom tools that nobody gave it.
  const isSearched = list(response, 'tools').some((tool) => tool['type'] === 'x_search');
  const calls = items.filter((item) => item['type'] === 'function_call' || (!isSearched && item['type'] === 'custom_tool_call'));
  const cause = text(object(response, 'incomplete_details'), 'reason');
  const usage = object(response, 'usage');
  return {
    text: joined(parts.filter((part) => part['type'] === 'output_text'), 'text'), refusal: joined(parts, 'refusal'), reasoning: thoughts.filter((said) => said !== '').join('\n\n'),
    calls: calls.map((call) => ({ name: text(call, 'name'), arguments: argumentsOf(text(call, 'arguments') || text(call, 'input')) })),
    finish: cause === 'max_output_tokens' ? 'length' : cause === 'content_filter' ? cause : calls.length > 0 ? 'tool_calls' : 'stop',
    usage: 'input_tokens' in usage ? { prompt: count(usage, 'input_tokens'), completion: count(usage, 'output_tokens') } : null,
  };
}
