/** This file answers the completions operations. */
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askCompletion } from '../gateway/relay/ask-completion.ts';
import type { House } from '../gateway/relay/house.ts';
import { relay } from '../gateway/relay/relay.ts';

/** Hands the call to relay as a chat, or as several, and the answer back as a completion. */
export function createCompletion(call: Call<'createCompletion'>, house: House): Promise<Reply<'createCompletion'>> {
  return relay(house, call, askCompletion(call, house.limits));
}
