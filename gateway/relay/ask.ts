/** This file is the interface of an ask: what one operation wants of a model, so that relay can carry any kind of call. */
import type { Dialect } from '../dialects/dialect.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { Kind, Price, Target, Usage } from '../foundation/terms.ts';
import type { Counter } from '../metering/counter.ts';
import type { CallSize } from '../metering/size.ts';
import type { HttpRequest, ReplySide, ScriptedReply } from '../providers/wire.ts';

/** The request written for one target, and how its replies are read. */
export interface Written {
  readonly wire: ReplySide;
  readonly request: HttpRequest | ScriptedReply;
  /** Whether this target answers in events; absent: as the ask says. A model that does not stream answers whole. */
  readonly isStream?: boolean;
}

/** What is known of the call when its request is written. */
export interface WriteContext {
  readonly requestId: string;
  readonly nowSeconds: number;
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
  /** Null: what the wire gives is what the caller gets. */
  readonly dialect: Dialect | null;
  /** What ends a stream that has no dialect. */
  readonly doneEvent: ByteText;
  /** Sizes it for what is set aside: never less than it can cost. */
  size(input: { readonly prices: readonly (Price | null)[]; readonly maxOutputTokens: number | null }): CallSize;
  /** Writes it for a target; null when its provider has no way to be asked this. */
  write(target: Target, context: WriteContext): Written | null;
  /** Counts what an upstream did not: over the whole reply, or over what came before it was cut off. */
  count(counter: Counter, seen: { readonly text: string; readonly isWhole: boolean }): Promise<Usage>;
  /**
   * Keeps what must be found again before it is handed out: a whole reply, or what ends a stream; gives what is handed out in its
   * place. When it rejects, the caller is refused and nothing is charged.
   */
  keep?(reply: ByteText): Promise<ByteText>;
  /** Puts what was counted into a whole reply that must say its usage and whose upstream did not. */
  tellUsage?(reply: ByteText, usage: Usage): ByteText;
}
