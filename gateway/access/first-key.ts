/** This file makes the first workspace and its first key on the very first start, so that a new installation can be used at once. */
import { join } from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { Scope } from '../foundation/terms.ts';
import type { Store, WorkspaceRow } from '../store/store.ts';
import { describeKey, issueKey } from './keys.ts';
import type { IssuedKey } from './keys.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import type { Secrets } from './secrets.ts';

export interface FirstKeyOptions {
  readonly store: Pick<Store, 'createWorkspace' | 'listWorkspaces' | 'listKeys' | 'insertKey' | 'findKey'>;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly dataFolder: string;
}

const FILE_NAME = 'first-key';
const allScopes: readonly Scope[] = ['inference', 'management'];

/**
 * Gives the first key in full when this start has made it, else null. The key is in the file `first-key` (mode 0600)
 * before it is in the store: a start that died between the two is finished by the next, with the same key.
 */
export async function openFirstKey(options: FirstKeyOptions): Promise<string | null> {
  const { store, secrets, clock, dataFolder } = options;
  const workspace = await openFirstWorkspace(options);
  const keys = await store.listKeys(workspace.id, { limit: 1, after: null });
  if (keys.length > 0) return null;

  const first = readOrIssue(join(dataFolder, FILE_NAME), secrets);
  const { key, ...kept } = first;
  try {
    await store.insertKey({
      ...kept, workspaceId: workspace.id, name: 'first key', scopes: allScopes, models: null,
      createdMs: clock.now(), expiresMs: null, revokedMs: null,
    });
  } catch (failure) {
    // Another process that started at the same time was quicker with the same file.
    if (!await store.findKey(first.id)) throw failure;
  }
  return key;
}

/** The oldest workspace, made if there is none. */
export async function openFirstWorkspace({ store, clock, makeId }: Pick<FirstKeyOptions, 'store' | 'clock' | 'makeId'>): Promise<WorkspaceRow> {
  const [existing] = await store.listWorkspaces();
  if (existing) return existing;
  const made = { id: makeId('ws'), name: 'default', createdMs: clock.now() };
  await store.createWorkspace(made);
  const [oldest] = await store.listWorkspaces();
  return oldest ?? made;
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
