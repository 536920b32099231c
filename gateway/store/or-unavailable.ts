/** This file turns a store that can't be reached into the contract's error. */
import { Refusal } from '../foundation/errors.ts';
import { StoreUnavailable } from './store.ts';

/** How long a caller should leave a store alone that can't be reached, in seconds. */
const RETRY_SECONDS = '1';

/** Gives the store's answer; a store that can't be reached is a 503, and what else it says is a fault of ours. */
export async function orUnavailable<Value>(answer: Promise<Value>): Promise<Value> {
  try {
    return await answer;
  } catch (cause) {
    return asStoreRefusal(cause);
  }
}

/** Throws `store_unavailable` for a store that can't be reached, and anything else as it is. */
export function asStoreRefusal(cause: unknown): never {
  if (cause instanceof StoreUnavailable) throw unavailable(cause);
  throw cause;
}

/** Throws `store_unavailable` whatever went wrong: for reads whose failure must never look like a refusal of the caller. */
export function asUnavailable(cause: unknown): never {
  throw unavailable(cause);
}

/** The refusal of whoever needs a store that has failed: it may be asked again soon. */
export function unavailable(cause: unknown): Refusal {
  return new Refusal('store_unavailable', { cause, headers: { 'retry-after': RETRY_SECONDS } });
}
