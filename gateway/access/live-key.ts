/** This file holds one key in one workspace in memory: what was last read of it, the caller made of it, and the open calls that watch it. */
import { Roster } from '../foundation/roster.ts';
import type { Caller, Role } from '../foundation/terms.ts';
import type { AccessRow, KeyRow } from '../store/store.ts';

/** Shared by every caller made of one key, so that a call begun before a change still hears of the end. */
interface Life {
  isOver: boolean;
  readonly watchers: Roster<() => void>;
}

export interface LiveKey {
  row: AccessRow;
  /** Null: the key may not act in the workspace. */
  caller: Caller | null;
  readonly life: Life;
  /** SHA-256 of the key in full, once it was verified: a second request is known by it, and no secret stays in memory. */
  digest: string | null;
  /** Monotonic ms at which the row was read. */
  readAt: number;
  /** The epoch of the cache in which the row was read; an older one makes it stale. */
  epoch: number;
}

/** A key as it was read; when, and in which epoch, whoever keeps it says. */
export function createLiveKey(row: AccessRow): LiveKey {
  const life: Life = { isOver: hasEnded(row), watchers: new Roster() };
  return { row, caller: toCaller(row, life), life, digest: null, readAt: 0, epoch: 0 };
}

/** Takes over what was read of the key; open calls hear of it when it has ended. */
export function renewLiveKey(live: LiveKey, row: AccessRow): void {
  live.row = row;
  live.caller = toCaller(row, live.life);
  if (hasEnded(row)) endLiveKey(live);
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

/** A key ends for good when it is revoked; one whose user is disabled, or left the workspace, ends what it has open. */
function hasEnded(row: AccessRow): boolean {
  return row.key.revokedMs !== null || row.isUserDisabled || row.membership === null;
}

function toCaller(row: AccessRow, life: Life): Caller | null {
  const { key, membership } = row;
  if (!membership) return null;
  const { workspace } = membership;
  return {
    keyId: key.id,
    userId: key.userId,
    isBound: key.isBound,
    workspaceId: workspace.id,
    role: roleOf(key, membership.role),
    account: {
      workspaceId: workspace.id,
      name: workspace.name,
      planId: workspace.planId,
      billing: workspace.billing,
      isSuspended: workspace.isSuspended,
      limits: workspace.limits,
      revision: workspace.revision,
      budgets: row.budgets,
      ownKeys: row.ownKeys,
      keptBodies: workspace.keptBodies,
      bodyDays: workspace.bodyDays,
      replyCache: workspace.replyCache.isOn ? workspace.replyCache : null,
      routes: row.routes,
    },
    scopes: key.scopes,
    limits: key.limits,
    models: key.models,
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

/** A bound key is nobody's but its maker's as well, who may be an admin: with it neither becomes an owner. */
function roleOf(key: KeyRow, role: Role): Role {
  return key.isBound && role === 'owner' ? 'admin' : role;
}
