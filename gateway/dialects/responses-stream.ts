/** This file follows one chat and tells it as the events of Responses: what opened is closed, in order, and every event is numbered. */
import type { ErrorResponse } from '../../generated/client/types.gen.ts';
import { NO_BYTES, decodeText, encodeText, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt, countAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { DONE_EVENT, eventPayload, eventsIn, keepAliveOf } from '../foundation/sse.ts';
import type { DialectStream } from './dialect.ts';
import { CallItem, MessageItem, ReasoningItem } from './responses-output.ts';
import type { Emit, OutputItem } from './responses-output.ts';
import { identityOf } from './responses-names.ts';
import type { ToolNames } from './responses-names.ts';
import { annotationOf, incompleteReasonOf, logprobOf, usageOf, writeResource, serviceTierOf } from './responses-resource.ts';
import type { Frame, Stage } from './responses-resource.ts';
import { itemId } from './responses-state.ts';
import { GatheredThoughts, thoughtsOf } from './responses-thoughts.ts';
import type { Thoughts } from './responses-thoughts.ts';

export interface StreamSetup {
  readonly frame: Frame;
  readonly names: ToolNames;
  /** Seals what was thought, where the caller asked for `reasoning.encrypted_content`; null where not. */
  readonly seal: ((thoughts: Thoughts) => string) | null;
  readonly nowSeconds: () => number;
  /** Another stream has told that the answer is begun; this one goes on from there. */
  readonly isBegun?: boolean;
}

/** `response.created` and `response.in_progress`. */
const OPENING_EVENTS = 2;

/** An answer that has ended, and what was thought for it. */
export interface Finished {
  readonly resource: JsonObject;
  readonly thoughts: Thoughts;
}

export class ResponsesStream implements DialectStream {
  readonly #setup: StreamSetup;
  readonly #items: OutputItem[] = [];
  readonly #calls = new Map<number, CallItem>();
  /** The item that takes text or thoughts at the moment. */
  #open: MessageItem | ReasoningItem | null = null;
  #events: ByteText = NO_BYTES;
  #sequence = 0;
  /** The number after the last event before the end; null until the end. */
  #lastSent: number | null = null;
  #isCreated = false;
  #model: string;
  #serviceTier: string | null = null;
  #finishReason: string | null = null;
  #usage: JsonObject | null = null;
  readonly #thoughts = new GatheredThoughts();
  /** Of the thoughts, what is in no reasoning item yet. */
  #unsealed = new GatheredThoughts();
  #finished: Finished | null = null;
  #ended: Finished | null = null;

  constructor(setup: StreamSetup) {
    this.#setup = setup;
    this.#model = setup.frame.body.model;
    if (setup.isBegun !== true) return;
    this.#isCreated = true;
    this.#sequence = OPENING_EVENTS;
  }

  /** The answer that was finished; null before, and of one that failed or was cancelled. */
  get finished(): Finished | null {
    return this.#finished;
  }

  /** The answer however it ended; null before. */
  get ended(): Finished | null {
    return this.#ended;
  }

  /** Tells that the answer is begun, before anything is known of it. */
  begin(): { readonly events: ByteText; readonly resource: JsonObject } {
    this.#create();
    return { events: this.#flush(), resource: this.#resource(UNENDED) };
  }

  read(event: ByteText): ByteText | null {
    for (const each of eventsIn(event)) {
      const payload = eventPayload(each);
      if (payload === null) this.#events = joinBytes(this.#events, keepAliveOf(each));
      else this.take(parseJson(decodeText(payload)));
    }
    const told = this.#flush();
    return told === '' ? null : told;
  }

  /** Takes one chunk, or a whole message put into the shape of one. */
  take(chunk: unknown): void {
    this.#model = stringAt(chunk, 'model') ?? this.#model;
    this.#serviceTier = serviceTierOf(chunk) ?? this.#serviceTier;
    this.#usage = usageOf(isJsonObject(chunk) ? chunk['usage'] : null) ?? this.#usage;
    this.#create();
    const choice = arrayAt(chunk, 'choices').find((each) => countAt(each, 'index') === 0);
    if (choice === undefined) return;
    this.#takeDelta(objectAt(choice, 'delta'), arrayAt(objectAt(choice, 'logprobs'), 'content').flatMap(logprobOf));
    this.#finishReason = stringAt(choice, 'finish_reason') ?? this.#finishReason;
  }

  finish(): ByteText {
    this.#create();
    this.#lastSent = this.#sequence;
    const incompleteReason = incompleteReasonOf(this.#finishReason);
    this.#closeAll(incompleteReason !== null);
    const resource = this.#resource({
      status: incompleteReason === null ? 'completed' : 'incomplete', incompleteReason, error: null,
      completedAt: incompleteReason === null ? this.#setup.nowSeconds() : null,
    });
    this.#finished = { resource, thoughts: this.#thoughts.read() };
    this.#ended = this.#finished;
    this.#emit(incompleteReason === null ? 'response.completed' : 'response.incomplete', { response: resource });
    return joinBytes(this.#flush(), DONE_EVENT);
  }

  fail({ error }: ErrorResponse): ByteText {
    this.#undoFinish();
    this.#emit('error', { code: error.code, message: error.message, param: error.param });
    const code = error.code === 'rate_limited' || error.code === 'upstream_rate_limited' ? 'rate_limit_exceeded' : 'server_error';
    return this.#end('response.failed', { ...UNENDED, status: 'failed', error: { code, message: error.message } });
  }

  /** What ends an answer that is not wanted any more, with what has come of it. OpenAI has no event of its own for it (developers.openai.com, "Streaming events", read 2026-11). */
  cancel(): ByteText {
    this.#undoFinish();
    return this.#end('response.incomplete', { ...UNENDED, status: 'cancelled' });
  }

  /** What `finish` gave was not sent, should it have been called: its numbers are free again. */
  #undoFinish(): void {
    this.#finished = null;
    this.#create();
    this.#sequence = this.#lastSent ?? this.#sequence;
  }

  #end(type: string, stage: Told): ByteText {
    const resource = this.#resource(stage);
    this.#ended = { resource, thoughts: this.#thoughts.read() };
    this.#emit(type, { response: resource });
    return joinBytes(this.#flush(), DONE_EVENT);
  }

  #create(): void {
    if (this.#isCreated) return;
    this.#isCreated = true;
    const response = this.#resource(UNENDED);
    this.#emit('response.created', { response });
    this.#emit('response.in_progress', { response });
  }

  #resource(stage: Told): JsonObject {
    const output = stage.status === 'in_progress' ? [] : this.#items.map((item) => cutOff(item.write()));
    return writeResource(this.#setup.frame, { ...stage, output, model: this.#model, usage: this.#usage, serviceTier: this.#serviceTier });
  }

  #takeDelta(delta: unknown, logprobs: readonly unknown[]): void {
    const calls = [...arrayAt(delta, 'tool_calls'), ...legacyCall(delta)];
    const thoughts = { ...thoughtsOf(delta), calls: this.#signedCalls(calls) };
    this.#thoughts.add(thoughts);
    this.#unsealed.add(thoughts);
    if (thoughts.text !== '') this.#reasoning().addText(thoughts.text);
    const text = contentOf(delta);
    if (text !== '') this.#message().addText(text, logprobs);
    const refusal = stringAt(delta, 'refusal') ?? '';
    if (refusal !== '') this.#message().addRefusal(refusal);
    for (const annotation of arrayAt(delta, 'annotations').flatMap(annotationOf)) this.#message().addAnnotation(annotation);
    calls.forEach((call, at) => { this.#takeCall(call, at); });
  }

  /** Only the first piece of a call names it. */
  #signedCalls(calls: readonly unknown[]): Record<string, JsonObject> {
    const signed: Record<string, JsonObject> = {};
    calls.forEach((call, at) => {
      const extra = objectAt(call, 'extra_content');
      const id = callIdOf(call) ?? this.#calls.get(placeOf(call, at))?.callId ?? null;
      if (extra && id !== null) signed[id] = extra;
    });
    return signed;
  }

  #reasoning(): ReasoningItem {
    if (this.#open instanceof ReasoningItem) return this.#open;
    this.#close();
    const item = new ReasoningItem(this.#place('reasoning'));
    this.#items.push(item);
    this.#open = item;
    return item;
  }

  #message(): MessageItem {
    if (this.#open instanceof MessageItem) return this.#open;
    this.#sealRest();
    this.#close();
    const item = new MessageItem(this.#place('message'));
    this.#items.push(item);
    this.#open = item;
    return item;
  }

  #takeCall(call: unknown, at: number): void {
    const place = placeOf(call, at);
    const called = objectAt(call, 'function') ?? objectAt(call, 'custom');
    const args = stringAt(called, 'arguments') ?? stringAt(called, 'input') ?? '';
    const begun = this.#calls.get(place);
    if (begun) {
      begun.add(args);
      return;
    }
    this.#sealRest();
    this.#close();
    const identity = identityOf(this.#setup.names, stringAt(called, 'name') ?? '');
    const type = identity.kind === 'custom' ? 'custom_tool_call' : 'function_call';
    const item = new CallItem({ ...this.#place(type), identity, callId: callIdOf(call) ?? `call_${this.#items.length}` });
    this.#items.push(item);
    this.#calls.set(place, item);
    if (args !== '') item.add(args);
  }

  /** What was signed goes before what it was signed for, so that a caller who cuts its history cuts both. */
  #sealRest(): void {
    if (!this.#setup.seal || this.#open instanceof ReasoningItem || this.#unsealed.isEmpty) return;
    this.#reasoning();
  }

  #closeAll(isCutOff: boolean): void {
    this.#close(isCutOff);
    for (const call of this.#calls.values()) call.close(isCutOff);
    // A signature may come with the last piece of all.
    this.#sealRest();
    this.#close();
  }

  #close(isCutOff = false): void {
    const open = this.#open;
    this.#open = null;
    if (open instanceof ReasoningItem) {
      open.close(this.#setup.seal && !this.#unsealed.isEmpty ? this.#setup.seal(this.#unsealed.read()) : null);
      this.#unsealed = new GatheredThoughts();
    } else open?.close(isCutOff);
  }

  #place(type: string): { id: string; index: number; emit: Emit } {
    const index = this.#items.length;
    return { id: itemId(this.#setup.frame.id, { type, side: 'o', at: index }), index, emit: (name, fields) => { this.#emit(name, fields); } };
  }

  #emit(type: string, fields: JsonObject): void {
    const json = JSON.stringify({ type, sequence_number: this.#sequence++, ...fields });
    this.#events = joinBytes(this.#events, encodeText(`event: ${type}\ndata: ${json}\n\n`));
  }

  #flush(): ByteText {
    const events = this.#events;
    this.#events = NO_BYTES;
    return events;
  }
}

type Told = Pick<Stage, 'status' | 'incompleteReason' | 'completedAt' | 'error'>;

const UNENDED: Told = { status: 'in_progress', incompleteReason: null, completedAt: null, error: null };

/** Of an answer that has ended, nothing is still to come. */
function cutOff(item: JsonObject): JsonObject {
  return item['status'] === 'in_progress' ? { ...item, status: 'incomplete' } : item;
}

function placeOf(call: unknown, at: number): number {
  return isJsonObject(call) && typeof call['index'] === 'number' ? call['index'] : at;
}

/** As long as an id of the contract may be. */
const CALL_ID_CHARS_MAX = 256;

function callIdOf(call: unknown): string | null {
  const id = stringAt(call, 'id');
  return id !== null && id.length <= CALL_ID_CHARS_MAX ? id : null;
}

/** Some servers still call as before there were tools. */
function legacyCall(delta: unknown): JsonObject[] {
  const called = objectAt(delta, 'function_call');
  return called ? [{ index: 0, function: called }] : [];
}

function contentOf(delta: unknown): string {
  const content = stringAt(delta, 'content');
  if (content !== null) return content;
  return arrayAt(delta, 'content').map((part) => (stringAt(part, 'type') === 'text' ? stringAt(part, 'text') ?? '' : '')).join('');
}
