/** This file reads what evals have found within a time: of each set the newest run that was completed, and the names of prompts that are unstable. */
import { arrayAt, countAt, isJsonObject, parseJson, stringAt } from '../../foundation/json-value.ts';
import { readEvalFacts } from '../../foundation/eval-facts.ts';
import type { EvalReportRow } from '../../store/eval-row.ts';
import type { Store } from '../../store/store.ts';
import type { ContenderFacts, EvalRunFacts, ReportSpan } from './facts.ts';

export type EvalStore = Pick<Store, 'listEvalReports' | 'listEvalResults'>;

/** Runs that are looked through, the newest first. */
const RUNS_MAX = 200;
const SETS_MAX = 10;
/** Names that are looked up for one run. */
const NAMES_MAX = 10;

/** The newest completed run of each set that ended within the time. */
export async function readEvals(store: EvalStore, workspaceId: string, span: ReportSpan): Promise<EvalRunFacts[]> {
  const rows = await store.listEvalReports(workspaceId, RUNS_MAX);
  const newest = new Map<string, EvalReportRow>();
  for (const row of rows) if (row.endedMs >= span.fromMs && row.endedMs < span.toMs && !newest.has(row.setId)) newest.set(row.setId, row);
  return Promise.all([...newest.values()].slice(0, SETS_MAX).map(async (row) => {
    const { contenders, winner } = readSummary(row.summary);
    return { evalId: row.setId, runId: row.runId, name: row.setName, endedMs: row.endedMs, contenders, winner, itemNames: await readItemNames(store, workspaceId, { runId: row.runId, contenders }) };
  }));
}

/** The answers of a run are in the order of their prompts: the first after a prompt's id is its own. */
async function readItemNames(store: EvalStore, workspaceId: string, { runId, contenders }: { readonly runId: string; readonly contenders: readonly ContenderFacts[] }): Promise<Map<string, string>> {
  const ids = [...new Set(contenders.flatMap(({ unstableItems }) => unstableItems))].slice(0, NAMES_MAX);
  const found = await Promise.all(ids.map(async (id) => {
    const [first] = await store.listEvalResults(workspaceId, runId, { limit: 1, after: id });
    const facts = first && readEvalFacts(first.facts);
    return facts?.itemId === id && facts.itemName !== null ? [[id, facts.itemName] as const] : [];
  }));
  return new Map(found.flat());
}

/** What is missing, for an older program wrote it, is nothing. */
function readSummary(text: string): Pick<EvalRunFacts, 'contenders' | 'winner'> {
  const kept: unknown = parseJson(text);
  const read = isJsonObject(kept) ? kept : {};
  const all = arrayAt(read, 'contenders').filter(isJsonObject);
  const names = all.map((each) => [stringAt(each, 'model') ?? '', stringAt(each, 'target')].filter((part) => part !== null).join(' at '));
  const contenders = all.map((each, at): ContenderFacts => {
    const name = names[at] ?? '';
    const perUseful = stringAt(each, 'cost_per_useful_nano_usd');
    return {
      name: names.filter((other) => other === name).length > 1 ? `${name} (#${at + 1})` : name,
      passed: countAt(each, 'passed'), judged: countAt(each, 'passed') + countAt(each, 'failed') + countAt(each, 'errors'), nanoUsd: BigInt(stringAt(each, 'cost_nano_usd') ?? '0'), perUseful: perUseful === null ? null : BigInt(perUseful),
      medianMs: typeof each['latency_p50_ms'] === 'number' ? each['latency_p50_ms'] : null, instability: typeof each['instability'] === 'number' ? each['instability'] : null,
      unstableItems: arrayAt(each, 'unstable_items').filter((id) => typeof id === 'string'),
    };
  });
  return { contenders, winner: typeof read['winner'] === 'number' ? read['winner'] : null };
}
