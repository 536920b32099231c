/** This file answers the responses operations. */
import { resourceOf } from '../gateway/dialects/responses-state.ts';
import type { KeptTurn } from '../gateway/dialects/responses-state.ts';
import { encodeText } from '../gateway/foundation/byte-text.ts';
import { fail } from '../gateway/foundation/errors.ts';
import { stringAt } from '../gateway/foundation/json-value.ts';
import type { JsonObject } from '../gateway/foundation/json-value.ts';
import type { BytesReply, Call, Reply } from '../gateway/foundation/operation.ts';
import { pageOf } from '../gateway/foundation/page.ts';
import { askResponse } from '../gateway/relay/ask-response.ts';
import type { House } from '../gateway/relay/house.ts';
import { relay } from '../gateway/relay/relay.ts';

/** Answers as items, or as the events that tell of them. */
export async function createResponse(call: Call<'createResponse'>, house: House): Promise<Reply<'createResponse'>> {
  return relay(house, call, await askResponse(house, call));
}

/** Gives a kept answer. */
export async function retrieveResponse(call: Call<'retrieveResponse'>, house: House): Promise<Reply<'retrieveResponse'>> {
  return jsonBytes(resourceOf(await findTurn(call, house)));
}

/** Deletes a kept answer. */
export async function deleteResponse(call: Call<'deleteResponse'>, house: House): Promise<Reply<'deleteResponse'>> {
  const { workspaceId } = call.caller ?? fail('missing_api_key');
  if (!(await house.responses.remove(workspaceId, call.path.response))) fail('response_not_found', { param: 'response' });
  return { status: 200, json: { id: call.path.response, object: 'response', deleted: true } };
}

/** Refuses: whatever is kept is done already. */
export async function cancelResponse(call: Call<'cancelResponse'>, house: House): Promise<Reply<'cancelResponse'>> {
  await findTurn(call, house);
  return fail('invalid_request', { param: 'response', message: 'Only an answer made in the background can be cancelled, and the gateway makes none.' });
}

/** Lists what was sent for a kept answer. */
export async function listResponseInputItems(call: Call<'listResponseInputItems'>, house: House): Promise<Reply<'listResponseInputItems'>> {
  const { input } = await findTurn(call, house);
  const { limit = house.limits.pageSizeDefault, order = 'desc', after } = call.query;
  const items = order === 'asc' ? input : [...input].reverse();
  const start = after === undefined ? 0 : items.findIndex((item) => item['id'] === after) + 1;
  if (after !== undefined && start === 0) fail('invalid_request', { param: 'after', message: 'There is no such item in this answer\'s input.' });
  const page = pageOf(items.slice(start, start + limit + 1), limit, { item: (item) => item, idOf: (item) => stringAt(item, 'id') ?? '' });
  return jsonBytes({ ...page, first_id: page.first_id ?? '', last_id: page.last_id ?? '' });
}

async function findTurn(call: Call<'retrieveResponse' | 'cancelResponse' | 'listResponseInputItems'>, house: House): Promise<KeptTurn> {
  const { workspaceId } = call.caller ?? fail('missing_api_key');
  return await house.responses.find(workspaceId, call.path.response) ?? fail('response_not_found', { param: 'response' });
}

/** What was kept was made by the contract; nothing proves it anew. */
function jsonBytes(json: JsonObject): BytesReply {
  return { status: 200, bytes: encodeText(JSON.stringify(json)), contentType: 'application/json' };
}
