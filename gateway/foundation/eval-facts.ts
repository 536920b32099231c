/** This file says what is known of one answer of an eval, but for what was said: it is kept as JSON, and summed up from it. */
import { isJsonObject, parseJson, stringAt } from './json-value.ts';

/** eval verdict: `undetermined` when a check could not be made and none failed, `error` when nobody answered. */
export type EvalVerdict = 'pass' | 'fail' | 'undetermined' | 'error';
export type CheckVerdict = Exclude<EvalVerdict, 'error'>;

/** eval facts: one prompt asked once of one contender. Amounts in nano-USD. */
export interface EvalFacts {
  readonly itemId: string;
  readonly itemName: string | null;
  /** From 0. */
  readonly contender: number;
  readonly repetition: number;
  /** Null until it is judged. */
  readonly verdict: EvalVerdict | null;
  readonly checks: readonly { readonly type: string; readonly verdict: CheckVerdict }[];
  readonly errorCode: string | null;
  readonly model: string | null;
  readonly target: string | null;
  /** Targets that were asked, and asked again. */
  readonly attempts: number;
  /** How often it was told to come back. */
  readonly waits: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly costNanoUsd: bigint;
  readonly judgeCostNanoUsd: bigint;
  /** Null when there is no answer. */
  readonly latencyMs: number | null;
  /** Its calls in the log. */
  readonly requests: readonly string[];
  /** Ms since the epoch; 0 until it has ended. */
  readonly endedMs: number;
}

/** As it is kept. */
export function writeEvalFacts(facts: EvalFacts): string {
  return JSON.stringify({ ...facts, costNanoUsd: String(facts.costNanoUsd), judgeCostNanoUsd: String(facts.judgeCostNanoUsd) });
}

/** Reads what `writeEvalFacts` wrote. What is missing, for an older program wrote it, is nothing. */
export function readEvalFacts(text: string): EvalFacts {
  const kept: unknown = parseJson(text);
  const read = isJsonObject(kept) ? kept : {};
  const number = (name: string): number => (typeof read[name] === 'number' ? read[name] : 0);
  const list = (name: string): readonly unknown[] => (Array.isArray(read[name]) ? read[name] : []);
  const verdict = stringAt(read, 'verdict');
  return {
    itemId: stringAt(read, 'itemId') ?? '',
    itemName: stringAt(read, 'itemName'),
    contender: number('contender'),
    repetition: number('repetition'),
    verdict: verdict === 'error' ? verdict : verdict === null ? null : checkVerdictOf(verdict),
    checks: list('checks').map((check) => ({ type: stringAt(check, 'type') ?? '', verdict: checkVerdictOf(stringAt(check, 'verdict')) })),
    errorCode: stringAt(read, 'errorCode'),
    model: stringAt(read, 'model'),
    target: stringAt(read, 'target'),
    attempts: number('attempts'),
    waits: number('waits'),
    promptTokens: number('promptTokens'),
    completionTokens: number('completionTokens'),
    costNanoUsd: BigInt(stringAt(read, 'costNanoUsd') ?? '0'),
    judgeCostNanoUsd: BigInt(stringAt(read, 'judgeCostNanoUsd') ?? '0'),
    latencyMs: typeof read['latencyMs'] === 'number' ? read['latencyMs'] : null,
    requests: list('requests').filter((each) => typeof each === 'string'),
    endedMs: number('endedMs'),
  };
}

function checkVerdictOf(text: string | null): CheckVerdict {
  return text === 'pass' || text === 'fail' ? text : 'undetermined';
}
