/** This file holds the calls about rollouts: each change is written with the row of the audit log that tells of it. */
import type { AuditAction, AuditStamp } from '../audit-row.ts';
import { advanceClock } from '../clocks.ts';
import { insertSql } from '../insert-sql.ts';
import { readRollout, rolloutColumns, rolloutText, rolloutValues } from '../rollout-rows.ts';
import type { RolloutAnswer, RolloutChange, RolloutPage, RolloutRow } from '../rollout-row.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import { writeAudit } from './audit-log.ts';
import { LAST_ID } from './pages.ts';

const SELECT = `SELECT ${rolloutColumns.join(', ')} FROM rollout`;
const INSERT = `${insertSql('rollout', rolloutColumns)} ON CONFLICT DO NOTHING RETURNING id`;
const FIND = `${SELECT} WHERE id = ?`;
const LIST = `${SELECT} WHERE id < ? ORDER BY id DESC LIMIT ?`;
const LIST_IN_FORCE = `${SELECT} WHERE state IN ('running', 'promoted') ORDER BY id`;
const UPDATE = `UPDATE rollout SET ${rolloutColumns.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`;
const DELETE = 'DELETE FROM rollout WHERE id = ?';
const FORGET_SHADOWS = 'DELETE FROM shadow_call WHERE rollout = ?';
const FORGET_SPEND = 'DELETE FROM shadow_spend WHERE rollout = ?';

export function* createRollout(made: RolloutRow, by: AuditStamp): SqlTask<boolean> {
  yield* advanceClock('catalog');
  if ((yield* row(INSERT, ...rolloutValues(made))) === null) return false;
  yield* writeAudit(by, { action: 'rollout.create', kind: 'rollout', subject: made.id, before: null, after: rolloutText(made) });
  return true;
}

export function* findRollout(id: string): SqlTask<RolloutRow | null> {
  const found = yield* row(FIND, id);
  return found && readRollout(found);
}

export function* listRollouts({ after, limit }: RolloutPage): SqlTask<RolloutRow[]> {
  return (yield* rows(LIST, after ?? LAST_ID, limit)).map(readRollout);
}

export function* listRolloutsInForce(): SqlTask<RolloutRow[]> {
  return (yield* rows(LIST_IN_FORCE)).map(readRollout);
}

const ACTIONS: { readonly [Kind in RolloutChange['kind']]: AuditAction } = { change: 'rollout.change', promote: 'rollout.promote', roll_back: 'rollout.roll_back' };

export function* changeRollout(id: string, change: RolloutChange, by: AuditStamp): SqlTask<RolloutAnswer> {
  yield* advanceClock('catalog');
  const before = yield* findRollout(id);
  if (!before) return { kind: 'not_found' };
  const after = changed(before, change, by.atMs);
  if (!after) return { kind: 'over', row: before };
  // Who asks twice is answered twice, and has changed nothing the second time.
  if (after === before) return { kind: 'changed', row: before };
  yield* rows(UPDATE, ...rolloutValues(after), id);
  yield* writeAudit(by, { action: ACTIONS[change.kind], kind: 'rollout', subject: id, before: rolloutText(before), after: rolloutText(after) });
  return { kind: 'changed', row: after };
}

export function* deleteRollout(id: string, by: AuditStamp): SqlTask<'deleted' | 'promoted' | 'not_found'> {
  yield* advanceClock('catalog');
  const before = yield* findRollout(id);
  if (!before) return 'not_found';
  if (before.state === 'promoted') return 'promoted';
  yield* rows(DELETE, id);
  yield* rows(FORGET_SHADOWS, id);
  yield* rows(FORGET_SPEND, id);
  yield* writeAudit(by, { action: 'rollout.delete', kind: 'rollout', subject: id, before: rolloutText(before), after: null });
  return 'deleted';
}

/** As it is afterwards: the same object where nothing changes, null where that can't be done to it. */
function changed(before: RolloutRow, change: RolloutChange, atMs: number): RolloutRow | null {
  switch (change.kind) {
    case 'change': return before.state === 'running' ? { ...before, terms: { ...before.terms, ...change.terms }, changedMs: atMs } : null;
    case 'promote':
      if (before.state === 'rolled_back') return null;
      return before.state === 'promoted' ? before : { ...before, state: 'promoted', changedMs: atMs, promotedMs: atMs };
    case 'roll_back': return before.state === 'rolled_back' ? before : { ...before, state: 'rolled_back', changedMs: atMs };
    default: return change satisfies never;
  }
}
