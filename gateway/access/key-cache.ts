/** This file keeps keys in memory so that the hot path never waits for the store, and forgets them as soon as they may have changed. */
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import type { AccessRow, Store } from '../store/store.ts';
import { createLiveKey, endLiveKey, renewLiveKey } from './live-key.ts';
import type { LiveKey } from './live-key.ts';

export interface KeyCacheOptions {
  readonly store: Pick<Store, 'findAccess' | 'onForeignChange'>;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'keyCacheMax' | 'keyCacheMs'>;
}

/** A key in one workspace: its id alone in its own, `key_…@ws_…` in a selected one. */
export type Slot = string;

export interface KeyCache {
  /** The key if it is fresh; null sends the caller to `load`. */
  peek(slot: Slot): LiveKey | null;
  /** Reads the key from the store, once for all who ask meanwhile; null when there is none. Rejects when the store can't say. */
  load: (slot: Slot) => Promise<LiveKey | null>;
  /** True when the store said not long ago that there is no key of this id, whatever the workspace. */
  isUnknown: (id: string) => boolean;
  /** Something a key is judged by was changed by this process: everything is read again before it is next relied on. */
  noteChange: () => void;
  close(): void;
}

/** Between the key and the workspace it selected; neither can hold it. */
export const SLOT_MARK = '@';

/** Ids remembered as unknown. Only ids signed by us get here: deleted keys, and keys of another store with our secrets. */
const UNKNOWN_MAX = 10_000;
/** A read that a change overtakes is done again, up to this many in all. */
const READS_MAX = 3;
/** Keys with open calls read at once when they are all checked. */
const CHECKS_AT_ONCE = 100;
/** Entries looked at for one that may be evicted. */
const EVICTION_STEPS = 16;
/** From this share of its age on, a key in use is read again in the background, so that nobody waits for it. */
const REFRESH_SHARE = 0.5;

export function createKeyCache({ store, clock, limits }: KeyCacheOptions): KeyCache {
  const keys = new Map<Slot, LiveKey>();
  const unknown = createUnknownIds(clock, limits.keyCacheMs);
  /** Advances when another process may have changed any key. */
  let epoch = 0;

  const keep = (slot: Slot, row: AccessRow, readEpoch: number): LiveKey => {
    const known = keys.get(slot);
    if (known) renewLiveKey(known, row);
    // What has ended is told so once; should the user be enabled again, or come back, that is a new life.
    const live = known && !known.life.isOver ? known : createLiveKey(row);
    live.digest = known?.digest ?? null;
    live.readAt = clock.monotonic();
    live.epoch = readEpoch;
    // Setting anew moves it to the end: the beginning of the map is what was not read for longest.
    keys.delete(slot);
    // What may not be acted in is not kept: nobody can fill the memory with ids that are not theirs.
    if (!row.membership) return live;
    if (keys.size >= limits.keyCacheMax) evictOne(keys);
    keys.set(slot, live);
    return live;
  };
  const forget = (slot: Slot, keyId: string): null => {
    const live = keys.get(slot);
    keys.delete(slot);
    unknown.add(keyId);
    if (live) endLiveKey(live);
    return null;
  };
  const reads = createReads(async (slot) => {
    const [keyId = '', workspaceId = null] = slot.split(SLOT_MARK);
    for (let tries = 1; ; tries++) {
      const readEpoch = epoch;
      const row = await store.findAccess(keyId, workspaceId);
      if (readEpoch !== epoch && tries < READS_MAX) continue;
      return row ? keep(slot, row, readEpoch) : forget(slot, keyId);
    }
  });
  const checkWatched = createWatchedCheck(keys, reads.load);
  const noteChange = (): void => {
    epoch++;
    unknown.clear();
    checkWatched();
  };
  store.onForeignChange((changed) => { if (changed === 'access') noteChange(); });
  // A change whose news was lost is found here: open calls of a revoked key never outlive it by more than this.
  const stop = clock.every(limits.keyCacheMs, checkWatched);

  return {
    load: reads.load,
    peek(slot) {
      const live = keys.get(slot);
      if (live?.epoch !== epoch) return null;
      const age = clock.monotonic() - live.readAt;
      if (age > limits.keyCacheMs) return null;
      // Should this fail, the next request that needs the store says so.
      if (age > limits.keyCacheMs * REFRESH_SHARE && !reads.isLoading(slot)) reads.load(slot).catch(() => undefined);
      return live;
    },
    isUnknown: unknown.has,
    noteChange,
    close: stop,
  };
}

interface Reads {
  load: (slot: Slot) => Promise<LiveKey | null>;
  isLoading: (slot: Slot) => boolean;
}

/** Shares one read among all who ask for a key meanwhile. */
function createReads(read: (slot: Slot) => Promise<LiveKey | null>): Reads {
  const loading = new Map<Slot, Promise<LiveKey | null>>();
  return {
    load(slot) {
      const started = loading.get(slot);
      if (started) return started;
      const promise = read(slot).finally(() => { loading.delete(slot); });
      loading.set(slot, promise);
      return promise;
    },
    isLoading: (slot) => loading.has(slot),
  };
}

interface UnknownIds {
  has: (id: string) => boolean;
  add: (id: string) => void;
  clear: () => void;
}

/** Remembers for `ms` that there is no such key. */
function createUnknownIds(clock: Clock, ms: number): UnknownIds {
  const untilById = new Map<string, number>();
  return {
    has: (id) => (untilById.get(id) ?? 0) > clock.monotonic(),
    add(id) {
      const [oldest] = untilById.keys();
      if (untilById.size >= UNKNOWN_MAX && oldest !== undefined) untilById.delete(oldest);
      untilById.set(id, clock.monotonic() + ms);
    },
    clear: () => { untilById.clear(); },
  };
}

/** Makes a check that reads again every key with open calls; one that is asked for meanwhile follows. */
function createWatchedCheck(keys: ReadonlyMap<Slot, LiveKey>, load: Reads['load']): () => void {
  let isChecking = false;
  let isAskedAgain = false;
  const check = async (): Promise<void> => {
    const slots = [...keys].filter(([, live]) => live.life.watchers.size > 0).map(([slot]) => slot);
    for (let start = 0; start < slots.length; start += CHECKS_AT_ONCE) {
      await Promise.allSettled(slots.slice(start, start + CHECKS_AT_ONCE).map(load));
    }
  };
  const run = async (): Promise<void> => {
    do {
      isAskedAgain = false;
      await check();
    } while (isAskedAgain);
    isChecking = false;
  };
  return () => {
    isAskedAgain = true;
    if (isChecking) return;
    isChecking = true;
    void run();
  };
}

/** Makes room for one key; those with open calls stay, for their calls must hear of the end. */
function evictOne(keys: Map<Slot, LiveKey>): void {
  let steps = 0;
  for (const [slot, live] of keys) {
    if (++steps > EVICTION_STEPS) return;
    keys.delete(slot);
    if (live.life.watchers.size === 0) return;
    keys.set(slot, live);
  }
}
