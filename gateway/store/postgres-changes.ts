/** This file hears what other processes have changed: PostgreSQL says so at once, and is asked every second, for what it said may be lost. */
import type { Clock } from '../foundation/clock.ts';
import { createClockWatch, READ_CLOCKS } from './clocks.ts';
import type { ClockName, ClockWatch } from './clocks.ts';
import type { Row } from './columns.ts';
import { createClient, destroyClient } from './postgres-client.ts';
import type { OwnStep, TaskRunner } from './postgres-tasks.ts';

export type ChangeListener = (clock: ClockName) => void;

export interface ChangeWatch {
  noteOwn: (step: OwnStep) => void;
  listen: (listener: ChangeListener) => void;
  stop: () => Promise<void>;
}

export interface ChangeWatchParts {
  readonly url: string;
  readonly clock: Pick<Clock, 'every'>;
  readonly tasks: Pick<TaskRunner, 'ask' | 'untilWritten'>;
  /** The rows of READ_CLOCKS when the store was opened. */
  readonly start: readonly Row[];
}

const POLL_MS = 1000;
/** The trigger on the table of clocks notifies this channel. */
const CHANNEL = 'interline_revision';

/** Starts to watch. What is heard while the database is away is heard once it is back. */
export function watchChanges({ url, clock, tasks, start }: ChangeWatchParts): ChangeWatch {
  const watch: ClockWatch = createClockWatch(start);
  const listeners: ChangeListener[] = [];
  let isLooking = false;
  let isAskedAgain = false;
  let isStopped = false;

  const look = async (): Promise<void> => {
    const rows = await tasks.ask(READ_CLOCKS);
    // What is being written here may have moved the clocks already, and is noted when it is answered.
    await tasks.untilWritten();
    if (isStopped) return;
    for (const moved of watch.look(rows)) for (const listener of listeners) listener(moved);
  };
  const lookSoon = (): void => {
    if (isLooking) {
      isAskedAgain = true;
      return;
    }
    isLooking = true;
    // A look that fails is made again by the next poll; that the database is away is for readiness to say.
    look().catch(() => undefined).finally(() => {
      isLooking = false;
      if (!isAskedAgain || isStopped) return;
      isAskedAgain = false;
      lookSoon();
    });
  };
  const listening = createClient({ url, connectionsMax: 1, statementMs: 0 });
  // It listens again by itself whenever its connection is made anew.
  void listening.listen(CHANNEL, lookSoon, lookSoon).catch(() => undefined);
  const stopPolling = clock.every(POLL_MS, lookSoon);
  return {
    noteOwn: (step) => { watch.noteOwn(step.name, step.revision); },
    listen: (listener) => { listeners.push(listener); },
    stop() {
      isStopped = true;
      stopPolling();
      return destroyClient(listening);
    },
  };
}
