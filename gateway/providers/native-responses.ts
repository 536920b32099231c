/** This file reads OpenAI's Responses as they come, whole and as events. https://platform.openai.com/docs/api-reference/responses (2026-11). */
import { decodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt, countAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Usage } from '../foundation/terms.ts';
import { eventPayload } from '../foundation/sse.ts';
import { classifyStreamError } from './openai-error.ts';
import type { ReplyFacts, StreamReader, UpstreamFailure } from './wire.ts';

/** Reads the facts of a whole response. Throws a SyntaxError for what is none. */
export function readResponse(text: string): ReplyFacts {
  const reply: unknown = JSON.parse(text);
  if (!isJsonObject(reply) || !Array.isArray(reply['output'])) throw new SyntaxError('not a response');
  return factsOf(reply);
}

function factsOf(reply: JsonObject): ReplyFacts {
  return {
    usage: readUsage(reply['usage']),
    upstreamId: stringAt(reply, 'id'),
    upstreamModel: stringAt(reply, 'model'),
    finishReason: finishOf(reply),
  };
}

function finishOf(reply: JsonObject): string | null {
  const status = stringAt(reply, 'status');
  if (status === 'incomplete') return stringAt(objectAt(reply, 'incomplete_details'), 'reason') === 'content_filter' ? 'content_filter' : 'length';
  return status === 'completed' ? 'stop' : status;
}

function readUsage(usage: unknown): Usage | null {
  if (!isJsonObject(usage) || typeof usage['output_tokens'] !== 'number') return null;
  const input = objectAt(usage, 'input_tokens_details');
  return {
    promptTokens: countAt(usage, 'input_tokens'),
    cachedTokens: countAt(input, 'cached_tokens'),
    cacheWriteTokens: countAt(input, 'cache_write_tokens'),
    completionTokens: countAt(usage, 'output_tokens'),
    reasoningTokens: countAt(objectAt(usage, 'output_tokens_details'), 'reasoning_tokens'),
  };
}

/** The generated text of a whole response: what was said, refused, summed up and handed to tools. */
export function readResponseText(json: string): string {
  return arrayAt(parseJson(json), 'output').map((item) => {
    const parts = [...arrayAt(item, 'content'), ...arrayAt(item, 'summary')];
    return parts.map((part) => (stringAt(part, 'text') ?? '') + (stringAt(part, 'refusal') ?? '')).join('')
      + (stringAt(item, 'name') ?? '') + (stringAt(item, 'arguments') ?? '') + (stringAt(item, 'input') ?? '');
  }).join('');
}

/** Opens a reader for one stream. */
export function openResponseStream(): StreamReader {
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
    const said = parseJson(decodeText(payload));
    const type = stringAt(said, 'type');
    if (type === null || type === 'error') {
      this.failure = classifyStreamError(said);
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
