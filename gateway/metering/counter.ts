/** This file counts tokens where the upstream did not say how many there were, in a process that is there only while it is needed. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { startCounting } from './counting-process.ts';
import type { CountingProcess, StartCounting } from './counting-process.ts';
import { gatherPrompt } from './prompt-texts.ts';

/**
 * Counts by OpenAI's o200k vocabulary: an estimate for other vendors' models. Never rejects: what can't be counted is
 * estimated from its length, because a row must be written and a caller answered either way.
 */
export interface Counter {
  /** Counts the tokens of a chat prompt, as `prompt-texts.ts` gathers it. */
  countPrompt(request: ChatCompletionRequest): Promise<number>;
  /** Counts the tokens of a text. Past 2,000,000 characters the rest is extrapolated from what was counted, rounded up. */
  countText(text: string): Promise<number>;
  /** The same of several texts together, each by itself. */
  countTexts(texts: readonly string[]): Promise<number>;
  /** Ends the process, after at most five seconds for what is still to be counted; what is left then is estimated. */
  close(): Promise<void>;
}

export interface CounterParts {
  readonly clock: Clock;
  readonly log: Log;
  /** A test replaces it to hold the process in its hands. */
  readonly startCounting?: StartCounting;
}

/** Text beyond this is not read but assumed to be like what came before it. */
const COUNTED_CHARS_MAX = 2_000_000;
/** Characters that may wait to be counted: base64, the slowest, takes 20 s of them. More is estimated. */
const WAITING_CHARS_MAX = 50_000_000;
const WAITING_JOBS_MAX = 20_000;
/** For one answer, the start of the process included, in ms. */
const ANSWER_MS_MAX = 10_000;
const ATTEMPTS_MAX = 2;
/** Deaths in a row after which the process is left alone for a while: it is not one text that it dies of. */
const DEATHS_MAX = 4;
const REST_MS = 30_000;
/** The process is ended after this long without work, in ms. */
const IDLE_MS = 60_000;
const CLOSE_MS_MAX = 5_000;

/** A token has four bytes of text, by OpenAI's rule of thumb for English. */
const BYTES_PER_TOKEN = 4;

interface Job {
  readonly texts: readonly string[];
  readonly charsRead: number;
  readonly charsTotal: number;
  readonly resolve: (tokens: number) => void;
  attempts: number;
}

/** Makes a counter. It costs nothing until it is first asked. */
export function createCounter(parts: CounterParts): Counter {
  const queue = new CountQueue(parts);
  return {
    async countPrompt(request) {
      const { tokens, texts } = gatherPrompt(request);
      return tokens + await queue.count(texts);
    },
    countText: (text) => queue.count([text]),
    countTexts: (texts) => queue.count(texts),
    close: () => queue.close(),
  };
}

/** One list of texts is with the process, the others wait here, where they take no memory of their own. */
class CountQueue {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #startCounting: StartCounting;
  readonly #waiting: Job[] = [];
  #waitingChars = 0;
  #current: Job | null = null;
  #process: CountingProcess | null = null;
  #deaths = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #stopDeadline = nothing;
  #stopIdle = nothing;
  #onQuiet = nothing;

  constructor(parts: CounterParts) {
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#startCounting = parts.startCounting ?? startCounting;
  }

  count(whole: readonly string[]): Promise<number> {
    const { texts, charsRead, charsTotal } = clip(whole);
    if (charsTotal === 0) return Promise.resolve(0);
    return new Promise((resolve) => {
      const job: Job = { texts, charsRead, charsTotal, resolve, attempts: 0 };
      const isFull = this.#waitingChars + charsRead > WAITING_CHARS_MAX || this.#waiting.length >= WAITING_JOBS_MAX;
      if (isFull || this.#isClosed || this.#clock.monotonic() < this.#restsUntil) {
        resolve(estimate(job));
        return;
      }
      this.#waiting.push(job);
      this.#waitingChars += charsRead;
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#current) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(CLOSE_MS_MAX, () => { this.#giveUp('the gateway closes'); });
        this.#onQuiet = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#endProcess();
    // Whoever awaited the last counts hands their rows to the store before this one's owner closes it.
    await nextTurn();
  }

  #next(): void {
    if (this.#current) return;
    const job = this.#waiting.shift();
    if (!job) {
      this.#stopIdle();
      this.#stopIdle = this.#clock.every(IDLE_MS, () => { this.#endProcess(); });
      this.#onQuiet();
      return;
    }
    this.#waitingChars -= job.charsRead;
    this.#current = job;
    this.#ask(job);
  }

  #ask(job: Job): void {
    job.attempts++;
    this.#stopIdle();
    this.#stopDeadline = this.#clock.after(ANSWER_MS_MAX, () => { this.#break(new Error('the counting process did not answer in time')); });
    try {
      this.#process ??= this.#startCounting({
        onCounted: (tokens) => { this.#take(tokens); },
        onBroken: (cause) => { this.#break(cause); },
      });
      this.#process.count(job.texts);
    } catch (thrown) {
      this.#break(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }

  #take(tokens: number): void {
    const job = this.#current;
    if (!job) return;
    this.#deaths = 0;
    this.#settle(job, job.charsRead === job.charsTotal ? tokens : Math.ceil(tokens * (job.charsTotal / job.charsRead)));
    this.#next();
  }

  /** The process is of no more use. Its text is tried once more; a text it died of twice is estimated. */
  #break(cause: Error): void {
    this.#endProcess();
    const job = this.#current;
    // An idle process may be killed from outside; the next text starts another.
    if (!job) return;
    this.#stopDeadline();
    this.#deaths++;
    this.#log.warn({ error: cause, attempts: job.attempts }, 'tokens could not be counted');
    if (this.#deaths >= DEATHS_MAX) {
      this.#deaths = 0;
      this.#restsUntil = this.#clock.monotonic() + REST_MS;
      this.#giveUp('counting keeps failing');
    } else if (job.attempts < ATTEMPTS_MAX) {
      this.#ask(job);
    } else {
      this.#settle(job, estimate(job));
      this.#next();
    }
  }

  /** Estimates all there is. */
  #giveUp(reason: string): void {
    const jobs = [...this.#current ? [this.#current] : [], ...this.#waiting.splice(0)];
    this.#waitingChars = 0;
    this.#log.warn({ reason, texts: jobs.length }, 'tokens are estimated');
    for (const job of jobs) this.#settle(job, estimate(job));
    this.#endProcess();
    this.#next();
  }

  #settle(job: Job, tokens: number): void {
    this.#stopDeadline();
    this.#current = null;
    job.resolve(tokens);
  }

  #endProcess(): void {
    this.#stopIdle();
    this.#process?.end();
    this.#process = null;
  }
}

const nothing: () => void = () => undefined;

/** Takes as much of the texts as is counted, so that no more than that is copied to the process. */
function clip(whole: readonly string[]): { texts: string[]; charsRead: number; charsTotal: number } {
  const texts: string[] = [];
  let charsRead = 0;
  let charsTotal = 0;
  for (const text of whole) {
    charsTotal += text.length;
    const part = text.slice(0, COUNTED_CHARS_MAX - charsRead);
    if (part === '') continue;
    texts.push(part);
    charsRead += part.length;
  }
  return { texts, charsRead, charsTotal };
}

/** Bytes rather than characters: a Chinese character has three, and costs nearly a token. */
function estimate(job: Job): number {
  const bytes = job.texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return Math.ceil((bytes / BYTES_PER_TOKEN) * (job.charsTotal / job.charsRead));
}
