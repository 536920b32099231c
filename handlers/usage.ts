/** This file answers the usage operations. */
import { seesOnlyOwn } from '../gateway/access/roles.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import type { House } from '../gateway/relay/house.ts';
import { listUsage as listUsageRows } from '../gateway/reporting/usage.ts';

const MS_PER_SECOND = 1000;

/** Lists usage: of the whole workspace for a management key (of a plain member: their own), of itself for any other. */
export async function listUsage(call: Call<'listUsage'>, house: House): Promise<Reply<'listUsage'>> {
  const caller = call.caller ?? fail('missing_api_key');
  const { query } = call;
  const seesWorkspace = caller.scopes.includes('management');
  if (!seesWorkspace && query.key !== undefined && query.key !== caller.keyId) {
    fail('insufficient_scope', { param: 'key', message: 'This key sees only its own usage; a key with the scope management sees the whole workspace.' });
  }
  if (query.user !== undefined && query.user !== caller.userId && seesOnlyOwn(caller)) {
    fail('insufficient_role', { param: 'user', message: 'A member sees only their own usage.' });
  }
  const filter = {
    workspaceId: caller.workspaceId,
    keyId: seesWorkspace ? query.key ?? null : caller.keyId,
    userId: seesOnlyOwn(caller) ? caller.userId : query.user ?? null,
    model: query.model ?? null,
    fromMs: query.from === undefined ? null : query.from * MS_PER_SECOND,
    toMs: query.to === undefined ? null : query.to * MS_PER_SECOND,
  };
  const page = { limit: query.limit ?? house.limits.pageSizeDefault, after: query.after ?? null };
  return { status: 200, json: await listUsageRows(house.store, filter, page) };
}
