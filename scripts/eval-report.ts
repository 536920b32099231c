/** This file shows what a run of an eval set has come to: a line while it goes on, a table and sentences at its end, and whether it is good enough. */
import type { EvalContenderSummary, EvalRun, EvalSummary } from '../generated/client/types.gen.ts';

const NANO_USD_PER_USD = 1e9;
const BAR_LENGTH = 24;
const PERCENT = 100;

/** How far it has come, in a line. */
export function progressLine({ state, progress: { done, total, failed, eta_seconds: eta }, spent_nano_usd: spent, budget_nano_usd: budget }: EvalRun): string {
  const filled = total === 0 ? 0 : Math.round(done / total * BAR_LENGTH);
  const bar = `[${'='.repeat(filled)}${' '.repeat(BAR_LENGTH - filled)}]`;
  return `${bar} ${done}/${total}${failed > 0 ? `, ${failed} failed` : ''}, ${usd(spent)} of ${usd(budget)} USD${eta === null || eta === 0 ? '' : `, about ${eta} s left`} (${state})`;
}

/** A row for each contender. */
export function table({ contenders }: EvalSummary): string {
  const rows = [
    ['', 'contender', 'passed', 'pass rate', '95 %', 'undetermined', 'errors', 'USD', 'judge USD', 'USD/useful', 'p50 ms', 'p95 ms', 'unstable'],
    ...contenders.map((each) => [
      `#${each.contender + 1}`, each.target === null ? each.model : `${each.model} @ ${each.target}`, `${each.passed}/${each.passed + each.failed + each.errors}`, percent(each.pass_rate),
      each.pass_rate === null ? '-' : `${percent(each.pass_rate_low)}-${percent(each.pass_rate_high)}`, String(each.undetermined), String(each.errors), usd(each.cost_nano_usd),
      usd(each.judge_cost_nano_usd), each.cost_per_useful_nano_usd === null ? '-' : usd(each.cost_per_useful_nano_usd), ms(each.latency_p50_ms), ms(each.latency_p95_ms), percent(each.instability),
    ]),
  ];
  const widths = rows[0]?.map((_head, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}

function percent(share: number | null): string {
  return share === null ? '-' : `${Math.round(share * PERCENT)}%`;
}

function ms(latency: number | null): string {
  return latency === null ? '-' : String(Math.round(latency));
}

export function usd(nanoUsd: string): string {
  return Number((Number(nanoUsd) / NANO_USD_PER_USD).toPrecision(4)).toFixed(6);
}

/** What can be required of a contender. */
const metrics: Readonly<Record<string, (each: EvalContenderSummary) => number | null>> = {
  pass_rate: (each) => each.pass_rate,
  pass_rate_low: (each) => each.pass_rate_low,
  cost_per_useful_usd: (each) => (each.cost_per_useful_nano_usd === null ? null : Number(each.cost_per_useful_nano_usd) / NANO_USD_PER_USD),
  latency_p50_ms: (each) => each.latency_p50_ms,
  latency_p95_ms: (each) => each.latency_p95_ms,
  errors: (each) => each.errors,
  undetermined: (each) => each.undetermined,
  instability: (each) => each.instability ?? 0,
};

export interface Requirement {
  readonly text: string;
  /** Null: every contender. */
  readonly contender: string | null;
  readonly metric: string;
  readonly isAtLeast: boolean;
  readonly value: number;
}

/** Reads `pass_rate>=0.9` or `sandbox/chat:latency_p95_ms<=2000`. Throws with what can be said. */
export function readRequirement(text: string): Requirement {
  const [, contender, metric = '', operator, digits = ''] = /^(?:(.+):)?([a-z0-9_]+)(>=|<=)([0-9.]+)$/.exec(text) ?? [];
  const value = Number(digits);
  if (!(metric in metrics) || digits === '' || Number.isNaN(value)) throw new Error(`"${text}" is no requirement: write [CONTENDER:]METRIC>=VALUE or <=, with one of ${Object.keys(metrics).join(', ')}`);
  return { text, contender: contender ?? null, metric, isAtLeast: operator === '>=', value };
}

/** The sentences about what was missed; empty when all is well. What is not known is missed. */
export function missed(summary: EvalSummary, requirements: readonly Requirement[]): string[] {
  return requirements.flatMap(({ text, contender, metric, isAtLeast, value }) => {
    const asked = summary.contenders.filter(({ model }) => contender === null || model === contender);
    if (asked.length === 0) return [`${text}: there is no such contender`];
    return asked.flatMap((each) => {
      const found = metrics[metric]?.(each) ?? null;
      const isMet = found !== null && (isAtLeast ? found >= value : found <= value);
      return isMet ? [] : [`${text}: ${each.model} has ${found === null ? 'none' : String(found)}`];
    });
  });
}
