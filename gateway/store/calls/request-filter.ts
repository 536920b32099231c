/** This file says a filter of the request log in SQL: over rows, and over the sums that tell where such rows can be. */
import { NAME_LENGTH_MAX } from '../usage-sums.ts';
import type { RequestFilter } from '../request-log-row.ts';
import { tupleOf } from '../sql-lists.ts';
import type { SqlValue } from '../sql-task.ts';

/** A condition and the values of its question marks. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

interface Term extends Condition {
  /** The same over sums; null: sums can't tell. */
  readonly ofSums: Condition;
}

/** Over usage_event `u` joined with request_log `r`; always true when nothing is asked but the time. */
export function rowCondition(filter: RequestFilter): Condition {
  return joined([...termsOf(filter), ...(filter.withRefunds ? [] : [{ sql: "u.outcome <> 'refund'", values: [] }])]);
}

/** Over usage_sum `s`: true of every sum of a row that the filter takes, and of few others. */
export function sumCondition(filter: RequestFilter): Condition {
  return joined(termsOf(filter).map(({ ofSums }) => ofSums));
}

/** True when it takes every request of its time. */
export function takesAll(filter: RequestFilter): boolean {
  return termsOf(filter).length === 0;
}

function joined(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: '1 = 1', values: [] };
  return { sql: conditions.map(({ sql }) => `(${sql})`).join(' AND '), values: conditions.flatMap(({ values }) => values) };
}

function termsOf(filter: RequestFilter): Term[] {
  const { keyId, userId, model, route, operation, outcome, errorCodes, status, costMin, costMax } = filter;
  const terms: Term[] = [];
  const equal = (column: string, place: 'u' | 'r', value: string | number | null): void => {
    if (value === null) return;
    terms.push({ sql: `${place}.${column} = ?`, values: [value], ofSums: { sql: `s.${column} = ?`, values: [toName(value)] } });
  };
  equal('key_id', 'u', keyId);
  equal('user_id', 'u', userId);
  if (model !== null) {
    terms.push({
      sql: 'u.model = ? OR u.model_asked = ?', values: [model, model],
      ofSums: { sql: 's.model = ? OR s.model_asked = ?', values: [toName(model), toName(model)] },
    });
  }
  equal('outcome', 'u', outcome);
  if (costMin !== null) terms.push({ sql: 'u.nusd >= ?', values: [costMin], ofSums: { sql: 's.nusd_max >= ?', values: [costMin] } });
  if (costMax !== null) terms.push({ sql: 'u.nusd <= ?', values: [costMax], ofSums: { sql: 's.nusd_min <= ?', values: [costMax] } });
  equal('route', 'r', route);
  equal('operation', 'r', operation);
  equal('status', 'r', status);
  if (errorCodes !== null) {
    const list = tupleOf(errorCodes);
    terms.push({ sql: `r.error_code IN ${list}`, values: errorCodes, ofSums: { sql: `s.error_code IN ${list}`, values: errorCodes } });
  }
  return terms;
}

function toName(value: string | number): string | number {
  return typeof value === 'string' ? value.slice(0, NAME_LENGTH_MAX) : value;
}
