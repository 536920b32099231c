/** This file answers the responses operations. */
import { resourceOf } from '../gateway/dialects/responses-state.ts';
import { encodeText } from '../gateway/foundation/byte-text.ts';
import { fail } from '../gateway/foundation/errors.ts';
import { stringAt } from '../gateway/foundation/json-value.ts';
import type { JsonObject } from '../gateway/foundation/json-value.ts';
import type { BytesReply, Call, Reply } from '../gateway/foundation/operation.ts';
import { pageOf } from '../gateway/foundation/page.ts';
import { answerInBackground } from '../gateway/relay/answer-in-background.ts';
import { askResponse } from '../gateway/relay/ask-response.ts';
import { countInput } from '../gateway/relay/count-input.ts';
import { followResponse } from '../gateway/relay/follow-response.ts';
import type { House } from '../gateway/relay/house.ts';
import type { FoundTurn } from '../gateway/relay/kept-responses.ts';
import { relay } from '../gateway/relay/relay.ts';

/** Answers as items, or as the events that tell of them; in the background, with what is begun. */
export async function createResponse(call: Call<'createResponse'>, house: House): Promise<Reply<'createResponse'>> {
  if (call.body.background === true) return answerInBackground(house, call);
  return relay(house, call, await askResponse(house, call));
}

/** Gives a kept answer, or the events that tell of it. */
export async function retrieveResponse(call: Call<'retrieveResponse'>, house: House): Promise<Reply<'retrieveResponse'>> {
  const turn = await findTurn(call, house);
  if (call.query.stream === true) return followResponse(house, call, turn);
  if (call.query.starting_after !== undefined) fail('invalid_request', { param: 'starting_after', message: 'An answer as a whole starts nowhere: send stream=true with starting_after.' });
  return jsonBytes(resourceOf(turn));
}

/** Counts what an answer would read. */
export async function countResponseInputTokens(call: Call<'countResponseInputTokens'>, house: House): Promise<Reply<'countResponseInputTokens'>> {
  return { status: 200, json: { object: 'response.input_tokens', input_tokens: await countInput(house, call) } };
}

/** Deletes a kept answer. */
export async function deleteResponse(call: Call<'deleteResponse'>, house: House): Promise<Reply<'deleteResponse'>> {
  const { workspaceId } = call.caller ?? fail('missing_api_key');
  if (!(await house.responses.remove(workspaceId, call.path.response))) fail('response_not_found', { param: 'response' });
  // One that is still being made is nobody's any more.
  house.background.find(workspaceId, call.path.response)?.departure.depart('cancelled');
  return { status: 200, json: { id: call.path.response, object: 'response', deleted: true } };
}

/** Stops an answer that is made in the background. Refuses what is not, and what has ended by itself. */
export async function cancelResponse(call: Call<'cancelResponse'>, house: House): Promise<Reply<'cancelResponse'>> {
  const { workspaceId } = call.caller ?? fail('missing_api_key');
  const { response } = call.path;
  const { resource, progress } = await findTurn(call, house);
  if (resource['background'] !== true) fail('invalid_request', { param: 'response', message: 'Only an answer made in the background can be cancelled. To stop another, close its connection.' });
  if (progress === 'open') {
    await house.responses.cancel(workspaceId, response);
    await house.background.stop(workspaceId, response);
  }
  const turn = await findTurn(call, house);
  const { status } = turn.resource;
  if (status !== 'cancelled') fail('invalid_request', { param: 'response', message: `The answer can't be cancelled any more: its status is ${String(status)}.` });
  return jsonBytes(resourceOf(turn));
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

async function findTurn(call: Call<'retrieveResponse' | 'cancelResponse' | 'listResponseInputItems'>, house: House): Promise<FoundTurn> {
  const { workspaceId } = call.caller ?? fail('missing_api_key');
  return await house.responses.find(workspaceId, call.path.response) ?? fail('response_not_found', { param: 'response' });
}

/** What was kept was made by the contract; nothing proves it anew. */
function jsonBytes(json: JsonObject): BytesReply {
  return { status: 200, bytes: encodeText(JSON.stringify(json)), contentType: 'application/json' };
}
