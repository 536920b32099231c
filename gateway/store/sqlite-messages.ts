/** This file is the language between the main thread and a store thread: what may be asked, and how it is answered. */
import type { RecordValue } from './record-rows.ts';
import type { Store } from './store.ts';

/** Asked of the thread that writes. */
export type WriterCallName =
  | 'createWorkspace' | 'listWorkspaces' | 'insertKey' | 'findKey' | 'listKeys' | 'changeKey' | 'deleteKey' | 'ping' | 'close';

/** Asked of the thread that only reads usage, so that a long report never holds up a commit. */
export type ReaderCallName = 'listUsage' | 'sumUsage' | 'findRequest';

/** What a thread can be asked: the promises of the Store, and whether another process has changed keys since last asked. */
export interface Promises extends Pick<Store, WriterCallName | ReaderCallName> {
  pollRevision(): Promise<boolean>;
}

export type CallName = keyof Promises;
export type CallArgs<Name extends CallName> = Parameters<Promises[Name]>;
export type CallValue<Name extends CallName> = Awaited<ReturnType<Promises[Name]>>;

/** The same calls as the thread performs them: at once. */
export type Calls = { readonly [Name in CallName]: (...args: CallArgs<Name>) => CallValue<Name> };

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

/** To the thread; a bare array is a batch of flattened records to commit. */
export type ToThread = RecordValue[] | OpenMessage | CallMessage<CallName>;

/** Why something failed; `isUnavailable` says that the store, not the row, is at fault. */
export interface Failure {
  readonly message: string;
  readonly isUnavailable: boolean;
}

export interface RowFailure extends Failure {
  /** Position of the row in its batch. */
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

/** The batch is durable but for these rows. */
export interface BatchAnswer {
  readonly kind: 'batch';
  readonly failures: readonly RowFailure[];
}

export type FromThread = Answer | Rejection | BatchAnswer;
