/** This file lays figures out in lines and tables. */
import type { ReportColumn, ReportLine, ReportTable } from '../../../generated/client/types.gen.ts';
import { costPerAnswer } from './measures.ts';
import type { Sums } from './measures.ts';

/** Lines of one table; days and hours are never cut. */
const LINES_MAX = 50;
const US_PER_MS = 1000;

/** What a line is called. */
export interface LineName {
  readonly name: string;
  readonly title?: string | null;
  readonly within?: string | null;
}

/** How every sum is told. */
export const sumColumns: readonly ReportColumn[] = ['requests', 'failed_requests', 'cost_nano_usd', 'cost_per_answer_nano_usd', 'prompt_tokens', 'completion_tokens', 'mean_latency_ms'];
/** With everything that is summed. */
export const allSumColumns: readonly ReportColumn[] = [
  'requests', 'failed_requests', 'attempts', 'counted_messages', 'prompt_tokens', 'cached_tokens', 'completion_tokens', 'reasoning_tokens', 'cost_nano_usd', 'cost_per_answer_nano_usd', 'unpriced_requests',
  'mean_latency_ms',
];

/** A line of some sums, with these columns of them. */
export function sumLine({ name, title = null, within = null }: LineName, sums: Sums, columns: readonly ReportColumn[]): ReportLine {
  const all: Partial<ReportLine> = {
    requests: sums.requests, failed_requests: sums.errors, attempts: sums.attempts, counted_messages: sums.messages, prompt_tokens: sums.promptTokens, cached_tokens: sums.cachedTokens,
    completion_tokens: sums.completionTokens, reasoning_tokens: sums.reasoningTokens, cost_nano_usd: String(sums.nanoUsd), cost_per_answer_nano_usd: costPerAnswer(sums)?.toString() ?? null,
    unpriced_requests: sums.unpricedRequests, mean_latency_ms: sums.requests > 0 ? Math.round(sums.latencyUs / sums.requests / US_PER_MS) : null,
  };
  return { name, title, within, ...Object.fromEntries(Object.entries(all).filter(([column]) => columns.some((one) => one === column))) };
}

/** A table of these lines. */
export function tableOf(about: Pick<ReportTable, 'name' | 'title' | 'basis'> & { readonly columns: readonly ReportColumn[] }, lines: readonly ReportLine[], linesMax = LINES_MAX): ReportTable {
  return { ...about, columns: [...about.columns], lines: lines.slice(0, linesMax), has_more: lines.length > linesMax };
}
