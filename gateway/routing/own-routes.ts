/** This file gives the names a workspace has put over those of the installation their meaning. */
import { isJsonObject, parseJson, stringAt } from '../foundation/json-value.ts';
import type { OwnRoute } from '../foundation/own-route.ts';
import type { Catalog } from './catalog.ts';
import { checkCatalogFile } from './catalog-schema.ts';
import type { Meaning } from './entries.ts';
import { meaningOfAlias, meaningOfRoute } from './names.ts';
import { CLIENT_PREFIX, findMeaning } from './resolve.ts';

type Names = ReadonlyMap<string, Meaning>;

/** Whose names they are; the object is the same until something of the workspace changes. */
interface Holder {
  readonly routes: readonly OwnRoute[];
}

/** What was made of a workspace's routes, and over which catalogue. */
const compiled = new WeakMap<Holder, { readonly of: Catalog['names']; readonly names: Names }>();

/** What a name stands for in a workspace: what it has put itself, else what the installation says. Null for nothing. */
export function findNamed(catalog: Catalog, account: Holder, asked: string): Meaning | null {
  if (account.routes.length === 0) return findMeaning(catalog, asked);
  const names = ownNames(catalog, account);
  return names.get(asked) ?? (asked.startsWith(CLIENT_PREFIX) ? names.get(asked.slice(CLIENT_PREFIX.length)) : null) ?? findMeaning(catalog, asked);
}

/** The names a workspace has put itself. One that leads nowhere any more is left out: what it took the place of is in force. */
export function ownNames(catalog: Catalog, account: Holder): Names {
  const known = compiled.get(account);
  if (known?.of === catalog.names) return known.names;
  const names = new Map<string, Meaning>();
  for (const route of account.routes) {
    const meaning = meaningOf(route, catalog);
    if (meaning) names.set(route.id, meaning);
  }
  compiled.set(account, { of: catalog.names, names });
  return names;
}

/** What is said of a route or an alias. */
export interface Said {
  readonly description: string;
  /** What an alias stands for; null of a route. */
  readonly standsFor: string[] | null;
}

/** A name a workspace has put itself: what it stands for there, and what is said of it. */
export interface OwnName extends Said {
  readonly id: string;
  readonly meaning: Meaning;
}

/** The same names with what is said of them, in the order of the workspace's routes. */
export function listOwnNames(catalog: Catalog, account: Holder): OwnName[] {
  const names = ownNames(catalog, account);
  return account.routes.flatMap(({ id, body }) => {
    const meaning = names.get(id);
    return meaning ? [{ id, meaning, ...saidOf(parseJson(body)) }] : [];
  });
}

/** What a route or an alias, as it was put, says of itself. */
export function saidOf(change: unknown): Said {
  const names: unknown = isJsonObject(change) ? change['stands_for'] : undefined;
  if (!Array.isArray(names)) return { description: stringAt(change, 'description') ?? '', standsFor: null };
  const standsFor = names.map(String);
  return { description: `Stands for ${standsFor.join(', ')}.`, standsFor };
}

function meaningOf({ id, body }: OwnRoute, { names, providers }: Catalog): Meaning | null {
  const value = parseJson(body);
  if (!isJsonObject(value)) return null;
  if ('stands_for' in value) {
    const { file } = checkCatalogFile({ aliases: { [id]: value['stands_for'] } });
    return file ? meaningOfAlias(file.aliases?.[id] ?? null, names, providers) : null;
  }
  const [route] = checkCatalogFile({ routes: [value] }).file?.routes ?? [];
  return route ? meaningOfRoute(route, names, providers) : null;
}
