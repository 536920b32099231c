/** This file opens the offices of this room on a real store, with people in them, for its tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../foundation/clock.ts';
import type { Clock } from '../foundation/clock.ts';
import { Refusal } from '../foundation/errors.ts';
import { createIds } from '../foundation/ids.ts';
import { defaultLimits } from '../foundation/limits.ts';
import type { Caller, Role } from '../foundation/terms.ts';
import { openSqliteStore, sqliteFile } from '../store/sqlite.ts';
import type { KeyRow, Store } from '../store/store.ts';
import { createAuthenticator } from './authenticate.ts';
import type { Authenticator } from './authenticate.ts';
import { NO_BODIES, NO_CACHE, NO_LIMITS } from './first-key.ts';
import { insertKey } from './manage.ts';
import type { KeyOffice } from './manage.ts';
import { loadSecrets } from './secrets.ts';
import type { WorkspaceOffice } from './workspaces.ts';

/** Every office of the room in one. */
export interface SampleOffice extends WorkspaceOffice, KeyOffice {
  readonly authenticator: Authenticator;
  readonly folder: string;
  /** What the door has asked of the store since it was opened. */
  readonly reads: () => number;
  readonly close: () => Promise<void>;
}

/** Somebody with a key, in full. */
export interface Person {
  readonly userId: string;
  readonly workspaceId: string;
  readonly key: string;
  readonly row: KeyRow;
}

/** Opens the offices on a SQLite file; in a folder of its own, or as another process on that of its neighbour. */
export async function openSampleOffice({ clock = systemClock, neighbour }: { readonly clock?: Clock; readonly neighbour?: SampleOffice } = {}): Promise<SampleOffice> {
  const folder = neighbour?.folder ?? mkdtempSync(join(tmpdir(), 'interline-access-'));
  const secrets = loadSecrets(folder);
  const store = await openSqliteStore({ file: sqliteFile(folder), limits: defaultLimits, clock });
  let reads = 0;
  const counting: Store = { ...store, findAccess: (id, workspaceId) => { reads++; return store.findAccess(id, workspaceId); } };
  const authenticator = createAuthenticator({ store: counting, secrets, clock, limits: defaultLimits });
  return {
    store, secrets, clock, makeId: createIds(clock), authenticator, folder, reads: () => reads,
    hasPlan: (planId) => planId === 'unlimited' || planId === 'premium',
    async close() {
      authenticator.close();
      await store.close();
      if (!neighbour) rmSync(folder, { recursive: true });
    },
  };
}

/** So that workspaces made within one millisecond are still told apart by their age. */
let workspacesMade = 0;

/** Makes a workspace without members. */
export async function makeWorkspace(office: SampleOffice, name = 'Team'): Promise<string> {
  const id = office.makeId('ws');
  await office.store.createWorkspace({ id, name, planId: 'unlimited', billing: 'plan', limits: NO_LIMITS, isSuspended: false, ...NO_BODIES, ...NO_CACHE, revision: 0, createdMs: office.clock.now() + ++workspacesMade });
  return id;
}

/** Makes a user who is a member, with a key of their own that opens inference and management. */
export async function makePerson(office: SampleOffice, workspaceId: string, role: Role): Promise<Person> {
  const createdMs = office.clock.now();
  const userId = office.makeId('user');
  await office.store.createUser({ id: userId, name: role, email: null, isDisabled: false, createdMs });
  await office.store.addMember(workspaceId, userId, { role, createdMs });
  const { key, row } = await insertKey(office, {
    userId, workspaceId, isBound: false, name: `${role}'s`, scopes: ['inference', 'management'], models: null, limits: NO_LIMITS, expiresMs: null,
  });
  return { userId, workspaceId, key, row };
}

/** Lets a key in as a request does. */
export async function enter(office: Pick<SampleOffice, 'authenticator'>, key: string, workspace?: string | string[]): Promise<Caller> {
  return office.authenticator.authenticate(`Bearer ${key}`, workspace);
}

/** The code work was refused with; `done` when it was not. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  const refusal = await refusalOf(work);
  return refusal === null ? 'done' : refusal.code;
}

/** All that a caller is told when work is refused; null when it was not. */
export async function refusalOf(work: Promise<unknown>): Promise<{ readonly code: string; readonly status: number; readonly message: string; readonly options: object } | null> {
  try {
    await work;
    return null;
  } catch (failure) {
    if (!(failure instanceof Refusal)) throw failure;
    return { code: failure.code, status: failure.status, message: failure.message, options: failure.options };
  }
}
