/** This file fills a store with a made-up past, millions of requests of it, by SQL alone: what nobody would wait for through the front door. */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../gateway/foundation/clock.ts';
import { defaultLimits } from '../../gateway/foundation/limits.ts';
import { createLog } from '../../gateway/foundation/log.ts';
import { openStore } from '../../gateway/store/open.ts';
import { createClient, destroyClient } from '../../gateway/store/postgres-client.ts';

export interface Past {
  readonly workspaceId: string;
  readonly rows: number;
  /** The last request's time, in ms; the first is `days` before. */
  readonly endMs: number;
  readonly days: number;
}

/** Runs statements that give no rows. */
export type RunSql = (sql: string) => Promise<void>;

const DAY_MS = 86_400_000;
const CHUNK_ROWS = 250_000;
/** Of one in so many rows the workspace is another. */
const OTHERS = 10;

/** How the engines differ. `i` is the number of a row, from 1. */
interface Dialect {
  readonly hex: (expression: string, digits: number) => string;
  readonly numbers: (from: number, to: number) => string;
  /**
   * PostgreSQL knows nothing of what has just been filled, and would look at every series for every row. A gateway makes no statistics of SQLite, and with
   * them it reads the log by its index on ids.
   */
  readonly analyze: boolean;
}

const dialects: { readonly sqlite: Dialect; readonly postgres: Dialect } = {
  sqlite: {
    hex: (expression, digits) => `printf('%0${digits}x', ${expression})`,
    numbers: (from, to) => `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})`,
    analyze: false,
  },
  postgres: {
    hex: (expression, digits) => `lpad(to_hex(${expression}), ${digits}, '0')`,
    numbers: (from, to) => `WITH n(i) AS (SELECT CAST(g AS BIGINT) FROM generate_series(${from}, ${to}) g)`,
    analyze: true,
  },
};

/** Odd and unlike each other, so that no two draws of a row follow from one another. */
const MULTIPLIERS = [1, 2_654_435_761, 2_246_822_519, 3_266_489_917, 668_265_263, 374_761_393, 2_869_860_233, 2_971_215_073, 1_103_515_245, 1_664_525_003];

/** A number from 0 to below 1000 that follows from `i` and a salt; for a choice of one of many. */
function draw(salt: number): string {
  return `((i * ${MULTIPLIERS[salt] ?? 1} + ${salt * 7919}) % 4294967296) / 4294968`;
}

/** One of a few, by weights out of 1000: the first mostly. */
function choose(salt: number, weighted: readonly (readonly [value: string, weight: number])[], rest: string): string {
  let sum = 0;
  const cases = weighted.map(([value, weight]) => `WHEN ${draw(salt)} < ${sum += weight} THEN ${value}`);
  return `CASE ${cases.join(' ')} ELSE ${rest} END`;
}

const FAILED = `${draw(1)} >= 970`;
/** Every second request is paid from a balance, and has a transfer. */
const PAID = 'i % 2 = 0';
/** One in so many requests is followed by a credit. */
const GRANTS = 20_000;
/** One of 40, the first ones much more often. */
const KEY = `(${draw(2)}) * (${draw(2)}) * 40 / 1000000`;
const MODEL = `(${draw(3)}) * (${draw(3)}) * 12 / 1000000`;

/** Writes rows `from` to `to` of the past. */
function fillStatements(past: Past, dialect: Dialect, { from, to }: { from: number; to: number }): string[] {
  const ms = `CAST(${past.endMs - past.days * DAY_MS} + i * ${Math.floor(past.days * DAY_MS / past.rows)} AS BIGINT)`;
  const id = `'req_' || ${dialect.hex(ms, 12)} || '7000' || ${dialect.hex('i', 16)}`;
  const numbers = dialect.numbers(from, to);
  const key = `CASE WHEN i % 199999 = 0 THEN 'key_RareRareRareRare' ELSE 'key_' || ${dialect.hex(`CAST(${KEY} AS BIGINT)`, 16)} END`;
  const model = `CASE WHEN i % 499999 = 0 THEN 'rare/model' ELSE 'bench/model-' || CAST(${MODEL} AS TEXT) END`;
  const workspace = `CASE WHEN i % ${OTHERS} = 0 THEN 'ws_other_' || CAST((i / ${OTHERS}) % 10 AS TEXT) ELSE '${past.workspaceId}' END`;
  const outcome = `CASE WHEN ${FAILED} THEN 'upstream_error' WHEN i % 149 = 0 THEN 'client_gone' ELSE 'ok' END`;
  const cost = `CASE WHEN i % 300007 = 0 THEN 5000000000 ELSE (${draw(4)}) * (${draw(4)}) END`;
  const usage = `INSERT INTO usage_event (id, ws_id, key_id, user_id, model_asked, model, provider, target, outcome, basis, prompt_tok, cached_tok, cache_write_tok,
      compl_tok, reasoning_tok, msgs, nusd, unpriced, price_ver, payer, charged_nusd, ts_ms, settled_ms)
    ${numbers} SELECT ${id}, ${workspace}, ${key}, 'user_' || ${dialect.hex(`CAST(${KEY} / 4 AS BIGINT)`, 32)}, ${model}, CASE WHEN ${FAILED} THEN NULL ELSE ${model} END, 'bench', 'bench/' || CAST(${MODEL} AS TEXT),
      ${outcome}, CASE WHEN ${FAILED} THEN 'none' ELSE 'provider' END, CASE WHEN ${FAILED} THEN 0 ELSE 50 + ${draw(4)} END, 0, 0, CASE WHEN ${FAILED} THEN 0 ELSE 10 + ${draw(5)} END, 0,
      CASE WHEN ${FAILED} THEN 0 ELSE 1 END, ${cost}, 0, 'bench', CASE WHEN ${PAID} THEN 'balance' ELSE 'plan' END, CASE WHEN ${PAID} THEN ${cost} ELSE 0 END, ${ms}, ${ms} FROM n`;
  const error = `CASE WHEN i % 700001 = 0 THEN 'upstream_auth_failed' WHEN ${FAILED} THEN ${choose(6, [["'upstream_error'", 600], ["'upstream_timeout'", 300]], "'upstream_rate_limited'")} ELSE NULL END`;
  const log = `INSERT INTO request_log (id, operation, is_stream, status, attempts, error_code, finish_reason, upstream_id, upstream_model, latency_us, first_byte_us, route)
    ${numbers} SELECT ${id}, CASE WHEN i % 250007 = 0 THEN 'createSpeech' ELSE ${choose(7, [["'createChatCompletion'", 850], ["'createResponse'", 100]], "'createEmbedding'")} END,
      CAST(i % 2 AS BIGINT), CASE WHEN ${FAILED} THEN ${choose(6, [['502', 600], ['504', 300]], '429')} ELSE 200 END, 1, ${error}, 'stop', 'chatcmpl-' || CAST(i AS TEXT), 'model',
      100000 + (${draw(8)}) * 1000, CASE WHEN i % 2 = 1 THEN 50000 ELSE NULL END, CASE WHEN i % 333337 = 0 THEN 'rare-route' ELSE ${choose(9, [['NULL', 400], ["'cheap-fast'", 300], ["'balanced'", 200]], "'best-quality'")} END FROM n`;
  const transfer = `INSERT INTO transfer (id, kind, ws_id, debit_acct, credit_acct, amount, ref, note, ts_ms)
    ${numbers} SELECT 'u:' || ${id}, 'usage', ${workspace}, 'w:' || ${workspace}, 'sys:revenue', ${cost}, ${id}, NULL, ${ms} FROM n WHERE ${PAID} AND ${cost} > 0`;
  const grants = `INSERT INTO transfer (id, kind, ws_id, debit_acct, credit_acct, amount, ref, note, ts_ms)
    ${numbers} SELECT 'gr:' || ${id}, 'grant', ${workspace}, 'sys:grants', 'w:' || ${workspace}, 1000000000, ${id}, NULL, ${ms} FROM n WHERE i % ${GRANTS} = 7`;
  return [usage, log, transfer, grants];
}

const NAMES = "u.key_id, u.user_id, SUBSTR(u.model_asked, 1, 128), SUBSTR(COALESCE(u.model, ''), 1, 128), SUBSTR(COALESCE(r.route, ''), 1, 128), r.operation";
const SERIES = 'INSERT INTO usage_series (ws_id, grain, key_id, user_id, model_asked, model, route, operation)';
/** As settling does it; days are closed by the store itself. */
const HOURS = `INSERT INTO usage_hour (start_ms, ws_series, series_id, requests, errors, first_bytes, attempts, prompt_tok, cached_tok, cache_write_tok, compl_tok, reasoning_tok, msgs,
    unpriced, latency_us, first_byte_us, nusd, charged_nusd, overrun_nusd)
  SELECT u.ts_ms - u.ts_ms % 3600000, a.id, s.id, COUNT(*), COUNT(r.error_code), COUNT(r.first_byte_us), SUM(r.attempts), SUM(u.prompt_tok), SUM(u.cached_tok), SUM(u.cache_write_tok),
    SUM(u.compl_tok), SUM(u.reasoning_tok), SUM(u.msgs), SUM(u.unpriced), SUM(r.latency_us), SUM(COALESCE(r.first_byte_us, 0)), SUM(u.nusd), SUM(u.charged_nusd), SUM(u.overrun_nusd)
  FROM usage_event u JOIN request_log r ON r.id = u.id JOIN usage_series a ON a.ws_id = u.ws_id AND a.grain = 'all'
  JOIN usage_series s ON s.ws_id = u.ws_id AND s.grain = 'each' AND (s.key_id, s.user_id, s.model_asked, s.model, s.route, s.operation) = (${NAMES})
  GROUP BY 1, 2, 3`;

/** Sums and marks of everything; the marks as the migration makes them of what is there. */
export function sumStatements(): string[] {
  const text = readFileSync(new URL('../../gateway/store/migrations/0008.sql', import.meta.url), 'utf8');
  const marks = text.match(/INSERT INTO usage_mark[^;]*/)?.[0];
  if (marks === undefined) throw new Error('the migration does not mark what is there');
  return [
    marks, `${SERIES} SELECT DISTINCT ws_id, 'all', '', '', '', '', '', '' FROM usage_event`,
    `${SERIES} SELECT DISTINCT u.ws_id, 'each', ${NAMES} FROM usage_event u JOIN request_log r ON r.id = u.id`, HOURS,
  ];
}

/** Fills a SQLite store that nobody else has open. */
export async function fillSqlite(file: string, past: Past, onRows: (rows: number) => void): Promise<void> {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA temp_store = FILE;');
  await fill(past, dialects.sqlite, { onRows, run: (sql) => { db.exec(sql); return Promise.resolve(); } });
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

/** Fills a PostgreSQL store. */
export async function fillPostgres(url: string, past: Past, onRows: (rows: number) => void): Promise<void> {
  const client = createClient({ url, connectionsMax: 1, statementMs: 0 });
  await client.unsafe("SET synchronous_commit = off; SET work_mem = '512MB'").simple();
  await fill(past, dialects.postgres, { onRows, run: async (sql) => { await client.unsafe(sql); } });
  await client.unsafe('VACUUM (ANALYZE)').simple();
  await destroyClient(client);
}

/** Rows first, then what is added up of them. */
async function fill(past: Past, dialect: Dialect, { run, onRows }: { run: RunSql; onRows: (rows: number) => void }): Promise<void> {
  for (let from = 1; from <= past.rows; from += CHUNK_ROWS) {
    const to = Math.min(past.rows, from + CHUNK_ROWS - 1);
    for (const sql of fillStatements(past, dialect, { from, to })) await run(sql);
    onRows(to);
  }
  for (const sql of sumStatements()) {
    if (dialect.analyze) await run('ANALYZE');
    await run(sql);
  }
}

/** Closes every day that is over, as a gateway does that has been away for so long; gives how long the slowest step took, in ms. */
export async function closeDays(config: { readonly databaseUrl: string | null; readonly dataFolder: string }): Promise<number> {
  const store = await openStore(config, { clock: systemClock, limits: defaultLimits, log: createLog('silent') });
  let slowest = 0;
  for (let isMore = true; isMore;) {
    const startedAt = performance.now();
    isMore = await store.closeUsageDay(systemClock.now());
    slowest = Math.max(slowest, performance.now() - startedAt);
  }
  await store.close();
  return slowest;
}
