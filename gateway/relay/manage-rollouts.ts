/** This file begins, changes and ends rollouts, and brings them into force. */
import type { CreateRolloutRequest, Rollout, UpdateRolloutRequest } from '../../generated/client/types.gen.ts';
import { fail } from '../foundation/errors.ts';
import { toSeconds } from '../foundation/page.ts';
import type { ContractPage } from '../foundation/page.ts';
import { pageOf } from '../foundation/page.ts';
import type { Catalog } from '../routing/catalog.ts';
import type { Meaning } from '../routing/entries.ts';
import { findMeaning } from '../routing/resolve.ts';
import { leadsSomewhere, wholeName } from '../routing/rollouts.ts';
import type { AuditStamp } from '../store/audit-row.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { RolloutChange, RolloutPage, RolloutRow, RolloutTerms } from '../store/rollout-row.ts';
import type { House } from './house.ts';

type Rolling = Pick<House, 'catalog' | 'keeper' | 'store' | 'clock' | 'makeId'>;

/** What shadow traffic may cost in a day where nothing is said: 5 USD. */
const SHADOW_DAILY_DEFAULT = 5_000_000_000n;

/** Begins a rollout. Refuses with invalid_request what leads nowhere, and with rollout_in_force a second one for a name. */
export async function createRollout(house: Rolling, body: CreateRolloutRequest, by: AuditStamp): Promise<Rollout> {
  checkNames(house.catalog, body);
  await checkKeys(house, body.keys ?? []);
  const row: RolloutRow = {
    id: house.makeId('roll'), name: body.model, state: 'running', createdMs: by.atMs, changedMs: by.atMs, promotedMs: null,
    terms: {
      candidate: body.candidate, percentage: body.percentage ?? 0, keys: body.keys ?? [], shadowPercentage: body.shadow?.percentage ?? 0,
      shadowDailyNanoUsd: body.shadow?.daily_limit_nano_usd === undefined ? SHADOW_DAILY_DEFAULT : BigInt(body.shadow.daily_limit_nano_usd),
    },
  };
  if (!await orUnavailable(house.store.createRollout(row, by))) fail('rollout_in_force', { param: 'model', message: `Another rollout is running for "${body.model}".` });
  await house.keeper.reload();
  return toRollout(house.catalog, row);
}

/** Gives one. Refuses with rollout_not_found. */
export async function findRollout(house: Pick<Rolling, 'store' | 'catalog'>, id: string): Promise<Rollout> {
  return toRollout(house.catalog, await rowOf(house, id));
}

/** The row of one. Refuses with rollout_not_found. */
export async function rowOf({ store }: Pick<Rolling, 'store'>, id: string): Promise<RolloutRow> {
  return await orUnavailable(store.findRollout(id)) ?? failNotFound();
}

/** A page of them, the newest first; `limit` is one more than is shown. */
export async function listRollouts({ store, catalog }: Pick<Rolling, 'store' | 'catalog'>, page: RolloutPage): Promise<ContractPage<Rollout>> {
  return pageOf(await orUnavailable(store.listRollouts(page)), page.limit - 1, { item: (row) => toRollout(catalog, row), idOf: ({ id }) => id });
}

/** Changes who gets the candidate. Refuses with rollout_not_found, with rollout_over, and with invalid_request a key that is not there. */
export async function updateRollout(house: Rolling, { id, body, by }: { readonly id: string; readonly body: UpdateRolloutRequest; readonly by: AuditStamp }): Promise<Rollout> {
  await checkKeys(house, body.keys ?? []);
  const terms: { -readonly [Name in keyof RolloutTerms]?: RolloutTerms[Name] } = {};
  if (body.percentage !== undefined) terms.percentage = body.percentage;
  if (body.keys !== undefined) terms.keys = body.keys;
  if (body.shadow?.percentage !== undefined) terms.shadowPercentage = body.shadow.percentage;
  if (body.shadow?.daily_limit_nano_usd !== undefined) terms.shadowDailyNanoUsd = BigInt(body.shadow.daily_limit_nano_usd);
  return changeRollout(house, { id, change: { kind: 'change', terms }, by });
}

/** Promotes a candidate, or rolls back. Refuses with rollout_not_found, and with rollout_over what was rolled back before. */
export async function changeRollout(house: Rolling, { id, change, by }: { readonly id: string; readonly change: RolloutChange; readonly by: AuditStamp }): Promise<Rollout> {
  const answer = await orUnavailable(house.store.changeRollout(id, change, by));
  switch (answer.kind) {
    case 'not_found': return failNotFound();
    case 'over': return fail('rollout_over', { param: 'rollout', message: `This rollout was ${answer.row.state === 'promoted' ? 'promoted' : 'rolled back'}: begin another.` });
    case 'changed':
      await house.keeper.reload();
      return toRollout(house.catalog, answer.row);
    default: return answer satisfies never;
  }
}

/** Ends and forgets one. Refuses with rollout_not_found, and with rollout_in_force one that is promoted. */
export async function deleteRollout(house: Rolling, id: string, by: AuditStamp): Promise<void> {
  const how = await orUnavailable(house.store.deleteRollout(id, by));
  if (how === 'not_found') failNotFound();
  if (how === 'promoted') fail('rollout_in_force', { param: 'rollout', message: 'This rollout was promoted: callers would be sent back by deleting it. Roll it back first.' });
  await house.keeper.reload();
}

function failNotFound(): never {
  return fail('rollout_not_found', { param: 'rollout' });
}

function checkNames(catalog: Catalog, { model, candidate }: Pick<CreateRolloutRequest, 'model' | 'candidate'>): void {
  const old = known(catalog, 'model', model);
  const fresh = known(catalog, 'candidate', candidate);
  const whole = wholeName(fresh);
  if (model === candidate || (whole !== null && whole === wholeName(old))) fail('invalid_request', { param: 'candidate', message: `"${candidate}" is what answers "${model}" now.` });
  if (fresh.targets.length === 0) fail('invalid_request', { param: 'candidate', message: `"${candidate}" can't be called from here: ${fresh.missing.length === 0 ? 'none of its providers is configured' : `set ${fresh.missing.join(' or ')}`}.` });
}

function known(catalog: Catalog, param: 'model' | 'candidate', name: string): Meaning {
  const meaning = findMeaning(catalog, name);
  if (meaning && leadsSomewhere(meaning)) return meaning;
  return fail('invalid_request', { param, message: `There is no model, route or alias "${name}".` });
}

async function checkKeys({ store }: Pick<Rolling, 'store'>, keys: readonly string[]): Promise<void> {
  const found = await Promise.all(keys.map((key) => orUnavailable(store.findKey(key))));
  const missing = keys.filter((_, at) => found[at] === null);
  if (missing.length > 0) fail('invalid_request', { param: 'keys', message: `There is no key ${missing.join(', ')}.` });
}

function toRollout(catalog: Catalog, { id, name, state, terms, createdMs, changedMs, promotedMs }: RolloutRow): Rollout {
  const candidate = findMeaning(catalog, terms.candidate);
  return {
    id, object: 'rollout', model: name, candidate: terms.candidate, state, percentage: terms.percentage, keys: [...terms.keys],
    shadow: { percentage: terms.shadowPercentage, daily_limit_nano_usd: terms.shadowDailyNanoUsd.toString() },
    available: candidate !== null && candidate.targets.length > 0,
    created_at: toSeconds(createdMs), changed_at: toSeconds(changedMs), promoted_at: promotedMs === null ? null : toSeconds(promotedMs),
  };
}
