/** This file is the seam between HTTP and the house: a handler takes a Call and gives a Reply, typed by the contract. */
import type { Readable } from 'node:stream';
import type { Operations, OperationId } from '../../generated/operations.ts';
import type { ByteText } from './byte-text.ts';
import type { Departure } from './departure.ts';
import type { JsonOutline } from './json-outline.ts';
import type { Caller } from './terms.ts';

export type { OperationId } from '../../generated/operations.ts';

/** A file that came in a form (multipart/form-data). */
export interface UploadedFile {
  /** The field it came in, without the brackets of a list: `image` for `image[]`. */
  readonly field: string;
  /** The file's name as the caller gave it, without folders. */
  readonly name: string;
  /** What the caller says it is, in lower case and without parameters; it may lie. */
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** One validated, authenticated call. */
export interface Call<Id extends OperationId> {
  readonly operationId: Id;
  readonly requestId: string;
  /** A file of a form stands here as its name. */
  readonly body: Operations[Id]['body'];
  /** The JSON text of the body exactly as received; of a form the same fields as JSON; '' where the operation takes no body. */
  readonly bodyText: string;
  /** Where the top-level fields of `bodyText` stand. */
  readonly outline: JsonOutline;
  /** The files of a form, in the order they came; empty for any other body. */
  readonly files: readonly UploadedFile[];
  readonly path: Operations[Id]['path'];
  readonly query: Operations[Id]['query'];
  /** Lower-case request headers. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Null only on operations with `security: []`. */
  readonly caller: Caller | null;
  /** Says when the caller has gone, the key was revoked or the gateway is closing. */
  readonly departure: Departure;
  /** Monotonic milliseconds at which the call was received. */
  readonly receivedAt: number;
}

/** A reply whose JSON is typed by the contract, status by status. */
export type JsonReply<Id extends OperationId> = {
  [Status in keyof Operations[Id]['replies']]: {
    readonly status: Status;
    readonly json: Operations[Id]['replies'][Status];
    readonly headers?: Readonly<Record<string, string>>;
  };
}[keyof Operations[Id]['replies']];

/** A reply whose bytes are finished, with their exact content type. */
export interface BytesReply {
  readonly status: number;
  readonly bytes: Uint8Array | ByteText;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reply whose bytes come from elsewhere than memory: exactly `bytesCount` of them, or as many as come (null). */
export interface StreamReply {
  readonly status: number;
  /** Read to its end, or destroyed when the caller goes. */
  readonly stream: Readable;
  readonly bytesCount: number | null;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where a stream writes its events: one whole SSE event (or comment) per write. */
export interface EventSink {
  /** Writes one event; false asks the source to pause until `onDrain`. */
  write(event: ByteText): boolean;
  /** Holds writes back until `uncork`, so that the events of one read leave in one system call. */
  cork(): void;
  uncork(): void;
  onDrain(resume: () => void): void;
  /** Ends the stream, after a last event if one is given. */
  end(event?: ByteText): void;
}

/** A stream of SSE events that begins when the door hands it a sink. */
export interface EventSource {
  start(sink: EventSink): void;
}

export interface EventsReply {
  readonly status: 200;
  readonly events: EventSource;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Reply<Id extends OperationId> = JsonReply<Id> | BytesReply | StreamReply | EventsReply;

/** Answers one operation of one running gateway (the house). Throws a Refusal for every expected failure. */
export type Handler<Id extends OperationId, House = unknown> = (call: Call<Id>, house: House) => Promise<Reply<Id>>;

/** Total: an operation of the contract without a handler does not compile. */
export type Handlers<House = unknown> = { readonly [Id in OperationId]: Handler<Id, House> };
