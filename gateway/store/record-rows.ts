/** This file flattens request records into the values of two rows, and builds records from rows; shared by both threads and every engine. */
import { toNanoUsd } from '../foundation/money.ts';
import type { Basis, Outcome, RequestRecord } from '../foundation/terms.ts';
import { readBigInt, readInteger, readIntegerOrNull, readOneOf, readText, readTextOrNull } from './columns.ts';
import type { Row } from './columns.ts';

/** A value of a flattened record. Money is a number while it is a safe integer, for that is the cheaper message. */
export type RecordValue = string | number | bigint | null;

/** Columns of usage_event, in the order in which `pushRecord` writes them. */
export const usageColumns = [
  'id', 'ws_id', 'key_id', 'model_asked', 'model', 'provider', 'target', 'outcome', 'basis', 'prompt_tok', 'cached_tok',
  'cache_write_tok', 'compl_tok', 'reasoning_tok', 'msgs', 'nusd', 'unpriced', 'price_ver', 'ts_ms',
] as const;

/** Columns of request_log after its id, in the order in which `pushRecord` writes them. */
export const evidenceColumns = [
  'operation', 'is_stream', 'status', 'attempts', 'error_code', 'finish_reason', 'upstream_id', 'upstream_model',
  'latency_us', 'first_byte_us',
] as const;

/** Values one record takes in a flattened batch. */
export const RECORD_WIDTH = usageColumns.length + evidenceColumns.length;

const MICROSECONDS_PER_MS = 1000;

/** Total over the unions, so that a new outcome or basis which can't be read back does not compile. */
const outcomeNames: { readonly [Name in Outcome]: Name } = {
  ok: 'ok', client_gone: 'client_gone', refused: 'refused', upstream_error: 'upstream_error', timeout: 'timeout',
  revoked: 'revoked', shutdown: 'shutdown',
};
const basisNames: { readonly [Name in Basis]: Name } = { provider: 'provider', counted: 'counted', observed: 'observed', none: 'none' };
const outcomes = Object.values(outcomeNames);
const bases = Object.values(basisNames);

/** Appends a record's values to a batch: one flat array of primitives is the cheapest message between threads that was measured. */
export function pushRecord(batch: RecordValue[], record: RequestRecord): void {
  const { usage, charge } = record;
  const nusd = Number(charge.nanoUsd);
  batch.push(
    record.id, record.workspaceId, record.keyId, record.modelAsked, record.model, record.provider, record.target,
    record.outcome, record.basis, usage.promptTokens, usage.cachedTokens, usage.cacheWriteTokens, usage.completionTokens,
    usage.reasoningTokens, charge.messages, Number.isSafeInteger(nusd) ? nusd : charge.nanoUsd, charge.isUnpriced ? 1 : 0,
    charge.priceVersion, record.startedMs,
    record.operation, record.isStream ? 1 : 0, record.status, record.attempts, record.errorCode, record.finishReason,
    record.upstreamId, record.upstreamModel, Math.round(record.latencyMs * MICROSECONDS_PER_MS),
    record.firstByteMs === null ? null : Math.round(record.firstByteMs * MICROSECONDS_PER_MS),
  );
}

/** Builds a record from a joined row of both tables, in which `nusd` is text. */
export function readRecord(row: Row): RequestRecord {
  const firstByteUs = readIntegerOrNull(row, 'first_byte_us');
  return {
    id: readText(row, 'id'),
    workspaceId: readText(row, 'ws_id'),
    keyId: readText(row, 'key_id'),
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
    },
    basis: readOneOf(row, 'basis', bases),
    charge: {
      messages: readInteger(row, 'msgs'),
      nanoUsd: toNanoUsd(readBigInt(row, 'nusd')),
      priceVersion: readText(row, 'price_ver'),
      isUnpriced: readInteger(row, 'unpriced') === 1,
    },
    startedMs: readInteger(row, 'ts_ms'),
    latencyMs: readInteger(row, 'latency_us') / MICROSECONDS_PER_MS,
    firstByteMs: firstByteUs === null ? null : firstByteUs / MICROSECONDS_PER_MS,
  };
}
