/** This file says what reports are made of: what was read of the store, before anything is concluded. */
import type { ReportFinding, ReportTable } from '../../../generated/client/types.gen.ts';
import type { SettledRequest } from '../../foundation/terms.ts';
import type { ErrorTimes, UsageGroup } from '../../store/report-row.ts';
import type { Sums } from './measures.ts';

/** The time of a report, in ms since the epoch: whole days in UTC. */
export interface ReportSpan {
  readonly fromMs: number;
  readonly toMs: number;
  /** When it was made; the last day may not be over. */
  readonly nowMs: number;
}

/** Requests that were looked at one by one. */
export interface LookedAt {
  readonly rows: readonly SettledRequest[];
  /** True when there are no others. */
  readonly isComplete: boolean;
}

/** How one contender did in a run. Whole numbers, and money in nano-USD. */
export interface ContenderFacts {
  /** Its model, and its target where it was pinned to one; with its number where another is called the same. */
  readonly name: string;
  readonly passed: number;
  /** Answers that could be judged, and calls that were not answered. */
  readonly judged: number;
  readonly nanoUsd: bigint;
  /** Null when no answer passed. */
  readonly perUseful: bigint | null;
  readonly medianMs: number | null;
  /** Share of the prompts, asked more than once, of which some answers passed and others did not; null when none was asked twice. */
  readonly instability: number | null;
  readonly unstableItems: readonly string[];
}

export interface EvalRunFacts {
  readonly evalId: string;
  readonly runId: string;
  readonly name: string;
  readonly endedMs: number;
  readonly contenders: readonly ContenderFacts[];
  /** By place; null where there is no clear difference. */
  readonly winner: number | null;
  /** What prompts are called, as far as they were looked up and have a name. */
  readonly itemNames: ReadonlyMap<string, string>;
}

export interface ReportFacts {
  readonly span: ReportSpan;
  /** Nothing is concluded from fewer requests. */
  readonly requestsMin: number;
  readonly totals: Sums;
  /** Of as many days before. */
  readonly before: Sums;
  /** Of every request of the time, in no order. */
  readonly days: readonly UsageGroup[];
  readonly keys: readonly UsageGroup[];
  readonly asked: readonly UsageGroup[];
  /** By route, operation and model. */
  readonly splits: readonly UsageGroup[];
  /** Of the last two days. */
  readonly hours: readonly UsageGroup[];
  /** What keys are called. */
  readonly keyNames: ReadonlyMap<string, string>;
  /** Spread over the time. */
  readonly sample: LookedAt;
  /** The newest that failed. */
  readonly failed: LookedAt;
  /** Of the whole workspace; null when only a part of it is looked at. */
  readonly errorTimes: readonly ErrorTimes[] | null;
  /** The newest completed run of each set; null when only a part of the workspace is looked at. */
  readonly evals: readonly EvalRunFacts[] | null;
}

/** What one report says. */
export interface ReportPart {
  readonly findings: readonly ReportFinding[];
  readonly tables: readonly ReportTable[];
}

export const DAY_MS = 86_400_000;
