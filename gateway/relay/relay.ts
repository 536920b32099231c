/** This file is the hallway: the only path on which money moves, from a name to a recorded reply. */
import { isModelAllowed } from '../access/allowed-models.ts';
import { asRefusal, fail } from '../foundation/errors.ts';
import type { Call, Reply } from '../foundation/operation.ts';
import { resolve } from '../routing/resolve.ts';
import { attempt } from './attempt.ts';
import type { House } from './house.ts';
import { passStoreGate } from './store-gate.ts';
import { Trail } from './trail.ts';

type Chat = 'createChatCompletion';

/**
 * Relays one chat completion: resolve → hold → attempt → settle → record. Every call that gets here leaves one
 * usage row, but for those refused because no row can be written. Throws a Refusal for everything that went wrong before the first byte.
 */
export async function relayChat(house: House, call: Call<Chat>): Promise<Reply<Chat>> {
  const caller = call.caller ?? fail('missing_api_key');
  passStoreGate(house);
  const isStream = call.body.stream === true;
  const trail = new Trail(house, call, { caller, model: call.body.model, isStream });
  try {
    const resolution = resolve(house.catalog, call.body.model);
    trail.model = resolution.model;
    if (!isModelAllowed(caller.models, resolution.model)) {
      fail('model_not_allowed', { param: 'model', message: `This key may not call ${resolution.model}. Ask for a key that allows it, or see GET /models for those it may call.` });
    }
    // A hold for the worst case of these targets is placed here, before any upstream is called, once quotas and balances exist.
    return await attempt({ house, call, trail, isStream }, resolution.targets);
  } catch (thrown) {
    const refusal = asRefusal(thrown);
    await trail.refuse(refusal, 'refused');
    throw refusal;
  }
}
