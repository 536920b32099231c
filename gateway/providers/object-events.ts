/** This file reads streams whose every event is a JSON object, or says that the stream is done or has failed. */
import { decodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { isJsonObject, parseJson } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { classifyBadEvent, classifyStreamError } from './openai-error.ts';
import type { UpstreamFailure } from './wire.ts';

/** What an event may say of its stream. */
export interface StreamState {
  isDone: boolean;
  failure: UpstreamFailure | null;
}

/** Gives the object of an event; null for one that ends or fails the stream, which `state` is then told. `classify` reads an event that has an `error`. */
export function readObjectEvent(payload: ByteText, state: StreamState, classify: (event: JsonObject) => UpstreamFailure = classifyStreamError): JsonObject | null {
  if (payload === '[DONE]') {
    state.isDone = true;
    return null;
  }
  const event = parseJson(decodeText(payload));
  if (!isJsonObject(event)) {
    state.failure = classifyBadEvent('an event is not a JSON object', payload);
    return null;
  }
  if (isJsonObject(event['error']) || typeof event['error'] === 'string') {
    state.failure = classify(event);
    return null;
  }
  return event;
}
