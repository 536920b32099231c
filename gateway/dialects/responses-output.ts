/** This file holds the items of an answer while they grow: a message, a thought, a call, each with the events that tell of it. */
import { objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { ToolIdentity } from './responses-names.ts';

/** Tells one event; its number is added. */
export type Emit = (type: string, fields: JsonObject) => void;

/** One item of an answer. */
export interface OutputItem {
  /** The item as it is at the moment. */
  write(): JsonObject;
}

type Status = 'in_progress' | 'completed' | 'incomplete';

interface Place {
  readonly id: string;
  /** Its place in the answer. */
  readonly index: number;
  readonly emit: Emit;
}

type Part = { readonly type: 'output_text'; text: string; readonly annotations: JsonObject[]; readonly logprobs: unknown[] } | { readonly type: 'refusal'; refusal: string };

/** What the model says. */
export class MessageItem implements OutputItem {
  readonly #place: Place;
  readonly #parts: Part[] = [];
  #status: Status = 'in_progress';

  constructor(place: Place) {
    this.#place = place;
    place.emit('response.output_item.added', { output_index: place.index, item: this.write() });
  }

  addText(delta: string, logprobs: readonly unknown[]): void {
    const part = this.#text();
    part.text += delta;
    for (const logprob of logprobs) part.logprobs.push(logprob);
    this.#emit('response.output_text.delta', { delta, logprobs });
  }

  addAnnotation(annotation: JsonObject): void {
    const part = this.#text();
    part.annotations.push(annotation);
    this.#emit('response.output_text.annotation.added', { annotation_index: part.annotations.length - 1, annotation });
  }

  addRefusal(delta: string): void {
    const last = this.#parts.at(-1);
    const part = last?.type === 'refusal' ? last : this.#add({ type: 'refusal', refusal: '' });
    part.refusal += delta;
    this.#emit('response.refusal.delta', { delta });
  }

  close(isCutOff: boolean): void {
    this.#closePart();
    this.#status = isCutOff ? 'incomplete' : 'completed';
    this.#place.emit('response.output_item.done', { output_index: this.#place.index, item: this.write() });
  }

  write(): JsonObject {
    return { id: this.#place.id, type: 'message', status: this.#status, role: 'assistant', content: this.#parts.map(copyOf) };
  }

  #text(): Part & { type: 'output_text' } {
    const last = this.#parts.at(-1);
    return last?.type === 'output_text' ? last : this.#add({ type: 'output_text', text: '', annotations: [], logprobs: [] });
  }

  #add<Kind extends Part>(part: Kind): Kind {
    this.#closePart();
    this.#parts.push(part);
    this.#emit('response.content_part.added', { part: copyOf(part) });
    return part;
  }

  #closePart(): void {
    const part = this.#parts.at(-1);
    if (!part) return;
    if (part.type === 'refusal') this.#emit('response.refusal.done', { refusal: part.refusal });
    else this.#emit('response.output_text.done', { text: part.text, logprobs: part.logprobs });
    this.#emit('response.content_part.done', { part: copyOf(part) });
  }

  #emit(type: string, fields: JsonObject): void {
    const { id, index, emit } = this.#place;
    emit(type, { item_id: id, output_index: index, content_index: this.#parts.length - 1, ...fields });
  }
}

function copyOf(part: Part): JsonObject {
  return part.type === 'refusal' ? { ...part } : { ...part, annotations: [...part.annotations], logprobs: [...part.logprobs] };
}

/**
 * What the model thinks, told as a summary whether or not one was asked for: of the events for thoughts, only those of a summary are
 * called the same by OpenAI (`response.reasoning_text.delta` for others) and Open Responses 2026-04-24 (`response.reasoning.delta`).
 */
export class ReasoningItem implements OutputItem {
  readonly #place: Place;
  #text = '';
  #sealed: string | null = null;

  constructor(place: Place) {
    this.#place = place;
    place.emit('response.output_item.added', { output_index: place.index, item: this.write() });
  }

  addText(delta: string): void {
    if (this.#text === '') this.#emit('response.reasoning_summary_part.added', { part: { type: 'summary_text', text: '' } });
    this.#text += delta;
    this.#emit('response.reasoning_summary_text.delta', { delta });
  }

  close(sealed: string | null): void {
    this.#sealed = sealed;
    if (this.#text !== '') {
      this.#emit('response.reasoning_summary_text.done', { text: this.#text });
      this.#emit('response.reasoning_summary_part.done', { part: this.#part() });
    }
    this.#place.emit('response.output_item.done', { output_index: this.#place.index, item: this.write() });
  }

  write(): JsonObject {
    const summary = this.#text === '' ? [] : [this.#part()];
    return { id: this.#place.id, type: 'reasoning', summary, ...(this.#sealed === null ? {} : { encrypted_content: this.#sealed }) };
  }

  #part(): JsonObject {
    return { type: 'summary_text', text: this.#text };
  }

  #emit(type: string, fields: JsonObject): void {
    const { id, index, emit } = this.#place;
    emit(type, { item_id: id, output_index: index, summary_index: 0, ...fields });
  }
}

/** What the model calls: a function with JSON, or a custom tool with plain text. */
export class CallItem implements OutputItem {
  readonly callId: string;
  readonly #place: Place;
  readonly #identity: ToolIdentity;
  #args = '';
  #status: Status = 'in_progress';

  constructor({ callId, identity, ...place }: Place & { readonly callId: string; readonly identity: ToolIdentity }) {
    this.callId = callId;
    this.#place = place;
    this.#identity = identity;
    place.emit('response.output_item.added', { output_index: place.index, item: this.write() });
  }

  /** A custom tool's input comes wrapped in JSON, which can only be taken off when it is whole. */
  add(delta: string): void {
    this.#args += delta;
    if (this.#identity.kind === 'function' && delta !== '') this.#emit('response.function_call_arguments.delta', { delta });
  }

  close(isCutOff: boolean): void {
    this.#status = isCutOff ? 'incomplete' : 'completed';
    if (this.#identity.kind === 'function') {
      this.#emit('response.function_call_arguments.done', { name: this.#identity.name, arguments: this.#args });
    } else {
      const input = inputOf(this.#args);
      this.#emit('response.custom_tool_call_input.delta', { delta: input });
      this.#emit('response.custom_tool_call_input.done', { input });
    }
    this.#place.emit('response.output_item.done', { output_index: this.#place.index, item: this.write() });
  }

  #emit(type: string, fields: JsonObject): void {
    this.#place.emit(type, { item_id: this.#place.id, output_index: this.#place.index, ...fields });
  }

  write(): JsonObject {
    const { kind, name, namespace } = this.#identity;
    const common = { id: this.#place.id, call_id: this.callId, name, ...(namespace === null ? {} : { namespace }) };
    if (kind === 'function') return { ...common, type: 'function_call', status: this.#status, arguments: this.#args };
    return { ...common, type: 'custom_tool_call', status: this.#status, input: this.#status === 'in_progress' ? '' : inputOf(this.#args) };
  }
}

/** What a model wrote that did not keep to the form is taken as the input itself. */
function inputOf(args: string): string {
  return stringAt(objectAt({ args: parseJson(args) }, 'args'), 'input') ?? args;
}
