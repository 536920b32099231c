/** This file tells answers that a filter has emptied, and refusals in place of an answer, from answers: a route may rather ask somebody else. */
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import { eventPayload } from '../foundation/sse.ts';
import type { UpstreamFailure } from '../providers/wire.ts';
import type { Policy } from '../routing/policy.ts';

/** content_filter: it ended as filtered, with nothing said. refusal: all it says is that the model will not (OpenAI's `refusal`). */
export type Filtered = 'content_filter' | 'refusal';

/** After which of them somebody else is asked; null after neither, as long as a policy does not say so. */
export type Passed = ReadonlySet<Filtered> | null;

const CLASSES: readonly Filtered[] = ['content_filter', 'refusal'];

/** What a policy passes. It costs two look-ups a call. */
export function passedBy({ on }: Policy): Passed {
  if (on.content_filter[0] === 'stop' && on.refusal[0] === 'stop') return null;
  return new Set(CLASSES.filter((each) => on[each][0] !== 'stop'));
}

/** What a whole chat completion is, when it says nothing else and that is passed; null for an answer. */
export function filteredReply(canonical: string, passed: ReadonlySet<Filtered>): UpstreamFailure | null {
  const choices = arrayAt(parseJson(canonical), 'choices');
  if (choices.length === 0 || choices.some((choice) => saidBy(objectAt(choice, 'message')) === 'content')) return null;
  const isFiltered = choices.some((choice) => stringAt(choice, 'finish_reason') === 'content_filter');
  const isRefused = choices.every((choice) => saidBy(objectAt(choice, 'message')) === 'refusal');
  return failureOf(isFiltered, isRefused, passed);
}

/** So many events without a word are not held back for longer. */
const HELD_EVENTS_MAX = 256;

/** A stream of which nothing was handed out yet. */
export class Hold {
  readonly #passed: ReadonlySet<Filtered>;
  #isRefused = false;
  #events = 0;

  constructor(passed: ReadonlySet<Filtered>) {
    this.#passed = passed;
  }

  /** True as long as the stream, with this event of a chat, may still turn out to be filtered. */
  keeps(event: ByteText): boolean {
    if (++this.#events > HELD_EVENTS_MAX) return false;
    for (const choice of arrayAt(parseJson(eventPayload(event) ?? ''), 'choices')) {
      const said = saidBy(objectAt(choice, 'delta'));
      if (said === 'content' || (said === 'refusal' && !this.#passed.has('refusal'))) return false;
      if (said === 'refusal') this.#isRefused = true;
    }
    return true;
  }

  /** What it is, now that it has ended. */
  verdict(finishReason: string | null): UpstreamFailure | null {
    return failureOf(finishReason === 'content_filter', this.#isRefused, this.#passed);
  }
}

function failureOf(isFiltered: boolean, isRefused: boolean, passed: ReadonlySet<Filtered>): UpstreamFailure | null {
  if (isFiltered && passed.has('content_filter')) return failure('content_filter', 'the answer is empty: the upstream has filtered it');
  return isRefused && passed.has('refusal') ? failure(null, 'the answer is a refusal') : null;
}

/** By its class, as if the upstream had refused with an error. */
function failure(code: string | null, detail: string): UpstreamFailure {
  return { code: 'upstream_rejected', isRetryable: false, message: null, param: null, upstream: { code, type: null }, retryAfterSeconds: null, detail };
}

/** What a message or a delta says. Thoughts are said, too, and so is what we don't know: only fields that name the message are silent. */
function saidBy(part: unknown): 'nothing' | 'refusal' | 'content' {
  if (!isJsonObject(part)) return 'nothing';
  if (Object.entries(part).some(([field, value]) => field !== 'role' && field !== 'refusal' && isSomething(value))) return 'content';
  return isSomething(part['refusal']) ? 'refusal' : 'nothing';
}

function isSomething(value: unknown): boolean {
  return value !== null && value !== undefined && value !== '' && value !== false && !(Array.isArray(value) && value.length === 0);
}
