/** This file answers the requests operations. */
import { seesOnlyOwn } from '../gateway/access/roles.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, OperationId, Reply } from '../gateway/foundation/operation.ts';
import type { Price } from '../gateway/foundation/prices.ts';
import type { Caller, SettledRequest } from '../gateway/foundation/terms.ts';
import { priceUsage } from '../gateway/metering/price.ts';
import type { House } from '../gateway/relay/house.ts';
import { checkVisible, writeReceipt } from '../gateway/reporting/receipt.ts';
import type { ReceiptView } from '../gateway/reporting/receipt.ts';
import { exportRequestLog, listRequestLog, toFilter } from '../gateway/reporting/request-log.ts';
import type { LogQuery } from '../gateway/reporting/request-log.ts';
import { findPrice } from '../gateway/routing/find-price.ts';

/** Lists requests: of the whole workspace for a management key (of a plain member: their own), of itself for any other. */
export async function listRequests(call: Call<'listRequests'>, house: House): Promise<Reply<'listRequests'>> {
  const { limit, cursor } = call.query;
  const page = { limit: limit ?? house.limits.pageSizeDefault, cursor, looksMax: house.limits.requestLogLooksMax, clock: house.clock };
  return { status: 200, json: await listRequestLog(house.store, filterOf(call, house), page) };
}

/** Exports what the list shows, as it is read. */
export async function exportRequests(call: Call<'exportRequests'>, house: House): Promise<Reply<'exportRequests'>> {
  const format = call.query.format ?? 'csv';
  const stream = await exportRequestLog(house.store, filterOf(call, house), format);
  return { status: 200, stream, bytesCount: null, contentType: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl; charset=utf-8' };
}

/** Gives the signed receipt of one request. */
export async function retrieveRequest(call: Call<'retrieveRequest'>, house: House): Promise<Reply<'retrieveRequest'>> {
  const parts = { store: house.store, signer: house.vault.receipts, findPrice: (row: SettledRequest) => priceOf(row, house) };
  return { status: 200, json: await writeReceipt(parts, viewOf(callerOf(call)), call.path.request) };
}

/** Gives what was kept of a request's bodies. */
export async function retrieveRequestBody(call: Call<'retrieveRequestBody'>, house: House): Promise<Reply<'retrieveRequestBody'>> {
  const view = viewOf(callerOf(call));
  await checkVisible(house.store, view, call.path.request);
  return { status: 200, json: await house.bodies.find(view.workspaceId, call.path.request) ?? failUnkept() };
}

/** Deletes what was kept of a request's bodies. */
export async function deleteRequestBody(call: Call<'deleteRequestBody'>, house: House): Promise<Reply<'deleteRequestBody'>> {
  const view = viewOf(callerOf(call));
  await checkVisible(house.store, view, call.path.request);
  if (!await house.bodies.remove(view.workspaceId, call.path.request)) failUnkept();
  return { status: 200, json: { id: call.path.request, object: 'request.body', deleted: true } };
}

/** Deletes what was kept of all bodies of the workspace. */
export async function deleteRequestBodies(call: Call<'deleteRequestBodies'>, house: House): Promise<Reply<'deleteRequestBodies'>> {
  return { status: 200, json: { object: 'request.bodies', deleted: true, count: await house.bodies.removeAll(callerOf(call).workspaceId) } };
}

function callerOf(call: Call<OperationId>): Caller {
  return call.caller ?? fail('missing_api_key');
}

function failUnkept(): never {
  fail('request_not_found', { message: 'Nothing is kept of the bodies of this request. A workspace has bodies kept with its setting request_bodies.' });
}

/** Of the whole workspace for a management key, of a plain member their own, of itself for any other key. */
function viewOf(caller: Caller): ReceiptView {
  return {
    workspaceId: caller.workspaceId,
    userId: seesOnlyOwn(caller) ? caller.userId : null,
    keyId: caller.scopes.includes('management') ? null : caller.keyId,
  };
}

function filterOf(call: Call<'listRequests'> | Call<'exportRequests'>, house: House): ReturnType<typeof toFilter> {
  const caller = callerOf(call);
  const query: LogQuery = call.query;
  const view = viewOf(caller);
  if (view.keyId !== null && query.key !== undefined && query.key !== view.keyId) {
    fail('insufficient_scope', { param: 'key', message: 'This key sees only its own requests; a key with the scope management sees the whole workspace.' });
  }
  if (view.userId !== null && query.user !== undefined && query.user !== view.userId) {
    fail('insufficient_role', { param: 'user', message: 'A member sees only their own requests.' });
  }
  return toFilter(query, {
    workspaceId: view.workspaceId, keyId: view.keyId ?? query.key ?? null, userId: view.userId ?? query.user ?? null,
    keptFromMs: Math.max(0, house.clock.now() - house.limits.requestLogRetentionMs),
  });
}

/** The target's price, where it has the version that was charged and still gives that charge: an operator may change a price and keep its version. */
function priceOf({ model, target, usage, charge, basis }: SettledRequest, house: House): Price | null {
  const price = findPrice(house.catalog, model, target);
  if (price?.version !== charge.priceVersion) return null;
  return basis === 'none' || priceUsage(usage, price).nanoUsd === charge.nanoUsd ? price : null;
}
