/** This file counts usage anew from its rows and says where the sums that were kept differ; for tests of either engine, and for scripts that kill. */
import { missingMigrations } from './migrations.ts';
import type { Engine } from './migrations.ts';
import { summedColumns } from './usage-groups.ts';
import { dimensionColumns, grainColumns } from './usage-series.ts';

const names = ['key_id', 'user_id', 'model_asked', 'model'];
const sums = summedColumns.map((column) => `CAST(SUM(${column}) AS BIGINT)`).join(', ');

/** One row as it adds to sums. */
const ROWS = `SELECT u.ws_id, u.ts_ms, u.key_id, u.user_id, SUBSTR(u.model_asked, 1, 128) AS model_asked, SUBSTR(COALESCE(u.model, ''), 1, 128) AS model,
    SUBSTR(COALESCE(r.route, ''), 1, 128) AS route, r.operation AS operation, CASE WHEN u.outcome = 'refund' THEN 0 ELSE 1 END AS requests,
    CASE WHEN r.error_code IS NULL THEN 0 ELSE 1 END AS errors, CASE WHEN r.first_byte_us IS NULL THEN 0 ELSE 1 END AS first_bytes, r.attempts, u.prompt_tok, u.cached_tok,
    u.cache_write_tok, u.compl_tok, u.reasoning_tok, u.msgs, u.unpriced, r.latency_us, COALESCE(r.first_byte_us, 0) AS first_byte_us, u.nusd, u.charged_nusd, u.overrun_nusd
  FROM usage_event u JOIN request_log r ON r.id = u.id`;

const counted = (ms: number, grain: readonly string[]): string =>
  `SELECT ws_id, ts_ms - ts_ms % ${ms} AS start_ms, ${grain.join(', ')}, ${sums} FROM (${ROWS}) e GROUP BY ws_id, ts_ms - ts_ms % ${ms}, ${grain.join(', ')}`;

const KEPT_HOURS = `SELECT ws_id, start_ms, ${names.join(', ')}, ${sums}
  FROM (SELECT a.ws_id AS ws_id, h.start_ms, ${names.map((name) => `s.${name}`).join(', ')}, ${summedColumns.map((column) => `h.${column}`).join(', ')}
    FROM usage_hour h JOIN usage_series a ON a.id = h.ws_series JOIN usage_series s ON s.id = h.series_id WHERE a.grain = 'all' AND a.ws_id = s.ws_id) k
  GROUP BY ws_id, start_ms, ${names.join(', ')}`;

const keptDays = (grain: string, told: readonly string[]): string =>
  `SELECT ws_id, start_ms, ${told.join(', ')}, ${sums} FROM usage_sum WHERE grain = '${grain}' GROUP BY ws_id, start_ms, ${told.join(', ')}`;

/** Closed days of every grain are those of the one that tells everything apart. */
const closedDays = (grain: string, told: readonly string[]): string => `SELECT s.ws_id, d.start_ms, ${['0', ...told.map((name) => `s.${name}`)].join(', ')}, ${summedColumns.map((column) => `CAST(SUM(d.${column}) AS BIGINT)`).join(', ')}
  FROM usage_series s JOIN usage_day d ON d.series_id = s.id WHERE s.grain = '${grain}' GROUP BY s.ws_id, d.start_ms${told.map((name) => `, s.${name}`).join('')}`;

function differ(name: string, one: string, other: string): string {
  return `SELECT '${name}' AS what, COUNT(*) AS n FROM (SELECT * FROM (SELECT * FROM (${one}) a EXCEPT SELECT * FROM (${other}) b) c UNION ALL SELECT * FROM (SELECT * FROM (${other}) d EXCEPT SELECT * FROM (${one}) e) f) g`;
}

/** Each gives one row: `what`, and `n`, how many sums differ. */
export const recounts: readonly string[] = [
  differ('hours', counted(3_600_000, names), KEPT_HOURS),
  differ('days', counted(86_400_000, dimensionColumns), keptDays('day_split', dimensionColumns)),
  differ('days of models', counted(86_400_000, names), keptDays('day', names)),
  ...Object.entries(grainColumns).map(([grain, told]) => differ(`closed days of ${grain}`, closedDays('each', told), closedDays(grain, told))),
];

/** Makes of a store's sums what an older program has kept of the same rows, and carries that over again. */
export function carriedOver(engine: Engine): readonly string[] {
  const ofVersion = (version: number): readonly string[] => missingMigrations(engine, version - 1)[0]?.statements ?? [];
  const [first = ''] = ofVersion(8);
  const made = [/CREATE TABLE usage_sum[^]*?\n\)[^\n]*;/, /INSERT INTO usage_sum[^;]*;/].map((part) => part.exec(first)?.[0] ?? '');
  return ['DROP VIEW usage_sum', ...['usage_hour', 'usage_day', 'usage_series', 'usage_closed'].map((table) => `DROP TABLE ${table}`), ...made, ...ofVersion(15)];
}
