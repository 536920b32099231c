/** This file flattens request records into the values of two rows, and builds records from rows; shared by both threads and every engine. */
import { toNanoUsd } from '../foundation/money.ts';
import type { Basis, CacheState, MediaUsage, Outcome, Payer, RequestRecord, Settled, SettledRequest } from '../foundation/terms.ts';
import { readBigInt, readInteger, readIntegerOrNull, readOneOf, readText, readTextOrNull } from './columns.ts';
import type { Row } from './columns.ts';

/** A value of a flattened record. Money is a number while it is a safe integer, for that is the cheaper message. */
export type RecordValue = string | number | bigint | null;

/** Columns of usage_event that a record fills, in the order in which `pushRecord` writes them. */
export const usageColumns = [
  'id', 'ws_id', 'key_id', 'user_id', 'model_asked', 'model', 'provider', 'target', 'outcome', 'basis', 'prompt_tok', 'cached_tok',
  'cache_write_tok', 'compl_tok', 'reasoning_tok', 'msgs', 'nusd', 'unpriced', 'price_ver', 'payer', 'media', 'ts_ms',
] as const;

/** Columns of usage_event that settling fills. */
export const settledColumns = ['charged_nusd', 'overrun_nusd', 'overrun_msgs', 'lines', 'settled_ms'] as const;

/** Columns of request_log after its id, in the order in which `pushRecord` writes them. */
export const evidenceColumns = [
  'operation', 'is_stream', 'status', 'attempts', 'error_code', 'finish_reason', 'upstream_id', 'upstream_model',
  'latency_us', 'first_byte_us', 'failed_attempts', 'route', 'degraded', 'cache', 'attempt_us', 'rollout', 'eval_run',
] as const;

const recordColumns = [...usageColumns, ...evidenceColumns];
/** Values one record takes when it is flattened. */
export const RECORD_WIDTH = recordColumns.length;

const MICROSECONDS_PER_MS = 1000;
const moneyColumns: ReadonlySet<string> = new Set(['nusd', 'charged_nusd', 'overrun_nusd']);

/** What a query selects for `readSettled` from usage_event `u` joined with request_log `r`: money is read as text. */
export const SETTLED_SELECTION = [
  ...[...usageColumns, ...settledColumns].map((column) => (moneyColumns.has(column) ? `CAST(u.${column} AS TEXT) AS ${column}` : `u.${column}`)),
  ...evidenceColumns.map((column) => `r.${column}`),
].join(', ');

/** Total over the unions, so that a new outcome, basis or payer which can't be read back does not compile. */
const outcomeNames: { readonly [Name in Outcome]: Name } = {
  ok: 'ok', client_gone: 'client_gone', cancelled: 'cancelled', refused: 'refused', upstream_error: 'upstream_error', timeout: 'timeout',
  revoked: 'revoked', shutdown: 'shutdown', recovered: 'recovered', expired: 'expired', refund: 'refund',
};
const basisNames: { readonly [Name in Basis]: Name } = { provider: 'provider', counted: 'counted', observed: 'observed', cached: 'cached', none: 'none' };
const cacheNames: { readonly [Name in CacheState]: Name } = { hit: 'hit', miss: 'miss', bypass: 'bypass' };
const payerNames: { readonly [Name in Payer]: Name } = { plan: 'plan', balance: 'balance', own_key: 'own_key', none: 'none' };
export const outcomes = Object.values(outcomeNames);
const bases = Object.values(basisNames);
export const payers = Object.values(payerNames);
const cacheStates = Object.values(cacheNames);

/** Appends a record's values to a batch: one flat array of primitives is the cheapest message between threads that was measured. */
export function pushRecord(batch: unknown[], record: RequestRecord): void {
  const { usage, charge } = record;
  batch.push(
    record.id, record.workspaceId, record.keyId, record.userId, record.modelAsked, record.model, record.provider, record.target,
    record.outcome, record.basis, usage.promptTokens, usage.cachedTokens, usage.cacheWriteTokens, usage.completionTokens,
    usage.reasoningTokens, charge.messages, toValue(charge.nanoUsd), charge.isUnpriced ? 1 : 0,
    charge.priceVersion, record.payer, usage.media ? mediaText(usage.media) : null, record.startedMs,
    record.operation, record.isStream ? 1 : 0, record.status, record.attempts, record.errorCode, record.finishReason,
    record.upstreamId, record.upstreamModel, Math.round(record.latencyMs * MICROSECONDS_PER_MS),
    record.firstByteMs === null ? null : Math.round(record.firstByteMs * MICROSECONDS_PER_MS), record.failedAttempts,
    record.route, record.isDegraded ? 1 : 0, record.cache, record.lastAttemptMs === null ? null : Math.round(record.lastAttemptMs * MICROSECONDS_PER_MS),
    record.rollout,
    record.evalRun,
  );
}

/** A record's values alone. */
export function flattenRecord(record: RequestRecord): RecordValue[] {
  const values: RecordValue[] = [];
  pushRecord(values, record);
  return values;
}

/** A whole number as the cheapest exact value. */
export function toValue(amount: bigint): number | bigint {
  const number = Number(amount);
  return Number.isSafeInteger(number) ? number : amount;
}

/** Builds a record from a joined row of both tables, in which `nusd` is text. */
export function readRecord(row: Row): RequestRecord {
  const firstByteUs = readIntegerOrNull(row, 'first_byte_us');
  const attemptUs = readIntegerOrNull(row, 'attempt_us');
  return {
    id: readText(row, 'id'),
    workspaceId: readText(row, 'ws_id'),
    keyId: readText(row, 'key_id'),
    userId: readText(row, 'user_id'),
    operation: readText(row, 'operation'),
    modelAsked: readText(row, 'model_asked'),
    model: readTextOrNull(row, 'model'),
    upstreamModel: readTextOrNull(row, 'upstream_model'),
    provider: readTextOrNull(row, 'provider'),
    target: readTextOrNull(row, 'target'),
    attempts: readInteger(row, 'attempts'),
    isStream: readInteger(row, 'is_stream') === 1,
    status: readInteger(row, 'status'),
    outcome: readOneOf(row, 'outcome', outcomes),
    errorCode: readTextOrNull(row, 'error_code'),
    finishReason: readTextOrNull(row, 'finish_reason'),
    upstreamId: readTextOrNull(row, 'upstream_id'),
    usage: {
      promptTokens: readInteger(row, 'prompt_tok'),
      cachedTokens: readInteger(row, 'cached_tok'),
      cacheWriteTokens: readInteger(row, 'cache_write_tok'),
      completionTokens: readInteger(row, 'compl_tok'),
      reasoningTokens: readInteger(row, 'reasoning_tok'),
      ...readMedia(readTextOrNull(row, 'media')),
    },
    basis: readOneOf(row, 'basis', bases),
    charge: {
      messages: readInteger(row, 'msgs'),
      nanoUsd: toNanoUsd(readBigInt(row, 'nusd')),
      priceVersion: readText(row, 'price_ver'),
      isUnpriced: readInteger(row, 'unpriced') === 1,
    },
    payer: readOneOf(row, 'payer', payers),
    failedAttempts: readTextOrNull(row, 'failed_attempts'),
    lastAttemptMs: attemptUs === null ? null : attemptUs / MICROSECONDS_PER_MS,
    route: readTextOrNull(row, 'route'),
    isDegraded: readInteger(row, 'degraded') === 1,
    rollout: readTextOrNull(row, 'rollout'),
    cache: row['cache'] === null ? null : readOneOf(row, 'cache', cacheStates),
    evalRun: readTextOrNull(row, 'eval_run'),
    startedMs: readInteger(row, 'ts_ms'),
    latencyMs: readInteger(row, 'latency_us') / MICROSECONDS_PER_MS,
    firstByteMs: firstByteUs === null ? null : firstByteUs / MICROSECONDS_PER_MS,
  };
}

/** Builds a record with what the ledger made of it, from a row of SETTLED_SELECTION. */
export function readSettled(row: Row): SettledRequest {
  return { ...readRecord(row), settled: readSettlement(row) };
}

function readSettlement(row: Row): Settled {
  return {
    charged: toNanoUsd(readBigInt(row, 'charged_nusd')),
    overrunNanoUsd: toNanoUsd(readBigInt(row, 'overrun_nusd')),
    overrunMessages: readInteger(row, 'overrun_msgs'),
    lines: readLines(readText(row, 'lines')),
    settledMs: readInteger(row, 'settled_ms'),
  };
}

/** The lines of a usage row as it keeps them: JSON, `[[counter id, "amount"], …]`. */
export function linesText(lines: readonly { readonly counterId: string; readonly amount: bigint }[]): string {
  return lines.length === 0 ? '[]' : JSON.stringify(lines.map(({ counterId, amount }) => [counterId, String(amount)]));
}

function readLines(text: string): { counterId: string; amount: bigint }[] {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed)) throw new Error('the store\'s column lines is not a JSON array');
  return parsed.map((line: unknown) => {
    if (!Array.isArray(line)) throw new Error('the store\'s column lines holds what is no line');
    return { counterId: String(line[0]), amount: BigInt(String(line[1])) };
  });
}

/** What has no tokens, as a usage row keeps it: JSON, `[images, audio ms, video ms, characters, variant]`, and audio tokens where they are told. */
function mediaText({ images, audioMs, videoMs, characters, variant, audioTokens, imageTokens }: MediaUsage): string {
  const more = imageTokens !== undefined ? [audioTokens ?? null, imageTokens] : audioTokens !== undefined ? [audioTokens] : [];
  return JSON.stringify([images, audioMs, videoMs, characters, variant, ...more]);
}

function readMedia(text: string | null): { media?: MediaUsage } {
  if (text === null) return {};
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed)) throw new Error('the store\'s column media is not a JSON array');
  const [images, audioMs, videoMs, characters] = parsed.map(Number);
  const variant: unknown = parsed[4];
  const audioTokens: unknown = parsed[5];
  const imageTokens: unknown = parsed[6];
  return {
    media: {
      images: images ?? 0, audioMs: audioMs ?? 0, videoMs: videoMs ?? 0, characters: characters ?? 0, variant: typeof variant === 'string' ? variant : null,
      ...(typeof audioTokens === 'number' ? { audioTokens } : {}), ...(typeof imageTokens === 'number' ? { imageTokens } : {}),
    },
  };
}

/**
 * A record as text, to be kept until its request ends: an object by column, so that a row read from it is checked like a row of
 * the table. `borneBy`: the counters that bear what it says, where not all of its hold's do.
 */
export function draftText(record: RequestRecord, borneBy?: readonly string[]): string {
  const values = flattenRecord(record);
  const row: Record<string, unknown> = {};
  for (const [at, column] of recordColumns.entries()) row[column] = values[at];
  row['nusd'] = String(record.charge.nanoUsd);
  if (borneBy) row[BORNE_BY] = borneBy;
  return JSON.stringify(row);
}

/** What a draft of an earlier version of this program lacks. */
const SINCE_LONG_AGO: Row = { failed_attempts: null, route: null, degraded: 0, cache: null, attempt_us: null, rollout: null, eval_run: null };
/** Beside the columns of a draft. */
const BORNE_BY = 'borne_by';

/** The counters that bear what a draft says; null: all of its hold's. */
export function bearersOf(text: string | null): ReadonlySet<string> | null {
  // Nearly no draft names any.
  if (text?.includes(`"${BORNE_BY}":`) !== true) return null;
  const parsed: unknown = JSON.parse(text);
  const named: unknown = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed).find(([name]) => name === BORNE_BY)?.[1] : null;
  return Array.isArray(named) ? new Set(named.map(String)) : null;
}

/** Reads what `draftText` wrote; null when there is none, or another version of this program has left it: what it holds must not stay held for ever. */
export function readDraft(text: string | null): RequestRecord | null {
  if (text === null) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? readRecord({ ...SINCE_LONG_AGO, ...parsed }) : null;
  } catch {
    return null;
  }
}
