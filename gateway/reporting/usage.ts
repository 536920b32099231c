/** This file reads the usage of a workspace and shapes it as the contract's rows. */
import type { MediaUsage, UsageList, UsageRow, UsageTotals as ContractTotals } from '../../generated/client/types.gen.ts';
import type { SettledRequest, Usage } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { Page, Store, UsageFilter, UsageTotals } from '../store/store.ts';

const MS_PER_SECOND = 1000;

/** Lists one page of usage, newest first, with the sums over the whole filter. */
export async function listUsage(store: Store, filter: UsageFilter, page: Page): Promise<UsageList> {
  const [rows, totals] = await orUnavailable(Promise.all([
    // One row more than asked for tells whether there is a next page.
    store.listUsage(filter, { ...page, limit: page.limit + 1 }),
    store.sumUsage(filter),
  ]));
  const data = rows.slice(0, page.limit).map(toUsageRow);
  return {
    object: 'list',
    data,
    has_more: rows.length > page.limit,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    totals: toTotals(totals),
  };
}

function toUsageRow(record: SettledRequest): UsageRow {
  const { usage, charge } = record;
  return {
    id: record.id,
    object: 'usage',
    key: record.keyId,
    user: record.userId,
    operation: record.operation,
    model_asked: record.modelAsked,
    model: record.model,
    upstream_model: record.upstreamModel,
    provider: record.provider,
    target: record.target,
    attempts: record.attempts,
    stream: record.isStream,
    status: record.status,
    outcome: record.outcome,
    error_code: record.errorCode,
    finish_reason: record.finishReason,
    prompt_tokens: usage.promptTokens,
    cached_tokens: usage.cachedTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    completion_tokens: usage.completionTokens,
    reasoning_tokens: usage.reasoningTokens,
    media: toMedia(usage),
    counted_messages: charge.messages,
    cost_nano_usd: charge.nanoUsd.toString(),
    unpriced: charge.isUnpriced,
    price_version: charge.priceVersion,
    basis: record.basis,
    payer: record.payer,
    charged_nano_usd: record.settled.charged.toString(),
    overrun_nano_usd: record.settled.overrunNanoUsd.toString(),
    created_at: Math.floor(record.startedMs / MS_PER_SECOND),
    latency_ms: record.latencyMs,
    first_byte_ms: record.firstByteMs,
  };
}

function toTotals(totals: UsageTotals): ContractTotals {
  return {
    requests: totals.requests,
    counted_messages: totals.messages,
    prompt_tokens: totals.promptTokens,
    cached_tokens: totals.cachedTokens,
    completion_tokens: totals.completionTokens,
    reasoning_tokens: totals.reasoningTokens,
    cost_nano_usd: totals.nanoUsd.toString(),
    unpriced_requests: totals.unpricedRequests,
  };
}

/** What a usage has that has no tokens; null for text. */
export function toMedia({ media }: Usage): MediaUsage | null {
  if (!media) return null;
  const { images, audioMs, videoMs, characters, audioTokens, imageTokens, variant } = media;
  const tokens = { ...(audioTokens === undefined ? {} : { audio_tokens: audioTokens }), ...(imageTokens === undefined ? {} : { image_tokens: imageTokens }) };
  return { images, audio_ms: audioMs, video_ms: videoMs, characters, ...tokens, variant };
}
