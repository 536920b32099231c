/** This file reads what reports are made of: sums and marks alone, so that the work follows the time asked for and not the number of requests. */
import { readBigInt, readInteger, readIntegerOrNull, readText } from '../columns.ts';
import type { Row } from '../columns.ts';
import type { ErrorTimes, Grouping, GroupQuery, UsageDimension, UsageGroup } from '../report-row.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask, SqlValue } from '../sql-task.ts';

const columnsOf: Readonly<Record<UsageDimension, string>> = { day: 'start_ms', hour: 'start_ms', key: 'key_id', asked: 'model_asked', model: 'model', route: 'route', operation: 'operation' };
const counted = ['requests', 'errors', 'attempts', 'msgs', 'prompt_tok', 'cached_tok', 'compl_tok', 'reasoning_tok', 'unpriced', 'latency_us'] as const;
const SUMS = [...counted.map((column) => `CAST(COALESCE(SUM(s.${column}), 0) AS BIGINT) AS ${column}`), 'CAST(COALESCE(SUM(s.nusd), 0) AS TEXT) AS nusd'].join(', ');
const NEXT_CODE = "SELECT MIN(value) AS value FROM usage_mark WHERE ws_id = ? AND kind = 'error' AND value > ?";
const ERROR_TIMES = `SELECT CAST(COUNT(*) AS BIGINT) AS spans, MIN(start_ms) AS first_ms, MAX(start_ms) AS last_ms FROM usage_mark
  WHERE ws_id = ? AND kind = 'error' AND value = ? AND start_ms >= ? AND start_ms < ?`;
const LAST_BEFORE = "SELECT MAX(start_ms) AS start_ms FROM usage_mark WHERE ws_id = ? AND kind = 'error' AND value = ? AND start_ms < ?";
/** More codes than the contract has, so that a store that holds anything else is still read in bounds. */
const CODES_MAX = 500;

/** The coarsest sums that tell them apart. */
function grainOf(by: readonly UsageDimension[]): 'hour' | 'day' | 'day_split' {
  if (by.includes('route') || by.includes('operation')) return 'day_split';
  return by.includes('hour') ? 'hour' : 'day';
}

export function* groupUsage(query: GroupQuery): SqlTask<UsageGroup[][]> {
  const groups: UsageGroup[][] = [];
  for (const grouping of query.groupings) groups.push(yield* groupOnce(query, grouping));
  return groups;
}

function* groupOnce({ workspaceId, keyId, userId, fromMs, toMs }: GroupQuery, { by, limit }: Grouping): SqlTask<UsageGroup[]> {
  const columns = by.map((dimension) => `s.${columnsOf[dimension]}`);
  const values: SqlValue[] = [workspaceId, fromMs, toMs];
  let asked = '';
  for (const [column, value] of [['key_id', keyId], ['user_id', userId]] as const) {
    if (value === null) continue;
    asked += ` AND s.${column} = ?`;
    values.push(value);
  }
  const found = yield* rows(
    `SELECT ${columns.map((column) => `${column}, `).join('')}${SUMS} FROM usage_sum s
     WHERE s.ws_id = ? AND s.grain = '${grainOf(by)}' AND s.start_ms >= ? AND s.start_ms < ?${asked}
     ${columns.length === 0 ? '' : `GROUP BY ${columns.join(', ')}`}
     ORDER BY ${['SUM(s.nusd) DESC', 'SUM(s.requests) DESC', ...columns].join(', ')} LIMIT ?`,
    ...values, limit,
  );
  return found.map((each) => readGroup(each, by));
}

function readGroup(found: Row, by: readonly UsageDimension[]): UsageGroup {
  const name = (dimension: UsageDimension): string | null => (by.includes(dimension) ? readText(found, columnsOf[dimension]) : null);
  return {
    startMs: by.includes('day') || by.includes('hour') ? readInteger(found, 'start_ms') : null,
    keyId: name('key'), asked: name('asked'), model: name('model'), route: name('route'), operation: name('operation'),
    requests: readInteger(found, 'requests'),
    errors: readInteger(found, 'errors'),
    attempts: readInteger(found, 'attempts'),
    messages: readInteger(found, 'msgs'),
    promptTokens: readInteger(found, 'prompt_tok'),
    cachedTokens: readInteger(found, 'cached_tok'),
    completionTokens: readInteger(found, 'compl_tok'),
    reasoningTokens: readInteger(found, 'reasoning_tok'),
    unpricedRequests: readInteger(found, 'unpriced'),
    latencyUs: readInteger(found, 'latency_us'),
    nanoUsd: readBigInt(found, 'nusd'),
  };
}

/** From code to code by one look into the index each, for there are few codes and many marks. */
export function* listErrorTimes(workspaceId: string, fromMs: number, toMs: number): SqlTask<ErrorTimes[]> {
  const times: ErrorTimes[] = [];
  for (let code = '', looks = 0; looks < CODES_MAX; looks++) {
    const next = yield* row(NEXT_CODE, workspaceId, code);
    if (!next || next['value'] === null) break;
    code = readText(next, 'value');
    const found = (yield* row(ERROR_TIMES, workspaceId, code, fromMs, toMs)) ?? {};
    const spans = readInteger(found, 'spans');
    if (spans === 0) continue;
    const before = (yield* row(LAST_BEFORE, workspaceId, code, fromMs)) ?? {};
    times.push({ code, spans, firstMs: readInteger(found, 'first_ms'), lastMs: readInteger(found, 'last_ms'), beforeMs: readIntegerOrNull(before, 'start_ms') });
  }
  return times;
}
