/** This file is the main thread's end of a store thread: it asks, matches answers, and turns a dead thread into failures, never into silence. */
import { flushCompileCache, getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PerformPlain } from './bind-calls.ts';
import type { BatchValue } from './sqlite-batch.ts';
import { toError } from './sqlite-failures.ts';
import type { BatchAnswer, CallArgs, CallName, CallValue, FromThread, ServiceName, Services, ThreadSetup, ToThread } from './sqlite-messages.ts';
import { StoreUnavailable } from './store.ts';

/** A thread, as far as its owner needs to know it. */
export interface Thread {
  on(event: 'message', listener: (message: FromThread) => void): unknown;
  on(event: 'error', listener: (cause: unknown) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  postMessage(message: ToThread): void;
  terminate(): Promise<number>;
}

/** Starts the thread's code; a test replaces it to hold the thread in its hands. */
export type StartWorker = () => Promise<Thread>;

export interface ThreadEvents {
  onBatch(answer: BatchAnswer): void;
  /** The thread died by itself; called once. */
  onBroken(failure: StoreUnavailable): void;
}

export interface StoreThread {
  open(setup: ThreadSetup): Promise<void>;
  call<Name extends CallName>(name: Name, ...args: CallArgs<Name>): Promise<CallValue<Name>>;
  /** The same, of the plain calls. */
  callPlain: PerformPlain;
  serve<Name extends ServiceName>(name: Name): Promise<Services[Name]>;
  postBatch(values: BatchValue[]): void;
  /** Closes the connection and ends the thread. */
  close(): Promise<void>;
}

interface Waiting {
  /** Each waits for a type of its own; `never` fits them all. */
  resolve(value: never): void;
  reject(failure: Error): void;
}

/** Rows pass through quickly and reads are paged, so the thread needs little; it fails rather than grow. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };

/**
 * Starts the thread that runs `sqlite-worker.ts`. Where the process keeps a compile cache, the thread is given it, filled:
 * stripping types in the thread itself would cost 30 MB that are never given back (Node 24.21, measured 2026-11-21).
 */
export const startSqliteWorker: () => Promise<Worker> = async () => {
  const cache = getCompileCacheDir();
  if (cache !== undefined) {
    await import('./sqlite-worker.ts');
    flushCompileCache();
  }
  return new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
    resourceLimits: THREAD_LIMITS,
    ...(cache === undefined ? {} : { env: { NODE_COMPILE_CACHE: dirname(cache) } }),
  });
};

/** Takes charge of a thread that was just started. What it is asked before it died or after is rejected with StoreUnavailable. */
export function createStoreThread(worker: Thread, events: ThreadEvents): StoreThread {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let isClosing = false;
  let broken: StoreUnavailable | null = null;

  const breakWith = (cause: unknown): void => {
    if (broken) return;
    broken = new StoreUnavailable(isClosing ? 'the store is closed' : 'the store thread has died', { cause });
    for (const each of waiting.values()) each.reject(broken);
    waiting.clear();
    if (!isClosing) events.onBroken(broken);
  };
  const exited = new Promise<void>((resolve) => {
    worker.on('error', breakWith);
    worker.on('exit', (code) => {
      breakWith(new Error(`exit code ${code}`));
      resolve();
    });
  });
  worker.on('message', (message: FromThread) => {
    if (message.kind === 'batch') {
      events.onBatch(message);
      return;
    }
    const each = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === 'answer') each?.resolve(message.value);
    else each?.reject(toError(message.failure));
  });

  const ask = <Value>(makeMessage: (id: number) => ToThread): Promise<Value> => new Promise((resolve, reject) => {
    if (broken) {
      reject(broken);
      return;
    }
    const id = ++lastId;
    waiting.set(id, { resolve, reject });
    worker.postMessage(makeMessage(id));
  });
  return {
    open: (setup) => ask((id) => ({ kind: 'open', id, setup })),
    call: (name, ...args) => ask((id) => ({ kind: 'call', id, name, args })),
    callPlain: (name, ...args) => ask((id) => ({ kind: 'call', id, name, args })),
    serve: (name) => ask((id) => ({ kind: 'service', id, name })),
    postBatch: (values) => { worker.postMessage(values); },
    async close() {
      isClosing = true;
      if (!broken) await ask((id) => ({ kind: 'service', id, name: 'close' })).catch(() => worker.terminate());
      await exited;
    },
  };
}
