/** This file maps a chat's messages to Anthropic's system blocks and alternating turns. */
import type { AssistantMessage, AssistantPart, ChatMessage, TextContent, ToolMessage } from '../../generated/client/types.gen.ts';
import { arrayAt, isJsonObject, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { cacheControlOf, contentBlocks, textBlocks } from './anthropic-messages-parts.ts';
import { signedBlock, weaveThinking } from './anthropic-messages-thinking.ts';
import type { Warn } from './anthropic-messages-thinking.ts';

type Role = 'user' | 'assistant';

interface Turn {
  readonly role: Role;
  readonly content: JsonObject[];
}

/** A conversation as Anthropic takes it. */
export interface Prompt {
  readonly system: readonly JsonObject[];
  readonly messages: readonly Turn[];
  /** It goes on after a tool call that was made without thinking. */
  readonly continuesUnthought: boolean;
}

interface Gathering {
  readonly system: JsonObject[];
  readonly turns: Turn[];
  /** The id made up for the last call in the older form, which has none. */
  functionCallId: string;
  readonly warn: Warn;
}

/**
 * Maps the messages: system and developer text goes to the front, turns of one role in a row become one, and tool results are
 * said by the user (platform.claude.com, "Messages" and "Handle tool calls", read 2026-11).
 */
export function toPrompt(messages: readonly ChatMessage[], warn: Warn): Prompt {
  const gathering: Gathering = { system: [], turns: [], functionCallId: 'call_0', warn };
  messages.forEach((message, index) => { addMessage(message, index, gathering); });
  const { system, turns } = gathering;
  if (turns.length === 0 && system.length > 0) {
    warn('messages: system text alone is sent as the user\'s');
    turns.push({ role: 'user', content: system.splice(0) });
  }
  trimEnd(turns.at(-1));
  return { system, messages: turns, continuesUnthought: continuesUnthought(turns) };
}

function addMessage(message: ChatMessage, index: number, gathering: Gathering): void {
  const { warn } = gathering;
  if (message.role !== 'tool' && message.role !== 'function' && typeof message.name === 'string') warn('messages: name is not sent');
  switch (message.role) {
    case 'system':
    case 'developer':
      if (gathering.turns.length > 0) warn('messages: system text is moved to the front');
      gathering.system.push(...withCacheControl(systemBlocks(message.content), message));
      return;
    case 'user':
      return addTurn('user', withCacheControl(contentBlocks(message.content, warn), message), gathering);
    case 'assistant':
      return addTurn('assistant', withCacheControl(assistantBlocks(message, index, gathering), message), gathering);
    case 'tool':
      return addTurn('user', [toolResult(message, warn)], gathering);
    case 'function':
      return addTurn('user', [{ type: 'tool_result', tool_use_id: gathering.functionCallId, content: message.content ?? '' }], gathering);
    default:
      warn('messages: a message of an unknown role is not sent');
  }
}

function addTurn(role: Role, blocks: readonly JsonObject[], { turns, warn }: Gathering): void {
  if (blocks.length === 0) {
    warn('messages: an empty message is not sent');
    return;
  }
  const last = turns.at(-1);
  if (last?.role === role) last.content.push(...blocks);
  else turns.push({ role, content: [...blocks] });
}

/** A mark on the message itself stands for one on its last block; thinking can't carry one. */
function withCacheControl(blocks: JsonObject[], message: ChatMessage): JsonObject[] {
  const last = blocks.at(-1);
  const type = last?.['type'];
  if (last && type !== 'thinking' && type !== 'redacted_thinking') blocks[blocks.length - 1] = { ...cacheControlOf(message), ...last };
  return blocks;
}

function systemBlocks(content: TextContent): JsonObject[] {
  return typeof content === 'string' ? textBlocks(content) : content.flatMap((part) => textBlocks(part.text, part));
}

function assistantBlocks(message: AssistantMessage, index: number, gathering: Gathering): JsonObject[] {
  const { warn } = gathering;
  const said = typeof message.content === 'string' ? textBlocks(message.content) : (message.content ?? []).flatMap((part) => assistantPart(part, warn));
  const others = [...said, ...(typeof message.refusal === 'string' ? textBlocks(message.refusal) : []), ...toolUses(message, index, gathering)];
  const details = arrayAt(message, 'reasoning_details');
  const hasThinking = details.length > 0 || said.some((block) => block['type'] === 'thinking');
  if (!hasThinking && (stringAt(message, 'reasoning_content') ?? stringAt(message, 'reasoning') ?? '') !== '') {
    warn('messages: reasoning without a signature is not sent');
  }
  if (message.audio) warn('messages: audio of an earlier turn is not sent');
  // A turn that was cut off while it was thinking can't be sent: something must follow the thinking.
  return others.every((block) => block['type'] === 'thinking') ? [] : weaveThinking(details, others, warn);
}

function assistantPart(part: AssistantPart, warn: Warn): JsonObject[] {
  switch (part.type) {
    case 'text':
      return textBlocks(part.text, part);
    case 'refusal':
      return textBlocks(part.refusal, part);
    case 'thinking':
      return signedBlock(stringAt(part, 'thinking') ?? '', stringAt(part, 'signature'), warn);
    default:
      warn('messages: an image of the assistant is not sent');
      return [];
  }
}

function toolUses(message: AssistantMessage, index: number, gathering: Gathering): JsonObject[] {
  const { warn } = gathering;
  const uses = (message.tool_calls ?? []).flatMap((call) => {
    if (call.function) return [toolUse(call.id, call.function.name, readArguments(call.function.arguments, warn))];
    return call.custom ? [toolUse(call.id, call.custom.name, { input: call.custom.input })] : [];
  });
  const legacy = message.function_call;
  if (!legacy) return uses;
  gathering.functionCallId = `call_${index}`;
  return [...uses, toolUse(gathering.functionCallId, legacy.name, readArguments(legacy.arguments, warn))];
}

function toolUse(id: string, name: string, input: JsonObject): JsonObject {
  return { type: 'tool_use', id: toolId(id), name, input };
}

/** Anthropic takes letters, digits, underscores and dashes; ids of other upstreams may have dots and colons. */
function toolId(id: string): string {
  return id.replace(/[^\w-]/g, '_') || 'call_0';
}

function readArguments(text: string, warn: Warn): JsonObject {
  if (text.trim() === '') return {};
  const value = parseJson(text);
  if (isJsonObject(value)) return value;
  warn('messages: arguments that are no JSON object are sent as text');
  return { arguments: text };
}

function toolResult(message: ToolMessage, warn: Warn): JsonObject {
  const { content } = message;
  const marked = typeof content === 'string' ? null : content.find((part) => 'cache_control' in cacheControlOf(part));
  const blocks = typeof content === 'string' ? [] : contentBlocks(content, warn);
  return {
    type: 'tool_result',
    tool_use_id: toolId(message.tool_call_id),
    // A mark stands on the result as a whole.
    content: typeof content === 'string' ? content : blocks.length === 0 ? '' : blocks.map(withoutMark),
    ...cacheControlOf(marked),
    ...cacheControlOf(message),
  };
}

function withoutMark(block: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(block).filter(([key]) => key !== 'cache_control'));
}

/** Anthropic refuses a last turn of the assistant's that ends with blanks. */
function trimEnd(turn: Turn | undefined): void {
  const last = turn?.content.at(-1);
  if (!turn || !last || turn.role !== 'assistant' || last['type'] !== 'text') return;
  turn.content[turn.content.length - 1] = { ...last, text: (stringAt(last, 'text') ?? '').trimEnd() };
}

/** With a thinking budget, the turn whose tool results are sent must begin with its thinking (platform.claude.com, "Extended thinking with tool use"). */
function continuesUnthought(turns: readonly Turn[]): boolean {
  const results = turns.at(-1);
  if (results?.role !== 'user' || !results.content.some((block) => block['type'] === 'tool_result')) return false;
  const first = turns.at(-2)?.content[0]?.['type'];
  return first !== 'thinking' && first !== 'redacted_thinking';
}
