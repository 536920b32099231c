/** This file keeps the catalogue current: what is built in, the operator's file, and over both what operators put there while the gateway runs. */
import type { CatalogData, CatalogFile, CatalogModel, CatalogModelChange, CatalogPlan, CatalogProvider, CatalogProviderChange } from '../../generated/catalog-types.ts';
import type { Environment } from '../foundation/config.ts';
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { CatalogEntryRow, Store } from '../store/store.ts';
import { buildCatalog } from './catalog.ts';
import type { Catalog, LoadedCatalog } from './catalog.ts';
import { applyChanges } from './operator-file.ts';

/** Where an entry comes from. */
export type EntrySource = 'built_in' | 'file' | 'api';

/** What may be put, by kind. */
export interface EntryChange {
  readonly plan: CatalogPlan;
  readonly model: CatalogModelChange;
  readonly provider: CatalogProviderChange;
}

/** What is there, by kind. */
export interface Entry {
  readonly plan: CatalogPlan;
  readonly model: CatalogModel;
  readonly provider: CatalogProvider;
}

export type EntryKind = keyof Entry;

export interface CatalogKeeper {
  /** One object for good; what is in it changes. */
  readonly catalog: Catalog;
  /** A plan as it stands; null when there is none. `revision` advances with every change of it. */
  findPlan(id: string): { readonly plan: CatalogPlan; readonly revision: number } | null;
  /** Every entry of a kind with its source, in the catalogue's order. */
  list<Kind extends EntryKind>(kind: Kind): { readonly entry: Entry[Kind]; readonly source: EntrySource }[];
  /** Puts an entry over what is beneath. Refuses with invalid_request, naming what would not fit. */
  put<Kind extends EntryKind>(kind: Kind, change: EntryChange[Kind]): Promise<void>;
  /** Takes away what was put; false when there is no such entry. Refuses with entry_is_built_in, and with invalid_request when others stand on it. */
  remove(kind: EntryKind, id: string): Promise<boolean>;
  /** True when the program or the file has an entry of this id. */
  isBeneath(kind: EntryKind, id: string): boolean;
  /** Reads what others have put. */
  reload(): Promise<void>;
}

export interface KeeperParts {
  readonly loaded: LoadedCatalog;
  readonly environment: Environment;
  readonly store: Pick<Store, 'listCatalogEntries' | 'putCatalogEntry' | 'deleteCatalogEntry' | 'onForeignChange'>;
  readonly clock: Clock;
  readonly log: Log;
}

const LISTS = { plan: 'plans', model: 'models', provider: 'providers' } as const;

/** Reads what was put before and keeps the catalogue current from then on. */
export async function createCatalogKeeper(parts: KeeperParts): Promise<CatalogKeeper> {
  const { loaded, store, log } = parts;
  const catalog: Catalog = { ...loaded.catalog };
  let entries: readonly CatalogEntryRow[] = [];
  let rows = loaded.rows;

  const use = (read: readonly CatalogEntryRow[]): void => {
    const applied = applyEntries(loaded.rows, read, log);
    entries = read;
    rows = applied;
    Object.assign(catalog, buildCatalog(applied, parts.environment), { discovered: catalog.discovered });
  };
  const reload = async (): Promise<void> => { use(await orUnavailable(store.listCatalogEntries())); };
  const isPut = (kind: EntryKind, id: string): boolean => entries.some((entry) => entry.kind === kind && entry.id === id);
  const sourceOf = (kind: EntryKind, id: string): EntrySource => {
    if (isPut(kind, id)) return 'api';
    return (loaded.file?.[LISTS[kind]] ?? []).some((entry) => entry.id === id) ? 'file' : 'built_in';
  };

  use(await store.listCatalogEntries());
  store.onForeignChange((clock) => {
    if (clock === 'catalog') reload().catch((error: unknown) => { log.error({ error }, 'the catalogue could not be read again'); });
  });
  return {
    catalog,
    findPlan(id) {
      const plan = catalog.plans.find((candidate) => candidate.id === id);
      if (!plan) return null;
      return { plan, revision: entries.find((entry) => entry.kind === 'plan' && entry.id === id)?.revision ?? 0 };
    },
    list: (kind) => entriesOf(rows, kind).map((entry) => ({ entry, source: sourceOf(kind, entry.id) })),
    async put(kind, change) {
      await reload();
      const others = entries.filter((entry) => entry.kind !== kind || entry.id !== change.id);
      const { mistakes } = applyChanges(applyEntries(loaded.rows, others, log), asFile(kind, change));
      if (mistakes.length > 0) fail('invalid_request', { message: `It can't be put: ${mistakes.join('; ')}.` });
      await orUnavailable(store.putCatalogEntry({ kind, id: change.id, body: JSON.stringify(change), changedMs: parts.clock.now() }));
      await reload();
    },
    async remove(kind, id) {
      await reload();
      if (!isPut(kind, id)) return entriesOf(rows, kind).some((entry) => entry.id === id) ? fail('entry_is_built_in') : false;
      const others = entries.filter((entry) => entry.kind !== kind || entry.id !== id);
      const { mistakes } = applyChanges(applyEntries(loaded.rows, others, log), {});
      if (mistakes.length > 0) fail('invalid_request', { message: `It can't be deleted: ${mistakes.join('; ')}.` });
      await orUnavailable(store.deleteCatalogEntry(kind, id));
      await reload();
      return true;
    },
    isBeneath: (kind, id) => entriesOf(loaded.rows, kind).some((entry) => entry.id === id),
    reload,
  };
}

function entriesOf<Kind extends EntryKind>(rows: CatalogData, kind: Kind): readonly Entry[Kind][];
function entriesOf(rows: CatalogData, kind: EntryKind): readonly Entry[EntryKind][] {
  return rows[LISTS[kind]];
}

/** Applies entries one after the other, providers before the models that need them; one that does not fit any more is left out, and said so. */
function applyEntries(base: CatalogData, entries: readonly CatalogEntryRow[], log: Log): CatalogData {
  const order: readonly EntryKind[] = ['provider', 'model', 'plan'];
  const sorted = order.flatMap((kind) => entries.filter((entry) => entry.kind === kind));
  let rows = base;
  for (const { kind, id, body } of sorted) {
    const { catalog, mistakes } = readChange(rows, kind, body);
    if (mistakes.length > 0) log.error({ kind, id, mistakes }, 'a stored entry of the catalogue is left out');
    else rows = catalog;
  }
  return rows;
}

function readChange(rows: CatalogData, kind: EntryKind, body: string | null): { readonly catalog: CatalogData; readonly mistakes: readonly string[] } {
  try {
    const change: unknown = JSON.parse(body ?? 'null');
    return isChange(change) ? applyChanges(rows, asFile(kind, change)) : { catalog: rows, mistakes: ['it is no entry'] };
  } catch (error) {
    return { catalog: rows, mistakes: [String(error)] };
  }
}

/** What was put was validated by the contract then; here it only has to be an entry at all. */
function isChange(value: unknown): value is EntryChange[EntryKind] {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
}

function asFile(kind: EntryKind, change: EntryChange[EntryKind]): CatalogFile;
function asFile(kind: EntryKind, change: object): object {
  return { [LISTS[kind]]: [change] };
}
