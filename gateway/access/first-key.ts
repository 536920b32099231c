/** This file makes the first workspace, its owner and the first key on the very first start, so that a new installation can be used at once. */
import { join } from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { RateLimits, Scope } from '../foundation/terms.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { MemberRow, Page, Store, UserRow, WorkspaceRow } from '../store/store.ts';
import { describeKey, issueKey } from './keys.ts';
import type { IssuedKey } from './keys.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import type { Secrets } from './secrets.ts';

export interface FirstKeyOptions {
  readonly store: Pick<Store, 'createWorkspace' | 'listWorkspaces' | 'createUser' | 'listMembers' | 'addMember' | 'listKeys' | 'insertKey' | 'findKey'>;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly dataFolder: string;
}

const FILE_NAME = 'first-key';
const allScopes: readonly Scope[] = ['inference', 'management', 'operator'];
/** Of the first workspace: who runs a gateway for themselves is limited by what they set, and nothing else. */
const FIRST_PLAN = 'unlimited';
export const NO_BODIES = { keptBodies: 'none', bodyDays: 30 } as const;
/** Off, and what holds when it is turned on: an hour, 256 KB a reply, 16 MB in all. */
export const NO_CACHE = { replyCache: { isOn: false, ttlSeconds: 3600, replyBytesMax: 262_144, bytesMax: 16_777_216 } } as const;
export const NO_LIMITS: RateLimits = { requestsPerMinute: null, tokensPerMinute: null, concurrentRequests: null };

/**
 * Gives the first key in full when this start has made it, else null. The key is in the file `first-key` (mode 0600)
 * before it is in the store: a start that died between the two is finished by the next, with the same key.
 */
export async function openFirstKey(options: FirstKeyOptions): Promise<string | null> {
  const { store, secrets, clock, dataFolder } = options;
  const workspace = await openFirstWorkspace(options);
  if (await hasKeys(store)) return null;

  const owner = await openFirstOwner(options, workspace);
  const first = readOrIssue(join(dataFolder, FILE_NAME), secrets);
  const { key, ...kept } = first;
  try {
    await store.insertKey({
      ...kept, workspaceId: workspace.id, userId: owner.id, isBound: false, name: 'first key', scopes: allScopes, models: null, limits: NO_LIMITS,
      createdMs: clock.now(), expiresMs: null, revokedMs: null,
    });
    return key;
  } catch (failure) {
    if (failure instanceof StoreUnavailable) throw failure;
    // Another process that started at the same time was quicker with the same file; or the key was deleted since, and stays so.
    return await store.findKey(first.id) ? key : null;
  }
}

/** True when some workspace has a key: somebody can get in, whatever became of the first one. */
async function hasKeys(store: FirstKeyOptions['store']): Promise<boolean> {
  const hasKey = async ({ id }: WorkspaceRow): Promise<boolean> => (await store.listKeys(id, null, FIRST_PAGE)).length > 0;
  for await (const workspace of readAll((page) => store.listWorkspaces(page), (row) => row.id)) {
    if (await hasKey(workspace)) return true;
  }
  return false;
}

/** The oldest workspace, made if there is none. */
export async function openFirstWorkspace({ store, clock, makeId }: Pick<FirstKeyOptions, 'store' | 'clock' | 'makeId'>): Promise<WorkspaceRow> {
  const [existing] = await store.listWorkspaces(FIRST_PAGE);
  if (existing) return existing;
  const made: WorkspaceRow = {
    id: makeId('ws'), name: 'default', planId: FIRST_PLAN, billing: 'plan', limits: NO_LIMITS, isSuspended: false, ...NO_BODIES, ...NO_CACHE, revision: 0, createdMs: clock.now(),
  };
  await store.createWorkspace(made);
  const [oldest] = await store.listWorkspaces(FIRST_PAGE);
  return oldest ?? made;
}

const FIRST_PAGE = { limit: 1, after: null };

/**
 * The owner who has been one for longest, of those who are not disabled if there is such a one; made if there is none at all. The id
 * then follows from the workspace's, so that two starts at once make one.
 */
export async function openFirstOwner({ store, clock }: Pick<FirstKeyOptions, 'store' | 'clock'>, workspace: WorkspaceRow): Promise<UserRow> {
  let first: MemberRow | null = null;
  for await (const member of readAll((page) => store.listMembers(workspace.id, page), (row) => row.user.id)) {
    if (member.role === 'owner' && (!first || isBefore(member, first))) first = member;
  }
  if (first) return first.user;
  const createdMs = clock.now();
  const user: UserRow = { id: `user_${workspace.id.slice('ws_'.length)}`, name: 'owner', email: null, isDisabled: false, createdMs };
  await store.createUser(user);
  await store.addMember(workspace.id, user.id, { role: 'owner', createdMs });
  return user;
}

function isBefore(one: MemberRow, other: MemberRow): boolean {
  if (one.user.isDisabled !== other.user.isDisabled) return other.user.isDisabled;
  return one.createdMs === other.createdMs ? one.user.id < other.user.id : one.createdMs < other.createdMs;
}

const PAGE_ROWS = 100;

/** Reads a list of the store to its end. */
async function* readAll<Row>(read: (page: Page) => Promise<Row[]>, idOf: (row: Row) => string): AsyncGenerator<Row> {
  for (let after: string | null = null; ;) {
    const page: Row[] = await read({ limit: PAGE_ROWS, after });
    yield* page;
    const last = page.at(-1);
    if (page.length < PAGE_ROWS || last === undefined) return;
    after = idOf(last);
  }
}

function readOrIssue(file: string, secrets: Secrets): IssuedKey {
  const written = readWritten(file, secrets);
  if (written) return written;
  const issued = issueKey(secrets);
  const isNew = writePrivateFile(file, `${issued.key}\n`, true);
  if (isNew) return issued;
  // Somebody wrote it just now, or it holds a key of secrets that are no more.
  const theirs = readWritten(file, secrets);
  if (theirs) return theirs;
  writePrivateFile(file, `${issued.key}\n`, false);
  return issued;
}

function readWritten(file: string, secrets: Secrets): IssuedKey | null {
  const text = readPrivateFile(file);
  return text === null ? null : describeKey(secrets, text.trim());
}
