/** This file makes one attempt at a reply in one piece: it is forwarded as it came, once it is whole and its row is on disk. */
import { isAscii } from 'node:buffer';
import { bytesOf, encodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { DepartureReason } from '../foundation/departure.ts';
import { Refusal } from '../foundation/errors.ts';
import type { BytesReply } from '../foundation/operation.ts';
import type { Seat } from '../foundation/roster.ts';
import type { Exchange, ExchangeEvents, ReplyHeaders } from '../providers/call.ts';
import type { ReplyFacts, UpstreamFailure } from '../providers/wire.ts';
import { unavailable } from '../store/or-unavailable.ts';
import { AttemptFailed, bare, contextOf, departed, departureRefusal, isEmptyAnswer, offer, replyHeaders, withoutCredential } from './attempt-outcome.ts';
import type { Attempt, Settle, Work } from './attempt-outcome.ts';
import { withCount } from './counted.ts';
import { filteredReply } from './filtered.ts';
import { contentTypeOf, handOn, isHandedOn } from './hand-on.ts';
import type { Watched } from './pulse.ts';
import { beginExchange } from './several-exchanges.ts';
import { NO_FACTS } from './trail.ts';
import type { Ending } from './trail.ts';

interface WholeReply {
  readonly body: ByteText;
  readonly contentType: string;
}

const JSON_TYPE = 'application/json';

export class JsonAttempt implements ExchangeEvents, Watched {
  readonly #work: Work;
  readonly #made: Attempt;
  #settle: Settle<BytesReply>;
  readonly #chunks: Buffer[] = [];
  #exchange: Exchange | null = null;
  #seat: Seat<Watched> | null = null;
  #deadline = 0;
  #policyDeadline = Number.POSITIVE_INFINITY;
  #noteAt = 0;
  #bytes = 0;
  #status = 0;
  #headers: ReplyHeaders = {};
  #isOver = false;

  constructor(work: Work, made: Attempt, settle: Settle<BytesReply>) {
    this.#work = work;
    this.#made = made;
    this.#settle = settle;
  }

  start(): void {
    const { house, call } = this.#work;
    const now = house.clock.monotonic();
    this.#deadline = now + house.limits.upstreamTotalMs;
    this.#policyDeadline = now + (this.#made.msMax ?? Number.POSITIVE_INFINITY);
    this.#noteAt = now + house.limits.noteAfterMs;
    this.#exchange = beginExchange(house, this.#made, this);
    this.#seat = house.pulse.watch(this);
    call.departure.onDepart((reason) => { this.#depart(reason); });
  }

  beat(monotonicMs: number): void {
    // Nothing of it is owed before it is whole; but what it holds must not stay in this gateway's leases for minutes.
    if (monotonicMs >= this.#noteAt) this.#work.trail.note(null);
    if (monotonicMs >= this.#policyDeadline) {
      this.#fail(bare('upstream_timeout', 'the attempt took longer than its policy allows'));
      return;
    }
    if (monotonicMs < this.#deadline) return;
    this.#fail({ ...bare('upstream_timeout', 'the whole exchange took too long'), isRetryable: false });
  }

  onHead(status: number, headers: ReplyHeaders): void {
    this.#status = status;
    this.#work.trail.upstreamStatus = status;
    this.#headers = headers;
  }

  onData(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#work.house.limits.upstreamReplyBytesMax) {
      this.#fail(bare('upstream_bad_reply', `the reply is larger than ${this.#work.house.limits.upstreamReplyBytesMax} bytes`));
      return false;
    }
    this.#chunks.push(chunk);
    return true;
  }

  onEnd(): void {
    const { wire } = this.#made;
    const [only] = this.#chunks;
    const buffer = only && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks);
    const body = bytesOf(buffer);
    const isBytes = wire.replyType === 'bytes';
    const isOk = this.#status >= 200 && this.#status <= 299;
    const text = isAscii(buffer) || (isBytes && isOk) ? body : buffer.toString('utf8');
    if (!isOk) {
      const failure = wire.classify(this.#status, this.#headers, text);
      if (this.#isOver || !isHandedOn(this.#work, this.#made, failure)) this.#fail(failure);
      else {
        this.#close();
        handOn(this.#work, this.#made, { failure, status: this.#status, headers: this.#headers, body, settle: this.#settle });
      }
      return;
    }
    const facts = this.#read(text);
    if (!facts) {
      this.#fail(bare('upstream_bad_reply', 'the reply is not one of its kind'));
      return;
    }
    this.#close();
    this.#work.house.health.answered(this.#made.visit, false);
    const { passed } = this.#made;
    const filtered = passed && filteredReply(wire.toReply?.(text, contextOf(this.#work, this.#made)) ?? text, passed);
    if (!filtered) {
      this.#answer({ facts, text, body, isBytes });
      return;
    }
    offer(this.#settle, filtered, (settle) => {
      this.#settle = settle;
      this.#answer({ facts, text, body, isBytes });
    });
  }

  #answer({ facts, text, body, isBytes }: { readonly facts: ReplyFacts; readonly text: string; readonly body: ByteText; readonly isBytes: boolean }): void {
    const { wire } = this.#made;
    const { ask } = this.#work;
    const isEmpty = isEmptyAnswer(ask, facts, () => wire.readText(text));
    const reply = { body: this.#told(text, body), contentType: isBytes ? wire.contentTypeOf?.(text) ?? contentTypeOf(this.#headers) : JSON_TYPE };
    const ending: Ending = { outcome: 'ok', status: 200, errorCode: null, facts: isEmpty ? { ...facts, usage: null } : facts, counted: null };
    if (!ask.keep && (facts.usage || isEmpty)) this.#finish(ending, reply);
    else void this.#complete(ending, reply, { isEmpty, readText: () => wire.readText(text) });
  }

  /** What the upstream said, in the caller's words. */
  #told(text: string, body: ByteText): ByteText {
    const { wire } = this.#made;
    const { dialect } = this.#work.ask;
    if (!wire.toReply && !dialect) return body;
    const canonical = wire.toReply ? wire.toReply(text, contextOf(this.#work, this.#made)) : text;
    const told = dialect ? dialect.toReply(canonical) : canonical;
    return told === text ? body : encodeText(told);
  }

  async #complete(ending: Ending, reply: WholeReply, { isEmpty, readText }: { isEmpty: boolean; readText: () => string }): Promise<void> {
    try {
      const { ask } = this.#work;
      const body = await ask.keep?.(reply.body) ?? reply.body;
      const known = ending.facts.usage || isEmpty ? ending : await withCount(this.#work, ending, readText);
      this.#finish(known, { ...reply, body: known.counted ? ask.tellUsage?.(body, known.counted.usage) ?? body : body });
    } catch (cause) {
      const refusal = cause instanceof Refusal ? cause : unavailable(cause);
      await this.#work.trail.refuse(refusal, 'refused');
      this.#settle.reject(refusal);
    }
  }

  onFailure(failure: UpstreamFailure): void {
    this.#fail(failure);
  }

  #read(text: string): ReplyFacts | null {
    try {
      return this.#made.wire.readReply(text);
    } catch {
      return null;
    }
  }

  #finish(ending: Ending, { body, contentType }: WholeReply): void {
    this.#work.trail.end(ending, { contentType, body }, (failure) => {
      if (failure) {
        this.#settle.reject(unavailable(failure));
        return;
      }
      this.#settle.resolve({ status: 200, bytes: body, contentType, headers: replyHeaders(this.#work, this.#made, this.#headers) });
    });
  }

  #fail(said: UpstreamFailure): void {
    if (this.#isOver) return;
    const failure = withoutCredential(said, this.#made);
    this.#work.house.health.failed(this.#made.visit, failure);
    this.#close();
    this.#exchange?.abort();
    this.#settle.reject(new AttemptFailed(failure));
  }

  /** The caller has gone or must go: the upstream is let go at once, and what was asked of it is counted. */
  #depart(reason: DepartureReason): void {
    if (this.#isOver) return;
    // Whoever asks again with the same idempotency key is given what this one did not wait for.
    if (reason === 'client_gone' && this.#work.trail.isKept) return;
    this.#close();
    this.#exchange?.abort();
    this.#work.house.health.left(this.#made.visit);
    void withCount(this.#work, departed(reason, NO_FACTS), () => '').then((counted) => {
      this.#work.trail.end(counted, null, () => { this.#settle.reject(departureRefusal(reason)); });
    });
  }

  #close(): void {
    this.#isOver = true;
    if (this.#seat) this.#work.house.pulse.unwatch(this.#seat);
  }
}
