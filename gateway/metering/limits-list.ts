/** This file lists every limit a key's calls are judged by: how much there is, how much is left, and when it begins anew. */
import type { Clock } from '../foundation/clock.ts';
import type { CounterState } from '../foundation/ledger.ts';
import type { Caller, Tier } from '../foundation/terms.ts';
import type { Store } from '../store/store.ts';
import { judgeBudget, readCounters } from './budgets.ts';
import { budgetCounter, budgetsOf, poolCounter, quotaCounter, walletCounter } from './counters.ts';
import type { PlanTerms, TimedCounter } from './counters.ts';
import { readRate } from './rates-reply.ts';
import type { RateStanding } from './rates-terms.ts';
import type { Rates } from './rates.ts';

const TIERS: readonly Tier[] = ['basic', 'pro', 'ultimate'];
const NEVER = Number.POSITIVE_INFINITY;

/** One limit. `limit` and `remaining` null: counted, but not limited. */
export interface LimitState {
  readonly kind: 'tier' | 'pool' | 'budget' | 'balance' | 'requests_per_minute' | 'tokens_per_minute' | 'concurrent_requests';
  /** The tier, the tiers of a pool with commas, the budget's id, `key` or `workspace`. */
  readonly subject: string;
  readonly unit: 'messages' | 'nano_usd' | 'requests' | 'tokens';
  readonly limit: bigint | null;
  readonly used: bigint;
  readonly held: bigint;
  readonly remaining: bigint | null;
  /** Infinity for never. */
  readonly renewsMs: number;
  readonly isHard: boolean;
}

/** What listing limits needs of the house. */
export interface LimitsOffice {
  readonly store: Pick<Store, 'readCounters'>;
  readonly rates: Pick<Rates, 'look'>;
  readonly clock: Pick<Clock, 'now'>;
}

type LimitedCaller = Pick<Caller, 'keyId' | 'userId' | 'workspaceId' | 'limits' | 'account'>;

/** Lists the limits of a caller: of its plan or its balance, of budgets, and of rates. `plan` is null when it is gone from the catalogue. */
export async function listLimits(office: LimitsOffice, caller: LimitedCaller, plan: PlanTerms | null): Promise<LimitState[]> {
  const nowMs = office.clock.now();
  const { account } = caller;
  const budgets = budgetsOf(account, caller).map((budget) => ({ budget, id: budgetCounter(budget, nowMs).counter.id }));
  const paying = account.billing === 'balance' ? [balanceRow(account.workspaceId)] : planRows(caller, plan, nowMs);
  const [counters, standings] = await Promise.all([
    readCounters(office.store, [...budgets.map(({ id }) => id), ...paying.flatMap(({ counterId }) => counterId ?? [])]),
    office.rates.look(caller),
  ]);
  return [
    ...paying.map(({ counterId, give }) => give(counterId === null ? null : counters.get(counterId) ?? null)),
    ...budgets.map(({ budget, id }): LimitState => {
      const { used, held, remaining, renewsMs } = judgeBudget(budget, counters.get(id) ?? null, nowMs);
      return { kind: 'budget', subject: budget.id, unit: budget.unit === 'nusd' ? 'nano_usd' : 'messages', limit: budget.amount, used, held, remaining, renewsMs, isHard: budget.isHard };
    }),
    ...standings.flatMap((standing) => rateRows(standing, nowMs)),
  ];
}

/** A limit whose counter has still to be read. */
interface Row {
  readonly counterId: string | null;
  readonly give: (state: CounterState | null) => LimitState;
}

function balanceRow(workspaceId: string): Row {
  return {
    counterId: walletCounter(workspaceId).id,
    give: (state) => counted({ kind: 'balance', subject: 'workspace', unit: 'nano_usd', limit: state?.cap ?? 0n, renewsMs: NEVER, isHard: true }, state),
  };
}

function planRows(caller: LimitedCaller, terms: PlanTerms | null, nowMs: number): Row[] {
  if (terms === null) return [];
  const rows: Row[] = [];
  const pool = poolCounter(caller.account, terms, nowMs);
  const pooled = terms.plan.pool?.tiers ?? [];
  for (const tier of TIERS) {
    const { allowed, messages_per_day: messages } = terms.plan.tiers[tier];
    if (!allowed) rows.push({ counterId: null, give: () => counted({ kind: 'tier', subject: tier, unit: 'messages', limit: 0n, renewsMs: NEVER, isHard: true }, null) });
    else if (messages !== null || !pooled.includes(tier)) rows.push(tierRow(quotaCounter(caller.account, { terms, tier }, nowMs), terms, tier));
  }
  if (pool) {
    const { counter, span } = pool;
    rows.push({ counterId: counter.id, give: (state) => counted({ kind: 'pool', subject: pooled.join(','), unit: 'messages', limit: counter.cap, renewsMs: span.endMs, isHard: true }, state) });
  }
  return rows;
}

/** A tier without a limit may still have a number that is fair. */
function tierRow({ counter, span }: TimedCounter, { plan }: PlanTerms, tier: Tier): Row {
  const fair = plan.tiers[tier].fair_use_per_day ?? null;
  const limit = counter.cap ?? (fair === null ? null : BigInt(fair));
  return { counterId: counter.id, give: (state) => counted({ kind: 'tier', subject: tier, unit: 'messages', limit, renewsMs: span.endMs, isHard: counter.cap !== null }, state) };
}

function counted(limit: Omit<LimitState, 'used' | 'held' | 'remaining'>, state: CounterState | null): LimitState {
  const used = state?.used ?? 0n;
  const held = state?.held ?? 0n;
  const rest = limit.limit === null ? null : limit.limit - used - held;
  return { ...limit, used, held, remaining: rest !== null && rest < 0n ? 0n : rest };
}

function rateRows(standing: RateStanding, nowMs: number): LimitState[] {
  const rows: LimitState[] = [];
  const subject = standing.scope.kind;
  for (const kind of ['requests', 'tokens'] as const) {
    const reading = readRate(standing, kind);
    if (!reading) continue;
    const { limit, remaining, resetMs } = reading;
    rows.push({
      kind: `${kind}_per_minute`, subject, unit: kind, limit: BigInt(limit), used: BigInt(limit - remaining), held: 0n, remaining: BigInt(remaining), renewsMs: nowMs + resetMs, isHard: true,
    });
  }
  const most = standing.scope.limits.concurrentRequests;
  if (most !== null) {
    rows.push({
      kind: 'concurrent_requests', subject, unit: 'requests', limit: BigInt(most), used: 0n, held: BigInt(standing.open), remaining: BigInt(Math.max(0, most - standing.open)), renewsMs: NEVER, isHard: true,
    });
  }
  return rows;
}
