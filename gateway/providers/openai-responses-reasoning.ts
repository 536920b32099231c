/** This file carries reasoning items through chat messages and back: their summaries, their text and their encrypted content. */
import { arrayAt, isJsonObject, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';

/** Reports one field that was changed or dropped: its name and why. */
export type Warn = (field: string, why: string) => void;

/** OpenRouter's name for what follows, so that clients which keep its `reasoning_details` keep ours (openrouter.ai/docs, "Reasoning tokens", read 2026-11). */
const FORMAT = 'openai-responses-v1';

/** What stands between two parts of one item's summary or text where they are read as one. */
export const PART_BREAK = '\n\n';

/** A piece of an item's summary, or of its text where the model shows it. Pieces of the same index make one item. */
export function reasoningDetail(index: number, kind: 'summary' | 'text', text: string): JsonObject {
  return kind === 'summary' ? { type: 'reasoning.summary', summary: text, format: FORMAT, index } : { type: 'reasoning.text', text, format: FORMAT, index };
}

/** What ends an item: its id, and its encrypted content if it has one. Null for an item that could not be sent back anyway. */
export function closingDetail(index: number, item: JsonObject): JsonObject | null {
  const id = stringAt(item, 'id');
  const named = id === null ? {} : { id };
  const data = stringAt(item, 'encrypted_content') ?? '';
  if (data !== '') return { type: 'reasoning.encrypted', data, ...named, format: FORMAT, index };
  return arrayAt(item, 'content').length === 0 ? null : { type: 'reasoning.text', text: '', ...named, format: FORMAT, index };
}

/** What a reasoning item shows of itself: its summary, or the text of models that show it. */
export function shownReasoning(item: unknown): readonly { readonly kind: 'summary' | 'text'; readonly text: string }[] {
  const joined = (key: string): string => arrayAt(item, key).map((part) => stringAt(part, 'text') ?? '').filter((text) => text !== '').join(PART_BREAK);
  return [{ kind: 'summary' as const, text: joined('summary') }, { kind: 'text' as const, text: joined('content') }].filter(({ text }) => text !== '');
}

interface Gathered {
  readonly index: unknown;
  id: string | null;
  /** The encrypted content; null where there is none. */
  data: string | null;
  summary: string;
  text: string;
}

/**
 * Puts the reasoning items of the `reasoning_details` a caller sends back, whole or in the pieces a stream gave them in, where
 * they were among the other items of their turn. Something always follows one: OpenAI refuses a reasoning item that stands alone.
 */
export function weaveReasoning(details: readonly unknown[], others: readonly JsonObject[], warn: Warn): JsonObject[] {
  if (others.length === 0) return [];
  const rest = [...others];
  const woven: JsonObject[] = [];
  for (const gathered of gather(details, warn)) {
    const place = typeof gathered.index === 'number' ? gathered.index : 0;
    woven.push(...rest.splice(0, Math.max(0, Math.min(place - woven.length, rest.length - 1))));
    woven.push(...itemOf(gathered, warn));
  }
  return [...woven, ...rest];
}

function gather(details: readonly unknown[], warn: Warn): Gathered[] {
  const items: Gathered[] = [];
  for (const detail of details) {
    if (!isJsonObject(detail) || !isOurs(detail)) {
      warn('messages', 'reasoning of another provider is not sent');
      continue;
    }
    const last = items.at(-1);
    const isSame = last !== undefined && last.data === null && last.index === detail['index'];
    const item = isSame ? last : { index: detail['index'], id: null, data: null, summary: '', text: '' };
    if (!isSame) items.push(item);
    item.id ??= stringAt(detail, 'id');
    item.data = stringAt(detail, 'data');
    item.summary += stringAt(detail, 'summary') ?? '';
    item.text += stringAt(detail, 'text') ?? '';
  }
  return items;
}

function isOurs(detail: JsonObject): boolean {
  return detail['format'] === FORMAT && ['reasoning.summary', 'reasoning.text', 'reasoning.encrypted'].includes(stringAt(detail, 'type') ?? '');
}

/** Nothing is stored upstream, so an item must bring its content: encrypted, or as text from models that show theirs. */
function itemOf({ id, data, summary, text }: Gathered, warn: Warn): JsonObject[] {
  if (data === null && text === '') {
    warn('messages', 'reasoning without its encrypted content is not sent');
    return [];
  }
  return [{
    type: 'reasoning',
    ...(id === null ? {} : { id }),
    summary: summary === '' ? [] : [{ type: 'summary_text', text: summary }],
    ...(text === '' ? {} : { content: [{ type: 'reasoning_text', text }] }),
    ...(data === null ? {} : { encrypted_content: data }),
  }];
}
