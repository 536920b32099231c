/** This file is the ledger once more, as simply as it can be said: what the real one must agree with. It sums up instead of keeping sums, and knows no batches. */
import type {
  Ask, CounterSpec, Denial, HoldAnswer, HoldOp, JournalOp, LeaseChange, LeaseOp, LedgerAnswer, LedgerOp, SettleOp,
} from '../foundation/ledger.ts';
import type { RequestRecord } from '../foundation/terms.ts';

export interface ReferenceCounter {
  readonly spec: CounterSpec;
  cap: bigint | null;
  revision: number;
  used: bigint;
  recallMs: number;
}

export interface ReferenceHold {
  readonly id: string;
  readonly nodeId: string;
  readonly isLease: boolean;
  readonly lines: Map<string, bigint>;
  draft: RequestRecord | null;
  readonly key: string | null;
  readonly expiresMs: number;
}

export interface ReferenceRow {
  readonly outcome: string;
  readonly moved: ReadonlyMap<string, bigint>;
  readonly charged: bigint;
  readonly lostNanoUsd: bigint;
  readonly lostMessages: bigint;
  refunded: bigint;
}

interface ReferenceKey {
  readonly requestId: string;
  readonly bodyHash: string;
  readonly expiresMs: number;
  reply: { status: number; contentType: string; body: string | null; requestId: string } | null;
}

const QUIET_MS = 10_000;

export class ReferenceLedger {
  readonly counters = new Map<string, ReferenceCounter>();
  readonly holds = new Map<string, ReferenceHold>();
  readonly rows = new Map<string, ReferenceRow>();
  readonly keys = new Map<string, ReferenceKey>();
  readonly nodes = new Set<string>();

  apply(op: LedgerOp): LedgerAnswer {
    switch (op.kind) {
      case 'hold': return this.#hold(op);
      case 'lease': return this.#lease(op);
      case 'settle': this.#settle(op); break;
      case 'journal': this.#journal(op); break;
      case 'give_back': for (const change of op.changes) this.#shrink(change); break;
      case 'observe': {
        const hold = this.holds.get(op.id);
        if (hold && !hold.isLease) hold.draft = op.record;
      }
    }
    return { kind: 'done' };
  }

  /** Ends everything of a node, in the order of the ids. */
  recover(nodeId: string): number {
    const ended = this.#endAll((hold) => hold.nodeId === nodeId, 'recovered');
    this.nodes.delete(nodeId);
    return ended;
  }

  sweep(nowMs: number): number {
    const ended = this.#endAll((hold) => !hold.isLease && hold.expiresMs <= nowMs, 'expired');
    for (const [id, key] of this.keys) if (key.expiresMs <= nowMs) this.keys.delete(id);
    return ended;
  }

  /** Adds to a wallet; false when there is not so much to take away. */
  credit(spec: CounterSpec, amount: bigint): boolean {
    const { cap = 0n, used = 0n } = this.counters.get(spec.id) ?? {};
    if (amount < 0n && (cap ?? 0n) - used - this.held(spec.id) < -amount) return false;
    this.counter(spec).cap = (cap ?? 0n) + amount;
    return true;
  }

  /** Gives back of what a request was charged; how much is left when that is too much, null when it was done. */
  refund(requestId: string, amount: bigint): bigint | null {
    const row = this.rows.get(requestId);
    const left = row ? row.charged - row.refunded : 0n;
    if (!row || amount <= 0n || amount > left) return left;
    row.refunded += amount;
    for (const id of row.moved.keys()) {
      const counter = this.counters.get(id);
      if (counter?.spec.unit === 'nusd') counter.used -= amount;
    }
    return null;
  }

  forget(key: string, requestId: string): void {
    const use = this.keys.get(key);
    if (use?.requestId === requestId && !use.reply) this.keys.delete(key);
  }

  held(counterId: string, isMeant: (hold: ReferenceHold) => boolean = () => true): bigint {
    let sum = 0n;
    for (const hold of this.holds.values()) if (isMeant(hold)) sum += hold.lines.get(counterId) ?? 0n;
    return sum;
  }

  counter(spec: CounterSpec): ReferenceCounter {
    let counter = this.counters.get(spec.id);
    if (!counter) {
      counter = { spec, cap: spec.kind === 'wallet' ? 0n : spec.cap, revision: spec.capRevision, used: 0n, recallMs: 0 };
      this.counters.set(spec.id, counter);
    }
    if (spec.kind !== 'wallet' && counter.revision < spec.capRevision) {
      counter.cap = spec.cap;
      counter.revision = spec.capRevision;
    }
    return counter;
  }

  #free(spec: CounterSpec): bigint | null {
    const { cap, used } = this.counter(spec);
    return cap === null ? null : cap - used - this.held(spec.id);
  }

  #shrink({ leaseId, counterId, amount }: LeaseChange): bigint {
    const lease = this.holds.get(leaseId);
    const has = lease?.lines.get(counterId) ?? 0n;
    if (!lease?.isLease) return 0n;
    const taken = amount > has ? has : amount;
    lease.lines.set(counterId, has - taken);
    if (has === taken) this.holds.delete(leaseId);
    return taken;
  }

  #hold(op: HoldOp): HoldAnswer {
    for (const ask of op.options.flat()) this.counter(ask.counter);
    if (this.rows.has(op.id) || this.holds.has(op.id)) return { kind: 'duplicate' };
    for (const change of op.giveBack) this.#shrink(change);
    const key = op.idempotency && `${op.idempotency.scope} ${op.idempotency.key}`;
    const use = key === null ? undefined : this.keys.get(key);
    if (use && use.expiresMs > op.nowMs) {
      if (use.bodyHash !== op.idempotency?.bodyHash) return { kind: 'other_body' };
      return use.reply ? { kind: 'answered', reply: use.reply } : { kind: 'unanswered' };
    }
    const denials = op.options.map((asks) => asks.find((ask) => !this.#fits(ask, 0n)) ?? null);
    const option = denials.indexOf(null);
    const asks = op.options[option];
    if (asks) {
      const lines = new Map(asks.map(({ counter, amount }) => [counter.id, this.counter(counter).cap === null ? 0n : amount]));
      this.holds.set(op.id, { id: op.id, nodeId: op.nodeId, isLease: false, lines, draft: op.draft, key, expiresMs: op.expiresMs });
      if (key !== null && op.idempotency) {
        this.keys.set(key, { requestId: op.id, bodyHash: op.idempotency.bodyHash, expiresMs: op.idempotency.expiresMs, reply: null });
      }
      return { kind: 'granted', option, rooms: asks.map((ask) => this.#free(ask.counter)) };
    }
    return this.#refuse(op, denials.flatMap((ask): Denial[] => {
      if (!ask) return [];
      const { cap, used } = this.counter(ask.counter);
      return [{ ask, cap: cap ?? 0n, used, held: this.held(ask.counter.id) }];
    }));
  }

  #refuse(op: HoldOp, denials: readonly Denial[]): HoldAnswer {
    const isForeign = (hold: ReferenceHold): boolean => hold.isLease && hold.nodeId !== op.nodeId;
    const reachable = op.options.filter((asks) => asks.every((ask) => this.#fits(ask, this.held(ask.counter.id, isForeign))));
    for (const ask of reachable.flat()) {
      if (this.#fits(ask, 0n) || this.held(ask.counter.id, isForeign) === 0n) continue;
      const counter = this.counter(ask.counter);
      counter.recallMs = Math.max(counter.recallMs, op.nowMs);
    }
    return { kind: reachable.length > 0 ? 'contended' : 'denied', denials };
  }

  #fits({ counter, amount }: Ask, more: bigint): boolean {
    const free = this.#free(counter);
    return free === null || amount === 0n || amount <= free + more;
  }

  #lease({ leaseId, nodeId, counter: spec, amount, nowMs }: LeaseOp): LedgerAnswer {
    const counter = this.counter(spec);
    const before = this.holds.get(leaseId);
    if (before) return { kind: 'leased', amount: before.lines.get(spec.id) ?? 0n };
    const share = (this.#free(spec) ?? 0n) / 8n;
    const given = amount > share ? share : amount;
    const isQuiet = counter.recallMs !== 0 && nowMs - counter.recallMs < QUIET_MS;
    if (isQuiet || !this.nodes.has(nodeId) || given <= 0n || given < (amount + 63n) / 64n) return { kind: 'leased', amount: 0n };
    this.holds.set(leaseId, { id: leaseId, nodeId, isLease: true, lines: new Map([[spec.id, given]]), draft: null, key: null, expiresMs: Infinity });
    return { kind: 'leased', amount: given };
  }

  #journal(op: JournalOp): void {
    for (const { ask } of op.lines) this.counter(ask.counter);
    if (this.rows.has(op.id) || this.holds.has(op.id)) return;
    const lines = new Map<string, bigint>();
    for (const { leaseId, ask } of op.lines) {
      const moved = this.#shrink({ leaseId, counterId: ask.counter.id, amount: ask.amount });
      const free = this.#free(ask.counter);
      const rest = free === null ? 0n : free - moved;
      lines.set(ask.counter.id, moved + (rest <= 0n ? 0n : rest < ask.amount - moved ? rest : ask.amount - moved));
    }
    this.holds.set(op.id, { id: op.id, nodeId: op.nodeId, isLease: false, lines, draft: op.record, key: null, expiresMs: op.expiresMs });
  }

  #settle({ record, lines, idempotency }: SettleOp): void {
    for (const { counter } of lines) this.counter(counter);
    if (this.rows.has(record.id)) return;
    const own = this.holds.get(record.id);
    this.holds.delete(record.id);
    for (const { counter, asked, actual, leaseId } of lines) {
      if (leaseId !== null && !own?.lines.has(counter.id)) this.#shrink({ leaseId, counterId: counter.id, amount: actual < asked ? actual : asked });
    }
    this.#write(record, lines.map(({ counter }) => ({ counter, most: null })));
    const key = idempotency ? `${idempotency.scope} ${idempotency.key}` : own?.key ?? null;
    const use = key === null ? undefined : this.keys.get(key);
    if (key === null || use?.requestId !== record.id) return;
    if (idempotency?.reply) use.reply = idempotency.reply;
    else this.keys.delete(key);
  }

  #endAll(isMeant: (hold: ReferenceHold) => boolean, outcome: 'recovered' | 'expired'): number {
    const meant = [...this.holds.values()].filter(isMeant);
    meant.sort((a, b) => (outcome === 'expired' ? a.expiresMs - b.expiresMs : 0) || (a.id < b.id ? -1 : 1));
    for (const hold of meant) {
      this.holds.delete(hold.id);
      if (!hold.draft) continue;
      const free = { ...hold.draft.charge, messages: 0, nanoUsd: 0n };
      const spent = hold.key === null ? hold.draft : { ...hold.draft, payer: 'none', charge: free };
      this.#write({ ...spent, id: hold.id, outcome }, [...hold.lines].flatMap(([id, most]) => {
        const counter = this.counters.get(id);
        return counter ? [{ counter: counter.spec, most: counter.cap === null ? null : most }] : [];
      }));
      if (hold.key !== null && this.keys.get(hold.key)?.requestId === hold.id) this.keys.delete(hold.key);
    }
    return meant.filter((hold) => !hold.isLease).length;
  }

  #write(record: Spent, touched: readonly { readonly counter: CounterSpec; readonly most: bigint | null }[]): void {
    const moved = new Map<string, bigint>();
    const wanted = { nusd: BigInt(record.charge.nanoUsd), msg: BigInt(record.charge.messages) };
    const lost = { nusd: 0n, msg: 0n };
    for (const unit of ['nusd', 'msg'] as const) {
      const ofUnit = touched.filter(({ counter }) => counter.unit === unit);
      if (ofUnit.length === 0) continue;
      let amount = wanted[unit];
      for (const { counter, most } of ofUnit) {
        for (const bound of [this.#free(counter), most]) if (bound !== null && bound < amount) amount = bound < 0n ? 0n : bound;
      }
      lost[unit] = wanted[unit] - amount;
      for (const { counter } of ofUnit) {
        this.counter(counter).used += amount;
        if (amount > 0n) moved.set(counter.id, amount);
      }
    }
    const isBalance = record.payer === 'balance';
    const charged = isBalance ? moved.get(`w:${record.workspaceId}`) ?? 0n : 0n;
    this.rows.set(record.id, {
      outcome: record.outcome, moved, charged, lostNanoUsd: isBalance ? wanted.nusd - charged : lost.nusd, lostMessages: lost.msg, refunded: 0n,
    });
  }
}

/** Of a record, what the ledger goes by. */
interface Spent {
  readonly id: string;
  readonly workspaceId: string;
  readonly outcome: string;
  readonly payer: string;
  readonly charge: { readonly nanoUsd: bigint; readonly messages: number };
}
