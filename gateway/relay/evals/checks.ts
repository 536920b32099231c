/** This file checks an answer of an eval against what it must be; only what other people wrote as a program is run apart, and only a judge is asked. */
import type { EvalCheck } from '../../../generated/client/types.gen.ts';
import type { CheckVerdict } from '../../foundation/eval-facts.ts';
import { isJsonObject, parseJson } from '../../foundation/json-value.ts';
import type { CalledTool } from './plan.ts';
import type { EvalThread } from './thread.ts';
import type { EvalTask } from './worker.ts';

/** What a model said, as far as checks look at it. */
export interface Answer {
  readonly text: string;
  readonly toolCalls: readonly CalledTool[];
  /** Visible ones, as they were counted for the charge. */
  readonly tokens: number;
}

/** What a check found, and why; null where there is nothing to say. */
export interface Found {
  readonly verdict: CheckVerdict;
  readonly detail: string | null;
}

const PASS: Found = { verdict: 'pass', detail: null };

/** A block of code that is the whole answer: what models write around JSON. */
const FENCED = /^\s*```[a-z]*\s*\n([\s\S]*?)\n?\s*```\s*$/i;

/** Checks an answer. `judge` is asked for a check of that type. */
export async function checkAnswer(check: EvalCheck, answer: Answer, { thread, judge }: { readonly thread: EvalThread; readonly judge: (check: Extract<EvalCheck, { type: 'judge' }>) => Promise<Found> }): Promise<Found> {
  switch (check.type) {
    case 'exact': return when(fold(answer.text.trim(), check) === fold(check.value.trim(), check), 'The answer is another.');
    case 'contains': return when(fold(answer.text, check).includes(fold(check.value, check)), 'The answer does not say it.');
    case 'not_contains': return when(!fold(answer.text, check).includes(fold(check.value, check)), 'The answer says it.');
    case 'regex': return askThread(thread, { kind: 'regex', pattern: check.pattern, flags: flagsOf(check), text: answer.text }, 'Nothing in the answer matches.');
    case 'json_schema': return askThread(thread, { kind: 'schema', schema: check.schema, text: unfenced(answer.text) }, 'The schema does not take it.');
    case 'tool_called': return checkTool(check, answer.toolCalls);
    case 'length': return checkLength(check, answer);
    case 'judge': return judge(check);
    default: return check satisfies never;
  }
}

/** Why a check can't be used at all; null when it can. */
export async function faultOfCheck(check: EvalCheck, thread: EvalThread): Promise<string | null> {
  if (check.type === 'length' && check.min === undefined && check.max === undefined) return 'A length needs min or max.';
  if (check.type === 'length' && (check.min ?? 0) > (check.max ?? Number.POSITIVE_INFINITY)) return 'The least length is more than the most.';
  const task: EvalTask | null = check.type === 'regex' ? { kind: 'regex', pattern: check.pattern, flags: flagsOf(check), text: null }
    : check.type === 'json_schema' ? { kind: 'schema', schema: check.schema, text: null } : null;
  const answer = task && await thread.ask(task);
  return answer && 'fault' in answer ? answer.fault : null;
}

/** The text inside, where all of it is one block of code. */
export function unfenced(text: string): string {
  return FENCED.exec(text)?.[1] ?? text;
}

function when(isPassed: boolean, detail: string): Found {
  return isPassed ? PASS : { verdict: 'fail', detail };
}

function fold(text: string, { ignore_case: ignoresCase }: { readonly ignore_case?: boolean }): string {
  return ignoresCase === true ? text.toLowerCase() : text;
}

function flagsOf({ ignore_case: ignoresCase }: { readonly ignore_case?: boolean }): string {
  return ignoresCase === true ? 'iu' : 'u';
}

async function askThread(thread: EvalThread, task: EvalTask, detail: string): Promise<Found> {
  const answer = await thread.ask(task);
  if ('fault' in answer) return { verdict: 'undetermined', detail: answer.fault };
  return when(answer.isMatch, answer.detail ?? detail);
}

function checkTool({ name, arguments: wanted }: Extract<EvalCheck, { type: 'tool_called' }>, calls: readonly CalledTool[]): Found {
  const named = calls.filter((call) => call.name === name);
  if (named.length === 0) return when(false, calls.length === 0 ? 'No tool was called.' : `Called were ${calls.map((call) => call.name).join(', ')}.`);
  return when(wanted === undefined || named.some((call) => hasAmong(parseJson(call.arguments), wanted)), 'It was called with other arguments.');
}

/** Whether all of `wanted` is among `given`: objects likewise inside, anything else equal. */
function hasAmong(given: unknown, wanted: unknown): boolean {
  if (isJsonObject(wanted)) return isJsonObject(given) && Object.entries(wanted).every(([key, value]) => Object.hasOwn(given, key) && hasAmong(given[key], value));
  if (Array.isArray(wanted)) return Array.isArray(given) && given.length === wanted.length && wanted.every((value, at) => hasAmong(given[at], value));
  return given === wanted;
}

function checkLength({ unit, min, max }: Extract<EvalCheck, { type: 'length' }>, answer: Answer): Found {
  const length = lengthIn(unit, answer);
  return when(length >= (min ?? 0) && length <= (max ?? Number.POSITIVE_INFINITY), `It has ${length} ${unit}.`);
}

function lengthIn(unit: 'characters' | 'words' | 'tokens', { text, tokens }: Answer): number {
  switch (unit) {
    // Code points, not halves of them.
    case 'characters': return [...text].length;
    case 'words': return text.split(/\s+/).filter((word) => word !== '').length;
    case 'tokens': return tokens;
    default: return unit satisfies never;
  }
}
