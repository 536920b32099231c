/** This file answers the chat completions operations. */
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import type { House } from '../gateway/relay/house.ts';
import { askChat } from '../gateway/relay/ask-chat.ts';
import { relay } from '../gateway/relay/relay.ts';

/** Hands the call to relay, which answers with the upstream's own bytes or events. */
export function createChatCompletion(call: Call<'createChatCompletion'>, house: House): Promise<Reply<'createChatCompletion'>> {
  return relay(house, call, askChat(call));
}
