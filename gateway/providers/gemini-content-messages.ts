/** This file writes the messages of a chat request as Gemini's system instruction and contents. */
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { contentParts, contentText, mediaPart } from './gemini-content-media.ts';
import type { Warn } from './gemini-content-media.ts';

/** What Gemini takes for a signature nobody has any more (https://ai.google.dev/gemini-api/docs/thought-signatures, 2026-11). */
const SKIP_SIGNATURE = 'skip_thought_signature_validator';

export interface PromptOptions {
  /** The model refuses tool calls that come back without a signature. */
  readonly needsSignatures: boolean;
  readonly warn: Warn;
}

/** The conversation in Gemini's terms. */
export interface Prompt {
  readonly system: readonly JsonObject[];
  readonly contents: readonly JsonObject[];
}

interface Content {
  readonly role: 'user' | 'model';
  readonly parts: JsonObject[];
  readonly isToolResults: boolean;
}

/** Writes a conversation. */
export function writePrompt(messages: readonly unknown[], options: PromptOptions): Prompt {
  const { warn } = options;
  const system: JsonObject[] = [];
  const contents: Content[] = [];
  const names = new Map<string, string>();
  for (const message of messages) {
    const role = stringAt(message, 'role');
    const content = isJsonObject(message) ? message['content'] : null;
    if (stringAt(message, 'name') !== null && role !== 'tool' && role !== 'function') warn('messages', 'the names of participants are not sent');
    if (role === 'system' || role === 'developer') {
      if (contents.length > 0) warn('messages', 'instructions within the conversation are sent with those at its start');
      system.push({ text: contentText(content) });
    } else if (role === 'assistant') {
      const parts = assistantParts(message, names, options);
      if (parts.length > 0) contents.push({ role: 'model', parts, isToolResults: false });
    } else if (role === 'tool' || role === 'function') {
      addResult(contents, resultParts(message, names, warn));
    } else {
      const parts = contentParts(content, warn);
      contents.push({ role: 'user', parts: parts.length > 0 ? parts : [{ text: '' }], isToolResults: false });
    }
  }
  const written = contents.map(({ role, parts }) => ({ role, parts }));
  // Gemini answers contents only: instructions alone are asked as a question.
  return written.length === 0 ? { system: [], contents: [{ role: 'user', parts: system }] } : { system, contents: written };
}

/** The results of one turn's calls go into one content: Gemini wants as many as there were calls. */
function addResult(contents: Content[], parts: readonly JsonObject[]): void {
  const last = contents.at(-1);
  if (last?.isToolResults === true) last.parts.push(...parts);
  else contents.push({ role: 'user', parts: [...parts], isToolResults: true });
}

function resultParts(message: unknown, names: ReadonlyMap<string, string>, warn: Warn): JsonObject[] {
  const id = stringAt(message, 'tool_call_id');
  const name = names.get(id ?? '') ?? stringAt(message, 'name');
  if (name === null) warn('messages', 'a tool result names no call of this conversation');
  const content = isJsonObject(message) ? message['content'] : null;
  const response = { ...(id === null ? {} : { id }), name: name ?? 'unknown', response: { output: contentText(content) } };
  const media: readonly unknown[] = Array.isArray(content) ? content.filter((part) => stringAt(part, 'text') === null) : [];
  const parts: JsonObject[] = [{ functionResponse: response }];
  for (const part of media) {
    const written = mediaPart(part, warn);
    if (written) parts.push(written);
  }
  return parts;
}

function assistantParts(message: unknown, names: Map<string, string>, options: PromptOptions): JsonObject[] {
  const { warn } = options;
  const signatures = objectAt(objectAt(message, 'extra_content'), 'google');
  if (objectAt(message, 'audio')) warn('messages', 'spoken answers of earlier turns are not sent');
  const answer = isJsonObject(message) ? message['content'] : null;
  const thinking = Array.isArray(answer) ? answer.filter((part) => stringAt(part, 'type') === 'thinking') : [];
  const said = Array.isArray(answer) ? answer.filter((part) => stringAt(part, 'type') !== 'thinking') : answer;
  const parts = [...thinking.flatMap(thinkingPart), ...reasoningParts(message, signatures)];
  const spoken = contentParts(said, warn).filter((part) => part['text'] !== '');
  const refusal = stringAt(message, 'refusal');
  if (refusal !== null && refusal !== '') spoken.push({ text: refusal });
  parts.push(...withSignature(spoken, stringAt(signatures, 'thought_signature')));
  for (const image of arrayAt(message, 'images')) {
    const part = mediaPart(image, warn);
    if (part) parts.push({ ...part, ...signatureOf(image) });
  }
  return [...parts, ...callParts(message, names, options)];
}

/** A thought comes back only with its signature: without one it is of no use to Gemini. */
function thinkingPart(part: unknown): JsonObject[] {
  const signature = stringAt(part, 'signature');
  return signature === null ? [] : [{ text: stringAt(part, 'thinking') ?? '', thought: true, thoughtSignature: signature }];
}

function reasoningParts(message: unknown, signatures: unknown): JsonObject[] {
  const signature = stringAt(signatures, 'thinking_signature');
  const text = stringAt(message, 'reasoning_content') ?? stringAt(message, 'reasoning') ?? '';
  return signature === null ? [] : [{ text, thought: true, thoughtSignature: signature }];
}

/** The signature of an answer stands on its last part of text, or on an empty one. */
function withSignature(parts: readonly JsonObject[], signature: string | null): readonly JsonObject[] {
  if (signature === null) return parts;
  const at = parts.findLastIndex((part) => typeof part['text'] === 'string');
  if (at === -1) return [{ text: '', thoughtSignature: signature }, ...parts];
  return parts.map((part, index) => (index === at ? { ...part, thoughtSignature: signature } : part));
}

function signatureOf(carrier: unknown): { thoughtSignature?: string } {
  const signature = stringAt(objectAt(objectAt(carrier, 'extra_content'), 'google'), 'thought_signature');
  return signature === null ? {} : { thoughtSignature: signature };
}

function callParts(message: unknown, names: Map<string, string>, { needsSignatures, warn }: PromptOptions): JsonObject[] {
  const calls = arrayAt(message, 'tool_calls');
  const parts = calls.flatMap((call) => {
    const called = objectAt(call, 'function') ?? customCall(call);
    const name = stringAt(called, 'name');
    const id = stringAt(call, 'id');
    if (name === null) return [];
    if (id !== null) names.set(id, name);
    return [{ functionCall: { ...(id === null ? {} : { id }), name, args: argumentsOf(called, warn) }, ...signatureOf(call) }];
  });
  const legacy = objectAt(message, 'function_call');
  const name = stringAt(legacy, 'name');
  if (name !== null) parts.push({ functionCall: { name, args: argumentsOf(legacy, warn) } });
  const [first, ...others] = parts;
  // Of calls made at once only the first is signed; clients that drop what they don't know lose its signature.
  if (!needsSignatures || !first || parts.some((part) => 'thoughtSignature' in part)) return parts;
  warn('messages', 'tool calls came back without their extra_content.google.thought_signature');
  return [{ ...first, thoughtSignature: SKIP_SIGNATURE }, ...others];
}

/** A custom tool's call is a call with its input as the only argument. */
function customCall(call: unknown): JsonObject | null {
  const custom = objectAt(call, 'custom');
  return custom ? { name: custom['name'], arguments: JSON.stringify({ input: custom['input'] }) } : null;
}

function argumentsOf(called: unknown, warn: Warn): JsonObject {
  const text = stringAt(called, 'arguments') ?? '';
  const args = text.trim() === '' ? {} : parseJson(text);
  if (isJsonObject(args)) return args;
  warn('messages', 'arguments of a tool call that are no JSON object are sent as text');
  return { arguments: text };
}
