/** This file reads OpenAI's Responses as they come, whole and as events. https://platform.openai.com/docs/api-reference/responses (2026-11). */
import { decodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { eventPayload } from '../foundation/sse.ts';
import { classifyBadEvent } from './openai-error.ts';
import { classifyResponseFailure } from './openai-responses-error.ts';
import { callOf, finishOf, itemText } from './openai-responses-items.ts';
import { readResponseUsage } from './openai-responses-reply.ts';
import type { ReplyFacts, StreamReader, UpstreamFailure } from './wire.ts';

/** Reads the facts of a whole response, one that failed too: it is handed on as it came. Throws a SyntaxError for what is none. */
export function readNativeResponse(text: string): ReplyFacts {
  const reply: unknown = JSON.parse(text);
  if (!isJsonObject(reply) || !Array.isArray(reply['output'])) throw new SyntaxError('not a response');
  return factsOf(reply);
}

function factsOf(reply: JsonObject): ReplyFacts {
  const hasCalls = arrayAt(reply, 'output').some((item) => callOf(item, '') !== null);
  return {
    usage: readResponseUsage(reply['usage']),
    upstreamId: stringAt(reply, 'id'),
    upstreamModel: stringAt(reply, 'model'),
    finishReason: finishOf(reply, hasCalls) ?? stringAt(reply, 'status'),
  };
}

/** The generated text of a whole response: what was said, refused, summed up and handed to tools. */
export function readNativeResponseText(json: string): string {
  return arrayAt(parseJson(json), 'output').map(itemText).join('');
}

/** Opens a reader for one stream. */
export function openNativeResponseStream(): StreamReader {
  return new ResponseStream();
}

const ENDS: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete', 'response.failed']);

class ResponseStream implements StreamReader {
  isDone = false;
  isFinished = false;
  failure: UpstreamFailure | null = null;
  #response: JsonObject = {};
  #text = '';

  observe(): void {
    return undefined;
  }

  read(event: ByteText): ByteText | null {
    const payload = eventPayload(event);
    if (payload === null || this.isDone || this.failure) return null;
    if (payload === '[DONE]') {
      this.isDone = true;
      return null;
    }
    const text = decodeText(payload);
    const said = parseJson(text);
    const type = stringAt(said, 'type');
    if (!isJsonObject(said) || type === null || type === 'error') {
      this.failure = isJsonObject(said) ? classifyResponseFailure(said) : classifyBadEvent('an event is not one of a response', text);
      return null;
    }
    if (type.endsWith('.delta')) this.#text += stringAt(said, 'delta') ?? '';
    this.#response = objectAt(said, 'response') ?? this.#response;
    // A failed response has usage too, and what it used is paid.
    if (ENDS.has(type)) {
      this.isDone = true;
      this.isFinished = true;
    }
    return event;
  }

  facts(): ReplyFacts {
    return factsOf(this.#response);
  }

  text(): string {
    return this.#text;
  }
}
