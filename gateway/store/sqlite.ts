/** This file is the embedded store: the Store interface over SQLite in threads of their own. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import { createRecordQueue } from './record-queue.ts';
import type { CallArgs, CallValue, ReaderCallName, ThreadSetup } from './sqlite-messages.ts';
import { createStoreThread, startSqliteWorker } from './store-thread.ts';
import type { StartWorker, StoreThread } from './store-thread.ts';
import { StoreUnavailable } from './store.ts';
import type { Store } from './store.ts';

export interface SqliteOptions {
  readonly file: string;
  readonly limits: Pick<Limits, 'storeBatchMax' | 'storeQueueMax' | 'revisionPollMs'>;
  readonly clock: Clock;
  /** Only a test replaces it. */
  readonly startWorker?: StartWorker;
}

const FILE_NAME = 'interline.db';
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/** Where the embedded store lives in a data folder. */
export function sqliteFile(dataFolder: string): string {
  return join(dataFolder, FILE_NAME);
}

/**
 * Opens (and creates, and migrates) the store in `file`. Several processes may open one file. Rejects with the reason when
 * the file can't be opened or was written by a newer program.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const { file, limits, clock, startWorker = startSqliteWorker } = options;
  mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  // SQLite would make it readable for everybody; its log files take the mode of the file.
  closeSync(openSync(file, 'a', PRIVATE_FILE));
  const queue = createRecordQueue((values) => { writer.postBatch(values); }, limits);
  const writer = createStoreThread(await startWorker(), {
    onBatch: (answer) => { queue.settle(answer.failures); },
    onBroken: (failure) => { queue.breakWith(failure); },
  });
  await writer.open({ file, role: 'writer', nowMs: clock.now() }).catch(async (failure: unknown) => {
    await writer.close();
    throw failure;
  });
  const reader = createReader(startWorker, { file, role: 'reader', nowMs: clock.now() });
  const changes = watchChanges(writer, options);
  let closed: Promise<void> | null = null;

  const close = async (): Promise<void> => {
    changes.stop();
    await queue.drain();
    await reader.close();
    await writer.close();
  };
  return {
    recordRequest: queue.push,
    get pendingRecords() { return queue.pending; },
    createWorkspace: (row) => writer.call('createWorkspace', row),
    listWorkspaces: () => writer.call('listWorkspaces'),
    insertKey: (row) => writer.call('insertKey', row),
    findKey: (id) => writer.call('findKey', id),
    listKeys: (workspaceId, page) => writer.call('listKeys', workspaceId, page),
    changeKey: (workspaceId, id, change) => writer.call('changeKey', workspaceId, id, change),
    deleteKey: (workspaceId, id) => writer.call('deleteKey', workspaceId, id),
    listUsage: (filter, page) => reader.call('listUsage', filter, page),
    sumUsage: (filter) => reader.call('sumUsage', filter),
    findRequest: (workspaceId, id) => reader.call('findRequest', workspaceId, id),
    onForeignChange: changes.listen,
    ping: () => writer.call('ping'),
    close: () => closed ??= close(),
  };
}

/** The thread that reads usage starts when it is first needed: an idle gateway does not pay for it. It is started anew if it dies. */
function createReader(startWorker: StartWorker, setup: ThreadSetup) {
  let opening: Promise<StoreThread> | null = null;
  let isClosed = false;
  const open = async (): Promise<StoreThread> => {
    const thread = createStoreThread(await startWorker(), { onBatch: () => undefined, onBroken: () => { opening = null; } });
    try {
      await thread.open(setup);
      return thread;
    } catch (failure) {
      opening = null;
      await thread.close();
      throw failure;
    }
  };
  return {
    async call<Name extends ReaderCallName>(name: Name, ...args: CallArgs<Name>): Promise<CallValue<Name>> {
      if (isClosed) throw new StoreUnavailable('the store is closed');
      const thread = await (opening ??= open());
      return thread.call(name, ...args);
    },
    async close(): Promise<void> {
      isClosed = true;
      await opening?.then((thread) => thread.close(), () => undefined);
    },
  };
}

interface ChangeWatch {
  stop: () => void;
  listen: (listener: () => void) => void;
}

/** Asks every `revisionPollMs` whether another process has changed keys. A failed poll is asked again; readiness shows a dead store. */
function watchChanges(writer: StoreThread, { clock, limits }: SqliteOptions): ChangeWatch {
  const listeners: (() => void)[] = [];
  let isAsking = false;
  const stop = clock.every(limits.revisionPollMs, () => {
    if (isAsking) return;
    isAsking = true;
    writer.call('pollRevision').then(
      (hasChanged) => {
        isAsking = false;
        if (hasChanged) for (const listener of listeners) listener();
      },
      () => { isAsking = false; },
    );
  });
  return { stop, listen: (listener) => { listeners.push(listener); } };
}
