/** This file is the ledger's own connection to PostgreSQL: one transaction after the other, statements sent ahead of the answers they do not need. */
import type { Clock } from '../foundation/clock.ts';
import type { Row } from './columns.ts';
import { createClient, destroyClient, withDeadline } from './postgres-client.ts';
import { toStoreFailure } from './postgres-failures.ts';
import { asking, isBlind } from './postgres-sql.ts';
import type { Ask } from './postgres-sql.ts';
import type { SqlTask, Statement } from './sql-task.ts';
import { StoreUnavailable } from './store.ts';

/** Makes a task; it may name statements that it will come to, whatever it reads before. */
export type MakeTask<Value> = (ahead: (statements: readonly Statement[]) => void) => SqlTask<Value>;

export interface LedgerSession {
  /** Runs a task in a transaction of its own and resolves once it is durable. Rejects with what broke it first; then nothing was written, unless the connection broke. */
  transact: <Value>(makeTask: MakeTask<Value>) => Promise<Value>;
  /** Ends the connection at once; what is under way is rejected. */
  destroy: () => void;
}

/** A transaction is given up after this long, in ms: the way to the database is cut, or it stands still. */
const TRANSACTION_MS = 5000;
/** The server gives up a statement a little earlier, and with it the locks it waits for. */
const STATEMENT_MS = 4000;

const BEGIN: Statement = { sql: 'BEGIN', values: [] };
const COMMIT: Statement = { sql: 'COMMIT', values: [] };
const ROLLBACK: Statement = { sql: 'ROLLBACK', values: [] };

/**
 * Connects. Rejects with StoreUnavailable when the database can't be reached. A session whose connection broke is of no use any
 * more: what the client still had to write would go astray.
 */
export async function openLedgerSession(url: string, clock: Pick<Clock, 'after'>): Promise<LedgerSession> {
  let isBroken = false;
  const client = createClient({
    url, connectionsMax: 1, statementMs: STATEMENT_MS,
    // Plans made while the tables were empty would read them from end to end for ever.
    settings: { enable_seqscan: 'off' },
    onClose: () => { isBroken = true; },
  });
  const destroy = (): void => {
    isBroken = true;
    void destroyClient(client);
  };
  const connect = async () => {
    // The client hands out a connection that is open already; it would wait for ever for one that is not.
    await client.unsafe('SELECT 1');
    return client.reserve();
  };
  const reserved = await withDeadline(connect(), { clock, ms: TRANSACTION_MS, onLate: destroy }).catch((thrown: unknown) => {
    destroy();
    throw toStoreFailure(thrown);
  });
  const ask: Ask = (statement) => (isBroken ? Promise.reject(new StoreUnavailable('the connection to the database broke')) : asking(reserved)(statement));
  return {
    transact: (makeTask) => withDeadline(transact(makeTask, ask), { clock, ms: TRANSACTION_MS, onLate: destroy }),
    destroy,
  };
}

/** The statements of one transaction, in the order they were sent. */
class Pipeline {
  readonly #ask: Ask;
  readonly #sent: Promise<readonly Row[]>[] = [];
  /** Sent before the task came to them. */
  #ahead: { readonly statement: Statement; readonly answer: Promise<readonly Row[]> }[] = [];

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  send(statement: Statement): Promise<readonly Row[]> {
    const answer = this.#ask(statement);
    // Every failure is looked at in the end, by `settle`.
    answer.catch(() => undefined);
    this.#sent.push(answer);
    return answer;
  }

  /** Sends what the task will read whatever it finds: one way there and back instead of one for each. */
  sendAhead = (statements: readonly Statement[]): void => {
    this.#ahead.push(...statements.map((statement) => ({ statement, answer: this.send(statement) })));
  };

  /** The answer to a statement of the task, which may be on its way already. */
  answerTo(statement: Statement): Promise<readonly Row[]> {
    const next = this.#ahead.shift();
    if (next && isSame(next.statement, statement)) return next.answer;
    // The task took another turn: what it would have read is of no use.
    this.#ahead = [];
    return this.send(statement);
  }

  /** Waits for everything that was sent; rejects with what failed first, for what failed later failed because of it. */
  async settle(): Promise<void> {
    for (const answer of await Promise.allSettled(this.#sent)) if (answer.status === 'rejected') throw answer.reason;
  }
}

async function transact<Value>(makeTask: MakeTask<Value>, ask: Ask): Promise<Value> {
  const pipeline = new Pipeline(ask);
  const begun = pipeline.send(BEGIN);
  try {
    const task = makeTask(pipeline.sendAhead);
    let step = task.next();
    while (step.done !== true) {
      const answer = pipeline.answerTo(step.value);
      step = task.next(isBlind(step.value) ? [] : await answer);
    }
    // PostgreSQL answers COMMIT with ROLLBACK, and no error, where a statement before it has failed; `settle` finds that one.
    void pipeline.send(COMMIT);
    await pipeline.settle();
    return step.value;
  } catch (thrown) {
    const first = await pipeline.settle().then(() => thrown, (failure: unknown) => failure);
    await begun.then(() => ask(ROLLBACK)).catch(() => undefined);
    throw first;
  }
}

function isSame(one: Statement, other: Statement): boolean {
  return one.sql === other.sql && one.values.length === other.values.length && one.values.every((value, index) => value === other.values[index]);
}
