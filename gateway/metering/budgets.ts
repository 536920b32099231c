/** This file holds what a workspace does with its budgets: create, list, look at, change and delete them, and see what is used. */
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { CounterState } from '../foundation/ledger.ts';
import type { Budget } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { BudgetChange, Page, Store } from '../store/store.ts';
import { budgetCounter } from './counters.ts';
import { isTimeZone } from './periods.ts';

const PERCENT = 100n;

/** What managing budgets needs of the house. */
export interface BudgetOffice {
  readonly store: Pick<Store, 'createBudget' | 'findBudget' | 'listBudgets' | 'changeBudget' | 'deleteBudget' | 'findKey' | 'findMember' | 'readCounters'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly makeId: MakeId;
  /** Told of every change, so that it holds from the next call on. */
  readonly authenticator: { noteChange(): void };
}

export type NewBudget = Pick<Budget, 'name' | 'scope' | 'scopeId' | 'unit' | 'amount' | 'period' | 'timeZone' | 'isHard' | 'thresholds'>;

/** A budget, and how much of it is used in the period that is running. */
export interface BudgetState {
  readonly budget: Budget;
  readonly periodKey: string;
  readonly used: bigint;
  readonly held: bigint;
  /** Never less than 0. */
  readonly remaining: bigint;
  readonly thresholdsReached: readonly number[];
  /** Infinity for a total. */
  readonly renewsMs: number;
}

/** Creates a budget. Refuses with key_not_found, member_not_found or workspace_not_found when there is nothing of the kind in this workspace to limit. */
export async function createBudget(office: BudgetOffice, workspaceId: string, wanted: NewBudget): Promise<BudgetState> {
  if (!isTimeZone(wanted.timeZone)) fail('invalid_request', { param: 'time_zone', message: `time_zone must be the name of an IANA time zone such as Europe/Berlin, not ${wanted.timeZone}.` });
  await findSubject(office, workspaceId, wanted);
  const budget = await orUnavailable(office.store.createBudget({
    ...wanted, id: office.makeId('budget'), workspaceId, thresholds: ascending(wanted.thresholds), revision: 0, createdMs: office.clock.now(),
  }));
  office.authenticator.noteChange();
  return stateOf(office, budget);
}

/** Lists the budgets of a workspace, the newest first. */
export async function listBudgets(office: BudgetOffice, workspaceId: string, page: Page): Promise<BudgetState[]> {
  const budgets = await orUnavailable(office.store.listBudgets(workspaceId, page));
  return statesOf(office, budgets);
}

/** Gives one budget. Refuses with budget_not_found. */
export async function retrieveBudget(office: BudgetOffice, workspaceId: string, id: string): Promise<BudgetState> {
  return stateOf(office, await orUnavailable(office.store.findBudget(workspaceId, id)) ?? fail('budget_not_found'));
}

/** Changes a budget; the period that is running is judged by it, too. Refuses with budget_not_found. */
export async function updateBudget(office: BudgetOffice, workspaceId: string, { id, change }: { id: string; change: BudgetChange }): Promise<BudgetState> {
  const wanted = change.thresholds === undefined ? change : { ...change, thresholds: ascending(change.thresholds) };
  const budget = await orUnavailable(office.store.changeBudget(workspaceId, id, wanted)) ?? fail('budget_not_found');
  office.authenticator.noteChange();
  return stateOf(office, budget);
}

/** Deletes a budget; it limits nothing any more. Refuses with budget_not_found. */
export async function deleteBudget(office: BudgetOffice, workspaceId: string, id: string): Promise<void> {
  if (!await orUnavailable(office.store.deleteBudget(workspaceId, id))) fail('budget_not_found');
  office.authenticator.noteChange();
}

/** Judges a budget by its counter; a counter nobody has moved yet is not there (null). */
export function judgeBudget(budget: Budget, counter: CounterState | null, nowMs: number): BudgetState {
  const { span } = budgetCounter(budget, nowMs);
  const used = counter?.used ?? 0n;
  const held = counter?.held ?? 0n;
  const remaining = budget.amount - used - held;
  return {
    budget, periodKey: span.key, used, held, renewsMs: span.endMs,
    remaining: remaining > 0n ? remaining : 0n,
    thresholdsReached: budget.thresholds.filter((percent) => used * PERCENT >= budget.amount * BigInt(percent)),
  };
}

async function stateOf(office: BudgetOffice, budget: Budget): Promise<BudgetState> {
  const [state] = await statesOf(office, [budget]);
  if (!state) throw new Error(`no state of ${budget.id}`);
  return state;
}

async function statesOf(office: BudgetOffice, budgets: readonly Budget[]): Promise<BudgetState[]> {
  const nowMs = office.clock.now();
  const counters = await readCounters(office.store, budgets.map((budget) => budgetCounter(budget, nowMs).counter.id));
  return budgets.map((budget) => judgeBudget(budget, counters.get(budgetCounter(budget, nowMs).counter.id) ?? null, nowMs));
}

/** Reads counters by their id; those nobody has moved yet are missing. */
export async function readCounters(store: Pick<Store, 'readCounters'>, ids: readonly string[]): Promise<ReadonlyMap<string, CounterState>> {
  const states = ids.length === 0 ? [] : await orUnavailable(store.readCounters(ids));
  return new Map(states.map((state) => [state.id, state]));
}

async function findSubject({ store }: BudgetOffice, workspaceId: string, { scope, scopeId }: NewBudget): Promise<void> {
  const param = 'scope.id';
  switch (scope) {
    case 'key':
      if ((await orUnavailable(store.findKey(scopeId)))?.workspaceId !== workspaceId) fail('key_not_found', { param });
      return;
    case 'member':
      if (!await orUnavailable(store.findMember(workspaceId, scopeId))) fail('member_not_found', { param });
      return;
    case 'workspace':
      if (scopeId !== workspaceId) fail('workspace_not_found', { param });
      return;
    default: scope satisfies never;
  }
}

function ascending(thresholds: readonly number[]): number[] {
  return [...thresholds].sort((left, right) => left - right);
}
