/** This file fills a store with a made-up past, millions of requests of it, by SQL alone: what nobody would wait for through the front door. */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
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
}

const dialects: { readonly sqlite: Dialect; readonly postgres: Dialect } = {
  sqlite: {
    hex: (expression, digits) => `printf('%0${digits}x', ${expression})`,
    numbers: (from, to) => `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})`,
  },
  postgres: {
    hex: (expression, digits) => `lpad(to_hex(${expression}), ${digits}, '0')`,
    numbers: (from, to) => `WITH n(i) AS (SELECT CAST(g AS BIGINT) FROM generate_series(${from}, ${to}) g)`,
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
  const usage = `INSERT INTO usage_event (id, ws_id, key_id, user_id, model_asked, model, provider, target, outcome, basis, prompt_tok, cached_tok, cache_write_tok,
      compl_tok, reasoning_tok, msgs, nusd, unpriced, price_ver, payer, ts_ms, settled_ms)
    ${numbers} SELECT ${id}, ${workspace}, ${key}, 'user_' || CAST(${KEY} / 4 AS TEXT), ${model}, CASE WHEN ${FAILED} THEN NULL ELSE ${model} END, 'bench', 'bench/' || CAST(${MODEL} AS TEXT),
      ${outcome}, CASE WHEN ${FAILED} THEN 'none' ELSE 'provider' END, CASE WHEN ${FAILED} THEN 0 ELSE 50 + ${draw(4)} END, 0, 0, CASE WHEN ${FAILED} THEN 0 ELSE 10 + ${draw(5)} END, 0,
      CASE WHEN ${FAILED} THEN 0 ELSE 1 END, CASE WHEN i % 300007 = 0 THEN 5000000000 ELSE (${draw(4)}) * (${draw(4)}) END, 0, 'bench', 'plan', ${ms}, ${ms} FROM n`;
  const error = `CASE WHEN i % 700001 = 0 THEN 'upstream_auth_failed' WHEN ${FAILED} THEN ${choose(6, [["'upstream_error'", 600], ["'upstream_timeout'", 300]], "'upstream_rate_limited'")} ELSE NULL END`;
  const log = `INSERT INTO request_log (id, operation, is_stream, status, attempts, error_code, finish_reason, upstream_id, upstream_model, latency_us, first_byte_us, route)
    ${numbers} SELECT ${id}, CASE WHEN i % 250007 = 0 THEN 'createSpeech' ELSE ${choose(7, [["'createChatCompletion'", 850], ["'createResponse'", 100]], "'createEmbedding'")} END,
      CAST(i % 2 AS BIGINT), CASE WHEN ${FAILED} THEN ${choose(6, [['502', 600], ['504', 300]], '429')} ELSE 200 END, 1, ${error}, 'stop', 'chatcmpl-' || CAST(i AS TEXT), 'model',
      100000 + (${draw(8)}) * 1000, CASE WHEN i % 2 = 1 THEN 50000 ELSE NULL END, CASE WHEN i % 333337 = 0 THEN 'rare-route' ELSE ${choose(9, [['NULL', 400], ["'cheap-fast'", 300], ["'balanced'", 200]], "'best-quality'")} END FROM n`;
  return [usage, log];
}

/** Sums and marks of everything, as the migration makes them of what is there. */
export function sumStatements(): string[] {
  const text = readFileSync(new URL('../../gateway/store/migrations/0008.sql', import.meta.url), 'utf8');
  const statements = text.match(/INSERT INTO usage_(?:sum|mark)[^;]*/g) ?? [];
  if (statements.length !== 2) throw new Error('the migration does not sum and mark what is there');
  return statements;
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

async function fill(past: Past, dialect: Dialect, { run, onRows }: { run: RunSql; onRows: (rows: number) => void }): Promise<void> {
  for (let from = 1; from <= past.rows; from += CHUNK_ROWS) {
    const to = Math.min(past.rows, from + CHUNK_ROWS - 1);
    for (const sql of fillStatements(past, dialect, { from, to })) await run(sql);
    onRows(to);
  }
  for (const sql of sumStatements()) await run(sql);
}
