/** This file plays a history of the ledger, step by step, on a real store and on the reference, and compares them: answers, rows and sums. */
import { isDeepStrictEqual } from 'node:util';
import type { LedgerAnswer, LedgerOp } from '../foundation/ledger.ts';
import { walletId } from '../foundation/ledger.ts';
import { openBreakingDatabase } from './breaking-database.suite.ts';
import type { BreakingDatabase } from './breaking-database.suite.ts';
import { ledgerCalls } from './calls/ledger-calls.ts';
import { findDifference, findRowDifference } from './ledger-differences.suite.ts';
import { ReferenceLedger } from './ledger-reference.suite.ts';
import { grantOf, nodeRow, wallet } from './ledger-samples.ts';
import { Gateways, KEY_SCOPE, nodeName, NODES } from './ledger-steps.suite.ts';
import type { OpStep } from './ledger-steps.suite.ts';
import { pushOp } from './sqlite-batch.ts';
import type { BatchValue } from './sqlite-batch.ts';
import { createCommit } from './sqlite-commit.ts';
import type { Commit } from './sqlite-commit.ts';
import type { BatchAnswer } from './sqlite-messages.ts';
import { createTaskRunner } from './sqlite-run-task.ts';
import type { TaskRunner } from './sqlite-run-task.ts';
import { InsufficientRoom } from './store.ts';

/** `breaks`: the store breaks off at that statement, if there are so many, and starts anew. */
type CommitStep = {
  readonly kind: 'commit';
  readonly breaks: number | null;
  /** The gateways do not hear the answers, and send the batch again. */
  readonly isLost: boolean;
  /** A batch that broke off is not sent again. */
  readonly isDropped: boolean;
};

type CallStep =
  | { readonly kind: 'credit'; readonly amount: number; readonly breaks: number | null }
  | { readonly kind: 'refund'; readonly which: number; readonly amount: number; readonly breaks: number | null }
  | { readonly kind: 'die'; readonly node: number; readonly breaks: number | null }
  | { readonly kind: 'sweep'; readonly breaks: number | null }
  | { readonly kind: 'forget'; readonly which: number; readonly breaks: number | null };

/** One step: an operation that joins the batch, the commit of the batch, a call, or something that happens around them. */
export type Step = OpStep | CommitStep | CallStep
  | { readonly kind: 'recap'; readonly counter: number; readonly cap: number }
  | { readonly kind: 'pass'; readonly ms: number };

const WHOLE: CommitStep = { kind: 'commit', breaks: null, isLost: false, isDropped: false };
/** Commits between two comparisons of everything that is open. */
const COMPARE_EVERY = 8;

export class LedgerHistory {
  readonly counts = { ops: 0, commits: 0, crashes: 0, repeated: 0 };
  readonly #store: BreakingDatabase = openBreakingDatabase();
  readonly #reference = new ReferenceLedger();
  readonly #gateways = new Gateways();
  readonly #runner: TaskRunner = createTaskRunner(this.#store.db);
  #commit: Commit = createCommit(this.#store.db, this.#runner);
  #batch: LedgerOp[] = [];
  #credits = 0;

  constructor() {
    for (let node = 0; node < NODES; node++) this.#register(nodeName(node));
  }

  /** Takes one step. Throws when the store and the reference disagree. */
  take(step: Step): void {
    switch (step.kind) {
      case 'commit': this.#commitBatch(step); return;
      case 'recap': this.#gateways.recap(step.counter, step.cap === 0 ? null : BigInt(step.cap)); return;
      case 'pass': this.#gateways.nowMs += step.ms; return;
      case 'credit': case 'refund': case 'die': case 'sweep': case 'forget':
        this.#commitBatch(WHOLE);
        this.#call(step);
        return;
      default: {
        const op = this.#gateways.toOp(step);
        if (!op) return;
        this.#batch.push(op);
        this.counts.ops++;
      }
    }
  }

  /** Commits what waits, compares everything, and has every promise of the ledger checked. */
  finish(): void {
    this.#commitBatch(WHOLE);
    this.#compare();
    fail(findRowDifference(this.#store.db, this.#reference));
    const violations = this.#runner.run(ledgerCalls.checkLedger);
    if (violations.length > 0) fail(`promises are broken: ${JSON.stringify(violations)}`);
    this.#store.db.close();
  }

  #commitBatch({ breaks, isLost, isDropped }: CommitStep): void {
    const ops = this.#batch;
    if (ops.length === 0) return;
    this.#batch = [];
    this.#store.breakAfter(breaks);
    const answer = this.#send(ops);
    if (this.#store.hasBroken) {
      expectSame('a commit that broke off', answer.failures.map(({ kind }) => kind), ops.map(() => 'unavailable'));
      this.#restart();
      if (!isDropped) this.#check(ops, this.#send(ops));
      return;
    }
    this.#store.breakAfter(null);
    this.#check(ops, answer);
    if (isLost) {
      this.#restart();
      this.counts.repeated += ops.length;
      this.#check(ops, this.#send(ops));
    }
    if (this.counts.commits % COMPARE_EVERY === 0) this.#compare();
  }

  #send(ops: readonly LedgerOp[]): BatchAnswer {
    this.counts.commits++;
    const batch: BatchValue[] = [this.#gateways.nowMs];
    for (const op of ops) pushOp(batch, op);
    return this.#commit(batch);
  }

  #check(ops: readonly LedgerOp[], { answers, failures }: BatchAnswer): void {
    const given = new Map<number, LedgerAnswer>(answers);
    const failed = new Map(failures.map(({ index, kind }) => [index, kind]));
    for (const [index, op] of ops.entries()) {
      const isPoison = this.#gateways.poison.has(op);
      expectSame(`the failure of ${op.kind}`, failed.get(index) ?? null, isPoison ? 'fault' : null);
      if (isPoison) continue;
      const answer = this.#reference.apply(op);
      expectSame(`the answer to ${op.kind}`, given.get(index) ?? { kind: 'done' }, answer);
      if (op.kind === 'hold' && answer.kind === 'granted') this.#gateways.granted(op, op.options[answer.option] ?? []);
    }
  }

  #call(step: CallStep): void {
    const perform = this.#prepare(step);
    this.counts.ops++;
    this.#store.breakAfter(step.breaks);
    try {
      perform();
    } catch (thrown) {
      if (!this.#store.hasBroken) throw thrown;
      this.#restart();
      perform();
    }
    this.#store.breakAfter(null);
  }

  /** What makes a call on the store first and then, unless it broke off, on the reference. */
  #prepare(step: CallStep): () => void {
    const { nowMs } = this.#gateways;
    const reference = this.#reference;
    switch (step.kind) {
      case 'credit': return () => { this.#credit(BigInt(step.amount)); };
      case 'sweep': return () => { expectSame('a sweep', this.#runner.run(ledgerCalls.sweepChunk, nowMs).ended, reference.sweep(nowMs)); };
      case 'die': {
        const node = nodeName(step.node);
        return () => {
          expectSame('a recovery', this.#runner.run(ledgerCalls.recoverChunk, node, nowMs).ended, reference.recover(node));
          this.#gateways.died(node);
          this.#store.breakAfter(null);
          this.#register(node);
        };
      }
      case 'forget': {
        const { key = null, id = '' } = this.#gateways.request(step.which) ?? {};
        return () => {
          this.#runner.run(ledgerCalls.forgetIdempotency, KEY_SCOPE, key ?? '', id);
          reference.forget(`${KEY_SCOPE} ${key ?? ''}`, id);
        };
      }
      case 'refund': {
        const id = this.#gateways.request(step.which)?.id ?? 'req_none';
        const amount = BigInt(step.amount);
        return () => {
          const answer = this.#runner.run(ledgerCalls.refund, 'ws_1', id, { amount, note: null, nowMs });
          const left = reference.rows.has(id) ? reference.refund(id, amount) : 'not_found';
          expectSame('a refund', answer.kind === 'refunded' ? null : answer.kind === 'too_much' ? answer.left : answer.kind, left);
        };
      }
    }
  }

  /** A credit, or a debit when it is negative. */
  #credit(amount: bigint): void {
    if (amount === 0n) return;
    const isDebit = amount < 0n;
    const account = walletId('ws_1');
    const transfer = grantOf(isDebit ? -amount : amount, {
      id: `adj:${++this.#credits}`, kind: 'adjust', debitAccount: isDebit ? account : 'sys:grants', creditAccount: isDebit ? 'sys:grants' : account,
    });
    let isPosted = true;
    try {
      this.#runner.run(ledgerCalls.postTransfers, [transfer]);
    } catch (thrown) {
      if (!(thrown instanceof InsufficientRoom)) throw thrown;
      isPosted = false;
    }
    expectSame('a debit', isPosted, this.#reference.credit(wallet(), amount));
  }

  #register(node: string): void {
    this.#runner.run(ledgerCalls.registerNode, nodeRow(node));
    this.#reference.nodes.add(node);
  }

  /** The process that had the store is gone, and with it all that it remembered; nothing of what broke off is there. */
  #restart(): void {
    this.counts.crashes++;
    this.#store.breakAfter(null);
    // The runner remembers nothing but prepared statements.
    this.#commit = createCommit(this.#store.db, this.#runner);
    this.#compare();
  }

  #compare(): void {
    fail(findDifference(this.#store.db, this.#reference));
  }
}

function fail(difference: string | null): void {
  if (difference !== null) throw new Error(difference);
}

function expectSame(what: string, found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) return;
  fail(`${what}: the store says ${show(found)}, the reference ${show(expected)}`);
}

function show(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each));
}
