/** This file is one run of an eval set while this gateway does it: what it may still do, and why it stops. */
import { findCaller } from '../../access/find-caller.ts';
import type { DepartureSignal } from '../../foundation/departure.ts';
import { writeEvalFacts } from '../../foundation/eval-facts.ts';
import type { EvalFacts } from '../../foundation/eval-facts.ts';
import type { Caller } from '../../foundation/terms.ts';
import type { EvalAdvance, EvalResultState, EvalRunRow } from '../../store/eval-row.ts';
import { createRunBudget } from './budget.ts';
import type { RunBudget } from './budget.ts';
import { withRunBudget } from './call.ts';
import { readRunPlan, readSetTerms } from './plan.ts';
import type { RunPlan, Said, SetTerms } from './plan.ts';
import { runPlace, saidPlace } from './places.ts';
import type { EvalThread } from './thread.ts';
import type { House } from '../house.ts';

/** Why a run stops here. `left`: somebody stopped it, or another gateway does it now. `closing`: this gateway is stopped. */
export type Halt =
  | { readonly kind: 'budget' | 'left' | 'closing' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** What is to be kept of an answer. */
export interface ResultToSave {
  readonly id: string;
  readonly state: EvalResultState;
  readonly facts: EvalFacts;
  readonly said: Said | null;
}

export interface OpenRun {
  readonly house: House;
  readonly row: EvalRunRow;
  readonly plan: RunPlan;
  readonly terms: SetTerms;
  readonly budget: RunBudget;
  readonly thread: EvalThread;
  /** Calls that are under way. */
  readonly departures: Set<DepartureSignal>;
  /** Null while it goes on. */
  readonly halt: Halt | null;
  /** What its saved results cost. */
  readonly spentNanoUsd: bigint;
  /** Begins no further call; the first reason stands. */
  stop(halt: Halt): void;
  /** Waits; shorter when it is stopped meanwhile. */
  pause(ms: number): Promise<void>;
  /** The key as it is now, its calls counted in the run's budget. Refuses as its next request would be. */
  caller(): Promise<Caller>;
  /** Keeps a result; durable when this resolves. False when the run is another gateway's by now. */
  save(result: ResultToSave, advance: EvalAdvance): Promise<boolean>;
}

/** Opens a run this gateway has claimed. Throws when what was sealed can't be opened. */
export function openRun(house: House, row: EvalRunRow, thread: EvalThread): OpenRun {
  const { store, vault, clock, limits } = house;
  let halt: Halt | null = null;
  let known: { readonly caller: Caller; readonly readAt: number } | null = null;
  let spent = row.spentNanoUsd;
  const wakers = new Set<() => void>();
  const stop = (why: Halt): void => {
    halt ??= why;
    for (const wake of [...wakers]) wake();
  };
  return {
    house, row, thread,
    plan: readRunPlan(row.plan),
    terms: readSetTerms(vault.open(row, runPlace(row))),
    budget: createRunBudget(row.budgetNanoUsd, row.spentNanoUsd),
    departures: new Set(),
    get halt() { return halt; },
    get spentNanoUsd() { return spent; },
    stop,
    pause: (ms) => new Promise((resolve) => {
      if (halt) {
        resolve();
        return;
      }
      const end = (): void => {
        cancel();
        wakers.delete(end);
        resolve();
      };
      const cancel = clock.after(ms, end);
      wakers.add(end);
    }),
    async caller() {
      if (known && clock.monotonic() - known.readAt < limits.keyCacheMs) return known.caller;
      known = { caller: withRunBudget(await findCaller(house, row.keyId, row.workspaceId), row), readAt: clock.monotonic() };
      return known.caller;
    },
    async save({ id, state, facts, said }, advance) {
      const sealed = said && vault.seal(JSON.stringify(said), saidPlace(row, id));
      const runState = await store.saveEvalResult(row.id, row.fence, { result: { id, state, facts: writeEvalFacts(facts), said: sealed }, advance });
      if (runState !== 'running') stop({ kind: 'left' });
      if (runState === null) return false;
      spent += advance.spentNanoUsd;
      return true;
    },
  };
}
