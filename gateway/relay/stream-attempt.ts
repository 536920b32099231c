/** This file makes one attempt at a stream: events are forwarded as they come, and `[DONE]` only after the row is on disk. */
import { bytesOf } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { DialectStream } from '../dialects/dialect.ts';
import type { DepartureReason } from '../foundation/departure.ts';
import { Refusal, errorBody } from '../foundation/errors.ts';
import type { EventSink, EventSource } from '../foundation/operation.ts';
import type { Seat } from '../foundation/roster.ts';
import type { Exchange, ExchangeEvents, ReplyHeaders } from '../providers/call.ts';
import { KEEP_ALIVE_COMMENT, createEventSplitter, eventPayload } from '../foundation/sse.ts';
import type { StreamReader, UpstreamFailure } from '../providers/wire.ts';
import { unavailable } from '../store/or-unavailable.ts';
import { AttemptFailed, bare, contextOf, departed, departureRefusal, isEmptyAnswer, offer, outcomeOf, plainError, refusalOf, replyHeaders, withoutCredential } from './attempt-outcome.ts';
import type { Attempt, Settle, Work } from './attempt-outcome.ts';
import { SILENT_EVENTS } from './ask.ts';
import { withCount } from './counted.ts';
import { ErrorBody } from './error-body.ts';
import { Hold } from './filtered.ts';
import { handOn, isHandedOn } from './hand-on.ts';
import { keepStream } from './kept-stream.ts';
import type { KeptStream } from './kept-stream.ts';
import type { Watched } from './pulse.ts';
import { beginExchange } from './several-exchanges.ts';
import type { Ending } from './trail.ts';

export class StreamAttempt implements ExchangeEvents, EventSource, Watched {
  readonly #work: Work;
  readonly #made: Attempt;
  #settle: Settle;
  readonly #reader: StreamReader;
  readonly #dialect: DialectStream | null;
  readonly #splitter = createEventSplitter();
  readonly #onEvent = (event: ByteText): void => { this.#take(event); };
  #exchange: Exchange | null = null;
  #seat: Seat<Watched> | null = null;
  #sink: EventSink | null = null;
  /** Events that came before the door handed over its sink. */
  #backlog: ByteText[] = [];
  #errorBody: ErrorBody | null = null;
  #status = 0;
  #headers: ReplyHeaders = {};
  #startedAt = 0;
  #hasWritten = false;
  /** Noticed on the beat after a write: reading the clock for every event would cost more than it tells. */
  #lastWriteAt = 0;
  #isCommitted = false;
  /** Before it is committed: of a stream that may turn out to be filtered, whose events wait in the backlog. */
  #hold: Hold | null;
  #isOver = false;
  #canWrite = true;
  #lastEvent: ByteText | null = null;
  /** Events with something in them: never more than the tokens that were generated. */
  #contentEvents = 0;
  /** Everything that was sent, for a reply that is kept; null for others. */
  readonly #kept: KeptStream | null;
  /** The caller has gone, and the stream goes on for whoever asks again. */
  #isDetached = false;

  constructor(work: Work, made: Attempt, settle: Settle) {
    this.#work = work;
    this.#made = made;
    this.#settle = settle;
    this.#hold = made.passed ? new Hold(made.passed) : null;
    this.#reader = made.wire.openStream({
      context: contextOf(work, made),
      wantsUsage: work.ask.wantsUsage,
      observedBytesMax: work.house.limits.observedEventsBytesMax,
    });
    this.#dialect = work.ask.dialect?.openStream() ?? null;
    this.#kept = work.trail.isKept ? keepStream(work.house.limits.keptReplyBytesMax) : null;
  }

  start(sink?: EventSink): void {
    if (sink) this.#attach(sink);
    else this.#open();
  }

  #open(): void {
    const { house, call } = this.#work;
    this.#startedAt = house.clock.monotonic();
    this.#lastWriteAt = this.#startedAt;
    this.#exchange = beginExchange(house, this.#made, this);
    this.#seat = house.pulse.watch(this);
    call.departure.onDepart((reason) => { this.#depart(reason); });
  }

  #attach(sink: EventSink): void {
    this.#sink = sink;
    sink.onDrain(() => {
      this.#canWrite = true;
      this.#exchange?.resume();
    });
    sink.cork();
    for (const event of this.#backlog) sink.write(event);
    this.#backlog = [];
    sink.uncork();
    if (this.#lastEvent !== null) sink.end(this.#lastEvent);
  }

  beat(monotonicMs: number): void {
    const { limits } = this.#work.house;
    const openMs = monotonicMs - this.#startedAt;
    const openMsMax = this.#isCommitted ? limits.upstreamTotalMs : Math.min(this.#made.msMax ?? limits.upstreamTotalMs, limits.upstreamTotalMs);
    if (openMs > openMsMax) {
      this.#fail(bare('upstream_timeout', 'the whole stream took too long'));
      return;
    }
    // The HTTP status is kept open for an error as long as clients wait in silence; after that a comment is worth more.
    if (!this.#isCommitted && openMs > limits.streamCommitMs) this.#commit();
    const words = (this.#reader.eventsWithWords ?? this.#contentEvents) - (this.#work.ask.silentEvents ?? SILENT_EVENTS);
    if (openMs >= limits.noteAfterMs && words > 0) this.#work.trail.note(words);
    if (this.#hasWritten) this.#lastWriteAt = monotonicMs;
    this.#hasWritten = false;
    if (this.#isCommitted && monotonicMs - this.#lastWriteAt >= limits.keepAliveCommentMs) this.#write(KEEP_ALIVE_COMMENT);
  }

  onHead(status: number, headers: ReplyHeaders): void {
    this.#status = status;
    this.#work.trail.upstreamStatus = status;
    this.#headers = headers;
    const isStream = String(headers['content-type']).startsWith('text/event-stream');
    if (status < 200 || status > 299 || !isStream) this.#errorBody = new ErrorBody();
  }

  onData(chunk: Buffer): boolean {
    if (this.#errorBody) return this.#errorBody.add(chunk);
    this.#reader.observe(chunk);
    this.#sink?.cork();
    this.#splitter.push(chunk, this.#onEvent);
    this.#sink?.uncork();
    if (this.#splitter.pendingBytes > this.#work.house.limits.upstreamEventBytesMax) this.#fail(bare('upstream_bad_reply', 'one event is larger than the gateway takes'));
    return this.#canWrite;
  }

  onEnd(): void {
    if (this.#isOver) return;
    if (this.#errorBody) {
      this.#refuse(this.#errorBody.whole());
      return;
    }
    const rest = this.#splitter.rest();
    if (rest) this.#take(rest);
    if (this.#isOver) return;
    if (this.#reader.isFinished) this.#complete();
    else this.#fail(bare('upstream_bad_reply', 'the stream ended before its reply was finished'));
  }

  onFailure(failure: UpstreamFailure): void {
    this.#fail(failure);
  }

  #refuse(said: Buffer): void {
    const isOk = this.#status >= 200 && this.#status <= 299;
    const failure = isOk ? bare('upstream_bad_reply', 'the reply is not an event stream') : this.#made.wire.classify(this.#status, this.#headers, said.toString('utf8'));
    if (isOk || this.#isCommitted || !isHandedOn(this.#work, this.#made, failure)) this.#fail(failure);
    else {
      this.#close();
      handOn(this.#work, this.#made, { failure, status: this.#status, headers: this.#headers, body: bytesOf(said), settle: this.#settle });
    }
  }

  #take(event: ByteText): void {
    if (this.#isOver) return;
    const read = this.#reader.read(event);
    if (this.#reader.failure) {
      this.#fail(this.#reader.failure);
      return;
    }
    if (this.#reader.isDone) {
      if (this.#reader.isFinished || this.#isCommitted) this.#complete();
      else this.#fail(bare('upstream_bad_reply', 'the stream was done before it began'));
      return;
    }
    if (read === null) return;
    const isComment = read.charCodeAt(0) !== LETTER_D && eventPayload(read) === null;
    if (!this.#isCommitted) {
      // A comment says that the upstream thinks, not that it answers: its HTTP error status may still come.
      if (isComment) return;
      if (this.#hold?.keeps(read) !== true) this.#commit();
    }
    if (!isComment) {
      this.#contentEvents++;
      if (this.#made.visit?.isWaiting) this.#work.house.health.answered(this.#made.visit, true);
      if (this.#isCommitted) this.#work.trail.firstByteAt ??= this.#work.house.clock.monotonic();
    }
    const forwarded = this.#dialect ? this.#dialect.read(read) : read;
    if (forwarded !== null) this.#write(forwarded);
  }

  #commit(): void {
    this.#isCommitted = true;
    if (this.#contentEvents > 0) this.#work.trail.firstByteAt ??= this.#work.house.clock.monotonic();
    this.#settle.resolve({ status: 200, events: this, headers: replyHeaders(this.#work, this.#made, this.#headers) });
  }

  #write(event: ByteText): void {
    this.#hasWritten = true;
    this.#kept?.add(event);
    if (this.#isDetached) return;
    if (!this.#sink) this.#backlog.push(event);
    else if (!this.#sink.write(event)) this.#canWrite = false;
  }

  #complete(): void {
    const facts = this.#reader.facts();
    const filtered = this.#isCommitted ? null : this.#hold?.verdict(facts.finishReason) ?? null;
    this.#hold = null;
    if (!this.#isCommitted && !filtered) this.#commit();
    this.#close();
    this.#work.house.health.answered(this.#made.visit, true);
    if (filtered) {
      offer(this.#settle, filtered, (settle) => { this.#settle = settle; this.#complete(); });
      return;
    }
    const isEmpty = isEmptyAnswer(this.#work.ask, facts, () => this.#reader.text());
    const ending: Ending = { outcome: 'ok', status: 200, errorCode: null, facts: isEmpty ? { ...facts, usage: null } : facts, counted: null };
    const last = this.#dialect?.finish() ?? this.#work.ask.doneEvent;
    if (this.#work.ask.keep) void this.#keepAndRecord(ending, last, { isFree: isEmpty });
    else this.#record(ending, last, { isFree: isEmpty });
  }

  async #keepAndRecord(ending: Ending, last: ByteText, { isFree }: { readonly isFree: boolean }): Promise<void> {
    try {
      this.#record(ending, await this.#work.ask.keep?.(last) ?? last, { isFree });
    } catch (cause) {
      const refusal = cause instanceof Refusal ? cause : unavailable(cause);
      this.#work.house.log.error({ requestId: this.#work.call.requestId, error: cause }, 'a reply could not be kept');
      this.#record({ ...ending, outcome: 'refused', errorCode: refusal.code, facts: { ...ending.facts, usage: null } }, this.#errorEvent(refusal), { isFree: true });
    }
  }

  #fail(said: UpstreamFailure): void {
    if (this.#isOver) return;
    const failure = withoutCredential(said, this.#made);
    this.#work.house.health.failed(this.#made.visit, failure);
    this.#letGo();
    if (!this.#isCommitted) {
      this.#settle.reject(new AttemptFailed(failure));
      return;
    }
    this.#reader.drop?.();
    const isBegun = this.#work.trail.firstByteAt !== null;
    const late: UpstreamFailure = isBegun && failure.code !== 'upstream_timeout' ? { ...failure, code: 'upstream_stream_failed' } : failure;
    this.#work.house.log.warn({ requestId: this.#work.call.requestId, target: this.#made.target.id, code: late.code, detail: late.detail }, 'stream failed');
    const ending = { outcome: outcomeOf(late), status: 200, errorCode: late.code, facts: this.#reader.facts(), counted: null };
    // Before its first byte the upstream has done nothing anybody could pay for, however long the caller was kept waiting.
    this.#record(ending, this.#errorEvent(refusalOf(late)), { isFree: !isBegun });
  }

  #depart(reason: DepartureReason): void {
    if (this.#isOver) return;
    if (reason === 'client_gone' && this.#work.trail.isKept) {
      this.#isDetached = true;
      this.#canWrite = true;
      this.#exchange?.resume();
      return;
    }
    this.#letGo();
    this.#work.house.health.left(this.#made.visit);
    if (reason !== 'client_gone') this.#reader.drop?.();
    const refusal = departureRefusal(reason);
    this.#record(departed(reason, this.#reader.facts(), this.#isCommitted ? 200 : null), this.#errorEvent(refusal), this.#isCommitted ? {} : { refusal });
  }

  #errorEvent(refusal: Refusal): ByteText {
    return this.#dialect ? this.#dialect.fail(errorBody(refusal, this.#work.call.requestId)) : plainError(this.#work, refusal);
  }

  /** Settles, counting what the upstream did not say, and then ends the stream, or rejects what was never committed. */
  #record(ending: Ending, lastEvent: ByteText, { refusal, isFree }: { readonly refusal?: Refusal; readonly isFree?: boolean }): void {
    const reply = this.#kept?.reply(lastEvent) ?? null;
    const finish = (known: Ending): void => {
      this.#work.trail.end(known, reply, (failure) => {
        if (failure) this.#work.house.log.error({ requestId: this.#work.call.requestId, error: failure }, 'usage row not written');
        if (refusal) this.#settle.reject(refusal);
        else this.#end(failure ? this.#errorEvent(unavailable(failure)) : lastEvent);
      });
    };
    if (ending.facts.usage || isFree === true) finish(ending);
    else void withCount(this.#work, ending, () => this.#reader.text()).then(finish);
  }

  #end(lastEvent: ByteText): void {
    if (this.#sink) this.#sink.end(lastEvent);
    else this.#lastEvent = lastEvent;
  }

  #letGo(): void {
    this.#close();
    this.#exchange?.abort();
  }

  #close(): void {
    this.#isOver = true;
    if (this.#seat) this.#work.house.pulse.unwatch(this.#seat);
  }
}

/** Of `data:`, with which all but a few events begin: only the others are searched for data. */
const LETTER_D = 0x64;
