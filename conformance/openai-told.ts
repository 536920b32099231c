/** This file says what a caller is to get of a chunk a provider sent: as it came, or, where it falls short of OpenAI's own, what OpenAI would have sent. */

type Json = Readonly<Record<string, unknown>>;

const TIERS: readonly unknown[] = ['auto', 'default', 'flex', 'scale', 'priority', null, undefined];

/** What is to be told of each payload of one stream, in order: text where it is told as it came, else the value. */
export function toldOf(payloads: readonly string[]): (string | Json)[] {
  const numbers = new Map<string, number>();
  return payloads.map((payload) => {
    const chunk = JSON.parse(payload) as Json;
    if (!Array.isArray(chunk['choices'])) return payload;
    const told = { ...chunk, object: 'chat.completion.chunk', ...(TIERS.includes(chunk['service_tier']) ? {} : { service_tier: 'default' }), choices: (chunk['choices'] as Json[]).map((choice) => choiceOf(choice, numbers)) };
    return inOrder(told) === inOrder(chunk) ? payload : told;
  });
}

/** A value as text, whatever the order of its keys. */
export function inOrder(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'object' && each !== null && !Array.isArray(each)
    ? Object.fromEntries(Object.entries(each).sort(([left], [right]) => (left < right ? -1 : 1))) : each));
}

function choiceOf(choice: Json, numbers: Map<string, number>): Json {
  const { tool_calls: calls, content, ...delta } = (choice['delta'] ?? {}) as { tool_calls?: Json[] | null; content?: unknown; reasoning_content?: string };
  const thought = Array.isArray(content) ? piecesOf(content, 'thinking') : '';
  const text = Array.isArray(content) ? piecesOf(content, 'text') : '';
  return {
    finish_reason: null, ...choice,
    ...(choice['delta'] ? {
      delta: {
        ...delta, ...(content === undefined ? {} : { content: Array.isArray(content) ? (text === '' && thought !== '' ? null : text) : content }), ...(thought === '' ? {} : { reasoning_content: thought }),
        ...(calls ? { tool_calls: calls.map((call) => callOf(call, numbers)) } : {}),
      },
    } : {}),
  };
}

/** Calls without an index are numbered as they begin. */
function callOf(call: Json, numbers: Map<string, number>): Json {
  const id = String(call['id']);
  if (!('index' in call) && !numbers.has(id)) numbers.set(id, numbers.size);
  return { ...('index' in call ? {} : { index: numbers.get(id) }), ...('id' in call ? { type: 'function' } : {}), ...call };
}

function piecesOf(parts: readonly unknown[], type: 'text' | 'thinking'): string {
  return parts.map((part) => {
    const found = part as Json;
    if (found['type'] !== type) return '';
    return Array.isArray(found[type]) ? piecesOf(found[type] as unknown[], 'text') : String(found[type]);
  }).join('');
}
