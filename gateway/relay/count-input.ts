/** This file counts what an answer of Responses would read, for callers who want to know before they ask. */
import { fail } from '../foundation/errors.ts';
import type { Call } from '../foundation/operation.ts';
import { readChat } from './ask-response.ts';
import { chooseModel } from './choose.ts';
import type { House } from './house.ts';
import { checkModelAllowed } from './relay.ts';

/**
 * Counts the tokens of a request by the gateway's own counter, which is the count that is charged where an upstream does not say what was used.
 * Nothing is set aside; it takes one request of the rate limits, for counting is work. Refuses as the request itself would be: an unknown model,
 * one the key may not call, an answer before it that can't be found.
 */
export async function countInput(house: House, { body, caller: found }: Call<'countResponseInputTokens'>): Promise<number> {
  const caller = found ?? fail('missing_api_key');
  const { model } = await chooseModel(house, caller, { kind: 'chat', model: body.model });
  checkModelAllowed(caller, model);
  const ticket = await house.rates.admit({ caller, tokens: 0 });
  try {
    const { written: { chat } } = await readChat(house, { body, workspaceId: caller.workspaceId, id: house.makeId('resp') });
    return await house.counter.countPrompt(chat);
  } finally {
    ticket?.settle(0);
    ticket?.release();
  }
}
