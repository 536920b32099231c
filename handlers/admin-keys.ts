/** This file answers the operator's operation on keys. */
import { readLimits, toContractKey } from '../gateway/access/contract-shapes.ts';
import * as office from '../gateway/access/workspaces.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { toMs } from '../gateway/foundation/page.ts';
import type { House } from '../gateway/relay/house.ts';

/** Creates a key for any user in a workspace of theirs; the whole of it is in this reply and never again. */
export async function createUserKey(call: Call<'createUserKey'>, house: House): Promise<Reply<'createUserKey'>> {
  const { body } = call;
  const { key, row } = await office.createUserKey(house, {
    userId: body.user,
    workspaceId: body.workspace,
    name: body.name,
    scopes: body.scopes ?? ['inference'],
    models: body.models ?? null,
    limits: readLimits(body.limits),
    expiresMs: body.expires_at == null ? null : toMs(body.expires_at),
  });
  return { status: 201, json: { ...toContractKey(row, house.clock.now()), secret: key } };
}
