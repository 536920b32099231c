/** This file holds the calls about what a rollout was asked: by callers, as the request log has it, and in its shadow, which is billed to nobody. */
import { insertSql } from '../insert-sql.ts';
import { readRolloutCall } from '../rollout-rows.ts';
import type { RolloutCall, RolloutCallPage, ShadowCallRow, ShadowPurse } from '../rollout-row.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';

const columns = [
  'id', 'rollout', 'model', 'target', 'outcome', 'error_code', 'finish_reason', 'prompt_tok', 'compl_tok', 'nusd', 'unpriced', 'latency_us', 'first_byte_us', 'ts_ms',
] as const;
const INSERT = `${insertSql('shadow_call', columns)} ON CONFLICT (id) DO NOTHING`;
const TAKE = `INSERT INTO shadow_spend (rollout, day_ms, nusd) VALUES (?, ?, ?)
  ON CONFLICT (rollout, day_ms) DO UPDATE SET nusd = shadow_spend.nusd + excluded.nusd WHERE shadow_spend.nusd + excluded.nusd <= ? RETURNING rollout`;
const RETURN = 'UPDATE shadow_spend SET nusd = nusd - ? WHERE rollout = ? AND day_ms = ?';
const FORGET_DAYS = 'DELETE FROM shadow_spend WHERE rollout = ? AND day_ms < ?';
/** An id begins with the time of its making. */
const LIST = `SELECT u.outcome, r.error_code, r.latency_us, r.first_byte_us, u.prompt_tok, u.compl_tok, CAST(u.nusd AS TEXT) AS nusd, r.failed_attempts
  FROM (SELECT * FROM request_log WHERE rollout = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT ?) r JOIN usage_event u ON u.id = r.id`;
const LIST_SHADOWS = `SELECT outcome, error_code, latency_us, first_byte_us, prompt_tok, compl_tok, CAST(nusd AS TEXT) AS nusd, NULL AS failed_attempts
  FROM shadow_call WHERE rollout = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT ?`;

const MICROSECONDS_PER_MS = 1000;
const REQUEST = 'req_';
/** Hexadecimal digits of a time in an id: UUIDv7, RFC 9562. */
const TIME_DIGITS = 12;
const TIME_MAX = 16 ** TIME_DIGITS - 1;

export function* takeShadowMoney({ rollout, dayMs, limit }: ShadowPurse, nanoUsd: bigint): SqlTask<boolean> {
  if (nanoUsd > limit) return false;
  const taken = yield* row(TAKE, rollout, dayMs, nanoUsd, limit);
  if (taken) yield* rows(FORGET_DAYS, rollout, dayMs);
  return taken !== null;
}

export function* returnShadowMoney({ rollout, dayMs }: Omit<ShadowPurse, 'limit'>, nanoUsd: bigint): SqlTask<void> {
  yield* rows(RETURN, nanoUsd, rollout, dayMs);
}

export function* insertShadowCalls(calls: readonly ShadowCallRow[]): SqlTask<void> {
  for (const { rollout, record } of calls) {
    const { usage, charge } = record;
    yield* rows(
      INSERT, record.id, rollout, record.model, record.target, record.outcome, record.errorCode, record.finishReason, usage.promptTokens, usage.completionTokens,
      charge.nanoUsd, charge.isUnpriced ? 1 : 0, Math.round(record.latencyMs * MICROSECONDS_PER_MS),
      record.firstByteMs === null ? null : Math.round(record.firstByteMs * MICROSECONDS_PER_MS), record.startedMs,
    );
  }
}

export function* listRolloutCalls(part: string, page: RolloutCallPage): SqlTask<RolloutCall[]> {
  return (yield* rows(LIST, part, ...between(page))).map(readRolloutCall);
}

export function* listShadowCalls(rollout: string, page: RolloutCallPage): SqlTask<RolloutCall[]> {
  return (yield* rows(LIST_SHADOWS, rollout, ...between(page))).map(readRolloutCall);
}

function between({ fromMs, toMs, limit }: RolloutCallPage): [from: string, to: string, limit: number] {
  return [idAt(fromMs), idAt(toMs), limit];
}

function idAt(ms: number): string {
  return REQUEST + Math.min(Math.max(0, ms), TIME_MAX).toString(16).padStart(TIME_DIGITS, '0');
}
