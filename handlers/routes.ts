/** This file answers the routes operations. */
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, OperationId, Reply } from '../gateway/foundation/operation.ts';
import type { Caller } from '../gateway/foundation/terms.ts';
import { describeRoute, describeRoutes } from '../gateway/relay/describe-route.ts';
import { explain } from '../gateway/relay/explain.ts';
import type { House } from '../gateway/relay/house.ts';
import { putOwnRoute, removeOwnRoute } from '../gateway/relay/own-route.ts';

/** Lists every route and alias the caller can name. */
export async function listRoutes(call: Call<'listRoutes'>, house: House): Promise<Reply<'listRoutes'>> {
  return { status: 200, json: { object: 'list', data: await describeRoutes(house, callerOf(call), house.clock.now()) } };
}

/** Describes one, the workspace's own before any other of its name. */
export async function retrieveRoute(call: Call<'retrieveRoute'>, house: House): Promise<Reply<'retrieveRoute'>> {
  return { status: 200, json: await describeRoute(house, callerOf(call), { id: call.path.route, nowMs: house.clock.now() }) };
}

/** Puts one of the workspace's own. */
export async function putRoute(call: Call<'putRoute'>, house: House): Promise<Reply<'putRoute'>> {
  const { route } = call.path;
  if (call.body.id !== route) fail('invalid_request', { param: 'id', message: `The id in the body is "${call.body.id}", the one in the path "${route}".` });
  const caller = await putOwnRoute(house, callerOf(call), call.body);
  return { status: 200, json: await describeRoute(house, caller, { id: route, nowMs: house.clock.now() }) };
}

/** Takes one of the workspace's own away. */
export async function deleteRoute(call: Call<'deleteRoute'>, house: House): Promise<Reply<'deleteRoute'>> {
  await removeOwnRoute(house, callerOf(call), call.path.route);
  return { status: 200, json: { id: call.path.route, object: 'entry.deleted', deleted: true } };
}

/** Says who would answer a request; asks nobody. */
export async function explainRoute(call: Call<'explainRoute'>, house: House): Promise<Reply<'explainRoute'>> {
  return { status: 200, json: await explain(house, call) };
}

function callerOf(call: Call<OperationId>): Caller {
  return call.caller ?? fail('missing_api_key');
}
