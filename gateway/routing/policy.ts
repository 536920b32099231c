/** This file says what is done when a target fails: of a route as its row says, of a plain model the same for all. */
import type { CatalogFallback, CatalogFallbackRules, CatalogFallbackStep } from '../../generated/catalog-types.ts';

/** failure class: how an attempt failed, as far as it decides what is done next; `CatalogFallbackRules` of the contract describes each. */
export type FailureClass = keyof CatalogFallbackRules;

/** What happens when a target fails before the first byte of an answer. */
export interface Policy {
  /** Targets asked for one request, repetitions counted. */
  readonly attemptsMax: number;
  /** All attempts together, in ms; Infinity where only the gateway's own limits hold. */
  readonly totalMs: number;
  /** One attempt, in ms, until a whole answer or the first event of a stream; Infinity likewise. */
  readonly attemptMs: number;
  /** For each way to fail, what is done: the first that can be. */
  readonly on: Readonly<Record<FailureClass, readonly CatalogFallbackStep[]>>;
  /** Whether an answer of another model than the first is marked. */
  readonly marksDegraded: boolean;
}

const ATTEMPTS_DEFAULT = 3;
const MS_PER_SECOND = 1000;

const SWITCH: readonly CatalogFallbackStep[] = ['switch_provider'];
const SWITCH_OR_DEGRADE: readonly CatalogFallbackStep[] = ['switch_provider', 'degrade'];
const STOP: readonly CatalogFallbackStep[] = ['stop'];

/** Of a model that was named itself: its other targets may answer, no other model. What is wrong with the request is wrong everywhere. */
export const PLAIN_POLICY: Policy = {
  attemptsMax: ATTEMPTS_DEFAULT, totalMs: Number.POSITIVE_INFINITY, attemptMs: Number.POSITIVE_INFINITY, marksDegraded: true,
  on: { timeout: SWITCH, rate_limited: SWITCH, server_error: SWITCH, connection: SWITCH, refusal: STOP, context_length: STOP, content_filter: STOP },
};

const ROUTE_RULES: Policy['on'] = {
  timeout: SWITCH_OR_DEGRADE, rate_limited: SWITCH_OR_DEGRADE, server_error: SWITCH_OR_DEGRADE, connection: SWITCH_OR_DEGRADE,
  refusal: STOP, context_length: ['degrade'], content_filter: STOP,
};

/** The policy of a route: what its row leaves out is as the contract says. */
export function policyOf({ on = {}, attempts = ATTEMPTS_DEFAULT, seconds, attempt_seconds: attemptSeconds, mark_degraded: marksDegraded = true }: CatalogFallback = {}): Policy {
  return { attemptsMax: attempts, totalMs: toMs(seconds), attemptMs: toMs(attemptSeconds), on: { ...ROUTE_RULES, ...on }, marksDegraded };
}

function toMs(seconds: number | undefined): number {
  return seconds === undefined ? Number.POSITIVE_INFINITY : seconds * MS_PER_SECOND;
}
