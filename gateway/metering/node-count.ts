/** This file counts the gateways on one store, so that each knows what its part is of limits it can't share just now. */
import type { Clock } from '../foundation/clock.ts';
import type { Store } from '../store/store.ts';

/** Between two counts, in ms. */
const COUNT_MS = 10_000;

export interface NodeCount {
  /** As last counted: at least this gateway. */
  readonly nodes: number;
  stop(): void;
}

/** Counts at once and every ten seconds. While the store is away the last count stands. */
export function createNodeCount({ store, clock }: { readonly store: Pick<Store, 'listNodes'>; readonly clock: Pick<Clock, 'every'> }): NodeCount {
  let nodes = 1;
  const count = (): void => {
    store.listNodes().then((found) => { nodes = Math.max(1, found.length); }, () => undefined);
  };
  count();
  const stop = clock.every(COUNT_MS, count);
  return { get nodes() { return nodes; }, stop };
}
