/** This file answers the native operations. */
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askNative } from '../gateway/relay/ask-native.ts';
import type { House } from '../gateway/relay/house.ts';
import { relay } from '../gateway/relay/relay.ts';

/** Reads from a provider's own API. */
export function getNative(call: Call<'getNative'>, house: House): Promise<Reply<'getNative'>> {
  return relay(house, call, askNative(house, call, 'GET'));
}

/** Calls a provider's own API. */
export function postNative(call: Call<'postNative'>, house: House): Promise<Reply<'postNative'>> {
  return relay(house, call, askNative(house, call, 'POST'));
}

/** Deletes from a provider's own API. */
export function deleteNative(call: Call<'deleteNative'>, house: House): Promise<Reply<'deleteNative'>> {
  return relay(house, call, askNative(house, call, 'DELETE'));
}
