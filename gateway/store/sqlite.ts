/** This file is the embedded store: the Store interface over SQLite in threads of their own. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import { bindPlainCalls } from './bind-calls.ts';
import { createBeat, endAllHolds } from './ledger-chunks.ts';
import { createOpQueue, doneResult } from './op-queue.ts';
import type { OpResult } from './op-queue.ts';
import { pushOp } from './sqlite-batch.ts';
import type { BatchValue } from './sqlite-batch.ts';
import { toError } from './sqlite-failures.ts';
import type { BatchAnswer, CallArgs, CallValue, ReaderCallName, ThreadSetup } from './sqlite-messages.ts';
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
  const queue = createOpQueue<BatchValue[]>({
    open: () => [clock.now()], add: pushOp, post: (batch) => { writer.postBatch(batch); }, limits,
  });
  const writer = createStoreThread(await startWorker(), {
    onBatch: (answer) => { queue.settle(readResults(answer)); },
    onBroken: (failure) => { queue.breakWith(failure); },
  });
  await writer.open({ file, role: 'writer', nowMs: clock.now() }).catch(async (failure: unknown) => {
    await writer.close();
    throw failure;
  });
  const reader = createReader(startWorker, { file, role: 'reader', nowMs: clock.now() });
  // A check of everything takes long: who looks at a list meanwhile does not wait for it.
  const checker = createReader(startWorker, { file, role: 'reader', nowMs: clock.now() });
  const changes = watchChanges(writer, options);
  let closed: Promise<void> | null = null;

  const close = async (): Promise<void> => {
    changes.stop();
    await queue.drain();
    await Promise.all([reader.close(), checker.close()]);
    await writer.close();
  };
  return {
    ...createCalls(writer, reader),
    checkLedger: () => checker.call('checkLedger'),
    apply: queue.push,
    get pendingRecords() { return queue.pending; },
    beat: createBeat({ write: (...args) => writer.call('beatNode', ...args), look: (...args) => writer.call('lookAtNode', ...args) }),
    recoverNode: (nodeId, nowMs) => endAllHolds(() => writer.call('recoverChunk', nodeId, nowMs)),
    sweep: (nowMs) => endAllHolds(() => writer.call('sweepChunk', nowMs)),
    onForeignChange: changes.listen,
    ping: () => writer.serve('ping'),
    close: () => closed ??= close(),
  };
}

/** What the thread has not mentioned is done. */
function readResults({ answers, failures }: BatchAnswer): (index: number) => OpResult {
  if (answers.length + failures.length === 0) return () => doneResult;
  const byIndex = new Map<number, OpResult>();
  for (const [index, answer] of answers) byIndex.set(index, { failure: null, answer });
  for (const { index, kind, message } of failures) {
    byIndex.set(index, { failure: kind === 'fault' ? new Error(`a row was refused: ${message}`) : toError({ kind, message }), answer: null });
  }
  return (index) => byIndex.get(index) ?? doneResult;
}

type StoreCalls = Omit<Store, 'checkLedger' | 'apply' | 'pendingRecords' | 'beat' | 'recoverNode' | 'sweep' | 'onForeignChange' | 'ping' | 'close'>;

/** The promises that one call keeps, each by the thread whose it is. */
function createCalls(writer: StoreThread, reader: Reader): StoreCalls {
  return {
    ...bindPlainCalls(writer.callPlain),
    postTransfers: (rows) => writer.call('postTransfers', rows),
    refund: (...args) => writer.call('refund', ...args),
    listTransfersFor: (...args) => writer.call('listTransfersFor', ...args),
    readCounters: (ids) => writer.call('readCounters', ids),
    registerNode: (node) => writer.call('registerNode', node),
    listNodes: () => writer.call('listNodes'),
    forgetIdempotency: (...args) => writer.call('forgetIdempotency', ...args),
    listUsage: (...args) => reader.call('listUsage', ...args),
    sumUsage: (filter) => reader.call('sumUsage', filter),
    findRequest: (...args) => reader.call('findRequest', ...args),
    listRequests: (...args) => reader.call('listRequests', ...args),
    listRolloutCalls: (...args) => reader.call('listRolloutCalls', ...args),
    listShadowCalls: (...args) => reader.call('listShadowCalls', ...args),
    groupUsage: (query) => reader.call('groupUsage', query),
    listErrorTimes: (...args) => reader.call('listErrorTimes', ...args),
    listTransfers: (...args) => reader.call('listTransfers', ...args),
    listTransfersOldestFirst: (...args) => reader.call('listTransfersOldestFirst', ...args),
    balanceBefore: (...args) => reader.call('balanceBefore', ...args),
  };
}

interface Reader {
  call<Name extends ReaderCallName>(name: Name, ...args: CallArgs<Name>): Promise<CallValue<Name>>;
  close(): Promise<void>;
}

/** The thread that reads usage starts when it is first needed: an idle gateway does not pay for it. It is started anew if it dies. */
function createReader(startWorker: StartWorker, setup: ThreadSetup): Reader {
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
    async close() {
      isClosed = true;
      await opening?.then((thread) => thread.close(), () => undefined);
    },
  };
}

type ChangeListener = Parameters<Store['onForeignChange']>[0];

interface ChangeWatch {
  stop: () => void;
  listen: (listener: ChangeListener) => void;
}

/** Asks every `revisionPollMs` what another process has changed. A failed poll is asked again; readiness shows a dead store. */
function watchChanges(writer: StoreThread, { clock, limits }: SqliteOptions): ChangeWatch {
  const listeners: ChangeListener[] = [];
  let isAsking = false;
  const stop = clock.every(limits.revisionPollMs, () => {
    if (isAsking) return;
    isAsking = true;
    writer.serve('foreignChanges').then(
      (moved) => {
        isAsking = false;
        for (const name of moved) for (const listener of listeners) listener(name);
      },
      () => { isAsking = false; },
    );
  });
  return { stop, listen: (listener) => { listeners.push(listener); } };
}
