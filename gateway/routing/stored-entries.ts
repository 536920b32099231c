/** This file lays what operators have put over the catalogue of the program and the file, and leaves out what does not fit any more. */
import type { CatalogData, CatalogFile } from '../../generated/catalog-types.ts';
import type { Environment } from '../foundation/config.ts';
import { isJsonObject } from '../foundation/json-value.ts';
import type { CatalogEntryRow } from '../store/store.ts';
import { checkCatalogFile } from './catalog-schema.ts';
import type { Mistake } from './mistake.ts';
import { applyChanges } from './operator-file.ts';
import { EnvironmentMistake, resolveProvider } from './providers.ts';

/** An entry as it is stored, or is about to be. */
export type StoredEntry = Pick<CatalogEntryRow, 'kind' | 'id' | 'body'>;

/** An entry that can't be used, and why. */
export interface LeftOut {
  readonly entry: StoredEntry;
  readonly mistakes: readonly string[];
}

/** Which list of the catalogue entries of a kind belong to. */
export const LISTS = { plan: 'plans', model: 'models', provider: 'providers', route: 'routes' } as const satisfies Record<CatalogEntryRow['kind'], keyof CatalogFile>;

/** Variables of the gateway itself: who names them in an entry would have their values sent away. */
const OWN_VARIABLE = /^(?:INTERLINE|STRIPE)_/;

interface Change {
  readonly entry: StoredEntry;
  readonly file: CatalogFile;
}

/** Lays entries over a catalogue, all at once or, where some don't fit, as many as do. Never throws for what is stored. */
export function layOver(base: CatalogData, entries: readonly StoredEntry[], environment: Environment): { readonly rows: CatalogData; readonly leftOut: readonly LeftOut[] } {
  const changes: Change[] = [];
  const leftOut: LeftOut[] = [];
  for (const entry of entries) {
    const read = readEntry(entry);
    if (read.file) changes.push({ entry, file: read.file });
    else leftOut.push({ entry, mistakes: read.mistakes });
  }
  let fitted = fit({ rows: base, left: changes.map((change) => ({ change, mistakes: [] })) }, environment);
  // Entries stand on each other in any order, so those that did not fit are tried again as long as others do.
  for (let before = changes.length; fitted.left.length > 0 && fitted.left.length < before;) {
    before = fitted.left.length;
    fitted = fit(fitted, environment);
  }
  return { rows: fitted.rows, leftOut: [...leftOut, ...fitted.left.map(({ change, mistakes }) => ({ entry: change.entry, mistakes }))] };
}

interface Fitted {
  readonly rows: CatalogData;
  readonly left: readonly { readonly change: Change; readonly mistakes: readonly string[] }[];
}

/** All together, or by halves: of many entries a few that are broken are found in a few tries. */
function fit({ rows, left }: Fitted, environment: Environment): Fitted {
  const tried = tryOn(rows, join(left.map(({ change }) => change)), environment);
  if (tried.mistakes.length === 0) return { rows: tried.rows, left: [] };
  if (left.length <= 1) return { rows, left: left.map(({ change }) => ({ change, mistakes: tried.mistakes })) };
  const middle = Math.ceil(left.length / 2);
  const first = fit({ rows, left: left.slice(0, middle) }, environment);
  const second = fit({ rows: first.rows, left: left.slice(middle) }, environment);
  return { rows: second.rows, left: [...first.left, ...second.left] };
}

function tryOn(base: CatalogData, file: CatalogFile, environment: Environment): { readonly rows: CatalogData; readonly mistakes: readonly string[] } {
  const { catalog, mistakes } = applyChanges(base, file);
  const changed = new Set((file.providers ?? []).map(({ id }) => id));
  const unusable = catalog.providers.filter(({ id }) => changed.has(id)).flatMap((row) => {
    try {
      resolveProvider(row, environment);
      return [];
    } catch (mistake) {
      if (!(mistake instanceof EnvironmentMistake)) throw mistake;
      return [mistake.message];
    }
  });
  return { rows: catalog, mistakes: [...mistakes, ...unusable] };
}

type ReadEntry = { readonly file: CatalogFile } | { readonly file: null; readonly mistakes: readonly string[] };

function readEntry({ kind, id, body }: StoredEntry): ReadEntry {
  let value: unknown;
  try {
    value = JSON.parse(body ?? 'null');
  } catch {
    return { file: null, mistakes: ['it is not JSON'] };
  }
  const checked = checkCatalogFile(kind === 'route' && isJsonObject(value) && 'stands_for' in value
    ? { aliases: { [id]: value['stands_for'] } }
    : { [LISTS[kind]]: [value] });
  if (checked.file === null) return { file: null, mistakes: checked.mistakes.map(sayInside) };
  const named = namedIn(checked.file);
  if ((named.id ?? (isJsonObject(value) ? value['id'] : null)) !== id) return { file: null, mistakes: [`id: expected ${id}`] };
  const forbidden = named.variables.filter((name) => OWN_VARIABLE.test(name));
  if (forbidden.length > 0) return { file: null, mistakes: forbidden.map((name) => `expected a variable that is not the gateway's own, not ${name}`) };
  return { file: checked.file };
}

/** The list and the place in it are not the operator's. */
function sayInside({ path, expected }: Mistake): string {
  const [, , ...inside] = path;
  return `${inside.length === 0 ? '' : `${inside.join('.')}: `}expected ${expected}`;
}

function namedIn({ plans = [], models = [], providers = [], routes = [] }: CatalogFile): { readonly id: string | undefined; readonly variables: readonly string[] } {
  const variables = providers.flatMap(({ key_env: keys, base_url_env: address, headers = {} }) => [
    ...(keys ?? []), ...(address === null || address === undefined ? [] : [address]), ...Object.values(headers).flatMap((text) => [...text.matchAll(/\$\{([^}]*)\}/g)].map(([, name = '']) => name)),
  ]);
  return { id: [...plans, ...models, ...providers, ...routes][0]?.id, variables };
}

/** Each id is there once, so what is joined is what each entry says. */
function join(changes: readonly Change[]): CatalogFile {
  return {
    plans: changes.flatMap(({ file }) => file.plans ?? []),
    models: changes.flatMap(({ file }) => file.models ?? []),
    providers: changes.flatMap(({ file }) => file.providers ?? []),
    routes: changes.flatMap(({ file }) => file.routes ?? []),
    aliases: Object.fromEntries(changes.flatMap(({ file }) => Object.entries(file.aliases ?? {}))),
  };
}
