/** This file names what a run of an eval set asks of whom, and how that is kept. */
import type { EvalCheck, EvalJudge, EvalPrompt } from '../../../generated/client/types.gen.ts';
import { isJsonObject, parseJson, stringAt } from '../../foundation/json-value.ts';

export interface Contender {
  readonly model: string;
  readonly target?: string;
}

/** Of a run: whom it asks and how. Null is left to the prompt, or the model. */
export interface RunPlan {
  readonly contenders: readonly Contender[];
  readonly repetitions: number;
  readonly concurrency: number;
  readonly temperature: number | null;
  readonly seed: number | null;
  readonly maxCompletionTokens: number | null;
}

/** What a set says of all its prompts; of a run: what it said when the run was begun. */
export interface SetTerms {
  readonly checks: readonly EvalCheck[];
  readonly judge: EvalJudge | null;
}

/** What a prompt is. */
export interface ItemTerms {
  readonly request: EvalPrompt;
  /** Null: those of the set. */
  readonly checks: readonly EvalCheck[] | null;
}

/** A tool a model called, as it wrote it. */
export interface CalledTool {
  readonly name: string;
  readonly arguments: string;
}

/** What was said in one answer, and what checks say of it: all that is sealed. */
export interface Said {
  readonly output: string | null;
  readonly toolCalls: readonly CalledTool[];
  /** Of each check, why; null where there is nothing to say. */
  readonly details: readonly (string | null)[];
}

/** The id of an answer: its prompt, its contender, its repetition; in the order they are listed. */
export function cellIdOf(itemId: string, contender: number, repetition: number): string {
  return `${itemId}.${String(contender).padStart(3, '0')}.${String(repetition).padStart(2, '0')}`;
}

export function readRunPlan(text: string): RunPlan {
  const kept: unknown = parseJson(text);
  const read = isJsonObject(kept) ? kept : {};
  const number = (name: string): number | null => (typeof read[name] === 'number' ? read[name] : null);
  const contenders = Array.isArray(read['contenders']) ? read['contenders'] : [];
  return {
    contenders: contenders.map((each: unknown) => {
      const target = stringAt(each, 'target');
      return { model: stringAt(each, 'model') ?? '', ...(target === null ? {} : { target }) };
    }),
    repetitions: number('repetitions') ?? 1,
    concurrency: number('concurrency') ?? 1,
    temperature: number('temperature'),
    seed: number('seed'),
    maxCompletionTokens: number('maxCompletionTokens'),
  };
}

export function readSetTerms(text: string): SetTerms {
  const kept: unknown = parseJson(text);
  const judge = isJsonObject(kept) ? kept['judge'] : null;
  return { checks: checksIn(kept) ?? [], judge: isJudge(judge) ? judge : null };
}

/** Throws for what is no prompt: it was changed in the store. */
export function readItemTerms(text: string): ItemTerms {
  const kept: unknown = parseJson(text);
  const request = isJsonObject(kept) ? kept['request'] : null;
  if (!isPrompt(request)) throw new Error('a prompt of an eval set can not be read');
  return { request, checks: checksIn(kept) };
}

export function readSaid(text: string): Said {
  const kept: unknown = parseJson(text);
  const list = (name: string): readonly unknown[] => (isJsonObject(kept) && Array.isArray(kept[name]) ? kept[name] : []);
  return {
    output: stringAt(kept, 'output'),
    toolCalls: list('toolCalls').map((call) => ({ name: stringAt(call, 'name') ?? '', arguments: stringAt(call, 'arguments') ?? '' })),
    details: list('details').map((each) => (typeof each === 'string' ? each : null)),
  };
}

function checksIn(kept: unknown): readonly EvalCheck[] | null {
  const checks = isJsonObject(kept) ? kept['checks'] : null;
  return Array.isArray(checks) ? checks.filter(isCheck) : null;
}

/** What was sealed has passed the contract. */
function isCheck(value: unknown): value is EvalCheck {
  return isJsonObject(value) && typeof value['type'] === 'string';
}

function isJudge(value: unknown): value is EvalJudge {
  return isJsonObject(value) && typeof value['model'] === 'string';
}

export function isPrompt(value: unknown): value is EvalPrompt {
  return isJsonObject(value) && Array.isArray(value['messages']);
}
