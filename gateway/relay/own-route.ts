/** This file puts and takes away the routes and aliases of a workspace's own. */
import type { RouteChange } from '../../generated/client/types.gen.ts';
import { fail } from '../foundation/errors.ts';
import type { Caller } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { House } from './house.ts';

/** Routes and aliases one workspace may have: each is read with every key of it. */
const ROUTES_MAX = 100;

/**
 * Puts a route; gives the caller as its workspace is afterwards. Refuses with invalid_request what leads nowhere, and more routes than a workspace may
 * have.
 */
export async function putOwnRoute(house: Pick<House, 'keeper' | 'store' | 'authenticator' | 'clock'>, caller: Caller, change: RouteChange): Promise<Caller> {
  const faults = house.keeper.faultsOfRoute(change);
  if (faults.length > 0) fail('invalid_request', { message: `It can't be put: ${faults.join('; ')}.` });
  const { account } = caller;
  const others = account.routes.filter(({ id }) => id !== change.id);
  if (others.length >= ROUTES_MAX) fail('invalid_request', { message: `A workspace has at most ${ROUTES_MAX} routes and aliases of its own.` });
  const put = { id: change.id, body: JSON.stringify(change) };
  await orUnavailable(house.store.putWorkspaceRoute(account.workspaceId, put.id, { body: put.body, changedMs: house.clock.now() }));
  house.authenticator.noteChange();
  return { ...caller, account: { ...account, routes: [...others, put] } };
}

/** Takes a route away. Refuses with route_not_found. */
export async function removeOwnRoute(house: Pick<House, 'store' | 'authenticator'>, caller: Caller, id: string): Promise<void> {
  const isGone = await orUnavailable(house.store.deleteWorkspaceRoute(caller.workspaceId, id));
  house.authenticator.noteChange();
  if (!isGone) fail('route_not_found', { param: 'route' });
}
