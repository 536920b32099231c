/** This file holds the calls about budgets; what has been used of them is the ledger's. */
import { BUDGET_SELECTION, budgetColumns, budgetValues, readBudget } from '../budget-rows.ts';
import { advanceClock } from '../clocks.ts';
import { insertSql } from '../insert-sql.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { Budget } from '../../foundation/terms.ts';
import type { BudgetChange, Page } from '../store.ts';
import { LAST_ID } from './pages.ts';

const INSERT = insertSql('budget', budgetColumns);
const FIND = `SELECT ${BUDGET_SELECTION} FROM budget WHERE ws_id = ? AND id = ?`;
const LIST = `SELECT ${BUDGET_SELECTION} FROM budget WHERE ws_id = ? AND id < ? ORDER BY id DESC LIMIT ?`;
const UPDATE = `UPDATE budget SET ${budgetColumns.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`;
const DELETE = 'DELETE FROM budget WHERE ws_id = ? AND id = ? RETURNING id';
/** Locked in the order in which the ledger locks them. */
const LOCK_COUNTERS = "SELECT id FROM counter WHERE scope_id = ? AND kind = 'budget' ORDER BY id {{for_update}}";
const MOVE_CAPS = "UPDATE counter SET cap = ?, cap_rev = ? WHERE scope_id = ? AND kind = 'budget'";

export function* createBudget(budget: Budget): SqlTask<Budget> {
  const made = { ...budget, revision: yield* advanceClock('access') };
  yield* rows(INSERT, ...budgetValues(made));
  return made;
}

export function* findBudget(workspaceId: string, id: string): SqlTask<Budget | null> {
  const found = yield* row(FIND, workspaceId, id);
  return found && readBudget(found);
}

export function* listBudgets(workspaceId: string, { after, limit }: Page): SqlTask<Budget[]> {
  return (yield* rows(LIST, workspaceId, after ?? LAST_ID, limit)).map(readBudget);
}

/** A budget that only warns has counters without a cap. */
export function* changeBudget(workspaceId: string, id: string, change: BudgetChange): SqlTask<Budget | null> {
  const revision = yield* advanceClock('access');
  const budget = yield* findBudget(workspaceId, id);
  if (!budget) return null;
  const changed: Budget = {
    ...budget,
    name: change.name ?? budget.name,
    amount: change.amount ?? budget.amount,
    isHard: change.isHard ?? budget.isHard,
    thresholds: change.thresholds ?? budget.thresholds,
    revision,
  };
  yield* rows(UPDATE, ...budgetValues(changed), id);
  yield* rows(LOCK_COUNTERS, id);
  yield* rows(MOVE_CAPS, changed.isHard ? changed.amount : null, revision, id);
  return changed;
}

export function* deleteBudget(workspaceId: string, id: string): SqlTask<boolean> {
  yield* advanceClock('access');
  return (yield* row(DELETE, workspaceId, id)) !== null;
}
