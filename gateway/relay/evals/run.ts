/** This file does one run of an eval set: what was begun and not ended first, then the rest, so many answers at once, until all are there or it must stop. */
import { readEvalFacts } from '../../foundation/eval-facts.ts';
import { createEvalTally } from '../../reporting/eval-summary.ts';
import type { EvalTally } from '../../reporting/eval-summary.ts';
import type { EvalResultRow, EvalRunStep } from '../../store/eval-row.ts';
import { makeCell } from './cell.ts';
import type { Cell } from './cell.ts';
import { cellIdOf, readItemTerms, readSaid } from './plan.ts';
import type { OpenRun } from './open-run.ts';
import { itemPlace, saidPlace } from './places.ts';

/** Results read at once. */
const PAGE = 100;
/** Prompts are read one by one, when it is their turn: one that was deleted meanwhile is not asked. */
const ITEMS = 1;

/** What was done before. */
interface Known {
  readonly done: ReadonlySet<string>;
  /** Begun, and not ended; with what was said where there is an answer. */
  readonly begun: ReadonlyMap<string, Cell['answered']>;
}

/** Does it. Rejects when the store can't be reached; then whoever claims it next goes on. */
export async function doRun(run: OpenRun): Promise<void> {
  const { house: { store, clock }, row } = run;
  if (!await store.stepEvalRun(row.id, row.fence, { startedMs: clock.now() })) return;
  const tally = createEvalTally();
  const known = await readKnown(run, tally);
  const cells = cellsOf(run, known);
  let count = known.done.size;
  const work = async (): Promise<void> => {
    for (let next = await cells.next(); next.done !== true && !run.halt; next = await cells.next()) {
      const facts = await makeCell(run, next.value);
      if (facts === null) continue;
      tally.add(facts);
      count++;
    }
  };
  await Promise.all(Array.from({ length: run.plan.concurrency }, work));
  const step = endOf(run, { tally, count });
  if (step) await store.stepEvalRun(row.id, row.fence, step);
}

/** How it has ended; null when that is not ours to say. */
function endOf({ halt, house: { clock }, row, plan, spentNanoUsd }: OpenRun, { tally, count }: { readonly tally: EvalTally; readonly count: number }): EvalRunStep | null {
  const endedMs = clock.now();
  if (halt === null) {
    const summary = tally.summarise({ evalId: row.setId, runId: row.id, state: 'completed', spentNanoUsd, contenders: plan.contenders });
    // Prompts that were deleted meanwhile were not asked.
    return { state: 'completed', summary: JSON.stringify(summary), total: count, endedMs };
  }
  switch (halt.kind) {
    case 'budget': return { state: 'stopped_by_budget', endedMs };
    case 'failed': return { state: 'failed', error: { code: halt.code, message: halt.message }, endedMs };
    // Whoever looks next goes on.
    case 'closing': return { runAtMs: endedMs };
    case 'left': return null;
    default: return halt satisfies never;
  }
}

async function readKnown(run: OpenRun, tally: EvalTally): Promise<Known> {
  const { house: { store }, row } = run;
  const done = new Set<string>();
  const begun = new Map<string, Cell['answered']>();
  for (let after: string | null = null; ;) {
    const page: EvalResultRow[] = await store.listEvalResults(row.workspaceId, row.id, { limit: PAGE, after });
    for (const result of page) {
      const facts = readEvalFacts(result.facts);
      if (result.state === 'done') {
        done.add(result.id);
        tally.add(facts);
      } else begun.set(result.id, result.said && { facts, said: readSaid(run.house.vault.open(result.said, saidPlace(row, result.id))) });
    }
    after = page.at(-1)?.id ?? null;
    if (page.length < PAGE) return { done, begun };
  }
}

/** Every answer there is to be made, one after the other, whoever asks. */
async function* cellsOf(run: OpenRun, known: Known): AsyncGenerator<Cell, void> {
  // What a dead gateway has set aside of the budget is known again once its calls are asked again: they come first.
  if (known.begun.size > 0) yield* walk(run, (id) => known.begun.has(id), known);
  yield* walk(run, (id) => !known.begun.has(id) && !known.done.has(id), known);
}

async function* walk(run: OpenRun, isWanted: (id: string) => boolean, { begun }: Known): AsyncGenerator<Cell, void> {
  const { house: { store, vault }, row, plan } = run;
  for (let after: string | null = null; ;) {
    const page = await store.listEvalItems(row.workspaceId, row.setId, { limit: ITEMS, after });
    for (const item of page) {
      if (item.id > row.lastItem) return;
      const terms = readItemTerms(vault.open(item, itemPlace(item)));
      for (let repetition = 0; repetition < plan.repetitions; repetition++) {
        for (let contender = 0; contender < plan.contenders.length; contender++) {
          const id = cellIdOf(item.id, contender, repetition);
          if (isWanted(id)) yield { id, itemId: item.id, itemName: item.name, terms, contender, repetition, answered: begun.get(id) ?? null };
        }
      }
    }
    after = page.at(-1)?.id ?? null;
    if (page.length < ITEMS) return;
  }
}
