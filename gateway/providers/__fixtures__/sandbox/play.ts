/** This file plays the sandbox's scripts for its tests, without a clock, and puts streams back together as a client would. */
/* eslint-disable @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-explicit-any,
   @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- replies are looked into as a client in JavaScript would */
import type { ChatCompletionRequest } from '../../../../generated/client/types.gen.ts';
import { outlineJson } from '../../../foundation/json-outline.ts';
import type { Provider } from '../../../foundation/terms.ts';
import { sandboxWire } from '../../sandbox.ts';
import type { ScriptedReply, ScriptStep } from '../../wire.ts';

export type Json = any;

const provider: Provider = { id: 'sandbox', name: 'Sandbox', wire: 'sandbox', baseUrl: '', apiKey: null, headers: {}, quirks: {} };

export interface Played {
  readonly script: ScriptedReply;
  readonly steps: readonly ScriptStep[];
  readonly events: readonly string[];
  readonly bytes: string;
  /** The bytes as JSON, or null where they are none. */
  readonly json: Json;
}

export function playSandbox(call: { body: Json; options?: Record<string, string>; requestId?: string; nowSeconds?: number }): Played {
  const bodyText = JSON.stringify(call.body);
  const body: ChatCompletionRequest = JSON.parse(bodyText);
  const name = String(body.model).replace(/^sandbox\//, '');
  const target = { id: `sandbox/${name}`, provider, upstreamModel: name, price: null, quirks: {}, options: call.options ?? {} };
  const script = sandboxWire.encode({
    target, body, bodyText, outline: outlineJson(bodyText, 64), isStream: body.stream === true, files: [],
    requestId: call.requestId ?? 'req_test', nowSeconds: call.nowSeconds ?? 1_800_000_000,
  });
  if (script.kind !== 'script') throw new Error('the sandbox must answer with a script');
  const steps = [...script.steps];
  const texts = steps.map((step) => (typeof step.bytes === 'string' ? step.bytes : step.bytes.toString('latin1')));
  const bytes = texts.join('');
  return { script, steps, events: texts, bytes, json: parse(bytes) };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A request with one user message. */
export function say(text: string, parts: Json = {}): Json {
  return { model: 'sandbox/chat', messages: [{ role: 'user', content: text }], ...parts };
}

export interface Heard {
  role: string | null;
  content: string | null;
  reasoning: string;
  calls: Json[];
  functionCall: Json;
  logprobs: Json[] | null;
  finishReason: string | null;
}

/** Gathers the chunks of a stream by choice. */
export function readStream(events: readonly string[]): { choices: Heard[]; usage: Json; chunks: Json[] } {
  const chunks = events.filter((event) => event !== 'data: [DONE]\n\n').map((event) => JSON.parse(event.slice('data: '.length)));
  const choices: Heard[] = [];
  let usage: Json = null;
  for (const chunk of chunks) {
    usage = chunk.usage ?? usage;
    for (const piece of chunk.choices) {
      const heard = choices[piece.index] ??= { role: null, content: null, reasoning: '', calls: [], functionCall: null, logprobs: null, finishReason: null };
      hear(heard, piece);
    }
  }
  return { choices, usage, chunks };
}

function hear(heard: Heard, piece: Json): void {
  const { delta } = piece;
  heard.role ??= delta.role ?? null;
  if (typeof delta.content === 'string') heard.content = (heard.content ?? '') + delta.content;
  heard.reasoning += delta.reasoning_content ?? '';
  heard.finishReason ??= piece.finish_reason;
  if (piece.logprobs) heard.logprobs = [...heard.logprobs ?? [], ...piece.logprobs.content];
  if (delta.function_call) heard.functionCall = { name: '', arguments: '', ...heard.functionCall, ...join(heard.functionCall, delta.function_call) };
  for (const call of delta.tool_calls ?? []) {
    const known = heard.calls[call.index] ??= { id: call.id };
    for (const kind of ['function', 'custom']) if (call[kind]) known[kind] = join(known[kind], call[kind]);
  }
}

function join(known: Json, more: Json): Json {
  const joined: Json = { ...known };
  for (const [key, text] of Object.entries(more)) joined[key] = `${joined[key] ?? ''}${String(text)}`;
  return joined;
}
