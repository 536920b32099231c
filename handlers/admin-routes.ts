/** This file answers the operator's operations on the catalogue's routes and aliases. */
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { stampOf } from '../gateway/relay/audit-stamp.ts';
import { describeRoute } from '../gateway/relay/describe-route.ts';
import type { House } from '../gateway/relay/house.ts';

/** Puts a route or an alias for every workspace. */
export async function putRouteEntry(call: Call<'putRouteEntry'>, house: House): Promise<Reply<'putRouteEntry'>> {
  const { route } = call.path;
  if (call.body.id !== route) fail('invalid_request', { param: 'id', message: `The id in the body is "${call.body.id}", the one in the path "${route}".` });
  await house.keeper.put('route', call.body, stampOf(house, call, 'putRouteEntry'));
  const caller = call.caller ?? fail('missing_api_key');
  return { status: 200, json: await describeRoute(house, caller, { id: route, nowMs: house.clock.now(), isOwnToo: false }) };
}

/** Takes away what was put. */
export async function deleteRouteEntry(call: Call<'deleteRouteEntry'>, house: House): Promise<Reply<'deleteRouteEntry'>> {
  const { route } = call.path;
  if (!await house.keeper.remove('route', route, stampOf(house, call, 'putRouteEntry'))) fail('route_not_found', { param: 'route' });
  return { status: 200, json: { id: route, object: 'entry.deleted', deleted: true } };
}
