/** This file maps a chat's messages to the input items of a Responses request. */
import type { AssistantMessage, AssistantPart, ChatMessage, ContentPart, FileReference, TextContent, UserContent } from '../../generated/client/types.gen.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { weaveReasoning } from './openai-responses-reasoning.ts';
import type { Warn } from './openai-responses-reasoning.ts';

export interface InputOptions {
  /** False: the upstream knows no `developer` role. */
  readonly takesDevelopers: boolean;
  readonly warn: Warn;
}

interface Gathering extends InputOptions {
  readonly items: JsonObject[];
  /** Ids of calls of custom tools: their results are items of their own kind. */
  readonly customCalls: Set<string>;
  /** The id made up for the last call in the older form, which has none. */
  functionCallId: string;
}

/**
 * Maps the messages, in their order: a message is one item, each of an assistant's reasonings and calls another
 * (OpenAI's contract, `InputItem`, 2026-08).
 */
export function toInput(messages: readonly ChatMessage[], options: InputOptions): JsonObject[] {
  const gathering: Gathering = { ...options, items: [], customCalls: new Set(), functionCallId: 'call_0' };
  messages.forEach((message, index) => { gathering.items.push(...itemsOf(message, index, gathering)); });
  return gathering.items;
}

function itemsOf(message: ChatMessage, index: number, gathering: Gathering): JsonObject[] {
  const { warn } = gathering;
  if (message.role !== 'tool' && message.role !== 'function' && typeof message.name === 'string') warn('messages', 'name is not sent');
  switch (message.role) {
    case 'system':
      return [messageItem('system', instructions(message.content))];
    case 'developer':
      if (!gathering.takesDevelopers) warn('messages', 'role developer sent as system');
      return [messageItem(gathering.takesDevelopers ? 'developer' : 'system', instructions(message.content))];
    case 'user':
      return said(messageItem('user', contentOf(message.content, warn)), warn);
    case 'assistant':
      return assistantItems(message, index, gathering);
    case 'tool': {
      const type = gathering.customCalls.has(message.tool_call_id) ? 'custom_tool_call_output' : 'function_call_output';
      return [{ type, call_id: callId(message.tool_call_id), output: contentOf(message.content, warn) }];
    }
    case 'function':
      return [{ type: 'function_call_output', call_id: gathering.functionCallId, output: message.content ?? '' }];
    default:
      warn('messages', 'a message of an unknown role is not sent');
      return [];
  }
}

function messageItem(role: string, content: string | readonly JsonObject[]): JsonObject {
  return { role, content };
}

function said(item: JsonObject, warn: Warn): JsonObject[] {
  if (item['content'] !== '' || typeof item['content'] !== 'string') return [item];
  warn('messages', 'an empty message is not sent');
  return [];
}

function instructions(content: TextContent): string | JsonObject[] {
  return typeof content === 'string' ? content : content.map((part) => withBreakpoint({ type: 'input_text', text: part.text }, part));
}

function contentOf(content: UserContent, warn: Warn): string | JsonObject[] {
  if (typeof content === 'string') return content;
  const parts = content.flatMap((part) => partOf(part, warn).map((mapped) => withBreakpoint(mapped, part)));
  return parts.length === 0 ? '' : parts;
}

/** What marks a place up to which the prompt is cached; handed through as the caller gave it (OpenAI's contract, `PromptCacheBreakpointConfig`, 2026-08). */
function withBreakpoint(mapped: JsonObject, part: unknown): JsonObject {
  const mark = isJsonObject(part) ? part['prompt_cache_breakpoint'] : null;
  return isJsonObject(mark) ? { ...mapped, prompt_cache_breakpoint: mark } : mapped;
}

function partOf(part: ContentPart, warn: Warn): JsonObject[] {
  switch (part.type) {
    case 'text':
      return [{ type: 'input_text', text: part.text }];
    case 'image_url':
      return [{ type: 'input_image', image_url: part.image_url.url, detail: part.image_url.detail ?? 'auto' }];
    case 'document_url':
      return fileItem({ file_data: part.document_url }, warn);
    case 'file':
      return fileItem(part.file, warn);
    case 'input_audio':
      return [{ type: 'input_audio', input_audio: { data: part.input_audio.data, format: part.input_audio.format } }];
    case 'video_url':
      warn('messages', 'video_url is not sent, this wire has no place for it');
      return [];
    default:
      warn('messages', 'a part of an unknown type is not sent');
      return [];
  }
}

function fileItem({ file_data: data, filename }: FileReference, warn: Warn): JsonObject[] {
  if (typeof data !== 'string' || data === '') {
    // Whoever holds the operator's key can read what was uploaded with it: an id says nothing of whose file it is.
    warn('messages', 'a file without file_data is not sent');
    return [];
  }
  if (/^https?:\/\//i.test(data)) return [{ type: 'input_file', file_url: data }];
  return [{ type: 'input_file', filename: filename ?? nameFor(data), file_data: data }];
}

/** OpenAI wants a name beside the bytes, and goes by its ending. */
function nameFor(dataUrl: string): string {
  const ending = /^data:[\w.+-]{1,60}\/([\w.+-]{1,60})/i.exec(dataUrl.slice(0, 200))?.[1]?.toLowerCase() ?? 'pdf';
  return `file.${ending === 'plain' ? 'txt' : ending}`;
}

function assistantItems(message: AssistantMessage, index: number, gathering: Gathering): JsonObject[] {
  const { warn } = gathering;
  const parts = typeof message.content === 'string' ? textParts(message.content) : (message.content ?? []).flatMap((part) => assistantPart(part, warn));
  if (typeof message.refusal === 'string' && message.refusal !== '') parts.push({ type: 'refusal', refusal: message.refusal });
  const others = [...assistantMessage(parts), ...callItems(message, index, gathering)];
  const details = arrayAt(message, 'reasoning_details');
  if (details.length === 0 && (stringAt(message, 'reasoning_content') ?? stringAt(message, 'reasoning') ?? '') !== '') {
    warn('messages', 'reasoning without its encrypted content is not sent');
  }
  if ([message, ...message.tool_calls ?? []].some((holder) => objectAt(holder, 'extra_content') !== null)) warn('messages', 'reasoning of another provider is not sent');
  if (message.audio) warn('messages', 'audio of an earlier turn is not sent');
  return weaveReasoning(details, others, warn);
}

/** A text alone goes as a string, which every server takes. */
function assistantMessage(parts: readonly JsonObject[]): JsonObject[] {
  const [only] = parts;
  if (!only) return [];
  return [messageItem('assistant', parts.length === 1 ? stringAt(only, 'text') ?? parts : parts)];
}

function textParts(text: string): JsonObject[] {
  return text === '' ? [] : [{ type: 'output_text', text, annotations: [] }];
}

function assistantPart(part: AssistantPart, warn: Warn): JsonObject[] {
  switch (part.type) {
    case 'text':
      return textParts(part.text);
    case 'refusal':
      return [{ type: 'refusal', refusal: part.refusal }];
    case 'thinking':
      warn('messages', 'reasoning of another provider is not sent');
      return [];
    default:
      warn('messages', 'an image of the assistant is not sent');
      return [];
  }
}

function callItems(message: AssistantMessage, index: number, gathering: Gathering): JsonObject[] {
  const items = (message.tool_calls ?? []).flatMap((call): JsonObject[] => {
    if (call.function) return [functionCall(callId(call.id), call.function)];
    if (!call.custom) return [];
    gathering.customCalls.add(call.id);
    return [{ type: 'custom_tool_call', call_id: callId(call.id), name: call.custom.name, input: call.custom.input }];
  });
  if (!message.function_call) return items;
  gathering.functionCallId = `call_${index}`;
  return [...items, functionCall(gathering.functionCallId, message.function_call)];
}

function functionCall(id: string, { name, arguments: text }: { readonly name: string; readonly arguments: string }): JsonObject {
  return { type: 'function_call', call_id: id, name, arguments: text === '' ? '{}' : text };
}

/** The longest `call_id` OpenAI takes; other upstreams make longer ones. */
const CALL_ID_CHARS_MAX = 64;

function callId(id: string): string {
  return id.length <= CALL_ID_CHARS_MAX ? id : id.slice(0, CALL_ID_CHARS_MAX / 2) + id.slice(-CALL_ID_CHARS_MAX / 2);
}
