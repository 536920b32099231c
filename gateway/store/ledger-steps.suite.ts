/** This file makes operations of the ledger out of small numbers, as gateways would send them, and as they should not: late, twice and out of order. */
import type { Ask, CounterSpec, HoldOp, LedgerOp } from '../foundation/ledger.ts';
import type { RequestRecord } from '../foundation/terms.ts';
import { budget, NOW_MS, quota, settleLine, usedRecord, wallet } from './ledger-samples.ts';

/** A step that gives an operation. Numbers choose among what there is, whatever there is. */
export type OpStep =
  | { readonly kind: 'hold'; readonly node: number; readonly shape: number; readonly amount: number; readonly key: number | null; readonly giveBack: number | null }
  | { readonly kind: 'admit'; readonly node: number; readonly shape: number; readonly amount: number }
  | { readonly kind: 'settle'; readonly which: number; readonly used: number; readonly isLate: boolean; readonly isKept: boolean }
  | { readonly kind: 'pass_by'; readonly shape: number; readonly used: number; readonly isPoison: boolean }
  | { readonly kind: 'observe'; readonly which: number; readonly used: number; readonly isLate: boolean }
  | { readonly kind: 'journal'; readonly which: number; readonly isLate: boolean }
  | { readonly kind: 'lease'; readonly node: number; readonly counter: number; readonly amount: number; readonly isAgain: boolean }
  | { readonly kind: 'give_back'; readonly which: number; readonly amount: number }
  | { readonly kind: 'again'; readonly which: number };

/** A request as its gateway knows it. */
export interface OpenRequest {
  readonly index: number;
  readonly id: string;
  readonly node: string;
  readonly asks: readonly Ask[];
  readonly leaseIds: readonly (string | null)[];
  readonly key: string | null;
}

interface KnownLease {
  readonly id: string;
  readonly node: string;
  readonly counterId: string;
}

export const KEY_SCOPE = 'ws_1 createChatCompletion';
export const NODES = 3;
const HOLD_MS = 30_000;
const KEY_MS = 60_000;
const KEYS = 4;
/** Remembered to be sent again, or too late. */
const RECENT_MAX = 48;
/** Counters of each option of a request, by their number; the wallet is 0. */
const shapes: readonly (readonly (readonly number[])[])[] = [
  [[1]], [[0, 3, 5]], [[1], [2]], [[1, 3], [2, 3]], [[0, 4, 1]], [[]], [[5, 4]], [[0]],
];

export class Gateways {
  nowMs = NOW_MS;
  /** Operations with a row the store must refuse. */
  readonly poison = new Set<LedgerOp>();
  readonly #specs: CounterSpec[] = [
    wallet(), quota(40n), quota(60n, { id: 'p:ws_1:2026-11', kind: 'pool' }), budget(3000n), budget(null, { id: 'b:warn:all' }),
    quota(null, { id: 'q:ws_1:basic:2026-11-21' }),
  ];
  /** Requests of which a hold was sent, whatever became of it. */
  readonly #sent = new Set<string>();
  readonly #open: OpenRequest[] = [];
  readonly #closed: OpenRequest[] = [];
  readonly #leases: KnownLease[] = [];
  readonly #recent: LedgerOp[] = [];
  #last = 0;

  /** The operation of a step; null when there is nothing it could be about. */
  toOp(step: OpStep): LedgerOp | null {
    const op = this.#make(step);
    if (op && !this.poison.has(op)) remember(this.#recent, op);
    return op;
  }

  /** The store let a request in. */
  granted(op: HoldOp, asks: readonly Ask[]): void {
    this.#open.push({ index: Number(op.id.slice('req_'.length)), id: op.id, node: op.nodeId, asks, leaseIds: [], key: op.idempotency?.key ?? null });
  }

  /** A gateway is gone; what it had open may still be settled too late. */
  died(node: string): void {
    for (const request of this.#open.filter((each) => each.node === node)) this.#close(request);
  }

  recap(counter: number, cap: bigint | null): void {
    const at = counter % this.#specs.length;
    const spec = this.#specs[at];
    if (spec && spec.kind !== 'wallet') this.#specs[at] = { ...spec, cap, capRevision: spec.capRevision + 1 };
  }

  request(which: number): OpenRequest | undefined {
    return pick(which % 2 === 0 ? this.#closed : this.#open, which);
  }

  #make(step: OpStep): LedgerOp | null {
    switch (step.kind) {
      case 'hold': return this.#hold(step);
      case 'admit': return this.#admit(step);
      case 'settle': return this.#settle(step);
      case 'pass_by': return this.#passBy(step);
      case 'observe':
      case 'journal': return this.#note(step);
      case 'lease': return this.#lease(step);
      case 'again': return pick(this.#recent, step.which) ?? null;
      case 'give_back': {
        const lease = pick(this.#leases, step.which);
        return lease ? { kind: 'give_back', changes: [{ leaseId: lease.id, counterId: lease.counterId, amount: BigInt(step.amount) }] } : null;
      }
    }
  }

  #hold({ node, shape, amount, key, giveBack }: Extract<OpStep, { kind: 'hold' }>): LedgerOp {
    const lease = giveBack === null ? undefined : pick(this.#leases, giveBack);
    const options = this.#optionsOf(shape, amount);
    const draft = usedRecord(++this.#last, { messages: 0 }, { basis: 'none', payer: payerOf(options.flat()) });
    this.#sent.add(draft.id);
    return {
      kind: 'hold', id: draft.id, nodeId: nodeName(node), options, draft, nowMs: this.nowMs, expiresMs: this.nowMs + HOLD_MS,
      giveBack: lease ? [{ leaseId: lease.id, counterId: lease.counterId, amount: BigInt(amount) }] : [],
      idempotency: key === null ? null : {
        scope: KEY_SCOPE, key: `key-${key % KEYS}`, bodyHash: key % (KEYS + 1) === 0 ? 'other' : 'same', expiresMs: this.nowMs + KEY_MS,
      },
    };
  }

  /** A request that a gateway lets in out of its leases: the store hears of it when it is journalled or settled. */
  #admit({ node, shape, amount }: Extract<OpStep, { kind: 'admit' }>): null {
    const [asks = []] = this.#optionsOf(shape, amount);
    const leaseIds = asks.map(({ counter }) => this.#leases.findLast((lease) => lease.node === nodeName(node) && lease.counterId === counter.id)?.id ?? null);
    const index = ++this.#last;
    this.#open.push({ index, id: usedRecord(index, {}).id, node: nodeName(node), asks, leaseIds, key: null });
    return null;
  }

  #settle({ which, used, isLate, isKept }: Extract<OpStep, { kind: 'settle' }>): LedgerOp | null {
    const request = pick(isLate ? this.#closed : this.#open, which);
    if (!request) return null;
    if (!isLate) this.#close(request);
    const record = recordOf(request, used);
    const reply = isKept ? { status: 200, contentType: 'application/json', body: '{}', requestId: request.id } : null;
    return {
      kind: 'settle', record, lines: request.asks.map((ask, at) => settleLine(record, ask, request.leaseIds[at] ?? null)),
      idempotency: request.key === null ? null : { scope: KEY_SCOPE, key: request.key, reply },
      isFirstWord: request.key === null && !this.#sent.has(request.id),
    };
  }

  /** A request that holds nothing. */
  #passBy({ shape, used, isPoison }: Extract<OpStep, { kind: 'pass_by' }>): LedgerOp {
    const [asks = []] = this.#optionsOf(shape, 0);
    const record = recordOf({ index: ++this.#last, asks }, used);
    const refused = { ...record, usage: { ...record.usage, completionTokens: -1 } };
    const op: LedgerOp = {
      kind: 'settle', record: isPoison ? refused : record, lines: asks.map((ask) => settleLine(record, ask, null)), idempotency: null,
      isFirstWord: true,
    };
    if (isPoison) this.poison.add(op);
    return op;
  }

  #note(step: Extract<OpStep, { kind: 'observe' | 'journal' }>): LedgerOp | null {
    const request = pick(step.isLate ? this.#closed : this.#open, step.which);
    if (!request) return null;
    const { id, node: nodeId, asks, leaseIds } = request;
    // A gateway notes nothing for the first time once it has settled: its settlement was the first word, and may be said again.
    if (step.kind === 'journal' && step.isLate && !this.#sent.has(id)) return null;
    if (step.kind === 'observe') return { kind: 'observe', id, record: recordOf(request, step.used) };
    const lines = asks.flatMap((ask, at) => {
      const leaseId = leaseIds[at] ?? null;
      return leaseId === null ? [] : [{ leaseId, ask }];
    });
    this.#sent.add(id);
    return { kind: 'journal', id, nodeId, lines, record: recordOf(request, 0), nowMs: this.nowMs, expiresMs: this.nowMs + HOLD_MS };
  }

  #lease({ node, counter, amount, isAgain }: Extract<OpStep, { kind: 'lease' }>): LedgerOp | null {
    const spec = this.#specs[counter % this.#specs.length];
    if (!spec) return null;
    const before = isAgain ? this.#leases.findLast(({ counterId }) => counterId === spec.id) : undefined;
    const leaseId = before?.id ?? `lease_${++this.#last}`;
    if (!before) remember(this.#leases, { id: leaseId, node: nodeName(node), counterId: spec.id });
    return { kind: 'lease', leaseId, nodeId: nodeName(node), counter: spec, amount: BigInt(amount), nowMs: this.nowMs };
  }

  #close(request: OpenRequest): void {
    this.#open.splice(this.#open.indexOf(request), 1);
    remember(this.#closed, request);
  }

  /** Money is asked for by the hundred. */
  #optionsOf(shape: number, amount: number): Ask[][] {
    return (shapes[shape % shapes.length] ?? []).map((counters) => counters.flatMap((at) => {
      const counter = this.#specs[at];
      return counter ? [{ counter, amount: BigInt(counter.unit === 'nusd' ? amount * 100 : amount) }] : [];
    }));
  }
}

export function nodeName(node: number): string {
  return `node_${node % NODES}`;
}

function pick<Value>(values: readonly Value[], which: number): Value | undefined {
  return values.length === 0 ? undefined : values[which % values.length];
}

function remember<Value>(values: Value[], value: Value): void {
  values.push(value);
  if (values.length > RECENT_MAX) values.shift();
}

function recordOf({ index, asks }: Pick<OpenRequest, 'index' | 'asks'>, used: number): RequestRecord {
  return usedRecord(index, { messages: used, nanoUsd: BigInt(used * 77) }, { payer: payerOf(asks), basis: used === 0 ? 'none' : 'provider' });
}

function payerOf(asks: readonly Ask[]): 'balance' | 'plan' {
  return asks.some(({ counter }) => counter.kind === 'wallet') ? 'balance' : 'plan';
}
