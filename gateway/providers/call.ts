/** This file is the one place that talks to upstreams: one HTTP exchange, or one scripted reply, behind the same callbacks. */
import type { Dispatcher } from 'undici';
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Provider } from '../foundation/terms.ts';
import type { Connection, Connections } from './connections.ts';
import type { HttpRequest, ScriptedReply, ScriptStep, UpstreamFailure } from './wire.ts';

export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What happens in an exchange. Exactly one of `onEnd` and `onFailure` comes last, unless it is aborted. */
export interface ExchangeEvents {
  onHead(status: number, headers: ReplyHeaders): void;
  /** False asks for no more until `resume`. The bytes may be kept. */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  onFailure(failure: UpstreamFailure): void;
}

export interface Exchange {
  /** Ends the exchange and its connection at once; no callback follows. */
  abort(): void;
  resume(): void;
}

/** Opens an exchange with a provider. Never throws: every failure comes through `onFailure`, never within this call. */
export type OpenExchange = (provider: Provider, request: HttpRequest | ScriptedReply, events: ExchangeEvents) => Exchange;

export interface CallParts {
  readonly connections: Connections;
  readonly clock: Clock;
  readonly limits: Limits;
}

/** Makes the function that opens exchanges. */
export function createOpenExchange(parts: CallParts): OpenExchange {
  return (provider, request, events) => {
    if (request.kind === 'script') return new Playback(parts, request, events);
    const headersTimeout = request.isSlow === true ? { headersTimeout: parts.limits.upstreamTotalMs } : NO_OPTIONS;
    return new HttpExchange(parts.connections, { ...splitUrl(provider.baseUrl), isGuarded: provider.isGuarded === true, request, options: headersTimeout }, events);
  };
}

const NO_OPTIONS = {};

interface Address {
  readonly origin: string;
  readonly prefix: string;
}

const addresses = new Map<string, Address>();
const ADDRESSES_MAX = 1000;

function splitUrl(baseUrl: string): Address {
  const known = addresses.get(baseUrl);
  if (known) return known;
  const url = new URL(baseUrl);
  const address = { origin: url.origin, prefix: url.pathname === '/' ? '' : url.pathname.replace(/\/$/, '') };
  if (addresses.size >= ADDRESSES_MAX) addresses.clear();
  addresses.set(baseUrl, address);
  return address;
}

interface Sending extends Address {
  readonly isGuarded: boolean;
  readonly request: HttpRequest;
  readonly options: { readonly headersTimeout?: number };
}

/** One exchange is also undici's handler: an object less per request. */
class HttpExchange implements Exchange, Dispatcher.DispatchHandler {
  readonly #connections: Connections;
  readonly #target: Sending;
  readonly #events: ExchangeEvents;
  #connection: Connection;
  #controller: Dispatcher.DispatchController | null = null;
  #hasHead = false;
  #isOver = false;
  #hasRetried = false;

  constructor(connections: Connections, target: Sending, events: ExchangeEvents) {
    this.#connections = connections;
    this.#target = target;
    this.#events = events;
    this.#connection = connections.take(target.origin, target.isGuarded);
    this.#send();
  }

  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.abort(new Error('aborted by the gateway'));
  }

  resume(): void {
    if (!this.#isOver && this.#controller?.paused) this.#controller.resume();
  }

  #send(): void {
    const { prefix, request, options } = this.#target;
    const { method, headers, body } = request;
    this.#connection.client.dispatch({ path: prefix + request.path, method, headers, body: method === 'GET' ? null : body, ...options }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('aborted by the gateway'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ReplyHeaders): void {
    if (status < 200 || this.#isOver) return;
    this.#hasHead = true;
    this.#events.onHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    if (!this.#events.onData(chunk) && !this.#isOver) controller.pause();
  }

  onResponseEnd(): void {
    this.#giveBack();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#giveBack();
    if (this.#isOver) return;
    // The far end closed a kept connection just as we wrote to it: no byte of an answer was seen, so ask once more.
    if (this.#connection.isReused && !this.#hasHead && !this.#hasRetried && this.#target.request.isOnce !== true && codeOf(error) === 'UND_ERR_SOCKET') {
      this.#hasRetried = true;
      this.#connection = this.#connections.take(this.#target.origin, this.#target.isGuarded);
      this.#send();
      return;
    }
    this.#isOver = true;
    this.#events.onFailure({ ...failureOf(error, this.#hasHead), ...(this.#controller === null ? { isUnsent: true } : {}) });
  }

  #giveBack(): void {
    this.#connections.give(this.#target.origin, this.#target.isGuarded, this.#connection);
  }
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

function failureOf(error: Error, hasHead: boolean): UpstreamFailure {
  const code = codeOf(error);
  const own = { isRetryable: true, message: null, param: null, upstream: null, retryAfterSeconds: null, detail: `${code}: ${error.message}` };
  if (TIMEOUTS.has(code)) return { ...own, code: 'upstream_timeout' };
  return { ...own, code: hasHead ? 'upstream_bad_reply' : 'upstream_unreachable' };
}

/** Plays a scripted reply against the clock, with the same deadlines as a real exchange. */
class Playback implements Exchange {
  readonly #parts: CallParts;
  readonly #script: ScriptedReply;
  readonly #events: ExchangeEvents;
  readonly #steps: Iterator<ScriptStep>;
  #cancelTimer: () => void;
  #isOver = false;
  #isPaused = false;

  constructor(parts: CallParts, script: ScriptedReply, events: ExchangeEvents) {
    this.#parts = parts;
    this.#script = script;
    this.#events = events;
    this.#steps = script.steps[Symbol.iterator]();
    const isLate = script.headDelayMs > parts.limits.upstreamFirstByteMs;
    this.#cancelTimer = isLate
      ? parts.clock.after(parts.limits.upstreamFirstByteMs, () => { this.#timeOut(); })
      : parts.clock.after(script.headDelayMs, () => { this.#begin(); });
  }

  abort(): void {
    this.#isOver = true;
    this.#cancelTimer();
  }

  resume(): void {
    if (!this.#isPaused || this.#isOver) return;
    this.#isPaused = false;
    this.#advance();
  }

  #begin(): void {
    this.#events.onHead(this.#script.status, this.#script.headers);
    this.#advance();
  }

  /** Hands over steps that are due at once in a loop, so that a long reply needs neither timers nor stack. */
  #advance(): void {
    while (!this.#isOver && !this.#isPaused) {
      const next = this.#steps.next();
      if (next.done) {
        this.#finish();
        return;
      }
      if (next.value.afterMs > 0) {
        const { afterMs, bytes } = next.value;
        const isLate = afterMs > this.#parts.limits.upstreamIdleMs;
        this.#cancelTimer = isLate
          ? this.#parts.clock.after(this.#parts.limits.upstreamIdleMs, () => { this.#timeOut(); })
          : this.#parts.clock.after(afterMs, () => { this.#hand(bytes); this.#advance(); });
        return;
      }
      this.#hand(next.value.bytes);
    }
  }

  #hand(bytes: string | Buffer): void {
    if (!this.#isOver && !this.#events.onData(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)) this.#isPaused = true;
  }

  #finish(): void {
    if (this.#script.ending === 'hang') {
      this.#cancelTimer = this.#parts.clock.after(this.#parts.limits.upstreamIdleMs, () => { this.#timeOut(); });
      return;
    }
    this.#isOver = true;
    if (this.#script.ending === 'end') this.#events.onEnd();
    else this.#events.onFailure({ ...failureOf(new Error('the sandbox reset the connection'), true) });
  }

  #timeOut(): void {
    this.#isOver = true;
    this.#events.onFailure({ ...failureOf(new Error('the sandbox stayed silent'), false), code: 'upstream_timeout' });
  }
}
