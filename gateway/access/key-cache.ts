/** This file keeps keys in memory so that the hot path never waits for the store, and forgets them as soon as they may have changed. */
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import type { KeyRow, Store } from '../store/store.ts';
import { createLiveKey, endLiveKey, renewLiveKey } from './live-key.ts';
import type { LiveKey } from './live-key.ts';

export interface KeyCacheOptions {
  readonly store: Pick<Store, 'findKey' | 'onForeignChange'>;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'keyCacheMax' | 'keyCacheMs'>;
}

export interface KeyCache {
  /** The key if it is fresh; null sends the caller to `load`. */
  peek(id: string): LiveKey | null;
  /** Reads the key from the store, once for all who ask meanwhile; null when there is none. Rejects when the store can't say. */
  load: (id: string) => Promise<LiveKey | null>;
  /** True when the store said not long ago that there is no such key. */
  isUnknown: (id: string) => boolean;
  /** Takes over a change made by this process; null when the key was deleted. */
  note(id: string, row: KeyRow | null): void;
  close(): void;
}

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
  const keys = new Map<string, LiveKey>();
  const unknown = createUnknownIds(clock, limits.keyCacheMs);
  /** Advances when another process may have changed any key. */
  let epoch = 0;

  const keep = (row: KeyRow, readEpoch: number): LiveKey => {
    const live = keys.get(row.id) ?? createLiveKey(row, 0, 0);
    live.readAt = clock.monotonic();
    live.epoch = readEpoch;
    // Setting anew moves it to the end: the beginning of the map is what was not read for longest.
    keys.delete(row.id);
    if (keys.size >= limits.keyCacheMax) evictOne(keys);
    keys.set(row.id, live);
    renewLiveKey(live, row);
    return live;
  };
  const forget = (id: string): null => {
    const live = keys.get(id);
    keys.delete(id);
    unknown.add(id);
    if (live) endLiveKey(live);
    return null;
  };
  const reads = createReads(async (id, isOvertaken) => {
    for (let tries = 1; ; tries++) {
      const readEpoch = epoch;
      const row = await store.findKey(id);
      if ((isOvertaken() || readEpoch !== epoch) && tries < READS_MAX) continue;
      return row ? keep(row, readEpoch) : forget(id);
    }
  });
  const checkWatched = createWatchedCheck(keys, reads.load);
  store.onForeignChange(() => {
    epoch++;
    unknown.clear();
    checkWatched();
  });
  // A change whose news was lost is found here: open calls of a revoked key never outlive it by more than this.
  const stop = clock.every(limits.keyCacheMs, checkWatched);

  return {
    load: reads.load,
    peek(id) {
      const live = keys.get(id);
      if (live?.epoch !== epoch) return null;
      const age = clock.monotonic() - live.readAt;
      if (age > limits.keyCacheMs) return null;
      // Should this fail, the next request that needs the store says so.
      if (age > limits.keyCacheMs * REFRESH_SHARE && !reads.isLoading(id)) reads.load(id).catch(() => undefined);
      return live;
    },
    isUnknown: unknown.has,
    note(id, row) {
      unknown.remove(id);
      reads.overtake(id);
      if (!row) forget(id);
      else if (keys.has(id)) keep(row, epoch);
    },
    close: stop,
  };
}

interface Reads {
  load: (id: string) => Promise<LiveKey | null>;
  isLoading: (id: string) => boolean;
  /** Says that a read under way saw the key as it was before a change, so it must be done again. */
  overtake: (id: string) => void;
}

/** Shares one read among all who ask for a key meanwhile. */
function createReads(read: (id: string, isOvertaken: () => boolean) => Promise<LiveKey | null>): Reads {
  const loading = new Map<string, Promise<LiveKey | null>>();
  const overtaken = new Set<string>();
  return {
    load(id) {
      const started = loading.get(id);
      if (started) return started;
      const promise = read(id, () => overtaken.delete(id)).finally(() => {
        loading.delete(id);
        overtaken.delete(id);
      });
      loading.set(id, promise);
      return promise;
    },
    isLoading: (id) => loading.has(id),
    overtake: (id) => { if (loading.has(id)) overtaken.add(id); },
  };
}

interface UnknownIds {
  has: (id: string) => boolean;
  add: (id: string) => void;
  remove: (id: string) => void;
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
    remove: (id) => { untilById.delete(id); },
    clear: () => { untilById.clear(); },
  };
}

/** Makes a check that reads again every key with open calls; one that is asked for meanwhile follows. */
function createWatchedCheck(keys: ReadonlyMap<string, LiveKey>, load: Reads['load']): () => void {
  let isChecking = false;
  let isAskedAgain = false;
  const check = async (): Promise<void> => {
    const ids = [...keys.values()].filter((live) => live.life.watchers.size > 0).map((live) => live.row.id);
    for (let start = 0; start < ids.length; start += CHECKS_AT_ONCE) {
      await Promise.allSettled(ids.slice(start, start + CHECKS_AT_ONCE).map(load));
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
function evictOne(keys: Map<string, LiveKey>): void {
  let steps = 0;
  for (const [id, live] of keys) {
    if (++steps > EVICTION_STEPS) return;
    keys.delete(id);
    if (live.life.watchers.size === 0) return;
    keys.set(id, live);
  }
}
