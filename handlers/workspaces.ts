/** This file answers the workspaces operations. */
import type { ReplyCacheSettingChange } from '../generated/client/types.gen.ts';
import { toOwnWorkspace } from '../gateway/access/contract-shapes.ts';
import { changeOwnWorkspace, checkActsIn, listOwnWorkspaces, retrieveOwnWorkspace } from '../gateway/access/workspaces.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, pageOf } from '../gateway/foundation/page.ts';
import type { ReplyCacheSetting } from '../gateway/foundation/reply-cache.ts';
import type { House } from '../gateway/relay/house.ts';

/** Lists the workspaces of the key's user. */
export async function listWorkspaces(call: Call<'listWorkspaces'>, house: House): Promise<Reply<'listWorkspaces'>> {
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  const rows = await listOwnWorkspaces(house, call.caller ?? fail('missing_api_key'), page);
  return { status: 200, json: pageOf(rows, page.limit - 1, { item: toOwnWorkspace, idOf: (row) => row.workspace.id }) };
}

/** Describes one workspace of the key's user. */
export async function retrieveWorkspace(call: Call<'retrieveWorkspace'>, house: House): Promise<Reply<'retrieveWorkspace'>> {
  return { status: 200, json: toOwnWorkspace(await retrieveOwnWorkspace(house, call.caller ?? fail('missing_api_key'), call.path.workspace)) };
}

/** Changes the workspace the call acts in. */
export async function updateWorkspace(call: Call<'updateWorkspace'>, house: House): Promise<Reply<'updateWorkspace'>> {
  const { name, request_bodies: bodies, reply_cache: cache } = call.body;
  const change = {
    ...(name === undefined ? {} : { name }), ...(bodies?.keep === undefined ? {} : { keptBodies: bodies.keep }), ...(bodies?.days === undefined ? {} : { bodyDays: bodies.days }),
    ...(cache === undefined ? {} : { replyCache: cacheChange(cache) }),
  };
  return { status: 200, json: toOwnWorkspace(await changeOwnWorkspace(house, call.caller ?? fail('missing_api_key'), { id: call.path.workspace, change })) };
}

/** Says what is in the reply cache of the workspace the call acts in. */
export async function retrieveCachedReplies(call: Call<'retrieveCachedReplies'>, house: House): Promise<Reply<'retrieveCachedReplies'>> {
  const caller = call.caller ?? fail('missing_api_key');
  checkActsIn(caller, call.path.workspace);
  return { status: 200, json: { object: 'cached_replies', ...await house.replies.measure(caller.workspaceId) } };
}

/** Empties the reply cache of the workspace the call acts in. */
export async function deleteCachedReplies(call: Call<'deleteCachedReplies'>, house: House): Promise<Reply<'deleteCachedReplies'>> {
  const caller = call.caller ?? fail('missing_api_key');
  checkActsIn(caller, call.path.workspace);
  return { status: 200, json: { object: 'cached_replies', deleted: true, count: await house.replies.removeAll(caller.workspaceId) } };
}

function cacheChange({ enabled, ttl_seconds: ttlSeconds, reply_bytes_max: replyBytesMax, bytes_max: bytesMax }: ReplyCacheSettingChange): Partial<ReplyCacheSetting> {
  return {
    ...(enabled === undefined ? {} : { isOn: enabled }), ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    ...(replyBytesMax === undefined ? {} : { replyBytesMax }), ...(bytesMax === undefined ? {} : { bytesMax }),
  };
}
