/** This file follows a Gemini stream and writes it as chat completion chunks. */
import { NO_BYTES, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { classifyGeminiError } from './gemini-content-error.ts';
import { CandidateParts, signedMessage, textOfPiece } from './gemini-content-parts.ts';
import type { Piece } from './gemini-content-parts.ts';
import { chatUsage, finishOf, hasSaid, logprobsOf, mergeCounts, partsOf, placeOf, refusalOfCandidate, refusalOfPrompt, usageOf } from './gemini-content-reply.ts';
import type { GeminiCounts } from './gemini-content-reply.ts';
import { readObjectEvent } from './object-events.ts';
import { classifyStreamError } from './openai-error.ts';
import { dataEvent, eventPayload } from '../foundation/sse.ts';
import type { ReplyFacts, StreamOptions, StreamReader, UpstreamFailure } from './wire.ts';

/** Opens a reader for one stream. Gemini's streams have no last event: their end is the end of the connection. */
export function openGeminiStream(options: StreamOptions): StreamReader {
  return new GeminiStream(options);
}

/** One answer that is being streamed. */
interface Choice {
  readonly index: number;
  readonly parts: CandidateParts;
  hasBegun: boolean;
  hasSpoken: boolean;
  isFinished: boolean;
}

class GeminiStream implements StreamReader {
  isDone = false;
  isFinished = false;
  failure: UpstreamFailure | null = null;
  readonly #options: StreamOptions;
  readonly #counts: GeminiCounts = {};
  readonly #choices = new Map<number, Choice>();
  #upstreamId: string | null = null;
  #upstreamModel: string | null = null;
  #finishReason: string | null = null;
  #text = '';
  /** What was last told of usage: it is told again only if it has changed. */
  #toldUsage = '';

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Every event is parsed as it is read, which keeps its text: nothing is left to observe. */
  observe(): void {}

  read(event: ByteText): ByteText | null {
    const payload = eventPayload(event);
    // Not even a comment is handed on: every byte that goes out is written here.
    if (payload === null) return null;
    const chunk = readObjectEvent(payload, this, failureOf);
    if (chunk === null) return null;
    const bytes = this.#readChunk(chunk);
    return bytes === NO_BYTES ? null : bytes;
  }

  facts(): ReplyFacts {
    return { usage: usageOf(this.#counts), upstreamId: this.#upstreamId, upstreamModel: this.#upstreamModel, finishReason: this.#finishReason };
  }

  text(): string {
    return this.#text;
  }

  #readChunk(chunk: JsonObject): ByteText {
    this.#upstreamId ??= stringAt(chunk, 'responseId');
    this.#upstreamModel ??= stringAt(chunk, 'modelVersion');
    mergeCounts(this.#counts, chunk);
    let bytes = NO_BYTES;
    for (const [index, candidate] of arrayAt(chunk, 'candidates').entries()) {
      bytes = joinBytes(bytes, this.#readCandidate(candidate, this.#choice(placeOf(candidate, index))));
    }
    const refusal = this.isFinished ? null : refusalOfPrompt(chunk);
    if (refusal !== null) {
      if (this.#choices.size === 0) this.#choice(0);
      for (const choice of this.#choices.values()) bytes = joinBytes(bytes, this.#withhold(choice, refusal));
    }
    return joinBytes(bytes, this.#writeUsage());
  }

  #choice(index: number): Choice {
    const known = this.#choices.get(index);
    if (known) return known;
    const choice = { index, parts: new CandidateParts(this.#options.context.requestId, index), hasBegun: false, hasSpoken: false, isFinished: false };
    this.#choices.set(index, choice);
    return choice;
  }

  #readCandidate(candidate: unknown, choice: Choice): ByteText {
    const reason = stringAt(candidate, 'finishReason');
    const piece = choice.parts.read(partsOf(candidate), reason !== null);
    this.#text += textOfPiece(piece);
    choice.hasSpoken ||= hasSaid(piece);
    const refusal = refusalOfCandidate(candidate, choice.hasSpoken);
    const delta = { ...deltaOf(piece), ...(refusal === null ? {} : { refusal }) };
    const logprobs = logprobsOf(candidate);
    const isWorth = Object.keys(delta).length > 0 || logprobs !== null;
    const bytes = isWorth ? this.#write(choice, delta, { logprobs }) : NO_BYTES;
    if (reason === null || choice.isFinished) return bytes;
    return joinBytes(bytes, this.#finish(choice, finishOf(reason, choice.parts.hasCalls)));
  }

  /** The prompt was blocked, before or while this was answered. */
  #withhold(choice: Choice, refusal: string): ByteText {
    const said = choice.hasSpoken ? NO_BYTES : this.#write(choice, { refusal });
    return choice.isFinished ? said : joinBytes(said, this.#finish(choice, 'content_filter'));
  }

  #finish(choice: Choice, finishReason: string): ByteText {
    choice.isFinished = true;
    this.isFinished = true;
    if (this.#finishReason === null || choice.index === 0) this.#finishReason = finishReason;
    return this.#write(choice, {}, { finishReason });
  }

  #write(choice: Choice, delta: JsonObject, { logprobs, finishReason }: { logprobs?: JsonObject | null; finishReason?: string } = {}): ByteText {
    const role = choice.hasBegun ? {} : { role: 'assistant' };
    choice.hasBegun = true;
    return this.#event([{ index: choice.index, delta: { ...role, ...delta }, ...(logprobs ? { logprobs } : {}), finish_reason: finishReason ?? null }]);
  }

  /** Counts grow with every event; they are told once every answer that has begun is finished, and again should they change. */
  #writeUsage(): ByteText {
    if (!this.#options.wantsUsage || !this.isFinished) return NO_BYTES;
    if ([...this.#choices.values()].some((choice) => !choice.isFinished)) return NO_BYTES;
    const usage = usageOf(this.#counts);
    if (!usage) return NO_BYTES;
    const told = JSON.stringify(usage);
    if (told === this.#toldUsage) return NO_BYTES;
    this.#toldUsage = told;
    return this.#event([], chatUsage(usage));
  }

  #event(choices: readonly JsonObject[], usage?: JsonObject): ByteText {
    const { context } = this.#options;
    return dataEvent(JSON.stringify({
      id: this.#upstreamId ?? `chatcmpl-${context.requestId}`,
      object: 'chat.completion.chunk',
      created: context.nowSeconds,
      model: this.#upstreamModel ?? context.upstreamModel,
      choices,
      ...(usage ? { usage } : {}),
    }));
  }
}

function deltaOf(piece: Piece): JsonObject {
  return {
    ...(piece.reasoning === '' ? {} : { reasoning_content: piece.reasoning }),
    ...(piece.text === '' ? {} : { content: piece.text }),
    ...(piece.calls.length === 0 ? {} : { tool_calls: piece.calls }),
    ...(piece.images.length === 0 ? {} : { images: piece.images }),
    ...signedMessage(piece),
  };
}

/** An error inside a stream says its HTTP status itself. */
function failureOf(chunk: JsonObject): UpstreamFailure {
  const code = objectAt(chunk, 'error')?.['code'];
  if (typeof code !== 'number' || code < 400 || code > 599) return classifyStreamError(chunk);
  const failure = classifyGeminiError(code, {}, JSON.stringify(chunk));
  return { ...failure, detail: classifyStreamError(chunk).detail };
}
