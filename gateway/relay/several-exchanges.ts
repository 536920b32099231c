/** This file makes one exchange of several: some go on at once, the others as these end, and one that fails ends them all. */
import { NO_BYTES } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { Limits } from '../foundation/limits.ts';
import { createEventSplitter } from '../foundation/sse.ts';
import type { Provider } from '../foundation/terms.ts';
import type { Exchange, ExchangeEvents, OpenExchange, ReplyHeaders } from '../providers/call.ts';
import { ALL_ENDED, hasEnded, markEvent, sequenceOf } from '../providers/several-replies.ts';
import type { Part, SeveralRequests } from '../providers/several-replies.ts';
import type { UpstreamFailure } from '../providers/wire.ts';
import { bare } from './attempt-outcome.ts';
import type { Attempt } from './attempt-outcome.ts';

/** What exchanges are made with. */
export interface ExchangeMeans {
  readonly openExchange: OpenExchange;
  readonly limits: Limits;
}

/** Begins what an attempt asks for: one exchange, or several that look like one. Its failures come through `onFailure`, never within this call. */
export function beginExchange(means: ExchangeMeans, { target, request }: Pick<Attempt, 'target' | 'request'>, events: ExchangeEvents): Exchange {
  if (request.kind === 'several') return new SeveralExchanges(means, { provider: target.provider, request }, events);
  return means.openExchange(target.provider, request, events);
}

/** How much of an upstream's error body is read, in bytes. */
const ERROR_BODY_BYTES_MAX = 64 * 1024;

class SeveralExchanges implements Exchange {
  readonly #means: ExchangeMeans;
  readonly #provider: Provider;
  readonly #request: SeveralRequests;
  readonly #events: ExchangeEvents;
  readonly #open = new Map<number, Exchange>();
  #next = 0;
  #ended = 0;
  #bytes = 0;
  /** Of those that are begun at once, how many have not been answered yet. Until they all are, any may be refused, and another target asked for all. */
  #unanswered: number;
  /** What came in the meantime, put off. */
  #held: (() => void)[] = [];
  #isOver = false;

  constructor(means: ExchangeMeans, { provider, request }: { readonly provider: Provider; readonly request: SeveralRequests }, events: ExchangeEvents) {
    this.#means = means;
    this.#provider = provider;
    this.#request = request;
    this.#events = events;
    this.#unanswered = Math.min(request.parts.length, means.limits.exchangesAtOnceMax);
    this.#begin();
  }

  abort(): void {
    this.#isOver = true;
    for (const exchange of this.#open.values()) exchange.abort();
    this.#open.clear();
  }

  resume(): void {
    for (const exchange of this.#open.values()) exchange.resume();
  }

  #begin(): void {
    const { parts } = this.#request;
    while (this.#open.size < this.#means.limits.exchangesAtOnceMax) {
      const at = this.#next;
      const part = parts[at];
      if (!part) return;
      this.#next++;
      part.isBegun = true;
      this.#open.set(at, this.#means.openExchange(this.#provider, part.request, this.#follow(part, at)));
    }
  }

  #follow(part: Part, at: number): ExchangeEvents {
    const fail = (failure: UpstreamFailure): void => { this.#fail(failure); };
    const end = (): void => { this.#end(at); };
    if (!this.#request.isStream) return new PartReply(part, { fail, end, isTooMuch: (bytes) => this.#isTooMuch(bytes) });
    return new PartStream(part, {
      fail, end,
      open: (status, headers) => { this.#answer(status, headers); },
      holds: (later) => this.#unanswered > 0 && this.#held.push(later) > 0,
      hand: (event) => this.#isOver || this.#events.onData(Buffer.from(markEvent(event, at), 'latin1')),
      isEnded: () => this.#isOver || !this.#open.has(at),
      eventBytesMax: this.#means.limits.upstreamEventBytesMax,
    });
  }

  /** One more is answered; with the last of those begun at once all of them go on. */
  #answer(status: number, headers: ReplyHeaders): void {
    if (this.#isOver || this.#unanswered === 0) return;
    this.#unanswered--;
    if (this.#unanswered > 0) return;
    this.#events.onHead(status, headers);
    // undici takes no `resume` of one connection from within a callback of another (8.x: assert(currentParser === null)).
    if (this.#held.length > 0) queueMicrotask(() => { this.#goOn(); });
  }

  #goOn(): void {
    if (this.#isOver) return;
    // Those that end now have still to be read to their end.
    const waiting = [...this.#open.values()];
    for (const go of this.#held) go();
    this.#held = [];
    for (const exchange of waiting) exchange.resume();
  }

  /** Counts over all of them: what is held for one reply is the same however many make it. */
  #isTooMuch(bytes: number): boolean {
    this.#bytes += bytes;
    return this.#bytes > this.#means.limits.upstreamReplyBytesMax;
  }

  #end(at: number): void {
    if (this.#isOver || !this.#open.delete(at)) return;
    this.#ended++;
    if (this.#ended < this.#request.parts.length) {
      this.#begin();
      return;
    }
    if (this.#request.isStream) this.#events.onData(Buffer.from(ALL_ENDED, 'latin1'));
    else {
      this.#events.onHead(200, JSON_HEADERS);
      this.#events.onData(Buffer.from(sequenceOf(this.#request.parts)));
    }
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.onEnd();
  }

  #fail(failure: UpstreamFailure): void {
    if (this.#isOver) return;
    this.abort();
    this.#events.onFailure(failure);
  }
}

const JSON_HEADERS: ReplyHeaders = { 'content-type': 'application/json' };

interface ReplyOwner {
  readonly fail: (failure: UpstreamFailure) => void;
  readonly end: () => void;
  readonly isTooMuch: (bytes: number) => boolean;
}

/** Takes one reply in one piece. */
class PartReply implements ExchangeEvents {
  readonly #part: Part;
  readonly #owner: ReplyOwner;
  readonly #chunks: Buffer[] = [];
  #status = 0;
  #headers: ReplyHeaders = {};

  constructor(part: Part, owner: ReplyOwner) {
    this.#part = part;
    this.#owner = owner;
  }

  onHead(status: number, headers: ReplyHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onData(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    if (this.#owner.isTooMuch(chunk.length)) this.#owner.fail(bare('upstream_bad_reply', 'the replies together are larger than one may be'));
    return true;
  }

  onEnd(): void {
    const { side } = this.#part;
    const text = Buffer.concat(this.#chunks).toString('utf8');
    if (!isOk(this.#status)) {
      this.#owner.fail(side.classify(this.#status, this.#headers, text));
      return;
    }
    try {
      side.readReply(text);
    } catch {
      this.#owner.fail(bare('upstream_bad_reply', 'the reply is not one of its kind'));
      return;
    }
    this.#part.reply = text;
    this.#owner.end();
  }

  onFailure(failure: UpstreamFailure): void {
    this.#owner.fail(failure);
  }
}

interface StreamOwner extends Pick<ReplyOwner, 'fail' | 'end'> {
  readonly open: (status: number, headers: ReplyHeaders) => void;
  /** True: it is too early to go on with this, which is done later. */
  readonly holds: (later: () => void) => boolean;
  /** Hands an event on; false asks for no more. */
  readonly hand: (event: ByteText) => boolean;
  readonly isEnded: () => boolean;
  readonly eventBytesMax: number;
}

/** Takes one stream, event by event. */
class PartStream implements ExchangeEvents {
  readonly #part: Part;
  readonly #owner: StreamOwner;
  readonly #splitter = createEventSplitter();
  #refused: Buffer[] | null = null;
  #refusedBytes = 0;
  #status = 0;
  #headers: ReplyHeaders = {};
  #canTake = true;

  constructor(part: Part, owner: StreamOwner) {
    this.#part = part;
    this.#owner = owner;
  }

  onHead(status: number, headers: ReplyHeaders): void {
    this.#status = status;
    this.#headers = headers;
    const type = headers['content-type'];
    if (isOk(status) && typeof type === 'string' && type.startsWith('text/event-stream')) this.#owner.open(status, headers);
    else this.#refused = [];
  }

  onData(chunk: Buffer): boolean {
    if (this.#refused) {
      this.#refusedBytes += chunk.length;
      if (this.#refusedBytes <= ERROR_BODY_BYTES_MAX) this.#refused.push(chunk);
      return true;
    }
    if (this.#owner.holds(() => { this.onData(chunk); })) return false;
    this.#canTake = true;
    this.#splitter.push(chunk, (event) => { this.#take(event); });
    if (this.#splitter.pendingBytes > this.#owner.eventBytesMax) this.#owner.fail(bare('upstream_bad_reply', 'one event is larger than the gateway takes'));
    return this.#canTake || this.#owner.isEnded();
  }

  onEnd(): void {
    if (this.#refused) {
      const isOther = isOk(this.#status);
      this.#owner.fail(isOther ? bare('upstream_bad_reply', 'the reply is not an event stream') : this.#part.side.classify(this.#status, this.#headers, Buffer.concat(this.#refused).toString('utf8')));
      return;
    }
    if (this.#owner.holds(() => { this.onEnd(); })) return;
    this.#take(this.#splitter.rest() ?? NO_BYTES);
    if (this.#owner.isEnded()) return;
    if (this.#part.stream && hasEnded(this.#part.stream)) this.#owner.end();
    else this.#owner.fail(bare('upstream_bad_reply', 'a stream ended before its reply was finished'));
  }

  onFailure(failure: UpstreamFailure): void {
    this.#owner.fail(failure);
  }

  /** What an upstream still sends after its last event is nobody's. */
  #take(event: ByteText): void {
    if (event === NO_BYTES || this.#owner.isEnded()) return;
    if (!this.#owner.hand(event)) this.#canTake = false;
    const { stream } = this.#part;
    if (!stream?.isDone || this.#owner.isEnded()) return;
    if (hasEnded(stream)) this.#owner.end();
    else this.#owner.fail(bare('upstream_bad_reply', 'a stream was done before it began'));
  }
}

function isOk(status: number): boolean {
  return status >= 200 && status <= 299;
}
