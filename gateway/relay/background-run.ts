/** This file is one answer that is made in the background: its events are remembered, and told to whoever follows it. */
import { EventLog, tellEnd, tellEvents } from '../dialects/responses-log.ts';
import type { KeptEvents, Telling } from '../dialects/responses-log.ts';
import { NO_BYTES } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { DepartureSignal } from '../foundation/departure.ts';
import type { Departure } from '../foundation/departure.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { EventSink, EventSource } from '../foundation/operation.ts';

/** What an answer is when it is begun. */
export interface Begun {
  readonly model: string;
  readonly resource: JsonObject;
  /** The events that tell of it. */
  readonly events: ByteText;
}

/** How it has ended. */
export interface RunEnd {
  readonly resource: JsonObject;
  /** What tells of it, `[DONE]` included. */
  readonly last: ByteText;
}

/** Takes the events of one answer as a caller would, and hands them to any number of callers, who may come late and go. */
export class BackgroundRun implements EventSink {
  /** Stops it. */
  readonly departure = new DepartureSignal();
  readonly #followers = new Set<Follower>();
  readonly #bytesMax: number;
  #log: EventLog;
  #resource: JsonObject = {};
  /** The number of the last event that was told. */
  #told = -1;
  #end: RunEnd | null = null;
  #onLast: (last: ByteText) => void = ignore;

  /** `bytesMax`: so much is remembered of its events. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#log = new EventLog('', bytesMax);
  }

  /** What is remembered of its events. */
  get events(): KeptEvents {
    return this.#log.write();
  }

  begin({ model, resource, events }: Begun): void {
    this.#log = new EventLog(model, this.#bytesMax);
    this.#resource = resource;
    this.write(events);
  }

  /** Takes a stream to its end; gives what it ended with. */
  receive(source: EventSource): Promise<ByteText> {
    return new Promise((resolve) => {
      this.#onLast = resolve;
      source.start(this);
    });
  }

  write(events: ByteText): boolean {
    const before = this.#told;
    this.#log.add(events);
    this.#told = this.#log.lastInside;
    for (const follower of this.#followers) follower.take(events, before, this.#told);
    return true;
  }

  /** Nothing is held back here, and nothing is ever full: what is remembered is bounded, and a slow follower catches up by itself. */
  cork(): void {}
  uncork(): void {}
  onDrain(): void {}

  end(last: ByteText = NO_BYTES): void {
    this.#onLast(last);
  }

  /** Remembers what it ends with, before it is told. */
  note(last: ByteText): void {
    this.#log.add(last);
  }

  /** Tells followers the end. */
  close(end: RunEnd): void {
    this.#end = end;
    for (const follower of this.#followers) follower.finish(end, this.#told);
    this.#followers.clear();
  }

  /** Its events after this number (-1: all), those that are still to come too, until the one who follows goes. */
  follow(after: number, departure: Departure): EventSource {
    return {
      start: (sink) => {
        const follower = new Follower(sink, after, (from) => ({ resource: this.#resource, events: this.events, after: from }));
        if (this.#end) {
          follower.finish(this.#end, this.#told);
          return;
        }
        this.#followers.add(follower);
        follower.catchUp(this.#told);
        sink.onDrain(() => { follower.resume(this.#told); });
        departure.onDepart((reason) => {
          // A gateway that closes ends the answer too, and that is told.
          if (reason !== 'shutdown' && this.#followers.delete(follower)) sink.end();
        });
      },
    };
  }
}

/** One who follows, and how far it has come: who can't keep up is told the rest when it can. */
class Follower {
  readonly #sink: EventSink;
  readonly #tellingAfter: (after: number) => Telling;
  #at: number;
  #isFull = false;

  constructor(sink: EventSink, at: number, tellingAfter: (after: number) => Telling) {
    this.#sink = sink;
    this.#at = at;
    this.#tellingAfter = tellingAfter;
  }

  /** Takes what was just told: `before` and `told` are the numbers of the last events before it and with it. */
  take(events: ByteText, before: number, told: number): void {
    if (this.#isFull) return;
    const isComment = before === told;
    if (!isComment && this.#at !== before) {
      this.catchUp(told);
      return;
    }
    if (!isComment) this.#at = told;
    this.#write(events);
  }

  /** Tells all that it does not know yet, as far as that is remembered and was told. */
  catchUp(told: number): void {
    const missed = this.#at < told ? tellEvents({ ...this.#tellingAfter(this.#at), upTo: told }) : NO_BYTES;
    if (missed === '') return;
    this.#at = told;
    this.#write(missed);
  }

  resume(told: number): void {
    this.#isFull = false;
    this.catchUp(told);
  }

  finish({ resource, last }: RunEnd, told: number): void {
    if (this.#at === told) {
      this.#sink.end(last);
      return;
    }
    const telling = this.#tellingAfter(this.#at);
    const missed = tellEvents(telling);
    if (missed !== '') this.#sink.write(missed);
    this.#sink.end(tellEnd({ ...telling, resource }));
  }

  #write(events: ByteText): void {
    if (!this.#sink.write(events)) this.#isFull = true;
  }
}

function ignore(): void {}
