/** This file makes a chat completion of a whole Gemini reply, and reads usage, finish reasons and refusals for streams too. */
import { addCounts, arrayAt, countAt, finiteAt, isJsonObject, objectAt, parseShallowJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Usage } from '../foundation/terms.ts';
import { CandidateParts, signedMessage, textOfPiece } from './gemini-content-parts.ts';
import type { Piece } from './gemini-content-parts.ts';
import type { ReplyContext, ReplyFacts } from './wire.ts';

/** Gemini's own counts, as far as they are known. */
export type GeminiCounts = Record<string, number>;

const COUNTS = ['promptTokenCount', 'cachedContentTokenCount', 'candidatesTokenCount', 'thoughtsTokenCount', 'toolUsePromptTokenCount'] as const;

/** Takes what `usageMetadata` says into the counts known so far: the last word on each holds, and silence changes none. */
export function mergeCounts(known: GeminiCounts, reply: unknown): void {
  const said = objectAt(reply, 'usageMetadata');
  for (const key of COUNTS) if (typeof said?.[key] === 'number') known[key] = countAt(said, key);
}

/**
 * Usage in the house's terms; null when nothing was counted. `promptTokenCount` includes what was cached, `toolUsePromptTokenCount` comes
 * beside it, and `candidatesTokenCount` leaves out thoughts: `totalTokenCount` is the sum of prompt, tool use, candidates and thoughts
 * (https://ai.google.dev/api/generate-content#UsageMetadata, 2026-11; the recorded totals agree).
 */
export function usageOf(counts: GeminiCounts): Usage | null {
  if (Object.keys(counts).length === 0) return null;
  const reasoning = countAt(counts, 'thoughtsTokenCount');
  return {
    promptTokens: addCounts(countAt(counts, 'promptTokenCount'), countAt(counts, 'toolUsePromptTokenCount')),
    cachedTokens: countAt(counts, 'cachedContentTokenCount'),
    cacheWriteTokens: 0,
    completionTokens: addCounts(countAt(counts, 'candidatesTokenCount'), reasoning),
    reasoningTokens: reasoning,
  };
}

/** Usage as OpenAI writes it. */
export function chatUsage(usage: Usage): JsonObject {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  };
}

/** https://ai.google.dev/api/generate-content#FinishReason, 2026-11. */
const WITHHELD: ReadonlySet<string> = new Set([
  'SAFETY', 'RECITATION', 'LANGUAGE', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_RECITATION', 'MODEL_ARMOR',
]);

/** OpenAI's word for Gemini's finish reason. Gemini ends a turn that calls tools with STOP as well. */
export function finishOf(reason: string, hasCalls: boolean): string {
  if (reason === 'MAX_TOKENS') return 'length';
  if (WITHHELD.has(reason)) return 'content_filter';
  return hasCalls ? 'tool_calls' : 'stop';
}

/** What a caller reads when a candidate was withheld before it said anything; null when it said something or ended otherwise. */
export function refusalOfCandidate(candidate: unknown, hasSpoken: boolean): string | null {
  const reason = stringAt(candidate, 'finishReason');
  if (hasSpoken || reason === null || !WITHHELD.has(reason)) return null;
  return stringAt(candidate, 'finishMessage') ?? `The provider withheld the answer (${reason}).`;
}

/** What a caller reads when the prompt itself was blocked; null when it was not. */
export function refusalOfPrompt(reply: unknown): string | null {
  if (arrayAt(reply, 'candidates').length > 0) return null;
  const feedback = objectAt(reply, 'promptFeedback');
  const reason = stringAt(feedback, 'blockReason');
  if (reason === null) return null;
  return stringAt(feedback, 'blockReasonMessage') ?? `The provider refused the prompt (${reason}).`;
}

/** The parts of a candidate. */
export function partsOf(candidate: unknown): readonly unknown[] {
  return arrayAt(objectAt(candidate, 'content'), 'parts');
}

/** A candidate's place among the choices; Gemini leaves 0 out at times. */
export function placeOf(candidate: unknown, fallback: number): number {
  return isJsonObject(candidate) && typeof candidate['index'] === 'number' ? countAt(candidate, 'index') : fallback;
}

/** The log probabilities of a candidate as OpenAI writes them; null when it has none. */
export function logprobsOf(candidate: unknown): JsonObject | null {
  const result = objectAt(candidate, 'logprobsResult');
  if (!result) return null;
  const tops = arrayAt(result, 'topCandidates');
  const content = arrayAt(result, 'chosenCandidates').map((chosen, index) => ({ ...logprob(chosen), top_logprobs: arrayAt(tops[index], 'candidates').map(logprob) }));
  return { content, refusal: null };
}

function logprob(said: unknown): JsonObject {
  const token = stringAt(said, 'token') ?? '';
  return { token, logprob: finiteAt(said, 'logProbability'), bytes: [...Buffer.from(token, 'utf8')] };
}

/** Reads the facts of a whole reply. Throws a SyntaxError when it neither answers nor says why not. */
export function readGeminiReply(text: string): ReplyFacts {
  return factsOf(parseShallowJson(text));
}

function factsOf(reply: unknown): ReplyFacts {
  const [first] = arrayAt(reply, 'candidates');
  if (!isJsonObject(first) && refusalOfPrompt(reply) === null) throw new SyntaxError('not a Gemini reply');
  const counts: GeminiCounts = {};
  mergeCounts(counts, reply);
  const reason = stringAt(first, 'finishReason');
  const hasCalls = partsOf(first).some((part) => objectAt(part, 'functionCall') !== null);
  return {
    usage: usageOf(counts),
    upstreamId: stringAt(reply, 'responseId'),
    upstreamModel: stringAt(reply, 'modelVersion'),
    finishReason: first === undefined ? 'content_filter' : reason === null ? null : finishOf(reason, hasCalls),
  };
}

/** Writes the chat completion of a whole reply. */
export function toChatCompletion(text: string, context: ReplyContext): string {
  const reply: unknown = JSON.parse(text);
  const facts = factsOf(reply);
  const refusal = refusalOfPrompt(reply);
  const choices = refusal === null
    ? arrayAt(reply, 'candidates').map((candidate, index) => choiceOf(candidate, placeOf(candidate, index), context.requestId))
    : [{ index: 0, message: { role: 'assistant', content: null, refusal }, logprobs: null, finish_reason: 'content_filter' }];
  return JSON.stringify({
    id: facts.upstreamId ?? `chatcmpl-${context.requestId}`,
    object: 'chat.completion',
    created: context.nowSeconds,
    model: facts.upstreamModel ?? context.upstreamModel,
    choices,
    ...(facts.usage ? { usage: chatUsage(facts.usage) } : {}),
  });
}

function choiceOf(candidate: unknown, index: number, requestId: string): JsonObject {
  const parts = new CandidateParts(requestId, index);
  const piece = parts.read(partsOf(candidate), true);
  const reason = stringAt(candidate, 'finishReason');
  return {
    index,
    message: messageOf(piece, refusalOfCandidate(candidate, hasSaid(piece))),
    logprobs: logprobsOf(candidate),
    finish_reason: reason === null ? null : finishOf(reason, parts.hasCalls),
  };
}

/** Whether a piece says anything to the caller. */
export function hasSaid(piece: Piece): boolean {
  return piece.text !== '' || piece.calls.length > 0 || piece.images.length > 0;
}

function messageOf(piece: Piece, refusal: string | null): JsonObject {
  return {
    role: 'assistant',
    content: piece.text === '' && (piece.calls.length > 0 || refusal !== null) ? null : piece.text,
    refusal,
    ...(piece.reasoning === '' ? {} : { reasoning_content: piece.reasoning }),
    ...(piece.calls.length === 0 ? {} : { tool_calls: piece.calls.map((call) => ({ id: call.id, type: call.type, function: call.function, ...(call.extra_content ? { extra_content: call.extra_content } : {}) })) }),
    ...(piece.images.length === 0 ? {} : { images: piece.images }),
    ...signedMessage(piece),
  };
}

/** The generated text of a whole reply: answers, thoughts and tool arguments of every candidate. */
export function readGeminiText(json: string): string {
  const reply: unknown = JSON.parse(json);
  return arrayAt(reply, 'candidates').map((candidate) => textOfPiece(new CandidateParts('', 0).read(partsOf(candidate), true))).join('\n');
}
