/** This file runs the Store's calls on PostgreSQL: a read as its answers come, a write in a transaction of its own. */
import type { Clock } from '../foundation/clock.ts';
import { ADVANCE_CLOCK, asClockName } from './clocks.ts';
import type { ClockName } from './clocks.ts';
import { readInteger } from './columns.ts';
import type { Row } from './columns.ts';
import { createClient, destroyClient, withDeadline } from './postgres-client.ts';
import type { Client } from './postgres-client.ts';
import { isConflict, isDisconnection, toStoreFailure } from './postgres-failures.ts';
import { asking } from './postgres-sql.ts';
import type { Ask } from './postgres-sql.ts';
import type { SqlCall, SqlTask } from './sql-task.ts';
import { StoreUnavailable } from './store.ts';

/** A clock this store has advanced. */
export interface OwnStep {
  readonly name: ClockName;
  readonly revision: number;
}

export interface TaskRunner {
  /** Runs a call. Rejects with StoreUnavailable when the database is away, and with what the task throws. */
  run<Args extends readonly unknown[], Value>(call: SqlCall<Args, Value>, ...args: Args): Promise<Value>;
  /** Asks one statement outside of any transaction. */
  ask(sql: string): Promise<readonly Row[]>;
  /** Resolves when the writes that are under way now have ended. */
  untilWritten(): Promise<void>;
  close(): Promise<void>;
}

export interface TaskRunnerParts {
  readonly url: string;
  readonly clock: Pick<Clock, 'after'>;
  /** A write that advanced a clock has been committed. */
  readonly onOwnStep: (step: OwnStep) => void;
}

const CONNECTIONS_MAX = 4;
/** A call is given up after this long, in ms; the server gives up a little earlier, so that it does not work for nobody. */
const CALL_MS = 10_000;
const STATEMENT_MS = 9000;
/** A snapshot reads everything there is. */
const SNAPSHOT_MS = 10 * 60_000;
const IDLE_SECONDS = 30;
const CONFLICTS_MAX = 10;

/** Makes a runner with a pool of its own; a pool that hangs is replaced. */
export function createTaskRunner({ url, clock, onOwnStep }: TaskRunnerParts): TaskRunner {
  const makePool = (): Client => createClient({ url, connectionsMax: CONNECTIONS_MAX, statementMs: STATEMENT_MS });
  let pool = makePool();
  let isClosed = false;
  const writes = new Set<Promise<unknown>>();

  const replace = (used: Client): void => {
    if (pool === used && !isClosed) pool = makePool();
    void destroyClient(used);
  };
  const within = async <Value>(work: (sql: Client) => Promise<Value>): Promise<Value> => {
    if (isClosed) throw new StoreUnavailable('the store is closed');
    const used = pool;
    try {
      return await withDeadline(work(used), { clock, ms: CALL_MS, onLate: () => { replace(used); } });
    } catch (thrown) {
      // A connection that broke is not used again: what was written to it may linger in the client.
      if (isDisconnection(thrown)) replace(used);
      throw toStoreFailure(thrown);
    }
  };
  const write = <Value>(makeTask: () => SqlTask<Value>): Promise<Value> => within(async (sql) => {
    const { value, steps } = await retryConflicts(async () => {
      const steps: OwnStep[] = [];
      const value = await sql.begin(async (tx) => ({ kept: await drive(makeTask(), notingSteps(asking(tx), steps)) }));
      return { value: value.kept, steps };
    });
    for (const step of steps) onOwnStep(step);
    return value;
  });
  const snapshot = async <Value>(makeTask: () => SqlTask<Value>): Promise<Value> => {
    const sql = createClient({ url, connectionsMax: 1, statementMs: SNAPSHOT_MS, settings: { idle_session_timeout: String(IDLE_SECONDS * 1000) } });
    try {
      const reading = sql.begin('isolation level repeatable read read only', async (tx) => ({ kept: await drive(makeTask(), asking(tx)) }));
      return (await withDeadline(reading, { clock, ms: SNAPSHOT_MS, onLate: () => { void destroyClient(sql); } })).kept;
    } catch (thrown) {
      throw toStoreFailure(thrown);
    } finally {
      await destroyClient(sql);
    }
  };
  return {
    run(call, ...args) {
      const makeTask = (): ReturnType<typeof call.task> => call.task(...args);
      if (call.mode === 'read') return within((sql) => drive(makeTask(), asking(sql)));
      if (call.mode === 'snapshot') return isClosed ? Promise.reject(new StoreUnavailable('the store is closed')) : snapshot(makeTask);
      const writing = write(makeTask);
      const ended = writing.then(() => undefined, () => undefined).finally(() => { writes.delete(ended); });
      writes.add(ended);
      return writing;
    },
    ask: (statement) => within((sql) => asking(sql)({ sql: statement, values: [] })),
    async untilWritten() { await Promise.all(writes); },
    async close() {
      await Promise.all(writes);
      isClosed = true;
      await pool.end({ timeout: 1 }).catch(() => undefined);
    },
  };
}

/** Hands a task the rows of each of its statements until it returns. */
async function drive<Value>(task: SqlTask<Value>, ask: Ask): Promise<Value> {
  let step = task.next();
  while (step.done !== true) step = task.next(await ask(step.value));
  return step.value;
}

/** Keeps what a task advances of the clocks. */
function notingSteps(ask: Ask, steps: OwnStep[]): Ask {
  return async (statement) => {
    const rows = await ask(statement);
    const name = statement.sql === ADVANCE_CLOCK ? asClockName(statement.values[0]) : null;
    const [first] = rows;
    if (name && first) steps.push({ name, revision: readInteger(first, 'rev') });
    return rows;
  };
}

async function retryConflicts<Value>(attempt: () => Promise<Value>): Promise<Value> {
  for (let conflicts = 1; ; conflicts++) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!isConflict(thrown) || conflicts >= CONFLICTS_MAX) throw thrown;
    }
  }
}
