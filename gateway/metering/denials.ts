/** This file says why a call can't be paid: which limit stands in the way, what is left of it, what would fit, and when to come back. */
import { Refusal } from '../foundation/errors.ts';
import type { ErrorCode } from '../foundation/errors.ts';
import type { Denial, Unit } from '../foundation/ledger.ts';
import type { Account } from '../foundation/terms.ts';
import { amountText } from './amounts.ts';
import { isoTime } from './calendar.ts';
import { limitOf } from './limit-names.ts';
import type { NamedLimit } from './limit-names.ts';
import type { PlanTerms } from './counters.ts';
import { affordableOutput } from './size.ts';
import type { CallSize } from './size.ts';

const SECOND_MS = 1000;
/** Open calls end one after another; the next one may do, in seconds. */
const IN_FLIGHT_RETRY_SECONDS = '1';

export interface DenialContext {
  readonly account: Account;
  readonly plan: PlanTerms | null;
  readonly size: CallSize;
  readonly nowMs: number;
}

/**
 * How a limit stands in the way. `in_flight`: open calls hold what this one needs. `exhausted`: too much of it is used.
 * `too_large`: the whole of it would not do. The most hopeful first.
 */
const STANDINGS = ['in_flight', 'exhausted', 'too_large'] as const;
type Standing = (typeof STANDINGS)[number];

interface Judged {
  readonly denial: Denial;
  readonly standing: Standing;
  readonly limit: NamedLimit;
}

/**
 * Makes the refusal of a call that was denied: `denials` has one for each of its options. Where several options were denied,
 * the caller is told of the one that will work soonest. A balance is insufficient_balance, a budget budget_exhausted, a plan's
 * messages quota_exceeded; what open calls hold is in_flight_budget, and a call bigger than the whole of a limit request_exceeds_budget.
 */
export function refusalOf(denials: readonly Denial[], context: DenialContext): Refusal {
  const judged = denials.map((denial): Judged => ({ denial, standing: standingOf(denial), limit: limitOf(denial.ask.counter, context) }));
  const [soonest] = judged.sort((left, right) => STANDINGS.indexOf(left.standing) - STANDINGS.indexOf(right.standing) || left.limit.renewsMs - right.limit.renewsMs);
  if (!soonest) throw new Error('a call was denied without a reason');
  const { ask, cap, used, held } = soonest.denial;
  const affordable = affordableNow(soonest.denial, context.size);
  return new Refusal(codeOf(soonest), {
    message: [situation(soonest), advice(soonest, affordable)].filter((sentence) => sentence !== '').join(' '),
    param: affordable > 0 ? 'max_tokens' : null,
    headers: headersOf(soonest, context.nowMs),
    detail: `${ask.counter.id}: asked ${ask.amount}, cap ${cap}, used ${used}, held ${held}`,
  });
}

function standingOf({ ask: { amount, counter }, cap, used }: Denial): Standing {
  if (used + amount <= cap) return 'in_flight';
  // A wallet has no whole to be bigger than: it can always be topped up.
  return amount > cap && counter.kind !== 'wallet' ? 'too_large' : 'exhausted';
}

function codeOf({ standing, denial }: Judged): ErrorCode {
  if (standing === 'in_flight') return 'in_flight_budget';
  if (standing === 'too_large') return 'request_exceeds_budget';
  const { kind } = denial.ask.counter;
  switch (kind) {
    case 'wallet': return 'insufficient_balance';
    case 'budget': return 'budget_exhausted';
    case 'quota':
    case 'pool': return 'quota_exceeded';
    default: return kind satisfies never;
  }
}

/** What is left of which limit, and what the call may take. */
function situation({ standing, denial, limit }: Judged): string {
  const { ask: { amount, counter }, cap, used, held } = denial;
  const text = (value: bigint): string => amountText(value, counter.unit);
  const needs = counter.unit === 'nusd' ? `this call may cost up to ${text(amount)}` : `this call may take up to ${text(amount)}`;
  switch (standing) {
    case 'in_flight': return `Of ${limit.name}, ${leftText(cap - used, counter.unit)}, but open calls hold ${text(held)} of it; ${needs}. Try again when they have ended.`;
    case 'too_large': return `The whole of ${limit.name} is ${text(cap)}; ${needs}.`;
    case 'exhausted': return `Of ${limit.name}, ${leftText(cap - used - held, counter.unit)}${counter.kind === 'wallet' ? '' : ` of ${text(cap)}`}; ${needs}.`;
    default: return standing satisfies never;
  }
}

/** A cap that was lowered may leave less than nothing. */
function leftText(amount: bigint, unit: Unit): string {
  const rest = amount > 0n ? amount : 0n;
  return `${amountText(rest, unit)} ${unit === 'msg' && rest !== 1n ? 'are' : 'is'} left`;
}

/** What to do about it. */
function advice({ standing, denial, limit }: Judged, affordable: number): string {
  const smaller = affordable > 0 ? `With max_tokens of at most ${affordable} it fits now.` : '';
  if (standing !== 'exhausted') return smaller;
  if (denial.ask.counter.kind === 'wallet') return smaller === '' ? 'Top up to go on.' : `${smaller} Or top up.`;
  const renewal = Number.isFinite(limit.renewsMs) ? `It renews at ${isoTime(limit.renewsMs)}.` : 'It does not renew.';
  return smaller === '' ? renewal : `${renewal} ${smaller}`;
}

/** The most a smaller call may generate to fit at once; 0 when no smaller one does. */
function affordableNow({ ask, cap, used, held }: Denial, size: CallSize): number {
  const affordable = affordableOutput(size, ask.counter.unit, cap - used - held);
  return affordable >= 1 && affordable < size.outputTokens ? affordable : 0;
}

function headersOf({ standing, limit }: Judged, nowMs: number): Readonly<Record<string, string>> {
  if (standing === 'in_flight') return { 'retry-after': IN_FLIGHT_RETRY_SECONDS, 'x-should-retry': 'true' };
  if (standing === 'too_large' || !Number.isFinite(limit.renewsMs)) return { 'x-should-retry': 'false' };
  return { 'retry-after': String(Math.max(1, Math.ceil((limit.renewsMs - nowMs) / SECOND_MS))), 'x-should-retry': 'false' };
}
