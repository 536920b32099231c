/** This file is the gateway's end of the process that counts tokens: it starts it, asks it, and tells once when it has died. */
import { fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';

export interface CountingEvents {
  onCounted(tokens: number): void;
  /** The process could not be started or died; called once at most, and never after `end`. */
  onBroken(cause: Error): void;
}

export interface CountingProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Asks for the tokens of these texts together; the next may be asked when this one is answered. */
  count(texts: readonly string[]): void;
  /** Ends the process at once, whatever it is doing. */
  end(): void;
}

export type StartCounting = (events: CountingEvents) => CountingProcess;

/** The tokenizer needs 45 MB and the longest texts 10; the process fails rather than grow. */
const MEMORY_FLAGS = ['--max-old-space-size=160', '--max-semi-space-size=4'];

/**
 * Starts a process that counts. It is not a thread, because a thread that has ended leaves 30 MB with its gateway for good
 * (Node 24.21, measured 2026-11-21). It gets none of the gateway's environment, where the provider keys are, and keeps
 * the gateway alive only while an answer is awaited.
 */
export const startCounting: StartCounting = (events) => {
  const cache = getCompileCacheDir();
  const child = fork(new URL('./count-worker.ts', import.meta.url), {
    serialization: 'advanced',
    execArgv: [...MEMORY_FLAGS, '--disable-warning=ExperimentalWarning'],
    env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let isOver = false;
  const breakWith = (cause: Error): void => {
    if (isOver) return;
    isOver = true;
    child.kill('SIGKILL');
    events.onBroken(cause);
  };
  child.on('error', breakWith);
  child.on('exit', (code, signal) => { breakWith(new Error(`the counting process ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`)); });
  child.on('message', (tokens) => {
    child.unref();
    child.channel?.unref();
    if (typeof tokens !== 'number') breakWith(new Error('the counting process answered with something else than a number'));
    else if (!isOver) events.onCounted(tokens);
  });
  return {
    pid: child.pid,
    count(texts) {
      child.ref();
      child.channel?.ref();
      child.send([...texts], (error) => { if (error) breakWith(error); });
    },
    end() {
      isOver = true;
      child.kill('SIGKILL');
    },
  };
};
