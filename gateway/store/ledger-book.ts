/** This file is the open book of one batch: counters, holds and keys as they were read, changed in memory, and what has to be written of them. */
import type { CounterSpec } from '../foundation/ledger.ts';
import { keyId } from './ledger-rows.ts';
import type { CounterRow, HoldRow, KeyUse, LedgerRows, LedgerWrites } from './ledger-rows.ts';
import type { SqlValue } from './sql-task.ts';

/** A counter as it is by now. */
export type Counter = { -readonly [Field in keyof CounterRow]: CounterRow[Field] } & { isChanged: boolean };

/** A hold as it is by now. */
export interface Hold extends Omit<HoldRow, 'draft' | 'lines'> {
  draft: string | null;
  readonly lines: Map<string, bigint>;
  readonly isNew: boolean;
  hasNewDraft: boolean;
  readonly changedLines: Set<string>;
}

interface KeyState {
  readonly stored: KeyUse | null;
  use: KeyUse | null;
}

type FreedKey = LedgerWrites['freedKeys'][number];

export class LedgerBook {
  readonly nodes: ReadonlySet<string>;
  readonly settled: Set<string>;
  readonly usage: (readonly SqlValue[])[] = [];
  readonly evidence: (readonly SqlValue[])[] = [];
  readonly transfers: (readonly SqlValue[])[] = [];
  /** Counters of which it matters what others lease, and was not looked at. */
  readonly unseenLeases = new Set<string>();
  readonly #counters: Map<string, Counter>;
  readonly #holds: Map<string, Hold>;
  readonly #keys: Map<string, KeyState>;
  readonly #leased: Map<string, Map<string, bigint>>;
  readonly #endedHolds: string[] = [];
  readonly #freedKeys: FreedKey[] = [];

  constructor(rows: LedgerRows) {
    this.nodes = rows.nodes;
    this.settled = new Set(rows.settled);
    this.#counters = new Map(rows.counters.map((row) => [row.id, { ...row, isChanged: false }]));
    this.#holds = new Map(rows.holds.map((row) => [row.id, {
      ...row, lines: new Map(row.lines), isNew: false, hasNewDraft: false, changedLines: new Set<string>(),
    }]));
    this.#keys = new Map(rows.keys.map((use) => [keyId(use.scope, use.key), { stored: use, use }]));
    this.#leased = new Map([...rows.leased].map(([id, byNode]) => [id, new Map(byNode)]));
  }

  /** The counter somebody has described, whose cap is the newest that was ever seen. */
  see(spec: CounterSpec): Counter {
    const counter = this.counter(spec.id);
    if (counter.kind !== 'wallet' && spec.capRevision > counter.capRevision) {
      counter.cap = spec.cap;
      counter.capRevision = spec.capRevision;
      counter.isChanged = true;
    }
    return counter;
  }

  counter(id: string): Counter {
    const counter = this.#counters.get(id);
    if (!counter) throw new Error(`the counter ${id} was not read`);
    return counter;
  }

  hold(id: string): Hold | null {
    return this.#holds.get(id) ?? null;
  }

  /** Opens a hold: what is in its lines is held from now on. */
  open(row: HoldRow): void {
    this.#holds.set(row.id, { ...row, lines: new Map(row.lines), isNew: true, hasNewDraft: false, changedLines: new Set() });
    for (const [id, amount] of row.lines) this.#addHeld(row, id, amount);
  }

  /** Ends a hold: nothing in it is held any more. */
  end(hold: Hold): void {
    for (const [id, amount] of hold.lines) this.#addHeld(hold, id, -amount);
    this.#remove(hold);
  }

  /** Takes an amount out of a lease, or as much as it has, and gives how much that was. A lease with nothing in it is over. */
  takeFromLease(leaseId: string, counterId: string, amount: bigint): bigint {
    const lease = this.#holds.get(leaseId);
    const has = lease?.lines.get(counterId);
    if (lease?.kind !== 'lease' || has === undefined) return 0n;
    const taken = smaller(has, atLeastZero(amount));
    if (taken > 0n) {
      lease.lines.set(counterId, has - taken);
      lease.changedLines.add(counterId);
      this.#addHeld(lease, counterId, -taken);
    }
    if (has === taken) this.#remove(lease);
    return taken;
  }

  /** How much other nodes lease of a counter; null when that was not looked at. */
  leasedByOthers(counterId: string, nodeId: string): bigint | null {
    const byNode = this.#leased.get(counterId);
    if (!byNode) {
      this.unseenLeases.add(counterId);
      return null;
    }
    let sum = 0n;
    for (const [id, amount] of byNode) if (id !== nodeId) sum += amount;
    return sum;
  }

  keyUse(scope: string, key: string): KeyUse | null {
    return this.#keys.get(keyId(scope, key))?.use ?? null;
  }

  setKey(use: KeyUse): void {
    const id = keyId(use.scope, use.key);
    const state = this.#keys.get(id);
    if (state) state.use = use;
    else this.#keys.set(id, { stored: null, use });
  }

  /** Frees a key if it is this request's. */
  freeKey(scope: string, key: string, requestId: string): void {
    const state = this.#keys.get(keyId(scope, key));
    if (!state) this.#freedKeys.push({ scope, key, requestId });
    else if (state.use?.requestId === requestId) state.use = null;
  }

  /** Everything that has changed. */
  writes(): LedgerWrites {
    const holds = [...this.#holds.values()];
    const stored = holds.filter((hold) => !hold.isNew);
    return {
      counters: [...this.#counters.values()].filter((counter) => counter.isChanged),
      newHolds: holds.filter((hold) => hold.isNew),
      drafts: stored.flatMap(({ id, draft, hasNewDraft }) => (hasNewDraft && draft !== null ? [{ id, draft }] : [])),
      changedLines: stored.flatMap((hold) => [...hold.changedLines].map((counterId) => ({ holdId: hold.id, counterId, amount: hold.lines.get(counterId) ?? 0n }))),
      endedHolds: this.#endedHolds,
      usage: this.usage,
      evidence: this.evidence,
      transfers: this.transfers,
      ...this.#keyWrites(),
    };
  }

  #keyWrites(): Pick<LedgerWrites, 'newKeys' | 'finishedKeys' | 'freedKeys'> {
    const newKeys: KeyUse[] = [];
    const finishedKeys: KeyUse[] = [];
    const freedKeys = [...this.#freedKeys];
    for (const { stored, use } of this.#keys.values()) {
      if (use === stored) continue;
      const isSame = use?.requestId === stored?.requestId;
      if (stored && !isSame) freedKeys.push({ scope: stored.scope, key: stored.key, requestId: stored.requestId });
      if (use) (isSame ? finishedKeys : newKeys).push(use);
    }
    return { newKeys, finishedKeys, freedKeys };
  }

  #remove(hold: Hold): void {
    this.#holds.delete(hold.id);
    if (!hold.isNew) this.#endedHolds.push(hold.id);
  }

  /** What a lease holds is leased by its node. */
  #addHeld({ kind, nodeId }: Pick<HoldRow, 'kind' | 'nodeId'>, counterId: string, amount: bigint): void {
    if (amount === 0n) return;
    const counter = this.counter(counterId);
    counter.held += amount;
    counter.isChanged = true;
    const byNode = kind === 'lease' ? this.#leased.get(counterId) : undefined;
    byNode?.set(nodeId, (byNode.get(nodeId) ?? 0n) + amount);
  }
}

/** What is free of a counter; less than nothing when its cap was lowered; null without a cap. */
export function roomOf({ cap, used, held }: Pick<CounterRow, 'cap' | 'used' | 'held'>): bigint | null {
  return cap === null ? null : cap - used - held;
}

export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n;
}
