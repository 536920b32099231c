/** This file answers the operator's operation on the audit log. */
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import type { House } from '../gateway/relay/house.ts';
import { listAuditLog as list } from '../gateway/reporting/audit-log.ts';

/** Lists who changed what, the newest first. */
export async function listAuditLog(call: Call<'listAuditLog'>, house: House): Promise<Reply<'listAuditLog'>> {
  return { status: 200, json: await list(house.store, call.query, house.limits.pageSizeDefault) };
}
