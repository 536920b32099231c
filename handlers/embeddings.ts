/** This file answers the embeddings operations. */
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askEmbeddings } from '../gateway/relay/ask-embeddings.ts';
import type { House } from '../gateway/relay/house.ts';
import { relay } from '../gateway/relay/relay.ts';

/** Hands the call to relay, which answers with the upstream's vectors, written as asked. */
export function createEmbedding(call: Call<'createEmbedding'>, house: House): Promise<Reply<'createEmbedding'>> {
  return relay(house, call, askEmbeddings(call));
}
