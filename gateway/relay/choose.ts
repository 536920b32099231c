/** This file chooses the targets of a call: the operator's, or those the workspace's own provider keys reach. */
import type { Caller } from '../foundation/terms.ts';
import { chooseOwn } from '../routing/own-targets.ts';
import { findMeaning, resolve } from '../routing/resolve.ts';
import type { Candidate } from './admit.ts';
import type { House } from './house.ts';

/** The targets of a call, and which model it is. */
export interface Choice extends Candidate {
  /** The public id of the model that answers. */
  readonly model: string;
}

/** Chooses by the name the caller wrote. Throws a Refusal: model_not_found, or model_not_available. */
export function chooseTargets(house: House, caller: Caller, asked: string): Choice | Promise<Choice> {
  const keys = house.ownKeys.open(caller.account);
  if (keys instanceof Promise) return keys.then((opened) => choose(house, asked, opened));
  return choose(house, asked, keys);
}

function choose({ catalog }: House, asked: string, keys: Awaited<ReturnType<House['ownKeys']['open']>>): Choice {
  if (keys.length > 0) {
    const meaning = findMeaning(catalog, asked);
    const own = meaning && chooseOwn(catalog, meaning, keys);
    if (own) {
      const { row } = own.entry;
      return { model: row.id, targets: own.targets, tier: row.tier, maxOutputTokens: row.max_output_tokens, isOwnKey: true };
    }
  }
  const { model, targets, row } = resolve(catalog, asked);
  return { model, targets, tier: row.tier, maxOutputTokens: row.max_output_tokens, isOwnKey: false };
}
