/** This file drops from requests what their target does not take, and says so in warnings. */
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import type { Target } from '../foundation/terms.ts';
import type { WireRequest } from './wire.ts';

/** Top-level fields a target refuses, as its own quirks say, or else its provider's. */
export function droppedFields({ provider, quirks }: Target): readonly string[] {
  return quirks.dropFields ?? provider.quirks.dropFields ?? [];
}

/** The warning for a field that was dropped because its target refuses it. */
export function droppedLine(field: string, target: Pick<Target, 'id'>): string {
  return `${field}: dropped, ${target.id} does not take it`;
}

/** The request without what its target refuses; its model and messages go whatever anybody says. */
export function withoutDropped({ body, target }: Pick<WireRequest, 'body' | 'target'>, warn: (line: string) => void): ChatCompletionRequest {
  const rest: ChatCompletionRequest = { ...body };
  for (const field of droppedFields(target)) {
    if (field === 'model' || field === 'messages' || !Object.hasOwn(rest, field)) continue;
    Reflect.deleteProperty(rest, field);
    warn(droppedLine(field, target));
  }
  return rest;
}

/** What a wire has places for. */
export interface Places {
  /** Of each field it knows: null where it has a place for it, or why it is dropped. */
  readonly why: ReadonlyMap<string, string | null>;
  /** Beside those: a field not of the contract that it has a place for. */
  readonly own: string;
  /** Whether a value asks for nothing but what is done anyway: it is left out without a word. */
  readonly isHarmless: (field: string, value: unknown) => boolean;
}

/** Unknown fields named in warnings, and how much of each name: a header has its limits. */
const UNKNOWN_FIELDS_MAX = 16;
const FIELD_CHARS_MAX = 64;

/** Warns of every field that a wire has no place for. */
export function warnOfUnplaced(body: object, { why: reasons, own, isHarmless }: Places, warn: (field: string, why: string) => void): void {
  let unknown = 0;
  for (const [field, value] of Object.entries(body)) {
    const why = reasons.get(field);
    if (value === null || value === undefined || why === null || field === own) continue;
    if (why !== undefined) {
      if (!isHarmless(field, value)) warn(field, why);
      continue;
    }
    if (++unknown <= UNKNOWN_FIELDS_MAX) warn(field.slice(0, FIELD_CHARS_MAX), 'dropped, this wire does not know it');
    else if (unknown === UNKNOWN_FIELDS_MAX + 1) warn('others', 'dropped, this wire does not know them');
  }
}
