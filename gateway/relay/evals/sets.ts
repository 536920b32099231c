/** This file holds what a member does with eval sets and their prompts: create, list, look at, change and delete them. What is said in them is sealed. */
import type { EvalCheck, EvalItem, EvalPrompt, EvalSet, NewEvalItem } from '../../../generated/client/types.gen.ts';
import { fail } from '../../foundation/errors.ts';
import { toSeconds } from '../../foundation/page.ts';
import type { EvalItemRow, EvalSetRow } from '../../store/eval-row.ts';
import { asStoreRefusal } from '../../store/or-unavailable.ts';
import type { Page } from '../../store/store.ts';
import { faultOfCheck } from './checks.ts';
import { readItemTerms, readSetTerms } from './plan.ts';
import type { ItemTerms, SetTerms } from './plan.ts';
import { itemPlace, setPlace } from './places.ts';
import type { House } from '../house.ts';

/** What sets need of the house. */
export type EvalHouse = Pick<House, 'store' | 'vault' | 'clock' | 'makeId' | 'limits' | 'evals'>;

export interface NewSet {
  readonly name: string;
  readonly description: string | null;
  readonly terms: SetTerms;
}

/** What is to be added: a prompt as it is asked, and where it came from. */
export interface ItemToAdd {
  readonly name: string | null;
  readonly sourceRequest: string | null;
  readonly terms: ItemTerms;
}

/** Creates a set with its first prompts. Refuses checks that can't be used, and a judge's check without a judge, with invalid_request. */
export async function createSet(house: EvalHouse, workspaceId: string, { set, items }: { readonly set: NewSet; readonly items: readonly ItemToAdd[] }): Promise<EvalSet> {
  await checkChecks(house, set.terms.checks, 'checks');
  await checkItems(house, items, 'items');
  const id = house.makeId('eval');
  const nowMs = house.clock.now();
  const { name, description, terms } = set;
  const row: EvalSetRow = {
    id, workspaceId, name, description, items: 0, ...house.vault.seal(JSON.stringify(terms), setPlace({ workspaceId, id })), createdMs: nowMs, changedMs: nowMs,
  };
  await house.store.insertEval(row).catch(asStoreRefusal);
  if (items.length > 0) await insert(house, { workspaceId, setId: id }, items);
  return toSet(house, { ...row, items: items.length });
}

/** Refuses with eval_not_found. */
export async function findSet(house: EvalHouse, workspaceId: string, id: string): Promise<EvalSet> {
  return toSet(house, await findSetRow(house, workspaceId, id));
}

export async function findSetRow({ store }: Pick<EvalHouse, 'store'>, workspaceId: string, id: string): Promise<EvalSetRow> {
  return await store.findEval(workspaceId, id).catch(asStoreRefusal) ?? fail('eval_not_found', { param: 'eval' });
}

/** What a set says of all its prompts. */
export function termsOf({ vault }: Pick<EvalHouse, 'vault'>, row: EvalSetRow): SetTerms {
  return readSetTerms(vault.open(row, setPlace(row)));
}

export async function listSets(house: EvalHouse, workspaceId: string, page: Page): Promise<EvalSet[]> {
  return (await house.store.listEvals(workspaceId, page).catch(asStoreRefusal)).map((row) => toSet(house, row));
}

/** Changes what is named. Runs that have begun go on with what the set was. */
export async function changeSet(house: EvalHouse, { workspaceId, id }: { readonly workspaceId: string; readonly id: string }, change: Partial<Pick<EvalSet, 'name' | 'checks' | 'judge'>> & { readonly description?: string }): Promise<EvalSet> {
  const before = await findSetRow(house, workspaceId, id);
  const { name, description, checks, judge } = change;
  if (checks) await checkChecks(house, checks, 'checks');
  const old = termsOf(house, before);
  const terms: SetTerms = { checks: checks ?? old.checks, judge: judge === undefined ? old.judge : judge };
  const changed = await house.store.changeEval(workspaceId, id, {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(checks === undefined && judge === undefined ? {} : { sealed: house.vault.seal(JSON.stringify(terms), setPlace(before)) }),
    changedMs: house.clock.now(),
  }).catch(asStoreRefusal);
  return toSet(house, changed ?? fail('eval_not_found', { param: 'eval' }));
}

/** Deletes a set with its prompts, runs and results. */
export async function deleteSet({ store }: EvalHouse, workspaceId: string, id: string): Promise<void> {
  if (!await store.deleteEval(workspaceId, id).catch(asStoreRefusal)) fail('eval_not_found', { param: 'eval' });
}

/** Adds prompts, all or none; gives their ids. */
export async function addItems(house: EvalHouse, of: { readonly workspaceId: string; readonly setId: string }, items: readonly ItemToAdd[]): Promise<string[]> {
  await findSetRow(house, of.workspaceId, of.setId);
  await checkItems(house, items, 'items');
  return items.length === 0 ? [] : insert(house, of, items);
}

export async function listItems(house: EvalHouse, { workspaceId, setId }: { readonly workspaceId: string; readonly setId: string }, page: Page): Promise<EvalItem[]> {
  await findSetRow(house, workspaceId, setId);
  return (await house.store.listEvalItems(workspaceId, setId, page).catch(asStoreRefusal)).map((row) => toItem(house, row));
}

export async function deleteItem({ store }: EvalHouse, { workspaceId, setId }: { readonly workspaceId: string; readonly setId: string }, id: string): Promise<void> {
  if (!await store.deleteEvalItem(workspaceId, setId, id).catch(asStoreRefusal)) fail('eval_not_found', { param: 'item' });
}

/** A prompt as the contract has it. Refuses one that has neither or both ways of saying what is asked; `param` is where it stands. */
export function toAdd({ name, prompt, request, checks }: NewEvalItem, param: string): ItemToAdd {
  if ((prompt === undefined) === (request === undefined)) fail('invalid_request', { param, message: 'A prompt has either "prompt" or "request".' });
  const asked: EvalPrompt = request ?? { messages: [{ role: 'user', content: prompt ?? '' }] };
  return { name: name ?? null, sourceRequest: null, terms: { request: asked, checks: checks ?? null } };
}

async function insert({ store, vault, clock, makeId, limits }: EvalHouse, { workspaceId, setId }: { readonly workspaceId: string; readonly setId: string }, items: readonly ItemToAdd[]): Promise<string[]> {
  const nowMs = clock.now();
  // Ids of one moment are in no order: the list is to be in the order they were given.
  const ids = items.map(() => makeId('evitem')).sort();
  const rows: EvalItemRow[] = items.map(({ name, sourceRequest, terms }, at) => {
    const id = ids[at] ?? '';
    return { id, setId, workspaceId, name, sourceRequest, ...vault.seal(JSON.stringify(terms), itemPlace({ workspaceId, setId, id })), createdMs: nowMs };
  });
  const added = await store.insertEvalItems(workspaceId, setId, { items: rows, max: limits.evalItemsMax, nowMs }).catch(asStoreRefusal);
  if (added === 'not_found') fail('eval_not_found', { param: 'eval' });
  if (added === 'too_many') fail('invalid_request', { param: 'items', message: `A set has at most ${limits.evalItemsMax} prompts.` });
  return ids;
}

async function checkItems(house: EvalHouse, items: readonly ItemToAdd[], param: string): Promise<void> {
  for (const [at, { terms: { checks } }] of items.entries()) if (checks) await checkChecks(house, checks, `${param}.${at}.checks`);
}

/** Refuses a check that can't be used, with where it stands. */
async function checkChecks({ evals }: EvalHouse, checks: readonly EvalCheck[], param: string): Promise<void> {
  for (const [at, check] of checks.entries()) {
    const fault = await faultOfCheck(check, evals.thread);
    if (fault !== null) fail('invalid_request', { param: `${param}.${at}`, message: `The check "${check.type}" can't be used: ${fault}` });
  }
}

function toSet({ vault }: Pick<EvalHouse, 'vault'>, row: EvalSetRow): EvalSet {
  const { checks, judge } = termsOf({ vault }, row);
  return {
    id: row.id, object: 'eval', name: row.name, description: row.description, checks: [...checks], judge, items: row.items, created_at: toSeconds(row.createdMs), changed_at: toSeconds(row.changedMs),
  };
}

function toItem({ vault }: Pick<EvalHouse, 'vault'>, row: EvalItemRow): EvalItem {
  const { request, checks } = readItemTerms(vault.open(row, itemPlace(row)));
  return { id: row.id, object: 'eval.item', name: row.name, request, checks: checks && [...checks], source_request: row.sourceRequest, created_at: toSeconds(row.createdMs) };
}
