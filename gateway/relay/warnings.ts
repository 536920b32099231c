/** This file tells callers what runs out, in a header of their replies, from what was read a moment ago: no reply waits for it. */
import type { Clock } from '../foundation/clock.ts';
import type { CounterState } from '../foundation/ledger.ts';
import type { Caller } from '../foundation/terms.ts';
import { warningsOf, watchedCounters } from '../metering/warnings.ts';
import type { CatalogKeeper } from '../routing/keeper.ts';
import type { Store } from '../store/store.ts';

export interface Warnings {
  /** What runs out for this caller, as last read. */
  for(caller: Caller): readonly string[];
}

interface Known {
  states: readonly CounterState[];
  readAt: number;
}

/** Counters are read again after this long, in ms. */
const FRESH_MS = 5000;
/** Workspaces whose counters are remembered. */
const WORKSPACES_MAX = 10_000;
const NOTHING: readonly string[] = [];

export function createWarnings({ store, keeper, clock }: { readonly store: Pick<Store, 'readCounters'>; readonly keeper: Pick<CatalogKeeper, 'findPlan'>; readonly clock: Clock }): Warnings {
  const known = new Map<string, Known>();
  const refresh = (entry: Known, ids: string[]): void => {
    entry.readAt = clock.monotonic();
    // A store that can't say is told about elsewhere; the last known state stands.
    store.readCounters(ids).then((states) => { entry.states = states; }, () => undefined);
  };
  return {
    for(caller) {
      const { account } = caller;
      const plan = keeper.findPlan(account.planId);
      const nowMs = clock.now();
      const ids = watchedCounters(account, plan, nowMs);
      if (ids.length === 0) return NOTHING;
      let entry = known.get(account.workspaceId);
      if (!entry) {
        if (known.size >= WORKSPACES_MAX) known.clear();
        entry = { states: [], readAt: Number.NEGATIVE_INFINITY };
        known.set(account.workspaceId, entry);
      }
      if (clock.monotonic() - entry.readAt > FRESH_MS) refresh(entry, ids);
      return warningsOf({ account, caller, plan, states: entry.states, nowMs });
    },
  };
}
