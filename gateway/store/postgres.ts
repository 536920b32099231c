/** This file is the shared store: the Store interface over PostgreSQL, for gateways on several machines. */
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import { bindPlainCalls } from './bind-calls.ts';
import { ledgerCalls } from './calls/ledger-calls.ts';
import { plainCalls } from './calls/plain.ts';
import { READ_CLOCKS } from './clocks.ts';
import { createBeat, endAllHolds } from './ledger-chunks.ts';
import { openOutbox } from './outbox.ts';
import { watchChanges } from './postgres-changes.ts';
import type { ChangeWatch } from './postgres-changes.ts';
import { createClient, destroyClient } from './postgres-client.ts';
import { toStoreFailure } from './postgres-failures.ts';
import { createLedgerBatches } from './postgres-ledger-batch.ts';
import { createPostgresLedger } from './postgres-ledger.ts';
import type { PostgresLedger } from './postgres-ledger.ts';
import { migratePostgres } from './postgres-migrate.ts';
import { createTaskRunner } from './postgres-tasks.ts';
import type { TaskRunner } from './postgres-tasks.ts';
import type { Store } from './store.ts';

export interface PostgresOptions {
  readonly url: string;
  /** What is settled while the database is away waits in a file here. */
  readonly dataFolder: string;
  readonly limits: Pick<Limits, 'storeBatchMax' | 'storeQueueMax'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** A migration may rewrite a table; nobody is served before it has. */
const MIGRATION_MS = 10 * 60_000;

/**
 * Opens (and migrates) the store in a database, and carries over what an earlier start had to leave in the outbox. Rejects with
 * the reason when the database can't be reached or was written by a newer program.
 */
export async function openPostgresStore({ url, dataFolder, limits, clock, log }: PostgresOptions): Promise<Store> {
  await migrateFirst(url, clock.now());
  const outbox = openOutbox(dataFolder);
  const ledger = createPostgresLedger({ batches: createLedgerBatches(url, clock), outbox, limits, clock, log });
  let changes: ChangeWatch | null = null;
  const tasks = createTaskRunner({ url, clock, onOwnStep: (step) => { changes?.noteOwn(step); } });
  try {
    await ledger.carryOver();
    changes = watchChanges({ url, clock, tasks, start: await tasks.ask(READ_CLOCKS) });
  } catch (failure) {
    await Promise.all([ledger.close(), tasks.close()]);
    throw failure;
  }
  return createStore({ tasks, ledger, changes });
}

interface StoreParts {
  readonly tasks: TaskRunner;
  readonly ledger: PostgresLedger;
  readonly changes: ChangeWatch;
}

function createStore({ tasks, ledger, changes }: StoreParts): Store {
  const run = tasks.run.bind(tasks);
  const beat = createBeat({
    write: (nodeId, nowMs) => run(ledgerCalls.beatNode, nodeId, nowMs),
    look: (nodeId, nowMs) => run(ledgerCalls.lookAtNode, nodeId, nowMs),
  });
  /** What was settled must not be overtaken by the end of its hold. */
  const afterOutbox = async <Value>(next: () => Promise<Value>): Promise<Value> => {
    await ledger.carryOver();
    return next();
  };
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await Promise.all([ledger.close(), changes.stop()]);
    await tasks.close();
  };
  return {
    ...bindPlainCalls((name, ...args) => run(plainCalls[name], ...args)),
    apply: ledger.apply,
    get pendingRecords() { return ledger.pending; },
    listUsage: (filter, page) => run(ledgerCalls.listUsage, filter, page),
    sumUsage: (filter) => run(ledgerCalls.sumUsage, filter),
    findRequest: (workspaceId, id) => run(ledgerCalls.findRequest, workspaceId, id),
    listRequests: (filter, page) => run(ledgerCalls.listRequests, filter, page),
    listRolloutCalls: (part, page) => run(ledgerCalls.listRolloutCalls, part, page),
    listShadowCalls: (rollout, page) => run(ledgerCalls.listShadowCalls, rollout, page),
    groupUsage: (query) => run(ledgerCalls.groupUsage, query),
    listErrorTimes: (...args) => run(ledgerCalls.listErrorTimes, ...args),
    postTransfers: (transfers) => run(ledgerCalls.postTransfers, transfers),
    refund: (workspaceId, requestId, given) => run(ledgerCalls.refund, workspaceId, requestId, given),
    listTransfers: (filter, page) => run(ledgerCalls.listTransfers, filter, page),
    listTransfersFor: (workspaceId, reference) => run(ledgerCalls.listTransfersFor, workspaceId, reference),
    listTransfersOldestFirst: (filter, page) => run(ledgerCalls.listTransfersOldestFirst, filter, page),
    balanceBefore: (workspaceId, ms) => run(ledgerCalls.balanceBefore, workspaceId, ms),
    readCounters: (ids) => run(ledgerCalls.readCounters, ids),
    registerNode: (node) => run(ledgerCalls.registerNode, node),
    listNodes: () => run(ledgerCalls.listNodes),
    beat,
    recoverNode: (nodeId, nowMs) => afterOutbox(() => endAllHolds(() => run(ledgerCalls.recoverChunk, nodeId, nowMs))),
    sweep: (nowMs) => afterOutbox(() => endAllHolds(() => run(ledgerCalls.sweepChunk, nowMs))),
    forgetIdempotency: (scope, key, requestId) => run(ledgerCalls.forgetIdempotency, scope, key, requestId),
    checkLedger: () => run(ledgerCalls.checkLedger),
    onForeignChange: changes.listen,
    ping: async () => { await tasks.ask(READ_CLOCKS); },
    close: () => closed ??= close(),
  };
}

/** Brings the schema up to date on a connection of its own, which may take longer than any call. */
async function migrateFirst(url: string, nowMs: number): Promise<void> {
  const client = createClient({ url, connectionsMax: 1, statementMs: MIGRATION_MS });
  try {
    await migratePostgres(client, nowMs);
  } catch (thrown) {
    throw toStoreFailure(thrown);
  } finally {
    await destroyClient(client);
  }
}
