/** This file says a filter of the request log in SQL: over rows, over sums, and by the marks that tell where there are such rows. */
import type { RequestFilter } from '../request-log-row.ts';
import { tupleOf } from '../sql-lists.ts';
import type { SqlValue } from '../sql-task.ts';
import { digitsOf, toName } from '../usage-groups.ts';
import type { MarkKind } from '../usage-groups.ts';

/** A condition and the values of its question marks. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** A time with rows that the filter takes has one of these marks. */
export type Marks = readonly (readonly [kind: MarkKind, value: string])[];

interface Term extends Condition {
  readonly marks: Marks;
}

/** Over usage_event `u` joined with request_log `r`; always true when nothing is asked but the time. */
export function rowCondition(filter: RequestFilter): Condition {
  return joined([...termsOf(filter), ...(filter.withRefunds ? [] : [{ sql: "u.outcome <> 'refund'", values: [] }])]);
}

/** Over usage_series `s`, of key, user and model alone. */
export function seriesCondition({ keyId, userId, model }: Pick<RequestFilter, 'keyId' | 'userId' | 'model'>): Condition {
  const conditions: Condition[] = [];
  if (keyId !== null) conditions.push({ sql: 's.key_id = ?', values: [toName(keyId)] });
  if (userId !== null) conditions.push({ sql: 's.user_id = ?', values: [toName(userId)] });
  if (model !== null) conditions.push({ sql: 's.model = ? OR s.model_asked = ?', values: [toName(model), toName(model)] });
  return joined(conditions);
}

/** Each must be met by a time that has a row the filter takes; none when it takes every request of its time. */
export function marksOf(filter: RequestFilter): readonly Marks[] {
  return termsOf(filter).map(({ marks }) => marks);
}

function joined(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: '1 = 1', values: [] };
  return { sql: conditions.map(({ sql }) => `(${sql})`).join(' AND '), values: conditions.flatMap(({ values }) => values) };
}

function termsOf(filter: RequestFilter): Term[] {
  const { model, errorCodes, costMin, costMax } = filter;
  const terms: Term[] = [];
  const equal = (kind: MarkKind, column: string, value: string | number | null): void => {
    if (value !== null) terms.push({ sql: `${column} = ?`, values: [value], marks: [[kind, String(toName(value))]] });
  };
  equal('key', 'u.key_id', filter.keyId);
  equal('user', 'u.user_id', filter.userId);
  if (model !== null) {
    const name = String(toName(model));
    terms.push({ sql: 'u.model = ? OR u.model_asked = ?', values: [model, model], marks: [['model', name], ['asked', name]] });
  }
  equal('outcome', 'u.outcome', filter.outcome);
  if (costMin !== null) terms.push({ sql: 'u.nusd >= ?', values: [costMin], marks: digits(digitsOf(costMin), DIGITS_MAX) });
  if (costMax !== null) terms.push({ sql: 'u.nusd <= ?', values: [costMax], marks: digits('00', digitsOf(costMax)) });
  equal('route', 'r.route', filter.route);
  equal('operation', 'r.operation', filter.operation);
  equal('status', 'r.status', filter.status);
  equal('cache', 'r.cache', filter.cache);
  if (errorCodes !== null) {
    terms.push({ sql: `r.error_code IN ${tupleOf(errorCodes)}`, values: errorCodes, marks: errorCodes.map((code) => ['error', code]) });
  }
  return terms;
}

/** Of the greatest amount there is. */
const DIGITS_MAX = '19';

function digits(from: string, to: string): Marks {
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, more) => ['cost', String(Number(from) + more).padStart(2, '0')]);
}
