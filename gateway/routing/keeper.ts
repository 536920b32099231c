/** This file keeps the catalogue current: what is built in, the operator's file, and over both what operators put there while the gateway runs. */
import { createHash } from 'node:crypto';
import type { CatalogData, CatalogModel, CatalogModelChange, CatalogPlan, CatalogProvider, CatalogProviderChange } from '../../generated/catalog-types.ts';
import type { RouteChange } from '../../generated/client/types.gen.ts';
import type { Environment } from '../foundation/config.ts';
import type { Clock } from '../foundation/clock.ts';
import { fail } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { AuditStamp } from '../store/audit-row.ts';
import type { CatalogEntryRow, Store } from '../store/store.ts';
import { buildCatalog } from './catalog.ts';
import type { Catalog, LoadedCatalog } from './catalog.ts';
import { namesOf } from './references.ts';
import { compileRollouts } from './rollouts.ts';
import { LISTS, layOver } from './stored-entries.ts';
import type { LeftOut, StoredEntry } from './stored-entries.ts';

/** Where an entry comes from. */
export type EntrySource = 'built_in' | 'file' | 'api';

/** What may be put, by kind. */
export interface EntryChange {
  readonly plan: CatalogPlan;
  readonly model: CatalogModelChange;
  readonly provider: CatalogProviderChange;
  readonly route: RouteChange;
}

/** What is there, by kind. */
export interface Entry {
  readonly plan: CatalogPlan;
  readonly model: CatalogModel;
  readonly provider: CatalogProvider;
  readonly route: RouteChange;
}

export type EntryKind = keyof Entry;

/** A plan as it stands. The object is the same until something of the catalogue changes. */
export interface PlanTerms {
  readonly plan: CatalogPlan;
  /** Advances with every change of the catalogue and never falls, so that of two caps the later is known. */
  readonly revision: number;
}

export interface CatalogKeeper {
  /** One object for good; what is in it changes. */
  readonly catalog: Catalog;
  /** Advances with every change of the catalogue and never falls. */
  readonly revision: number;
  /** Null when there is no such plan. */
  findPlan(id: string): PlanTerms | null;
  /** Every entry of a kind with its source, in the catalogue's order. */
  list<Kind extends EntryKind>(kind: Kind): { readonly entry: Entry[Kind]; readonly source: EntrySource }[];
  /** Puts an entry over what is beneath, in the place of what was put before; `by` is who does it, for the audit log. Refuses with invalid_request, naming what would not fit. */
  put<Kind extends EntryKind>(kind: Kind, change: EntryChange[Kind], by?: AuditStamp): Promise<void>;
  /** Takes away what was put; false when there is no such entry. Refuses with entry_is_built_in, and with invalid_request when others stand on it. */
  remove(kind: EntryKind, id: string, by?: AuditStamp): Promise<boolean>;
  /** What is wrong with a route of a workspace's own; empty when nothing is. */
  faultsOfRoute(change: RouteChange): readonly string[];
  /** True when the program or the file has an entry of this id. */
  isBeneath(kind: EntryKind, id: string): boolean;
  /** Reads what others have put. */
  reload(): Promise<void>;
  /** Stops asking a store that could not be read. */
  close(): void;
}

export interface KeeperParts {
  readonly loaded: LoadedCatalog;
  readonly environment: Environment;
  readonly store: Pick<Store, 'catalogRevision' | 'noteCatalogBeneath' | 'listCatalogEntries' | 'putCatalogEntry' | 'deleteCatalogEntry' | 'listRolloutsInForce' | 'onForeignChange'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long until a store that could not be read is asked again, in ms. */
const RETRY_MS = 1000;

/** What was last read. */
interface Held {
  readonly entries: readonly CatalogEntryRow[];
  readonly rows: CatalogData;
  readonly leftOut: readonly LeftOut[];
  readonly plans: ReadonlyMap<string, PlanTerms>;
  readonly revision: number;
}

/** Reads what was put before and keeps the catalogue current from then on. Rejects when the store can't be read. */
export async function createCatalogKeeper(parts: KeeperParts): Promise<CatalogKeeper> {
  const { loaded, store, environment, log } = parts;
  const catalog: Catalog = { ...loaded.catalog };
  let held: Held = { entries: [], rows: loaded.rows, leftOut: [], plans: new Map(), revision: 0 };

  const read = async (): Promise<void> => {
    // The clock first: entries that are newer than it move it, and are read again.
    const revision = await orUnavailable(store.catalogRevision());
    const entries = await orUnavailable(store.listCatalogEntries());
    const rollouts = await orUnavailable(store.listRolloutsInForce());
    const laid = layOver(loaded.rows, entries, environment);
    report(log, laid.leftOut, held.leftOut);
    const built: Catalog = { ...buildCatalog(laid.rows, environment), discovered: catalog.discovered };
    Object.assign(catalog, built, {
      rollouts: compileRollouts(rollouts, built, ({ id, terms: { candidate } }) => { log.error({ rollout: id, candidate }, 'a rollout is left out: its candidate leads nowhere'); }),
    });
    held = { ...laid, entries, revision, plans: new Map(laid.rows.plans.map((plan) => [plan.id, { plan, revision }])) };
  };
  const inTurn = createTurns();
  const reload = (): Promise<void> => inTurn(read);
  const stopRetrying = reloadWhenOthersWrite(parts, reload);
  await store.noteCatalogBeneath(digestOf(loaded.rows));
  await reload();
  return {
    catalog,
    get revision() { return held.revision; },
    findPlan: (id) => held.plans.get(id) ?? null,
    list: (kind) => entriesOf(held.rows, kind).map((entry) => ({ entry, source: sourceOf({ loaded, held }, kind, entry.id) })),
    put: (kind, change, by) => inTurn(async () => {
      await read();
      const entry = { kind, id: change.id, body: JSON.stringify(change) };
      refuseMistakes(held, layOver(loaded.rows, [...without(held.entries, entry), entry], environment).leftOut, { entry, verb: 'put' });
      await orUnavailable(store.putCatalogEntry({ ...entry, changedMs: parts.clock.now() }, by));
      await read();
    }),
    remove: (kind, id, by) => inTurn(async () => {
      await read();
      if (!held.entries.some((entry) => isSame(entry, { kind, id }))) return hasEntry(held.rows, kind, id) ? fail('entry_is_built_in') : false;
      const others = without(held.entries, { kind, id });
      refuseMistakes(held, layOver(loaded.rows, others, environment).leftOut, { entry: { kind, id, body: null }, verb: 'deleted' });
      const isGone = await orUnavailable(store.deleteCatalogEntry(kind, id, by));
      await read();
      return isGone;
    }),
    faultsOfRoute: (change) => layOver(held.rows, [{ kind: 'route', id: change.id, body: JSON.stringify(change) }], environment).leftOut.flatMap(({ mistakes }) => mistakes),
    isBeneath: (kind, id) => hasEntry(loaded.rows, kind, id),
    reload,
    close: stopRetrying,
  };
}

/** Reads again whenever others have written, until it works. Gives a function that stops it. */
function reloadWhenOthersWrite({ store, clock, log }: KeeperParts, reload: () => Promise<void>): () => void {
  let stopTimer: () => void = () => undefined;
  let isClosed = false;
  const tryReload = (): void => {
    stopTimer();
    if (isClosed) return;
    reload().catch((error: unknown) => {
      log.error({ error }, 'the catalogue could not be read again');
      stopTimer();
      stopTimer = clock.every(RETRY_MS, tryReload);
    });
  };
  store.onForeignChange((name) => { if (name === 'catalog') tryReload(); });
  return () => {
    isClosed = true;
    stopTimer();
  };
}

/** Runs work one after the other, whatever becomes of the work before. */
function createTurns(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
}

/** Says once of every entry that it is left out. */
function report(log: Log, leftOut: readonly LeftOut[], before: readonly LeftOut[]): void {
  for (const { entry, mistakes } of leftOut) {
    const isKnown = before.some((other) => isSame(other.entry, entry) && other.entry.body === entry.body);
    if (!isKnown) log.error({ kind: entry.kind, id: entry.id, mistakes }, 'a stored entry of the catalogue is left out');
  }
}

/** Refuses a change by which an entry would be left out that is in force now, or itself. */
function refuseMistakes(held: Held, leftOut: readonly LeftOut[], change: { readonly entry: StoredEntry; readonly verb: string }): void {
  const mistakes = leftOut.flatMap((left) => {
    if (isSame(left.entry, change.entry)) return left.mistakes;
    if (held.leftOut.some((other) => isSame(other.entry, left.entry))) return [];
    return left.mistakes.map((mistake) => `the ${left.entry.kind} ${left.entry.id} stands on it: ${mistake}`);
  });
  if (mistakes.length > 0) fail('invalid_request', { message: `It can't be ${change.verb}: ${mistakes.join('; ')}.` });
}

type EntryName = Pick<StoredEntry, 'kind' | 'id'>;

function isSame(one: EntryName, other: EntryName): boolean {
  return one.kind === other.kind && one.id === other.id;
}

function without(entries: readonly CatalogEntryRow[], name: EntryName): CatalogEntryRow[] {
  return entries.filter((entry) => !isSame(entry, name));
}

/** Plans alone have caps that outlive a start. */
function digestOf({ plans }: CatalogData): string {
  return createHash('sha256').update(JSON.stringify(plans)).digest('base64');
}

function hasEntry(rows: CatalogData, kind: EntryKind, id: string): boolean {
  return entriesOf(rows, kind).some((entry) => entry.id === id);
}

function entriesOf<Kind extends EntryKind>(rows: CatalogData, kind: Kind): readonly Entry[Kind][];
function entriesOf(rows: CatalogData, kind: EntryKind): readonly Entry[EntryKind][] {
  return kind === 'route' ? routeEntries(rows) : rows[LISTS[kind]];
}

/** Routes and aliases share their names, so they are one kind of entry. */
function routeEntries({ routes, aliases }: CatalogData): RouteChange[] {
  return [...routes, ...Object.entries(aliases).flatMap(([id, value]) => (value === null ? [] : [{ id, stands_for: [...namesOf(value)] }]))];
}

/** An entry that is left out has changed nothing: what is beneath it is what is there. */
function sourceOf({ loaded, held }: { readonly loaded: LoadedCatalog; readonly held: Held }, kind: EntryKind, id: string): EntrySource {
  const isHere = (entry: EntryName): boolean => isSame(entry, { kind, id });
  if (held.entries.some(isHere) && !held.leftOut.some(({ entry }) => isHere(entry))) return 'api';
  const isInFile = (loaded.file?.[LISTS[kind]] ?? []).some((entry) => entry.id === id) || (kind === 'route' && Object.hasOwn(loaded.file?.aliases ?? {}, id));
  return isInFile ? 'file' : 'built_in';
}
