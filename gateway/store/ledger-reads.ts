/** This file reads what a batch of the ledger touches, in an order in which no two batches can lock each other out. */
import type { CounterSpec } from '../foundation/ledger.ts';
import { readBigInt, readInteger, readIntegerOrNull, readOneOf, readText, readTextOrNull } from './columns.ts';
import type { Row } from './columns.ts';
import { insertSql } from './insert-sql.ts';
import type { LedgerEntry } from './ledger-entries.ts';
import { keyId } from './ledger-rows.ts';
import type { CounterRow, HoldRow, KeyUse, LeasedAmounts, LedgerRows } from './ledger-rows.ts';
import { forIds, forRows, tupleOf } from './sql-lists.ts';
import { rows } from './sql-task.ts';
import type { SqlTask, SqlValue, Statement } from './sql-task.ts';
import { counterKinds, units } from './transfer-rows.ts';

/** What a batch must know before it can be decided. */
export interface ReadPlan {
  /** Those that come with their description can be made; the others must be there. */
  readonly specs: ReadonlyMap<string, CounterSpec>;
  readonly counterIds: ReadonlySet<string>;
  readonly holdIds: ReadonlySet<string>;
  /** Requests that may have their usage row already. */
  readonly requestIds: ReadonlySet<string>;
  readonly nodeIds: ReadonlySet<string>;
  readonly keys: ReadonlyMap<string, { readonly scope: string; readonly key: string }>;
  /** Holds of which only their lines say what counters they touch. */
  readonly endedIds: readonly string[];
}

const counterColumns = ['id', 'kind', 'scope_id', 'unit', 'period', 'cap', 'cap_rev'] as const;
const COUNTER_SELECTION = `id, kind, scope_id, unit, period, CAST(cap AS TEXT) AS cap, cap_rev, CAST(used AS TEXT) AS used, CAST(held AS TEXT) AS held,
  recall_ms`;

const LOCK_NODES = 'SELECT id FROM node WHERE id IN ({{ids}}) ORDER BY id {{for_key_share}}';
const FIND_LINE_COUNTERS = 'SELECT DISTINCT counter_id FROM hold_line WHERE hold_id IN ({{ids}})';
const FIND_COUNTERS = 'SELECT id FROM counter WHERE id IN ({{ids}})';
const MAKE_COUNTERS = `${insertSql('counter', counterColumns).replace(/VALUES .*/, 'VALUES {{rows}}')} ON CONFLICT (id) DO NOTHING`;
const LOCK_COUNTERS = `SELECT ${COUNTER_SELECTION} FROM counter WHERE id IN ({{ids}}) ORDER BY id {{for_update}}`;
const FIND_HOLDS = 'SELECT id, kind, node_id, counter_id, idem_scope, idem_key, created_ms, expires_ms FROM hold WHERE id IN ({{ids}})';
const FIND_DRAFTS = 'SELECT id, record FROM hold WHERE id IN ({{ids}})';
const FIND_LINES = 'SELECT hold_id, counter_id, CAST(amount AS TEXT) AS amount FROM hold_line WHERE hold_id IN ({{ids}})';
const FIND_SETTLED = 'SELECT id FROM usage_event WHERE id IN ({{ids}})';
const FIND_KEY = 'SELECT scope, ikey, req_hash, request_id, state, status, content_type, body, expires_ms FROM idem WHERE scope = ? AND ikey = ?';
const SUM_LEASES = `SELECT h.counter_id, h.node_id, CAST(SUM(l.amount) AS TEXT) AS amount
  FROM hold h JOIN hold_line l ON l.hold_id = h.id AND l.counter_id = h.counter_id
  WHERE h.kind = 'lease' AND h.counter_id IN ({{ids}}) GROUP BY h.counter_id, h.node_id`;

const keyStates = ['open', 'done'] as const;
const holdKinds = ['req', 'job', 'lease'] as const;

/**
 * Lists what the entries touch. Those that say they are the first word of their request are believed, unless `isWary`: should
 * one be wrong, the primary key of its usage row refuses the whole batch.
 */
export function planReads(entries: readonly LedgerEntry[], isWary: boolean): ReadPlan {
  const plan = new Plan(isWary);
  for (const entry of entries) plan.add(entry);
  return plan;
}

class Plan implements ReadPlan {
  readonly specs = new Map<string, CounterSpec>();
  readonly counterIds = new Set<string>();
  readonly holdIds = new Set<string>();
  readonly requestIds = new Set<string>();
  readonly nodeIds = new Set<string>();
  readonly keys = new Map<string, { scope: string; key: string }>();
  readonly endedIds: string[] = [];
  readonly #isWary: boolean;

  constructor(isWary: boolean) {
    this.#isWary = isWary;
  }

  add(entry: LedgerEntry): void {
    switch (entry.kind) {
      case 'settle':
        if (this.#isWary || !entry.isFirstWord) this.#request(entry.id);
        for (const { counter, leaseId } of entry.lines) this.#counter(counter, leaseId);
        if (entry.idempotency) this.#key(entry.idempotency);
        return;
      case 'hold':
        this.#request(entry.id);
        this.nodeIds.add(entry.nodeId);
        for (const asks of entry.options) for (const { counter } of asks) this.#counter(counter, null);
        this.#changes(entry.giveBack);
        if (entry.idempotency) this.#key(entry.idempotency);
        return;
      case 'journal':
        this.#request(entry.id);
        this.nodeIds.add(entry.nodeId);
        for (const { leaseId, ask } of entry.lines) this.#counter(ask.counter, leaseId);
        return;
      case 'lease':
        this.nodeIds.add(entry.nodeId);
        this.#counter(entry.counter, entry.leaseId);
        return;
      case 'give_back': this.#changes(entry.changes); return;
      case 'observe': this.holdIds.add(entry.id); return;
      case 'end':
        this.#request(entry.id);
        this.endedIds.push(entry.id);
    }
  }

  #request(id: string): void {
    this.requestIds.add(id);
    this.holdIds.add(id);
  }

  #counter(spec: CounterSpec, leaseId: string | null): void {
    if (!this.specs.has(spec.id)) this.specs.set(spec.id, spec);
    this.counterIds.add(spec.id);
    if (leaseId !== null) this.holdIds.add(leaseId);
  }

  #changes(changes: readonly { readonly leaseId: string; readonly counterId: string }[]): void {
    for (const { leaseId, counterId } of changes) {
      this.holdIds.add(leaseId);
      this.counterIds.add(counterId);
    }
  }

  #key({ scope, key }: { readonly scope: string; readonly key: string }): void {
    this.keys.set(keyId(scope, key), { scope, key });
  }
}

export interface ReadOptions {
  /** Counters that need not be looked for. */
  readonly known: ReadonlySet<string>;
  /** Called, where given, with the reads that will follow whatever they find, in their order: an engine may send them ahead. */
  readonly ahead?: ((statements: readonly Statement[]) => void) | undefined;
}

/**
 * Reads what was planned. Nodes are locked before counters and counters in the order of their ids; everything else is read
 * after that, for on PostgreSQL what is read in a locking statement may be older than its locks. Counters that were never used
 * are made first: one that is not there can't be locked, and two who both find none would both have all of it.
 */
export function* readRows(plan: ReadPlan, { known, ahead }: ReadOptions): SqlTask<LedgerRows> {
  const unknown = [...plan.specs.values()].filter(({ id }) => !known.has(id));
  const isForeseen = plan.endedIds.length === 0 && unknown.length === 0;
  if (isForeseen) ahead?.(foresee(plan));
  const nodes = yield* lockNodes(plan);
  yield* makeCounters(unknown);
  const counterIds = new Set(plan.counterIds);
  for (const line of yield* forIds(FIND_LINE_COUNTERS, plan.endedIds)) counterIds.add(readText(line, 'counter_id'));
  const counters = yield* lockCounters([...counterIds]);
  let holds = yield* readHolds(plan, ahead !== undefined);
  const others = holds.flatMap(({ lines }) => [...lines.keys()]).filter((id) => !counterIds.has(id));
  const settled = yield* forIds(FIND_SETTLED, [...plan.requestIds]);
  const keys: KeyUse[] = [];
  for (const { scope, key } of plan.keys.values()) keys.push(...(yield* rows(FIND_KEY, scope, key)).map(readKeyUse));
  if (others.length > 0) {
    counters.push(...yield* lockCounters([...new Set(others)]));
    holds = yield* readHolds(plan, false);
  }
  return {
    counters, holds, keys,
    nodes: new Set(nodes.map((row) => readText(row, 'id'))),
    settled: new Set(settled.map((row) => readText(row, 'id'))),
    leased: new Map(),
  };
}

/** The reads of `readRows`, in its order, where it asks for nothing else. */
function foresee(plan: ReadPlan): Statement[] {
  return [
    ...collect(lockNodes(plan)), ...collect(lockCounters([...plan.counterIds])), ...collect(readHolds(plan, true)),
    ...collect(forIds(FIND_SETTLED, [...plan.requestIds])),
    ...[...plan.keys.values()].map(({ scope, key }): Statement => ({ sql: FIND_KEY, values: [scope, key] })),
  ];
}

/** What a task asks that finds nothing. */
function collect(task: SqlTask<unknown>): Statement[] {
  const statements: Statement[] = [];
  for (let step = task.next(); step.done !== true; step = task.next([])) statements.push(step.value);
  return statements;
}

function lockNodes(plan: ReadPlan): SqlTask<readonly Row[]> {
  return forIds(LOCK_NODES, [...plan.nodeIds].sort());
}

/** Reads what is leased of these counters; one of which nothing is leased has an empty entry. */
export function* readLeased(counterIds: readonly string[]): SqlTask<LeasedAmounts> {
  const leased = new Map(counterIds.map((id) => [id, new Map<string, bigint>()]));
  for (const row of yield* forIds(SUM_LEASES, counterIds)) {
    leased.get(readText(row, 'counter_id'))?.set(readText(row, 'node_id'), readBigInt(row, 'amount'));
  }
  return leased;
}

/** Reads counters as they are, those that exist, sorted by id, and locks them. */
export function* lockCounters(ids: readonly string[]): SqlTask<CounterRow[]> {
  return (yield* forIds(LOCK_COUNTERS, [...ids].sort())).map(readCounter);
}

/** Makes those of the counters that do not exist. */
export function* makeCounters(specs: readonly CounterSpec[]): SqlTask<void> {
  const found = new Set((yield* forIds(FIND_COUNTERS, specs.map(({ id }) => id))).map((row) => readText(row, 'id')));
  const missing = specs.filter(({ id }) => !found.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  yield* forRows(MAKE_COUNTERS, tupleOf(counterColumns), missing.map(counterValues));
}

/** `isForeseen`: also the lines of holds that are not there are asked for, so that what is asked does not depend on what is found. */
function* readHolds(plan: ReadPlan, isForeseen: boolean): SqlTask<HoldRow[]> {
  const ids = [...plan.holdIds];
  const found = yield* forIds(FIND_HOLDS, ids);
  const linesOf = new Map<string, Map<string, bigint>>(found.map((row) => [readText(row, 'id'), new Map()]));
  for (const line of yield* forIds(FIND_LINES, isForeseen ? ids : [...linesOf.keys()])) {
    linesOf.get(readText(line, 'hold_id'))?.set(readText(line, 'counter_id'), readBigInt(line, 'amount'));
  }
  const drafts = new Map((yield* forIds(FIND_DRAFTS, plan.endedIds)).map((row) => [readText(row, 'id'), readTextOrNull(row, 'record')]));
  return found.map((row) => {
    const id = readText(row, 'id');
    return toHold(row, { lines: linesOf.get(id) ?? new Map<string, bigint>(), draft: drafts.get(id) ?? null });
  });
}

function toHold(row: Row, { lines, draft }: Pick<HoldRow, 'lines' | 'draft'>): HoldRow {
  const key = readTextOrNull(row, 'idem_key');
  return {
    id: readText(row, 'id'),
    kind: readOneOf(row, 'kind', holdKinds),
    nodeId: readText(row, 'node_id'),
    counterId: readTextOrNull(row, 'counter_id'),
    draft, lines,
    idempotency: key === null ? null : { scope: readText(row, 'idem_scope'), key },
    createdMs: readInteger(row, 'created_ms'),
    expiresMs: readInteger(row, 'expires_ms'),
  };
}

/** Builds a counter from a row in which its amounts are text. */
export function readCounter(row: Row): CounterRow {
  return {
    id: readText(row, 'id'),
    kind: readOneOf(row, 'kind', counterKinds),
    scopeId: readText(row, 'scope_id'),
    unit: readOneOf(row, 'unit', units),
    period: readText(row, 'period'),
    cap: row['cap'] === null ? null : readBigInt(row, 'cap'),
    capRevision: readInteger(row, 'cap_rev'),
    used: readBigInt(row, 'used'),
    held: readBigInt(row, 'held'),
    recallMs: readInteger(row, 'recall_ms'),
  };
}

/** A wallet begins with nothing: its cap is what is credited to it. */
function counterValues(spec: CounterSpec): SqlValue[] {
  const isWallet = spec.kind === 'wallet';
  return [spec.id, spec.kind, spec.scopeId, spec.unit, spec.period, isWallet ? 0n : spec.cap, isWallet ? 0 : spec.capRevision];
}

function readKeyUse(row: Row): KeyUse {
  return {
    scope: readText(row, 'scope'),
    key: readText(row, 'ikey'),
    bodyHash: readText(row, 'req_hash'),
    requestId: readText(row, 'request_id'),
    state: readOneOf(row, 'state', keyStates),
    status: readIntegerOrNull(row, 'status'),
    contentType: readTextOrNull(row, 'content_type'),
    body: readTextOrNull(row, 'body'),
    expiresMs: readInteger(row, 'expires_ms'),
  };
}
