/** This file is the `openai-chat` wire: bytes go through untouched but for the model name, credentials, a small quirk table, and what a provider's reply falls short of. */
import { editJson } from '../foundation/json-outline.ts';
import type { JsonEdit } from '../foundation/json-outline.ts';
import { arrayAt, isJsonObject, objectAt, parseShallowJson, stringAt } from '../foundation/json-value.ts';
import type { Quirks } from '../foundation/terms.ts';
import { droppedFields, droppedLine } from './dropped-fields.ts';
import { repairReply } from './openai-chat-repair.ts';
import { openChatStream } from './openai-chat-stream.ts';
import { generatedText, readChatUsage } from './openai-chat-text.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { requestHeaders } from './request-headers.ts';
import type { HttpRequest, ReplyFacts, Wire, WireRequest } from './wire.ts';

/** The wire of every upstream that speaks OpenAI's chat completions. */
export const openaiChatWire: Wire = {
  encode: encodeChat,
  readReply: readChatReply,
  toReply: repairReply,
  readText: readChatText,
  openStream: openChatStream,
  classify: classifyOpenAiError,
};

function encodeChat(request: WireRequest): HttpRequest {
  const { target } = request;
  const { provider } = target;
  const warnings: string[] = [];
  const edits: JsonEdit[] = [{ kind: 'set', key: 'model', json: JSON.stringify(target.upstreamModel) }];
  const quirks: Quirks = { ...provider.quirks, ...target.quirks };
  if (request.isStream && quirks.streamOptions !== false) edits.push(askForUsage(request));
  applyQuirks(request, quirks, { edits, warnings });
  const headers = requestHeaders(provider, { wire: 'openai-chat', isStream: request.isStream });
  return { kind: 'http', method: 'POST', path: '/chat/completions', headers, body: editJson(request.bodyText, request.outline, edits), warnings };
}

/** Usage is always asked of the upstream: without it a stream can only be counted, not known. */
function askForUsage(request: WireRequest): JsonEdit {
  const asked = request.body.stream_options;
  const options = isJsonObject(asked) ? { ...asked, include_usage: true } : { include_usage: true };
  return { kind: 'set', key: 'stream_options', json: JSON.stringify(options) };
}

function applyQuirks(request: WireRequest, quirks: Quirks, into: { edits: JsonEdit[]; warnings: string[] }): void {
  const has = (key: string): boolean => request.outline.fields.some((field) => field.key === key);
  const wanted = quirks.maxTokensField;
  if (wanted) {
    const other = wanted === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    if (has(other)) into.edits.push(has(wanted) ? { kind: 'drop', key: other } : { kind: 'rename', key: other, to: wanted });
  }
  if (quirks.developerRole === false && request.body.messages.some((message) => message.role === 'developer')) {
    const messages = request.body.messages.map((message) => (message.role === 'developer' ? { ...message, role: 'system' } : message));
    into.edits.push({ kind: 'set', key: 'messages', json: JSON.stringify(messages) });
    into.warnings.push('messages: role developer sent as system');
  }
  for (const { key } of request.outline.fields) {
    if (!isRecased(key)) continue;
    into.edits.push({ kind: 'drop', key });
    into.warnings.push(`${key.slice(0, RECASED_CHARS_MAX)}: dropped, it is written ${key.toLowerCase()}`);
  }
  for (const key of droppedFields(request.target)) {
    if (!has(key)) continue;
    into.edits.push({ kind: 'drop', key });
    into.warnings.push(droppedLine(key, request.target));
  }
}

/** Fields on which money and a key's models hang. */
const DECIDING: ReadonlySet<string> = new Set(['model', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'n']);
/** Longer than any of them. */
const RECASED_CHARS_MAX = 40;

/** Servers written in Go (Ollama) read `MODEL` as `model`, the last of both: what was judged here would not be what is done there. */
export function isRecased(key: string): boolean {
  return !DECIDING.has(key) && DECIDING.has(key.toLowerCase());
}

/**
 * Reads the facts of a whole chat reply. Throws a SyntaxError when the text is not a JSON object with choices:
 * an upstream that answers 200 with anything else has not answered.
 */
export function readChatReply(text: string): ReplyFacts {
  const reply = parseShallowJson(text);
  if (!isJsonObject(reply) || !Array.isArray(reply['choices'])) throw new SyntaxError('not a chat completion');
  return {
    usage: readChatUsage(reply['usage']),
    upstreamId: stringAt(reply, 'id'),
    upstreamModel: stringAt(reply, 'model'),
    finishReason: stringAt(arrayAt(reply, 'choices')[0], 'finish_reason'),
  };
}

/** The generated text of a whole reply: content, reasoning, refusals and tool arguments of every choice. */
export function readChatText(json: string): string {
  const reply: unknown = JSON.parse(json);
  return arrayAt(reply, 'choices').map((choice) => generatedText(objectAt(choice, 'message'))).join('\n');
}
