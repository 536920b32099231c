/** This file holds one key in memory: its row as last read, the caller made of it, and the open calls that watch it. */
import { Roster } from '../foundation/roster.ts';
import type { Caller } from '../foundation/terms.ts';
import type { KeyRow } from '../store/store.ts';

/** Shared by every caller made of one key, so that a call begun before a change still hears of the end. */
interface Life {
  isOver: boolean;
  readonly watchers: Roster<() => void>;
}

export interface LiveKey {
  row: KeyRow;
  caller: Caller;
  readonly life: Life;
  /** SHA-256 of the key in full, once it was verified: a second request is known by it, and no secret stays in memory. */
  digest: string | null;
  /** Monotonic ms at which the row was read. */
  readAt: number;
  /** The epoch of the cache in which the row was read; an older one makes it stale. */
  epoch: number;
}

export function createLiveKey(row: KeyRow, readAt: number, epoch: number): LiveKey {
  const life: Life = { isOver: row.revokedMs !== null, watchers: new Roster() };
  return { row, caller: toCaller(row, life), life, digest: null, readAt, epoch };
}

/** Takes over what was read of the key. A key that has ended stays so. */
export function renewLiveKey(live: LiveKey, row: KeyRow): void {
  live.row = row;
  live.caller = toCaller(row, live.life);
  if (row.revokedMs !== null) endLiveKey(live);
}

/** Ends the key for everybody: open calls that watch it are told, once. */
export function endLiveKey(live: LiveKey): void {
  const { life } = live;
  if (life.isOver) return;
  life.isOver = true;
  const watchers = life.watchers.present();
  life.watchers.clear();
  for (const listener of watchers) listener();
}

function toCaller(row: KeyRow, life: Life): Caller {
  return {
    keyId: row.id,
    workspaceId: row.workspaceId,
    scopes: row.scopes,
    models: row.models,
    get isRevoked() { return life.isOver; },
    onRevoked(listener) {
      if (life.isOver) {
        listener();
        return () => undefined;
      }
      const seat = life.watchers.join(listener);
      return () => { life.watchers.leave(seat); };
    },
  };
}
