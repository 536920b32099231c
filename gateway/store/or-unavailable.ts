/** This file turns a store that can't be reached into the contract's error. */
import { fail } from '../foundation/errors.ts';
import { StoreUnavailable } from './store.ts';

/** Gives the store's answer; a store that can't be reached is a 503, and what else it says is a fault of ours. */
export async function orUnavailable<Value>(answer: Promise<Value>): Promise<Value> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof StoreUnavailable) fail('store_unavailable', { cause });
    throw cause;
  }
}
