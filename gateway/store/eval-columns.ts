/** This file writes evals into rows and reads them back, for every engine. */
import { readBigInt, readInteger, readIntegerOrNull, readOneOf, readText, readTextOrNull } from './columns.ts';
import type { Row } from './columns.ts';
import type { EvalItemRow, EvalResultRow, EvalRunRow, EvalRunState, EvalSetRow } from './eval-row.ts';
import { readSealed } from './sealed-columns.ts';
import type { SealedColumns } from './sealed-columns.ts';
import type { SqlValue } from './sql-task.ts';

const sealedColumns = ['kek_id', 'wrapped_key', 'iv', 'ciphertext', 'tag'] as const;
export const evalSetColumns = ['id', 'ws_id', 'name', 'description', 'items', ...sealedColumns, 'created_ms', 'changed_ms'] as const;
export const evalItemColumns = ['id', 'set_id', 'ws_id', 'name', 'source_request', ...sealedColumns, 'created_ms'] as const;
export const evalRunColumns = [
  'id', 'ws_id', 'set_id', 'key_id', 'state', 'plan', ...sealedColumns, 'budget_nusd', 'budget_rev', 'spent_nusd', 'total', 'done', 'failed', 'last_item',
  'error_code', 'error_message', 'summary', 'fence', 'run_at', 'created_ms', 'started_ms', 'ended_ms', 'expires_ms',
] as const;
export const evalResultColumns = ['run_id', 'id', 'ws_id', 'state', 'facts', ...sealedColumns] as const;

const moneyColumns: ReadonlySet<string> = new Set(['budget_nusd', 'spent_nusd']);

/** What a query selects: money is read as text. */
export function selectionOf(columns: readonly string[]): string {
  return columns.map((column) => (moneyColumns.has(column) ? `CAST(${column} AS TEXT) AS ${column}` : column)).join(', ');
}

/** Total over the union, so that a new state which can't be read back does not compile. */
const stateNames: { readonly [Name in EvalRunState]: Name } = {
  queued: 'queued', running: 'running', completed: 'completed', cancelled: 'cancelled', stopped_by_budget: 'stopped_by_budget', failed: 'failed',
};
export const evalRunStates = Object.values(stateNames);

export function sealedValues({ kekId, wrappedKey, iv, ciphertext, tag }: SealedColumns): SqlValue[] {
  return [kekId, wrappedKey, iv, ciphertext, tag];
}

/** In the order of `evalSetColumns`. */
export function evalSetValues(set: EvalSetRow): SqlValue[] {
  return [set.id, set.workspaceId, set.name, set.description, set.items, ...sealedValues(set), set.createdMs, set.changedMs];
}

export function readEvalSet(row: Row): EvalSetRow {
  return {
    id: readText(row, 'id'),
    workspaceId: readText(row, 'ws_id'),
    name: readText(row, 'name'),
    description: readTextOrNull(row, 'description'),
    items: readInteger(row, 'items'),
    ...readSealed(row),
    createdMs: readInteger(row, 'created_ms'),
    changedMs: readInteger(row, 'changed_ms'),
  };
}

/** In the order of `evalItemColumns`. */
export function evalItemValues(item: EvalItemRow): SqlValue[] {
  return [item.id, item.setId, item.workspaceId, item.name, item.sourceRequest, ...sealedValues(item), item.createdMs];
}

export function readEvalItem(row: Row): EvalItemRow {
  return {
    id: readText(row, 'id'),
    setId: readText(row, 'set_id'),
    workspaceId: readText(row, 'ws_id'),
    name: readTextOrNull(row, 'name'),
    sourceRequest: readTextOrNull(row, 'source_request'),
    ...readSealed(row),
    createdMs: readInteger(row, 'created_ms'),
  };
}

/** In the order of `evalRunColumns`. */
export function evalRunValues(run: EvalRunRow): SqlValue[] {
  return [
    run.id, run.workspaceId, run.setId, run.keyId, run.state, run.plan, ...sealedValues(run), run.budgetNanoUsd, run.budgetRevision, run.spentNanoUsd, run.total, run.done,
    run.failed, run.lastItem, run.error?.code ?? null, run.error?.message ?? null, run.summary, run.fence, run.runAtMs, run.createdMs, run.startedMs, run.endedMs, run.expiresMs,
  ];
}

export function readEvalRun(row: Row): EvalRunRow {
  const code = readTextOrNull(row, 'error_code');
  return {
    id: readText(row, 'id'),
    workspaceId: readText(row, 'ws_id'),
    setId: readText(row, 'set_id'),
    keyId: readText(row, 'key_id'),
    state: readOneOf(row, 'state', evalRunStates),
    plan: readText(row, 'plan'),
    ...readSealed(row),
    budgetNanoUsd: readBigInt(row, 'budget_nusd'),
    budgetRevision: readInteger(row, 'budget_rev'),
    spentNanoUsd: readBigInt(row, 'spent_nusd'),
    total: readInteger(row, 'total'),
    done: readInteger(row, 'done'),
    failed: readInteger(row, 'failed'),
    lastItem: readText(row, 'last_item'),
    error: code === null ? null : { code, message: readTextOrNull(row, 'error_message') ?? '' },
    summary: readTextOrNull(row, 'summary'),
    fence: readInteger(row, 'fence'),
    runAtMs: readInteger(row, 'run_at'),
    createdMs: readInteger(row, 'created_ms'),
    startedMs: readIntegerOrNull(row, 'started_ms'),
    endedMs: readIntegerOrNull(row, 'ended_ms'),
    expiresMs: readInteger(row, 'expires_ms'),
  };
}

export function readEvalResult(row: Row): EvalResultRow {
  return {
    id: readText(row, 'id'),
    state: readOneOf(row, 'state', ['asked', 'answered', 'done']),
    facts: readText(row, 'facts'),
    said: row['kek_id'] === null ? null : readSealed(row),
  };
}
