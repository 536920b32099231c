/** This file turns the items of a Responses request into chat messages: what an assistant thought, said and called in one turn becomes one message. */
import type { ChatMessage, ToolCall } from '../../generated/client/types.gen.ts';
import { arrayAt, isJsonObject, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { textContent, userContent } from './responses-content.ts';
import { flatName } from './responses-names.ts';
import { GatheredThoughts, NO_THOUGHTS, messageFields } from './responses-thoughts.ts';
import type { Thoughts } from './responses-thoughts.ts';
import type { Warn } from './responses-tools.ts';

/** How what is sealed in a reasoning item is opened: null for what this gateway did not seal for this workspace. */
export type OpenThoughts = (sealed: string) => Thoughts | null;

export interface ItemsOptions {
  readonly openThoughts: OpenThoughts;
  readonly warn: Warn;
  /** The name of what the items stand in, for warnings. */
  readonly param: string;
  /** What is known of the thoughts of these items besides, for those of one answer that the gateway has kept. */
  readonly kept?: Thoughts;
}

/** One turn of an assistant, as it is gathered. */
interface Turn {
  readonly texts: string[];
  readonly refusals: string[];
  readonly calls: ToolCall[];
  readonly thoughts: GatheredThoughts;
}

/** Items of tools the upstream would have run itself, and others a chat has no place for, are left out with a warning. */
export function messagesOf(items: readonly unknown[], { openThoughts, warn, param, kept }: ItemsOptions): ChatMessage[] {
  const messages: ChatMessage[] = [];
  let turn = newTurn(kept);
  const flush = (): void => {
    const message = assistantMessage(turn);
    if (message) messages.push(message);
    turn = newTurn();
  };
  items.forEach((item, at) => {
    const place = `${param}[${at}]`;
    switch (typeOf(item)) {
      case 'message':
        if (stringAt(item, 'role') === 'assistant') {
          // Calls and what was said beside them belong together: their outputs must follow at once.
          if (turn.calls.length === 0 && turn.texts.length + turn.refusals.length > 0) flush();
          sayTo(turn, item, { param: `${place}.content`, warn });
          return;
        }
        flush();
        messages.push(otherMessage(item, { param: `${place}.content`, warn }));
        return;
      case 'function_call':
        turn.calls.push(callOf(item, stringAt(item, 'arguments') ?? ''));
        return;
      case 'custom_tool_call':
        turn.calls.push(callOf(item, JSON.stringify({ input: stringAt(item, 'input') ?? '' })));
        return;
      case 'function_call_output':
      case 'custom_tool_call_output':
        flush();
        messages.push({ role: 'tool', tool_call_id: stringAt(item, 'call_id') ?? '', content: userContent(isJsonObject(item) ? item['output'] : '', { param: `${place}.output`, warn }) });
        return;
      case 'reasoning':
        // What the gateway has kept of its own answer is all there is to know of its thoughts.
        if (!kept) turn.thoughts.add(thoughtsOfItem(item, openThoughts, () => { warn(`${place}: reasoning that was not given by this gateway is not sent`); }));
        return;
      default:
        warn(`${place}: ${typeOf(item)} dropped, no chat can be told it`);
    }
  });
  flush();
  return messages;
}

function newTurn(kept?: Thoughts): Turn {
  return { texts: [], refusals: [], calls: [], thoughts: new GatheredThoughts(kept) };
}

/** Messages may leave their type out. */
export function typeOf(item: unknown): string {
  return stringAt(item, 'type') ?? 'message';
}

interface Place {
  readonly param: string;
  readonly warn: Warn;
}

function sayTo(turn: Turn, item: unknown, { param, warn }: Place): void {
  const content = isJsonObject(item) ? item['content'] : null;
  const parts: readonly unknown[] = Array.isArray(content) ? content : [{ type: 'output_text', text: content }];
  parts.forEach((part, at) => {
    if (stringAt(part, 'type') === 'refusal') turn.refusals.push(stringAt(part, 'refusal') ?? '');
    else turn.texts.push(textContent([part], { param: `${param}[${at}]`, warn }));
  });
}

function otherMessage(item: unknown, place: Place): ChatMessage {
  const content = isJsonObject(item) ? item['content'] : '';
  const role = stringAt(item, 'role');
  if (role === 'system' || role === 'developer') return { role, content: textContent(content, place) };
  return { role: 'user', content: userContent(content, place) };
}

function callOf(item: unknown, args: string): ToolCall {
  return { id: stringAt(item, 'call_id') ?? '', type: 'function', function: { name: flatName(stringAt(item, 'namespace'), stringAt(item, 'name') ?? ''), arguments: args } };
}

function thoughtsOfItem(item: unknown, openThoughts: OpenThoughts, warnForeign: () => void): Thoughts {
  const sealed = stringAt(item, 'encrypted_content');
  if (sealed !== null) {
    const opened = openThoughts(sealed);
    if (opened) return opened;
    warnForeign();
  }
  // Unsigned, but some models want it back as it was (api-docs.deepseek.com, "Thinking mode", read 2026-11).
  const text = arrayAt(item, 'content').map((part) => stringAt(part, 'text') ?? '').join('');
  return sealed === null && text !== '' ? { ...NO_THOUGHTS, text } : NO_THOUGHTS;
}

/** Null for a turn in which nothing was said or called: what was only thought can't be sent. */
function assistantMessage({ texts, refusals, calls, thoughts: gathered }: Turn): ChatMessage | null {
  if (texts.length + refusals.length + calls.length === 0) return null;
  const thoughts = gathered.read();
  return {
    role: 'assistant',
    content: texts.length === 0 ? null : texts.join('\n'),
    ...(refusals.length === 0 ? {} : { refusal: refusals.join('\n') }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => ({ ...call, ...signed(thoughts.calls[call.id]) })) }),
    ...messageFields(thoughts),
  };
}

function signed(extra: JsonObject | undefined): JsonObject {
  return extra ? { extra_content: extra } : {};
}
