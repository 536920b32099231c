/** This file is the language between the main thread and a store thread: what may be asked, and how it is answered. */
import type { LedgerAnswer } from '../foundation/ledger.ts';
import type { LedgerCallName } from './calls/ledger-calls.ts';
import type { BeatAnswer, EndedHolds } from './calls/nodes.ts';
import type { PlainCallName } from './calls/plain.ts';
import type { ClockName } from './clocks.ts';
import type { BatchValue } from './sqlite-batch.ts';
import type { Store } from './store.ts';

/** What a thread can be asked: the promises of the Store that one call keeps, and parts of others. */
export interface Promises extends Pick<Store, PlainCallName | LedgerCallName> {
  beatNode(nodeId: string, nowMs: number): Promise<BeatAnswer>;
  lookAtNode(nodeId: string, nowMs: number): Promise<BeatAnswer>;
  recoverChunk(nodeId: string, nowMs: number): Promise<EndedHolds>;
  sweepChunk(nowMs: number): Promise<EndedHolds>;
}

export type CallName = keyof Promises;
export type CallArgs<Name extends CallName> = Parameters<Promises[Name]>;
export type CallValue<Name extends CallName> = Awaited<ReturnType<Promises[Name]>>;

/** Asked of the thread that only reads, so that a long report never holds up a commit. */
export type ReaderCallName = 'listUsage' | 'sumUsage' | 'findRequest' | 'listRequests' | 'listRolloutCalls' | 'listShadowCalls' | 'listTransfers' | 'listTransfersOldestFirst' | 'balanceBefore' | 'checkLedger'
  | 'groupUsage' | 'listErrorTimes';

/** What a thread does besides: a trivial read, whose clocks others have advanced, the end. */
export interface Services {
  readonly ping: undefined;
  readonly foreignChanges: ClockName[];
  readonly close: undefined;
}

export type ServiceName = keyof Services;

export interface ThreadSetup {
  readonly file: string;
  readonly role: 'writer' | 'reader';
  readonly nowMs: number;
}

export interface OpenMessage {
  readonly kind: 'open';
  readonly id: number;
  readonly setup: ThreadSetup;
}

export interface CallMessage<Name extends CallName> {
  readonly kind: 'call';
  readonly id: number;
  readonly name: Name;
  readonly args: CallArgs<Name>;
}

export interface ServiceMessage {
  readonly kind: 'service';
  readonly id: number;
  readonly name: ServiceName;
}

/** To the thread; a bare array is a batch of the ledger, as sqlite-batch.ts writes it. */
export type ToThread = BatchValue[] | OpenMessage | CallMessage<CallName> | ServiceMessage;

/** Why something failed: the store can't write now, the row or the call is at fault, or one of the failures that callers tell apart. */
export type FailureKind = 'unavailable' | 'fault' | 'email_taken' | 'insufficient_room';

export interface Failure {
  readonly kind: FailureKind;
  readonly message: string;
}

export interface EntryFailure extends Failure {
  /** Position of the entry in its batch. */
  readonly index: number;
}

export interface Answer {
  readonly kind: 'answer';
  readonly id: number;
  /** Typed by the promise that waits for it. */
  readonly value: never;
}

export interface Rejection {
  readonly kind: 'rejection';
  readonly id: number;
  readonly failure: Failure;
}

/** The batch is durable but for what failed. Entries that are in neither list are simply done. */
export interface BatchAnswer {
  readonly kind: 'batch';
  readonly answers: readonly (readonly [index: number, answer: LedgerAnswer])[];
  readonly failures: readonly EntryFailure[];
}

export type FromThread = Answer | Rejection | BatchAnswer;
