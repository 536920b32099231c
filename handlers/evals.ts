/** This file answers the evals operations. */
import type { AddEvalItemsRequest } from '../generated/client/types.gen.ts';
import { seesOnlyOwn } from '../gateway/access/roles.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, OperationId, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, pageOf } from '../gateway/foundation/page.ts';
import type { ContractPage } from '../gateway/foundation/page.ts';
import type { Caller } from '../gateway/foundation/terms.ts';
import { exportResults } from '../gateway/relay/evals/export.ts';
import { findLogged, pickRequests, readLines } from '../gateway/relay/evals/import.ts';
import type { Picked, PickView } from '../gateway/relay/evals/import.ts';
import * as runs from '../gateway/relay/evals/runs.ts';
import type { OfSet } from '../gateway/relay/evals/runs.ts';
import * as sets from '../gateway/relay/evals/sets.ts';
import type { House } from '../gateway/relay/house.ts';

/** Creates a set, with its first prompts if there are any. */
export async function createEval(call: Call<'createEval'>, house: House): Promise<Reply<'createEval'>> {
  const { name, description, checks, judge, items } = call.body;
  const set = { name, description: description ?? null, terms: { checks: checks ?? [], judge: judge ?? null } };
  const first = (items ?? []).map((item, at) => sets.toAdd(item, `items.${at}`));
  return { status: 201, json: await sets.createSet(house, callerOf(call).workspaceId, { set, items: first }) };
}

/** Lists the sets of the workspace, the newest first. */
export async function listEvals(call: Call<'listEvals'>, house: House): Promise<Reply<'listEvals'>> {
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  const found = await sets.listSets(house, callerOf(call).workspaceId, page);
  return { status: 200, json: pageById(found, page.limit) };
}

/** Describes one set. */
export async function retrieveEval(call: Call<'retrieveEval'>, house: House): Promise<Reply<'retrieveEval'>> {
  return { status: 200, json: await sets.findSet(house, callerOf(call).workspaceId, call.path.eval) };
}

/** Changes what is named of a set. */
export async function updateEval(call: Call<'updateEval'>, house: House): Promise<Reply<'updateEval'>> {
  return { status: 200, json: await sets.changeSet(house, { workspaceId: callerOf(call).workspaceId, id: call.path.eval }, call.body) };
}

/** Deletes a set and all that came of it. */
export async function deleteEval(call: Call<'deleteEval'>, house: House): Promise<Reply<'deleteEval'>> {
  await sets.deleteSet(house, callerOf(call).workspaceId, call.path.eval);
  return { status: 200, json: { id: call.path.eval, object: 'eval.deleted', deleted: true } };
}

/** Lists the prompts of a set, in the order they were added. */
export async function listEvalItems(call: Call<'listEvalItems'>, house: House): Promise<Reply<'listEvalItems'>> {
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  return { status: 200, json: pageById(await sets.listItems(house, ofSet(call), page), page.limit) };
}

/** Adds prompts, and tells which could not be taken. */
export async function addEvalItems(call: Call<'addEvalItems'>, house: House): Promise<Reply<'addEvalItems'>> {
  const of = ofSet(call);
  await sets.findSetRow(house, of.workspaceId, of.setId);
  const picked = await pick(house, viewOf(callerOf(call)), call.body);
  const ids = await sets.addItems(house, of, picked.items);
  return { status: 200, json: { object: 'eval.items.added', added: ids.length, ids, skipped: [...picked.skipped] } };
}

/** Deletes one prompt. */
export async function deleteEvalItem(call: Call<'deleteEvalItem'>, house: House): Promise<Reply<'deleteEvalItem'>> {
  await sets.deleteItem(house, ofSet(call), call.path.item);
  return { status: 200, json: { id: call.path.item, object: 'eval.item.deleted', deleted: true } };
}

/** Begins a run, as the key that asks. */
export async function createEvalRun(call: Call<'createEvalRun'>, house: House): Promise<Reply<'createEvalRun'>> {
  return { status: 201, json: await runs.beginRun(house, callerOf(call), { setId: call.path.eval, body: call.body }) };
}

/** Lists the runs of a set, the newest first. */
export async function listEvalRuns(call: Call<'listEvalRuns'>, house: House): Promise<Reply<'listEvalRuns'>> {
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  return { status: 200, json: pageById(await runs.listRuns(house, ofSet(call), page), page.limit) };
}

/** Describes one run and how far it has come. */
export async function retrieveEvalRun(call: Call<'retrieveEvalRun'>, house: House): Promise<Reply<'retrieveEvalRun'>> {
  return { status: 200, json: await runs.findRun(house, ofSet(call), call.path.run) };
}

/** Stops one. */
export async function cancelEvalRun(call: Call<'cancelEvalRun'>, house: House): Promise<Reply<'cancelEvalRun'>> {
  return { status: 200, json: await runs.cancelRun(house, ofSet(call), call.path.run) };
}

/** Goes on with one that was stopped. */
export async function resumeEvalRun(call: Call<'resumeEvalRun'>, house: House): Promise<Reply<'resumeEvalRun'>> {
  const { budget_nano_usd: budget } = call.body;
  const given = { setId: call.path.eval, id: call.path.run, budgetNanoUsd: budget === undefined ? null : BigInt(budget) };
  return { status: 200, json: await runs.resumeRun(house, callerOf(call), given) };
}

/** Lists results, as far as they are there. */
export async function listEvalResults(call: Call<'listEvalResults'>, house: House): Promise<Reply<'listEvalResults'>> {
  const row = await runs.findRunRow(house, ofSet(call), call.path.run);
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  return { status: 200, json: pageById(await runs.listResults(house, row, page), page.limit) };
}

/** Sums up what is there. */
export async function retrieveEvalSummary(call: Call<'retrieveEvalSummary'>, house: House): Promise<Reply<'retrieveEvalSummary'>> {
  return { status: 200, json: await runs.summariseRun(house, await runs.findRunRow(house, ofSet(call), call.path.run)) };
}

/** Exports all results, as they are read. */
export async function exportEvalResults(call: Call<'exportEvalResults'>, house: House): Promise<Reply<'exportEvalResults'>> {
  const format = call.query.format ?? 'csv';
  const stream = await exportResults(house, await runs.findRunRow(house, ofSet(call), call.path.run), format);
  return { status: 200, stream, bytesCount: null, contentType: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl; charset=utf-8' };
}

/** Of the four ways to say what is to be added, exactly one. */
async function pick(house: House, view: PickView, body: AddEvalItemsRequest): Promise<Picked> {
  const { items, jsonl, requests, filter, checks = null } = body;
  if ([items, jsonl, requests, filter].filter((given) => given !== undefined).length !== 1) {
    fail('invalid_request', { param: 'items', message: 'Send one of "items", "jsonl", "requests" and "filter".' });
  }
  if (jsonl !== undefined) return readLines(jsonl, checks);
  const ids = requests ?? (filter && await findLogged(house, view, { filter, looksMax: house.limits.requestLogLooksMax }));
  if (ids) return pickRequests(house, view, { ids, checks });
  const added = (items ?? []).map((item, at) => sets.toAdd(checks && item.checks === undefined ? { ...item, checks } : item, `items.${at}`));
  return { items: added, skipped: [] };
}

/** Of rows that were read with one more than the page holds. */
function pageById<Item extends { readonly id: string }>(found: readonly Item[], asked: number): ContractPage<Item> {
  return pageOf(found, asked - 1, { item: (item) => item, idOf: ({ id }) => id });
}

function ofSet(call: Call<OperationId> & { readonly path: { readonly eval: string } }): OfSet {
  return { workspaceId: callerOf(call).workspaceId, setId: call.path.eval };
}

/** A plain member picks only of their own requests. */
function viewOf(caller: Caller): PickView {
  return { workspaceId: caller.workspaceId, userId: seesOnlyOwn(caller) ? caller.userId : null };
}

function callerOf({ caller }: Pick<Call<OperationId>, 'caller'>): Caller {
  return caller ?? fail('missing_api_key');
}
