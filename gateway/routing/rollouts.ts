/** This file says what is being rolled out under which name, over the catalogue as it is now. */
import type { Account } from '../foundation/terms.ts';
import type { RolloutRow } from '../store/rollout-row.ts';
import type { Catalog } from './catalog.ts';
import type { Meaning } from './entries.ts';
import { ownNames } from './own-routes.ts';
import { CLIENT_PREFIX, findMeaning } from './resolve.ts';
import { NO_ROLLOUTS } from './rollout-table.ts';
import type { NamedRollouts, RolloutTable } from './rollout-table.ts';

/** Makes the table; those whose candidate leads nowhere any more are left out, and told. Later promotions go before earlier ones. */
export function compileRollouts(rows: readonly RolloutRow[], catalog: Catalog, onLeftOut: (row: RolloutRow) => void): RolloutTable {
  if (rows.length === 0) return NO_ROLLOUTS;
  const table = new Map<string, NamedRollouts>();
  const inTurn = [...rows].sort((one, other) => (one.promotedMs ?? 0) - (other.promotedMs ?? 0) || (one.id < other.id ? -1 : 1));
  for (const row of inTurn) {
    const candidate = findMeaning(catalog, row.terms.candidate);
    if (!candidate || !leadsSomewhere(candidate)) {
      onLeftOut(row);
      continue;
    }
    const known = table.get(row.name) ?? { promoted: null, running: null };
    table.set(row.name, row.state === 'promoted' ? { ...known, promoted: candidate } : { ...known, running: { id: row.id, terms: row.terms, candidate } });
  }
  return table;
}

/** True for a name that stands for a model or a route, whether or not it can be called. */
export function leadsSomewhere({ entry, terms }: Meaning): boolean {
  return entry !== null || terms !== undefined;
}

/**
 * What is rolled out under the name a caller wrote: under that very name, or under that of the route or the model it leads to. Null for nearly every
 * request; also for a name the workspace has put itself, and for one that picks a target.
 */
export function findRollouts(catalog: Catalog, account: Pick<Account, 'routes'>, named: { readonly asked: string; readonly meaning: Meaning }): NamedRollouts | null {
  const { rollouts } = catalog;
  if (rollouts.size === 0) return null;
  const { asked, meaning } = named;
  const bare = asked.startsWith(CLIENT_PREFIX) ? asked.slice(CLIENT_PREFIX.length) : asked;
  if (account.routes.length > 0) {
    const own = ownNames(catalog, account);
    if (own.has(asked) || own.has(bare)) return null;
  }
  const whole = wholeName(meaning);
  return rollouts.get(asked) ?? rollouts.get(bare) ?? (whole === null ? null : rollouts.get(whole) ?? null);
}

/** The route or the model that a name stands for as a whole. */
export function wholeName({ terms, entry, targets }: Meaning): string | null {
  if (terms) return terms.id;
  return entry && targets === entry.targets ? entry.row.id : null;
}
