/** This file is the interface of an ask: what one operation wants of a model, so that relay can carry any kind of call. */
import type { Dialect } from '../dialects/dialect.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { BytesReply, EventsReply } from '../foundation/operation.ts';
import type { Price } from '../foundation/prices.ts';
import type { Kind, Target, Usage } from '../foundation/terms.ts';
import type { Counter } from '../metering/counter.ts';
import type { CallSize } from '../metering/size.ts';
import type { SeveralRequests } from '../providers/several-replies.ts';
import type { RequestFacts } from '../routing/request-facts.ts';
import type { HttpRequest, ReplySide, ScriptedReply, UpstreamFailure } from '../providers/wire.ts';
import type { Trail } from './trail.ts';

/** The request written for one target, and how its replies are read. */
export interface Written {
  readonly wire: ReplySide;
  readonly request: HttpRequest | ScriptedReply | SeveralRequests;
  /** Whether this target answers in events; absent: as the ask says. A model that does not stream answers whole. */
  readonly isStream?: boolean;
}

/** Events of a stream that may be there without a token of their own: the first, which only names the role, and the last. */
export const SILENT_EVENTS = 2;

/** What is known of the call when its request is written. */
export interface WriteContext {
  readonly requestId: string;
  readonly nowSeconds: number;
  /** By the limits of the route; absent: as asked. */
  readonly outputLimit?: OutputLimit;
}

/** The most output a route lets its requests have. What is asked beyond is lowered, with a warning. */
export interface OutputLimit {
  /** Tokens of one answer. */
  readonly most: number;
  /** The model could say more: a request that says nothing has to be sent with it. */
  readonly isFelt: boolean;
}

/** Of what a call is sized by. */
export interface SizeInput {
  readonly prices: readonly (Price | null)[];
  /** The most tokens any model gives; null when unknown. */
  readonly maxOutputTokens: number | null;
  /** Most tokens of one answer, by the limits of the route; absent: as asked. */
  readonly outputTokensMax?: number;
}

/** The one provider a native call is for, and the model in that provider's words. */
export interface NativePick {
  readonly provider: string;
  /** Null of a path without a known one. */
  readonly model: string | null;
  /** The operator lets the path pass unmetered. */
  readonly isUnmetered: boolean;
  /** What is asked can't be metered: only the workspace's own key may pay. */
  readonly needsOwnKey: boolean;
}

/** How a provider's own answers are handed on as they came. */
export interface RawReplies {
  /** Whether the caller is told of this failure in the provider's own words. */
  handsOn(failure: UpstreamFailure, target: Target): boolean;
  /** The headers that go with what the provider answered. */
  headersOf(headers: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>>;
}

/** How a call is answered whose caller does not wait for what the model says. */
export interface BackgroundAsk {
  /** Called once the call is admitted; gives what its caller is answered. When it rejects, the caller is refused with that and no upstream is called. */
  begin(trail: Trail, warnings: readonly string[]): Promise<BytesReply | EventsReply>;
  /** Takes over what is asked of the model; a rejection has been recorded. */
  run(answering: Promise<BytesReply | EventsReply>): void;
}

/** What one call wants of a model. Made anew for every call. */
export interface Ask {
  readonly kind: Kind;
  /** As the caller wrote it. */
  readonly model: string;
  readonly isStream: boolean;
  /** Of a stream: whether usage is handed on. */
  readonly wantsUsage: boolean;
  /** Whether an answer can say nothing at all, which is then not charged. */
  readonly mayBeEmpty: boolean;
  /** Whether its answer may be given again to whoever asks the same. Absent: of no call of this operation. */
  readonly isCacheable?: boolean;
  /** Null: what the wire gives is what the caller gets. */
  readonly dialect: Dialect | null;
  /** What ends a stream that has no dialect. */
  readonly doneEvent: ByteText;
  /** Of a stream: events that may be there without a token of their own. Absent: SILENT_EVENTS. */
  readonly silentEvents?: number;
  /** The one target it is for; absent: whatever the catalogue has under the model's name. */
  readonly native?: NativePick;
  /** Absent: what goes wrong is told in the contract's words. */
  readonly raw?: RawReplies;
  /** What a route chooses by; absent: nothing is known but the kind. */
  facts?(): RequestFacts;
  /** Sizes it for what is set aside: never less than it can cost. */
  size(input: SizeInput): CallSize;
  /** Writes it for a target; null when its provider has no way to be asked this. */
  write(target: Target, context: WriteContext): Written | null;
  /** Counts what an upstream did not: over the whole reply, or over what came before it was cut off. */
  count(counter: Counter, seen: { readonly text: string; readonly isWhole: boolean }): Promise<Usage>;
  /**
   * Keeps what must be found again before it is handed out: a whole reply, or what ends a stream; gives what is handed out in its
   * place. When it rejects, the caller is refused (with the Refusal it rejects with, else store_unavailable) and nothing is charged.
   */
  keep?(reply: ByteText): Promise<ByteText>;
  /** Puts what was counted into a whole reply that must say its usage and whose upstream did not. */
  tellUsage?(reply: ByteText, usage: Usage): ByteText;
  /** The run of an eval set it is made for. */
  readonly evalRun?: string;
  /** Absent: its caller waits for the answer. */
  readonly background?: BackgroundAsk;
}
