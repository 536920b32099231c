/** This file asks the thread that runs other people's patterns, one task at a time, and ends it when a task takes too long. */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../foundation/clock.ts';
import type { Limits } from '../../foundation/limits.ts';
import type { EvalTask, EvalTaskAnswer } from './worker.ts';

export interface EvalThread {
  /** Never rejects: what takes too long, or too much memory, is a fault. */
  ask(task: EvalTask): Promise<EvalTaskAnswer>;
  close(): Promise<void>;
}

/** Enough for any schema; one that takes more ends the thread, and nothing else. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };
/** A thread that is just starting reads its program first, in ms. */
const START_MS = 10_000;
/** What a thread is asked first, to know that it is there. */
const NOTHING: EvalTask = { kind: 'regex', pattern: '', flags: '', text: null };

/** Starts no thread before there is something to ask. */
export function createEvalThread({ clock, limits }: { readonly clock: Pick<Clock, 'after'>; readonly limits: Pick<Limits, 'evalCheckMs'> }): EvalThread {
  let worker: Worker | null = null;
  let last: Promise<unknown> = Promise.resolve();
  /** Takes the answer to the task under way; does nothing between two. */
  let answer: (answer: EvalTaskAnswer) => void = ignore;
  const drop = (why: string): void => {
    void worker?.terminate();
    worker = null;
    answer({ fault: why });
  };
  const start = (): Worker => {
    const thread = startThread();
    thread.on('message', (given: EvalTaskAnswer) => { if (thread === worker) answer(given); });
    thread.on('error', (error: unknown) => { if (thread === worker) drop(error instanceof Error ? error.message : String(error)); });
    thread.on('exit', () => { if (thread === worker) drop('The thread has ended.'); });
    return thread;
  };
  const exchange = (thread: Worker, task: EvalTask, ms: number): Promise<EvalTaskAnswer> => new Promise((resolve) => {
    const cancel = clock.after(ms, () => { drop(`It took longer than ${ms} ms.`); });
    answer = (given) => {
      answer = ignore;
      cancel();
      resolve(given);
    };
    thread.postMessage(task);
  });
  const run = async (task: EvalTask): Promise<EvalTaskAnswer> => {
    if (!worker) await exchange(worker = start(), NOTHING, START_MS);
    return worker ? exchange(worker, task, limits.evalCheckMs) : { fault: 'The thread could not be started.' };
  };
  return {
    ask(task) {
      const asked = last.then(() => run(task));
      last = asked;
      return asked;
    },
    async close() {
      await last;
      drop('The gateway is closing.');
    },
  };
}

function ignore(): void {}

function startThread(): Worker {
  const thread = new Worker(new URL('./worker.ts', import.meta.url), { resourceLimits: THREAD_LIMITS });
  // A gateway that has nothing else to do may end.
  thread.unref();
  return thread;
}
