/** This file holds the calls about runs of eval sets and their results: a run is done by one gateway at a time. */
import { readBigInt, readInteger, readOneOf, readText } from '../columns.ts';
import { evalResultColumns, evalRunColumns, evalRunStates, evalRunValues, readEvalResult, readEvalRun, sealedValues, selectionOf } from '../eval-columns.ts';
import type { EvalAdvance, EvalReportRow, EvalResultRow, EvalRunRow, EvalRunState, EvalRunStep } from '../eval-row.ts';
import { insertSql } from '../insert-sql.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { Page } from '../store.ts';
import { LAST_ID } from './pages.ts';

/** Results deleted in one transaction. */
const CHUNK = 500;

const RUN = selectionOf(evalRunColumns);
const OPEN = "state IN ('queued', 'running')";
const INSERT = `INSERT INTO eval_run (${evalRunColumns.join(', ')}, lease_until) VALUES (${evalRunColumns.map(() => '?').join(', ')}, 0)`;
const FIND = `SELECT ${RUN} FROM eval_run WHERE ws_id = ? AND set_id = ? AND id = ? AND expires_ms > 0`;
const LIST = `SELECT ${RUN} FROM eval_run WHERE set_id = ? AND id < ? AND ws_id = ? ORDER BY id DESC LIMIT ?`;
/** A run somebody else is just claiming is passed over. */
const FIND_DUE = `SELECT id FROM eval_run WHERE ${OPEN} AND run_at <= ? AND lease_until <= ? ORDER BY run_at, id LIMIT ? {{for_update_skip_locked}}`;
const CLAIM = `UPDATE eval_run SET fence = fence + 1, lease_until = ?, state = 'running' WHERE id = ? RETURNING ${RUN}`;
const RENEW = `UPDATE eval_run SET lease_until = ? WHERE id = ? AND fence = ? AND ${OPEN} RETURNING id`;
const STEP = `UPDATE eval_run SET state = COALESCE(?, state), error_code = ?, error_message = ?, summary = COALESCE(?, summary), total = COALESCE(?, total),
  started_ms = COALESCE(started_ms, ?), ended_ms = COALESCE(?, ended_ms), run_at = COALESCE(?, run_at), lease_until = CASE WHEN ? = 1 THEN 0 ELSE lease_until END
  WHERE id = ? AND fence = ? AND ${OPEN} RETURNING id`;
const ADVANCE = `UPDATE eval_run SET spent_nusd = spent_nusd + ?, done = done + ?, failed = failed + ? WHERE id = ? AND fence = ? RETURNING ws_id, state`;
const SAVE = `${insertSql('eval_result', evalResultColumns)} ON CONFLICT (run_id, id) DO UPDATE SET state = excluded.state,
  facts = excluded.facts, kek_id = excluded.kek_id, wrapped_key = excluded.wrapped_key, iv = excluded.iv, ciphertext = excluded.ciphertext, tag = excluded.tag`;
const LIST_RESULTS = `SELECT ${selectionOf(evalResultColumns)} FROM eval_result WHERE run_id = ? AND id > ? AND ws_id = ? ORDER BY id LIMIT ?`;
const CANCEL = `UPDATE eval_run SET state = 'cancelled', ended_ms = ? WHERE ws_id = ? AND id = ? AND state NOT IN ('completed', 'cancelled') RETURNING ${RUN}`;
const LOOK = `SELECT ${RUN} FROM eval_run WHERE ws_id = ? AND id = ?`;
const RESUME = `UPDATE eval_run SET state = 'queued', key_id = ?, budget_nusd = COALESCE(CAST(? AS BIGINT), budget_nusd), budget_rev = budget_rev + 1, error_code = NULL, error_message = NULL,
  ended_ms = NULL, run_at = ?, lease_until = 0 WHERE ws_id = ? AND id = ? AND expires_ms > ? AND state IN ('stopped_by_budget', 'failed', 'cancelled') RETURNING ${RUN}`;
const REPORTS = `SELECT r.id, r.set_id, s.name, r.ended_ms, CAST(r.spent_nusd AS TEXT) AS spent_nusd, r.summary FROM eval_run r JOIN eval_set s ON s.id = r.set_id
  WHERE r.ws_id = ? AND r.state = 'completed' AND r.summary IS NOT NULL AND r.ended_ms IS NOT NULL ORDER BY r.ended_ms DESC, r.id DESC LIMIT ?`;
const FIND_EXPIRED = 'SELECT id FROM eval_run WHERE expires_ms <= ? ORDER BY expires_ms, id LIMIT 1';
const DELETE_RESULTS = 'DELETE FROM eval_result WHERE run_id = ? AND id IN (SELECT id FROM eval_result WHERE run_id = ? ORDER BY id LIMIT ?) RETURNING id';
const DELETE = 'DELETE FROM eval_run WHERE id = ?';

export function* insertEvalRun(run: EvalRunRow): SqlTask<void> {
  yield* rows(INSERT, ...evalRunValues(run));
}

export function* findEvalRun(workspaceId: string, setId: string, id: string): SqlTask<EvalRunRow | null> {
  const found = yield* row(FIND, workspaceId, setId, id);
  return found && readEvalRun(found);
}

export function* listEvalRuns(workspaceId: string, setId: string, { after, limit }: Page): SqlTask<EvalRunRow[]> {
  return (yield* rows(LIST, setId, after ?? LAST_ID, workspaceId, limit)).map(readEvalRun);
}

export function* claimEvalRuns(nowMs: number, leaseMs: number, limit: number): SqlTask<EvalRunRow[]> {
  const claimed: EvalRunRow[] = [];
  for (const due of yield* rows(FIND_DUE, nowMs, nowMs, limit)) {
    const found = yield* row(CLAIM, nowMs + leaseMs, readText(due, 'id'));
    if (found) claimed.push(readEvalRun(found));
  }
  return claimed;
}

export function* renewEvalRun(id: string, fence: number, untilMs: number): SqlTask<boolean> {
  return (yield* row(RENEW, untilMs, id, fence)) !== null;
}

export function* stepEvalRun(id: string, fence: number, step: EvalRunStep): SqlTask<boolean> {
  const { state, error, summary, total, startedMs, endedMs, runAtMs } = step;
  const stepped = yield* row(
    STEP, state ?? null, error?.code ?? null, error?.message ?? null, summary ?? null, total ?? null, startedMs ?? null, endedMs ?? null, runAtMs ?? null,
    runAtMs === undefined ? 0 : 1, id, fence,
  );
  return stepped !== null;
}

export function* saveEvalResult(runId: string, fence: number, { result, advance }: { readonly result: EvalResultRow; readonly advance: EvalAdvance }): SqlTask<EvalRunState | null> {
  const run = yield* row(ADVANCE, advance.spentNanoUsd, advance.done, advance.failed, runId, fence);
  if (!run) return null;
  const { id, state, facts, said } = result;
  yield* rows(SAVE, runId, id, readText(run, 'ws_id'), state, facts, ...(said ? sealedValues(said) : [null, null, null, null, null]));
  return readOneOf(run, 'state', evalRunStates);
}

export function* listEvalResults(workspaceId: string, runId: string, { after, limit }: Page): SqlTask<EvalResultRow[]> {
  return (yield* rows(LIST_RESULTS, runId, after ?? '', workspaceId, limit)).map(readEvalResult);
}

export function* cancelEvalRun(workspaceId: string, id: string, nowMs: number): SqlTask<EvalRunRow | null> {
  const found = (yield* row(CANCEL, nowMs, workspaceId, id)) ?? (yield* row(LOOK, workspaceId, id));
  return found && readEvalRun(found);
}

export function* resumeEvalRun(
  workspaceId: string, id: string, { budgetNanoUsd, keyId, nowMs }: { readonly budgetNanoUsd: bigint | null; readonly keyId: string; readonly nowMs: number },
): SqlTask<EvalRunRow | null> {
  const found = yield* row(RESUME, keyId, budgetNanoUsd, nowMs, workspaceId, id, nowMs);
  return found && readEvalRun(found);
}

export function* listEvalReports(workspaceId: string, limit: number): SqlTask<EvalReportRow[]> {
  return (yield* rows(REPORTS, workspaceId, limit)).map((found) => ({
    runId: readText(found, 'id'),
    setId: readText(found, 'set_id'),
    setName: readText(found, 'name'),
    endedMs: readInteger(found, 'ended_ms'),
    spentNanoUsd: readBigInt(found, 'spent_nusd'),
    summary: readText(found, 'summary'),
  }));
}

/** Results first: a run that is gone would leave them for ever. */
export function* expireEvalRuns(nowMs: number): SqlTask<number> {
  const expired = yield* row(FIND_EXPIRED, nowMs);
  if (!expired) return 0;
  const id = readText(expired, 'id');
  const deleted = (yield* rows(DELETE_RESULTS, id, id, CHUNK)).length;
  if (deleted === CHUNK) return deleted;
  yield* rows(DELETE, id);
  return deleted + 1;
}
