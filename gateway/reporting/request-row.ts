/** This file shapes requests of the log: as the contract's rows, and as lines of an export. */
import type { ErrorType, ExportFormat, RequestRow } from '../../generated/client/types.gen.ts';
import { isoTime } from '../foundation/clock.ts';
import { errorTypeOf } from '../foundation/errors.ts';
import { toSeconds } from '../foundation/page.ts';
import type { SettledRequest } from '../foundation/terms.ts';
import { attemptsOf } from './attempts.ts';
import { toLine } from './csv.ts';

/** One request, all that is known of it. */
export function toRequestRow(record: SettledRequest): RequestRow {
  const { usage, charge } = record;
  return {
    id: record.id,
    object: 'request',
    key: record.keyId,
    user: record.userId,
    operation: record.operation,
    model_asked: record.modelAsked,
    route: record.route,
    model: record.model,
    upstream_model: record.upstreamModel,
    provider: record.provider,
    target: record.target,
    degraded: record.isDegraded,
    cache: record.cache,
    rollout: rolloutOf(record.rollout),
    eval_run: record.evalRun,
    attempts: attemptsOf(record),
    stream: record.isStream,
    status: record.status,
    outcome: record.outcome,
    error_code: record.errorCode,
    error_type: typeOf(record.errorCode),
    finish_reason: record.finishReason,
    upstream_id: record.upstreamId,
    prompt_tokens: usage.promptTokens,
    cached_tokens: usage.cachedTokens,
    completion_tokens: usage.completionTokens,
    reasoning_tokens: usage.reasoningTokens,
    counted_messages: charge.messages,
    cost_nano_usd: charge.nanoUsd.toString(),
    unpriced: charge.isUnpriced,
    charged_nano_usd: record.settled.charged.toString(),
    payer: record.payer,
    created_at: toSeconds(record.startedMs),
    latency_ms: record.latencyMs,
    first_byte_ms: record.firstByteMs,
  };
}

/** As a split has written it: its id, and the part. */
function rolloutOf(logged: string | null): RequestRow['rollout'] {
  const [id, part] = logged?.split('/') ?? [];
  const known = PARTS.find((each) => each === part);
  return id === undefined || known === undefined ? null : { id, part: known };
}

const PARTS = ['candidate', 'baseline', 'fallback'] as const;

/** A code that no version of the contract knows any more is some failure of ours. */
function typeOf(code: string | null): ErrorType | null {
  return code === null ? null : errorTypeOf(code) ?? 'api_error';
}

type Value = string | number | bigint | boolean | null;

/** The columns of a CSV export, in their order. */
const columns: readonly (readonly [name: string, value: (record: SettledRequest) => Value])[] = [
  ['id', ({ id }) => id],
  ['time', ({ startedMs }) => isoTime(startedMs)],
  ['key', ({ keyId }) => keyId],
  ['user', ({ userId }) => userId],
  ['operation', ({ operation }) => operation],
  ['model_asked', ({ modelAsked }) => modelAsked],
  ['route', ({ route }) => route],
  ['model', ({ model }) => model],
  ['provider', ({ provider }) => provider],
  ['target', ({ target }) => target],
  ['degraded', ({ isDegraded }) => isDegraded],
  ['cache', ({ cache }) => cache],
  ['rollout', ({ rollout }) => rollout],
  ['attempts', ({ attempts }) => attempts],
  ['failed_attempts', (record) => (record.failedAttempts === null ? null : attemptsOf(record).flatMap(({ target, code }) => (code === null ? [] : [`${target} ${code}`])).join('; '))],
  ['stream', ({ isStream }) => isStream],
  ['status', ({ status }) => status],
  ['outcome', ({ outcome }) => outcome],
  ['error_code', ({ errorCode }) => errorCode],
  ['finish_reason', ({ finishReason }) => finishReason],
  ['prompt_tokens', ({ usage }) => usage.promptTokens],
  ['cached_tokens', ({ usage }) => usage.cachedTokens],
  ['completion_tokens', ({ usage }) => usage.completionTokens],
  ['reasoning_tokens', ({ usage }) => usage.reasoningTokens],
  ['counted_messages', ({ charge }) => charge.messages],
  ['cost_nano_usd', ({ charge }) => charge.nanoUsd],
  ['unpriced', ({ charge }) => charge.isUnpriced],
  ['charged_nano_usd', ({ settled }) => settled.charged],
  ['payer', ({ payer }) => payer],
  ['latency_ms', ({ latencyMs }) => latencyMs],
  ['first_byte_ms', ({ firstByteMs }) => firstByteMs],
];

/** How an export begins. */
export function exportHead(format: ExportFormat): string {
  return format === 'csv' ? toLine(columns.map(([name]) => name)) : '';
}

/** One line of an export, with its end. */
export function exportLine(record: SettledRequest, format: ExportFormat): string {
  return format === 'csv' ? toLine(columns.map(([, value]) => value(record))) : `${JSON.stringify(toRequestRow(record))}\n`;
}
