/** This file turns rollouts and what was asked for them into rows, and back; the same for every engine. */
import { isJsonObject, parseJson, stringAt } from '../foundation/json-value.ts';
import type { Outcome } from '../foundation/terms.ts';
import { readBigInt, readInteger, readIntegerOrNull, readOneOf, readText, readTextOrNull } from './columns.ts';
import type { Row } from './columns.ts';
import { outcomes } from './record-rows.ts';
import type { RolloutCall, RolloutRow, RolloutState, RolloutTerms } from './rollout-row.ts';

/** Total over the union, so that a new state which can't be read back does not compile. */
const stateNames: { readonly [Name in RolloutState]: Name } = { running: 'running', promoted: 'promoted', rolled_back: 'rolled_back' };
const states = Object.values(stateNames);
const MICROSECONDS_PER_MS = 1000;

export const rolloutColumns = ['id', 'name', 'state', 'terms', 'created_ms', 'changed_ms', 'promoted_ms'] as const;

/** In the order of the columns. */
export function rolloutValues({ id, name, state, terms, createdMs, changedMs, promotedMs }: RolloutRow): (string | number | null)[] {
  return [id, name, state, termsText(terms), createdMs, changedMs, promotedMs];
}

/** As it stands, in the contract's words: for the audit log. */
export function rolloutText({ name, state, terms }: RolloutRow): string {
  return JSON.stringify({
    model: name, state, candidate: terms.candidate, percentage: terms.percentage, keys: terms.keys,
    shadow: { percentage: terms.shadowPercentage, daily_limit_nano_usd: terms.shadowDailyNanoUsd.toString() },
  });
}

export function readRollout(row: Row): RolloutRow {
  return {
    id: readText(row, 'id'), name: readText(row, 'name'), state: readOneOf(row, 'state', states), terms: readTerms(readText(row, 'terms')),
    createdMs: readInteger(row, 'created_ms'), changedMs: readInteger(row, 'changed_ms'), promotedMs: readIntegerOrNull(row, 'promoted_ms'),
  };
}

/** Of a selection in which `nusd` is text. */
export function readRolloutCall(row: Row): RolloutCall {
  const firstByteUs = readIntegerOrNull(row, 'first_byte_us');
  const outcome: Outcome = readOneOf(row, 'outcome', outcomes);
  return {
    outcome, errorCode: readTextOrNull(row, 'error_code'), latencyMs: readInteger(row, 'latency_us') / MICROSECONDS_PER_MS,
    firstByteMs: firstByteUs === null ? null : firstByteUs / MICROSECONDS_PER_MS, promptTokens: readInteger(row, 'prompt_tok'),
    completionTokens: readInteger(row, 'compl_tok'), nanoUsd: readBigInt(row, 'nusd'), failedAttempts: readTextOrNull(row, 'failed_attempts'),
  };
}

function termsText({ candidate, percentage, keys, shadowPercentage, shadowDailyNanoUsd }: RolloutTerms): string {
  return JSON.stringify({ candidate, percentage, keys, shadow_percentage: shadowPercentage, shadow_daily_nusd: shadowDailyNanoUsd.toString() });
}

function readTerms(text: string): RolloutTerms {
  const terms = parseJson(text);
  if (!isJsonObject(terms)) throw new Error('the store\'s column terms is not a JSON object');
  const keys: unknown = terms['keys'];
  return {
    candidate: stringAt(terms, 'candidate') ?? '', percentage: Number(terms['percentage']), keys: Array.isArray(keys) ? keys.map(String) : [],
    shadowPercentage: Number(terms['shadow_percentage']), shadowDailyNanoUsd: BigInt(stringAt(terms, 'shadow_daily_nusd') ?? '0'),
  };
}
