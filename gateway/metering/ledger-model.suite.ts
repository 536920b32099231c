/** This file is a store in memory for tests that must decide when it answers and when it fails: the ledger's rules, and nothing durable. */
import type { Ask, CounterSpec, HoldAnswer, HoldOp, JournalOp, LeaseChange, LeaseOp, LedgerAnswer, LedgerOp, SettleOp } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { RequestRecord } from '../foundation/terms.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { NodeRow } from '../store/node-row.ts';
import type { LeaseRecall } from '../store/store.ts';
import type { LedgerStore } from './ledger-room.ts';
import { NO_USAGE } from './settle.ts';

interface ModelCounter { cap: bigint | null; revision: number; used: bigint; recallMs: number }
interface ModelHold { kind: 'req' | 'lease'; nodeId: string; lines: Map<string, bigint>; record: RequestRecord | null }

const LEASE_QUIET_MS = 10_000;

/** What all gateways of a test share. */
export class ModelLedger {
  readonly counters = new Map<string, ModelCounter>();
  readonly holds = new Map<string, ModelHold>();
  readonly usage = new Map<string, RequestRecord>();
  readonly nodes = new Map<string, NodeRow>();
  nowMs = 0;

  held(counterId: string, only: (hold: ModelHold) => boolean = () => true): bigint {
    let sum = 0n;
    for (const hold of this.holds.values()) if (only(hold)) sum += hold.lines.get(counterId) ?? 0n;
    return sum;
  }

  counter(spec: CounterSpec): ModelCounter {
    let counter = this.counters.get(spec.id);
    if (!counter) this.counters.set(spec.id, counter = { cap: spec.cap, revision: spec.capRevision, used: 0n, recallMs: -LEASE_QUIET_MS });
    if (spec.capRevision > counter.revision) Object.assign(counter, { cap: spec.cap, revision: spec.capRevision });
    return counter;
  }

  room(spec: CounterSpec): bigint | null {
    const { cap, used } = this.counter(spec);
    return cap === null ? null : cap - used - this.held(spec.id);
  }

  run(op: LedgerOp): LedgerAnswer {
    if (op.kind === 'hold') return this.#hold(op);
    if (op.kind === 'lease') return this.#lease(op);
    if (op.kind === 'settle') this.#settle(op);
    if (op.kind === 'journal') this.#journal(op);
    if (op.kind === 'give_back') for (const change of op.changes) this.reduce(change.leaseId, change);
    if (op.kind === 'observe') {
      const hold = this.holds.get(op.id);
      if (hold) hold.record = op.record;
    }
    return { kind: 'done' };
  }

  /** Takes an amount out of a line of a hold; at most what is there. */
  reduce(holdId: string, { counterId, amount }: Pick<LeaseChange, 'counterId' | 'amount'>): void {
    const hold = this.holds.get(holdId);
    const has = hold?.lines.get(counterId) ?? 0n;
    if (!hold) return;
    hold.lines.set(counterId, has > amount ? has - amount : 0n);
    if (hold.kind === 'lease' && has <= amount) this.holds.delete(holdId);
  }

  recover(nodeId: string): number {
    let count = 0;
    for (const [id, hold] of this.holds) {
      if (hold.nodeId !== nodeId) continue;
      this.holds.delete(id);
      if (hold.kind === 'req' && hold.record) this.usage.set(id, hold.record);
      if (hold.kind === 'req') count++;
    }
    this.nodes.delete(nodeId);
    return count;
  }

  #hold(op: HoldOp): HoldAnswer {
    if (this.holds.has(op.id) || this.usage.has(op.id)) return { kind: 'duplicate' };
    for (const change of op.giveBack) this.reduce(change.leaseId, change);
    const isForeign = (hold: ModelHold): boolean => hold.kind === 'lease' && hold.nodeId !== op.nodeId;
    const denials = op.options.map((asks) => asks.find((ask) => !this.#fits(ask, 0n)));
    const option = denials.indexOf(undefined);
    const taken = op.options[option];
    if (taken) {
      const lines = new Map(taken.filter(({ counter }) => counter.cap !== null).map((ask) => [ask.counter.id, ask.amount]));
      this.holds.set(op.id, { kind: 'req', nodeId: op.nodeId, lines, record: op.draft });
      return { kind: 'granted', option, rooms: taken.map((ask) => this.room(ask.counter)) };
    }
    const isContended = op.options.some((asks) => asks.every((ask) => this.#fits(ask, this.held(ask.counter.id, isForeign))));
    if (isContended) for (const ask of op.options.flat()) this.counter(ask.counter).recallMs = this.nowMs;
    return {
      kind: isContended ? 'contended' : 'denied',
      denials: denials.flatMap((ask) => ask ? [{ ask, cap: ask.counter.cap ?? 0n, used: this.counter(ask.counter).used, held: this.held(ask.counter.id) }] : []),
    };
  }

  #fits({ counter, amount }: Ask, more: bigint): boolean {
    const room = this.room(counter);
    return room === null || amount <= room + more;
  }

  #lease({ leaseId, nodeId, counter, amount }: LeaseOp): LedgerAnswer {
    const room = this.room(counter) ?? 0n;
    const isQuiet = this.nowMs - this.counter(counter).recallMs < LEASE_QUIET_MS;
    const given = isQuiet || !this.nodes.has(nodeId) || room <= 0n ? 0n : amount < room ? amount : room;
    if (given > 0n) this.holds.set(leaseId, { kind: 'lease', nodeId, lines: new Map([[counter.id, given]]), record: null });
    return { kind: 'leased', amount: given };
  }

  #settle({ record, lines, isFirstWord }: SettleOp): void {
    if (this.usage.has(record.id)) return;
    // A store that believes it would leave the hold open for ever.
    if (isFirstWord && this.holds.has(record.id)) throw new Error(`${record.id} has a hold, and its settlement says that the store never heard of it`);
    this.usage.set(record.id, record);
    this.holds.delete(record.id);
    for (const { leaseId, counter, asked, actual } of lines) {
      if (leaseId !== null) this.reduce(leaseId, { counterId: counter.id, amount: actual < asked ? actual : asked });
    }
    for (const { counter, actual } of lines) {
      const room = this.room(counter);
      this.counter(counter).used += room === null || actual < room ? actual : room > 0n ? room : 0n;
    }
  }

  #journal(op: JournalOp): void {
    if (this.usage.has(op.id)) return;
    for (const { leaseId, ask } of op.lines) this.reduce(leaseId, { counterId: ask.counter.id, amount: ask.amount });
    this.holds.set(op.id, { kind: 'req', nodeId: op.nodeId, lines: new Map(op.lines.map(({ ask }) => [ask.counter.id, ask.counter.cap === null ? 0n : ask.amount])), record: op.record });
  }
}

/** One gateway's way to the shared ledger. It answers when `flush` is called, or at once when `isPrompt`. */
export class ModelStore implements LedgerStore {
  readonly ops: LedgerOp[] = [];
  /** True: nothing is written, everything fails. */
  isAway = false;
  isPrompt = true;
  /** Loses the answer to what was written. */
  onAnswer: (op: LedgerOp) => Error | null = () => null;
  readonly #ledger: ModelLedger;
  readonly #queue: { op: LedgerOp; done: (failure: Error | null, answer: LedgerAnswer | null) => void }[] = [];

  constructor(ledger: ModelLedger) {
    this.#ledger = ledger;
  }

  get pendingRecords(): number {
    return this.#queue.length;
  }

  apply(op: LedgerOp, done: (failure: Error | null, answer: LedgerAnswer | null) => void): void {
    this.ops.push(op);
    this.#queue.push({ op, done });
    if (this.isPrompt) queueMicrotask(() => { this.flush(); });
  }

  /** Takes and answers what was given until now. */
  flush(): void {
    const answers = this.#queue.splice(0).map(({ op, done }) => ({ op, done, answer: this.isAway ? null : this.#ledger.run(op) }));
    for (const { op, done, answer } of answers) {
      const failure = answer ? this.onAnswer(op) : new StoreUnavailable('away');
      done(failure, failure ? null : answer);
    }
  }

  registerNode(node: NodeRow): Promise<void> {
    this.#ledger.nodes.set(node.id, node);
    return this.#unlessAway(undefined);
  }

  listNodes(): Promise<NodeRow[]> {
    return this.#unlessAway([...this.#ledger.nodes.values()]);
  }

  beat(nodeId: string): Promise<{ isFenced: boolean; recalled: readonly LeaseRecall[] }> {
    if (this.isAway) return this.#unlessAway({ isFenced: false, recalled: [] });
    const node = this.#ledger.nodes.get(nodeId);
    if (!node) return Promise.resolve({ isFenced: true, recalled: [] });
    this.#ledger.nodes.set(nodeId, { ...node, beats: node.beats + 1 });
    const recalled: LeaseRecall[] = [];
    for (const [leaseId, hold] of this.#ledger.holds) {
      for (const counterId of hold.lines.keys()) {
        const recallMs = this.#ledger.counters.get(counterId)?.recallMs ?? -LEASE_QUIET_MS;
        if (hold.kind === 'lease' && hold.nodeId === nodeId && this.#ledger.nowMs - recallMs < LEASE_QUIET_MS) recalled.push({ leaseId, counterId });
      }
    }
    return Promise.resolve({ isFenced: false, recalled });
  }

  recoverNode(nodeId: string): Promise<number> {
    return this.isAway ? this.#unlessAway(0) : Promise.resolve(this.#ledger.recover(nodeId));
  }

  createJob(): Promise<HoldAnswer> {
    return Promise.reject(new Error('the model makes no jobs'));
  }

  sweep(): Promise<number> {
    return this.#unlessAway(0);
  }

  #unlessAway<Value>(value: Value): Promise<Value> {
    return this.isAway ? Promise.reject(new StoreUnavailable('away')) : Promise.resolve(value);
  }
}

/** A counter of messages with a cap. */
export function messageCounter(id: string, cap: bigint | null, capRevision = 1): CounterSpec {
  return { id, kind: 'quota', scopeId: 'ws_1', unit: 'msg', period: '2026-11-21', cap, capRevision };
}

/** The row of a request that used so many messages. */
export function usedMessages(id: string, messages: number): RequestRecord {
  return {
    id, workspaceId: 'ws_1', keyId: 'key_1', userId: 'user_1', operation: 'createChatCompletion', modelAsked: 'fast', model: null,
    upstreamModel: null, provider: null, target: null, attempts: 1, isStream: false, status: 200, outcome: 'ok', errorCode: null,
    finishReason: null, upstreamId: null, usage: NO_USAGE, basis: 'none',
    charge: { messages, nanoUsd: toNanoUsd(0), priceVersion: 'none', isUnpriced: true },
    payer: 'plan', failedAttempts: null, lastAttemptMs: null, route: null, isDegraded: false, cache: null, rollout: null, evalRun: null, startedMs: 0, latencyMs: 0, firstByteMs: null,
  };
}
