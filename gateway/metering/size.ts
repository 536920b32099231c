/** This file says what a call may cost at most, before it is made: that much is set aside for it. */
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { NanoUsd } from '../foundation/money.ts';
import type { Price } from '../foundation/prices.ts';
import type { MediaUsage } from '../foundation/terms.ts';
import { mediaCostMost, mediaMessages } from './media.ts';
import { TOKENS_PER_MESSAGE } from './messages.ts';
import { TOKENS_PER_PRICE, divideUp, ratesFor } from './price.ts';
import { gatherPrompt } from './prompt-texts.ts';
import { extraBytesOf, guessTokens, guessTokensAtLeast } from './text-size.ts';

/** A guess may be short by a tenth. */
const PROMPT_SAFETY_PERCENT = 110;
const PERCENT = 100;
/** What a call generates that says nothing about it, if its model can. */
const OUTPUT_TOKENS_DEFAULT = 4096;
/** Of a model whose maximum is unknown; no model generates more, so nothing more need be set aside. */
const OUTPUT_TOKENS_MAX = 262_144;
const CHOICES_MAX = 128;
/** Certain for every message, whatever it says. */
const MESSAGE_TOKENS = 3;

/** size: what a call may use and cost at most. */
export interface CallSize {
  /** As guessed: what tokens per minute are counted with until the usage is known. */
  readonly promptTokens: number;
  /** Fewer than the prompt has, for what is certain of a call that was cut off. */
  readonly promptTokensAtLeast: number;
  /** Of what has no tokens, what is certain once an answer has begun; null where nothing is. */
  readonly mediaAtLeast: MediaUsage | null;
  /** The guess with its margin of error. */
  readonly promptTokensMost: number;
  /** Of each choice; 0 for what generates none. */
  readonly outputTokens: number;
  readonly choices: number;
  /** At the dearest of the targets that may answer; 0 when none has a price. */
  readonly nanoUsd: NanoUsd;
  readonly messages: bigint;
  /** Of the targets that may answer. */
  readonly prices: readonly (Price | null)[];
}

export interface SizeInput {
  readonly body: ChatCompletionRequest;
  /** Of every target that may answer. */
  readonly prices: readonly (Price | null)[];
  /** Most tokens the model generates; null when unknown. */
  readonly maxOutputTokens: number | null;
  /** Most tokens of one answer, whatever is asked, and asked for where the call says nothing; absent: as asked. */
  readonly outputTokensMax?: number;
  /** Of its prompt, where that was guessed already. */
  readonly prompt?: PromptGuess;
}

/** How many tokens a prompt has, as guessed from its texts. */
export type PromptGuess = Pick<CallSize, 'promptTokens' | 'promptTokensAtLeast'>;

/** Guesses a chat's prompt: most of what sizing it costs, and a route asks for it, too. */
export function guessPrompt(body: ChatCompletionRequest): PromptGuess {
  const { tokens, texts } = gatherPrompt(body);
  let promptTokens = tokens;
  let promptTokensAtLeast = MESSAGE_TOKENS * body.messages.length;
  for (const text of texts) {
    const extraBytes = extraBytesOf(text);
    promptTokens += guessTokens(text, extraBytes, texts.length);
    promptTokensAtLeast += guessTokensAtLeast(text, extraBytes);
  }
  return { promptTokens, promptTokensAtLeast };
}

/**
 * Sizes a chat call: its prompt as guessed and a tenth more, none of it read from a cache; as much output as it allows (4096
 * tokens when it says nothing) and its model can give, for each choice; at the dearest price. In messages, output counts up to
 * 16,000 tokens a choice. Takes a few microseconds for a small body.
 */
export function sizeChat({ body, prices, maxOutputTokens, outputTokensMax, prompt = guessPrompt(body) }: SizeInput): CallSize {
  const { promptTokens, promptTokensAtLeast } = prompt;
  const choices = Math.min(atLeastOne(body.n) ?? 1, CHOICES_MAX);
  return sizeCall({ promptTokens, promptTokensAtLeast, outputTokens: outputOf(body, maxOutputTokens, outputTokensMax), choices, prices });
}

/** What a call of any kind is known to ask for. */
export interface CallAmounts {
  /** As guessed. */
  readonly promptTokens: number;
  readonly promptTokensAtLeast: number;
  readonly outputTokens: number;
  readonly choices: number;
  /** The most of what has no tokens; a null variant stands for the dearest. */
  readonly media?: MediaUsage;
  /** What of them is certain once an answer has begun. */
  readonly mediaAtLeast?: MediaUsage;
  /** Of every target that may answer. */
  readonly prices: readonly (Price | null)[];
}

/** Sizes a call: a tenth more prompt than guessed, none of it read from a cache, and everything at the dearest price. */
export function sizeCall(call: CallAmounts): CallSize {
  const { promptTokens, promptTokensAtLeast, mediaAtLeast = null, outputTokens, choices, media, prices } = call;
  const promptTokensMost = Math.ceil(promptTokens * PROMPT_SAFETY_PERCENT / PERCENT);
  const messages = messagesMost({ promptTokensMost, outputTokens, choices });
  return {
    promptTokens, promptTokensAtLeast, mediaAtLeast, promptTokensMost, outputTokens, choices, prices,
    nanoUsd: dearest({ promptTokensMost, outputTokens, choices, media, prices }),
    messages: media ? BigInt(Math.max(messages, mediaMessages(media))) : BigInt(messages),
  };
}

/**
 * Sizes several chats that one call asks for together. When it is cut off, only so many of them as are sent at once are certain to have
 * been read: `promptTokensAtLeast` is of the first of them.
 */
export function sizeTogether(sizes: readonly CallSize[], atOnce: number): CallSize {
  const sum = (key: 'promptTokens' | 'promptTokensAtLeast' | 'choices', of = sizes): number => of.reduce((total, size) => total + size[key], 0);
  return sizeCall({
    promptTokens: sum('promptTokens'), promptTokensAtLeast: sum('promptTokensAtLeast', sizes.slice(0, atOnce)), choices: sum('choices'),
    outputTokens: sizes[0]?.outputTokens ?? 0, prices: sizes[0]?.prices ?? [],
  });
}

/** The shortest prompt from which one of these prices is another, in tokens; Infinity when none changes. */
export function longPromptsFrom(prices: readonly (Price | null)[]): number {
  return Math.min(...prices.flatMap((price) => price?.longPrompts?.map(({ abovePromptTokens }) => abovePromptTokens) ?? []), Number.POSITIVE_INFINITY);
}

/**
 * Gives the largest `max_tokens` with which the call would fit into a room of nano-USD or messages; 0 when its prompt alone
 * does not or it generates none, and Infinity when its output costs nothing.
 */
export function affordableOutput(size: CallSize, unit: 'nusd' | 'msg', room: bigint): number {
  if (size.outputTokens === 0) return 0;
  if (unit === 'nusd') return Math.min(...size.prices.map((price) => price === null ? Number.POSITIVE_INFINITY : affordableAt(size, price, room)));
  const rest = Number(room) * TOKENS_PER_MESSAGE - size.promptTokensMost;
  return room < 1n || rest < 0 ? 0 : Math.floor(rest / size.choices);
}

type Amounts = Pick<CallSize, 'promptTokensMost' | 'outputTokens' | 'choices'>;

function dearest({ prices, media, ...amounts }: Amounts & Pick<CallSize, 'prices'> & { media: MediaUsage | undefined }): NanoUsd {
  let most = 0n;
  for (const price of prices) {
    if (price === null) continue;
    const { input, output } = worstRates(amounts.promptTokensMost, price);
    const total = BigInt(amounts.promptTokensMost) * input + BigInt(amounts.outputTokens * amounts.choices) * output
      + (media ? mediaCostMost(media, price.media) : 0n);
    if (total > most) most = total;
  }
  return toNanoUsd(divideUp(most, TOKENS_PER_PRICE));
}

function affordableAt(size: CallSize, price: Price, room: bigint): number {
  const { input, output } = worstRates(size.promptTokensMost, price);
  const rest = room * TOKENS_PER_PRICE - BigInt(size.promptTokensMost) * input;
  if (rest < 0n) return 0;
  return output === 0n ? Number.POSITIVE_INFINITY : Number(rest / (output * BigInt(size.choices)));
}

/** A prompt may be written to the cache or be audio or images, and all of the output be reasoning. */
function worstRates(promptTokens: number, price: Price): { input: NanoUsd; output: NanoUsd } {
  const { input, output, cacheRead = input, cacheWrite = input, reasoning = output } = ratesFor(promptTokens, price);
  const { megaAudioTokens = input, megaImageTokens = input } = price.media ?? {};
  return { input: max(max(max(max(input, cacheRead), cacheWrite), megaAudioTokens), megaImageTokens), output: max(output, reasoning) };
}

function max(left: NanoUsd, right: NanoUsd): NanoUsd {
  return left > right ? left : right;
}

function messagesMost({ promptTokensMost, outputTokens, choices }: Amounts): number {
  const tokens = promptTokensMost + Math.min(outputTokens, TOKENS_PER_MESSAGE) * choices;
  return Math.max(1, Math.ceil(tokens / TOKENS_PER_MESSAGE));
}

/** Both names of the cap may be given; which of them the upstream takes is not known here, so the larger counts. */
function outputOf(body: ChatCompletionRequest, maxOutputTokens: number | null, limit: number | undefined): number {
  const asked = Math.max(atLeastOne(body.max_tokens) ?? 0, atLeastOne(body.max_completion_tokens) ?? 0);
  const most = atLeastOne(maxOutputTokens) ?? OUTPUT_TOKENS_MAX;
  return Math.min(asked === 0 ? limit ?? OUTPUT_TOKENS_DEFAULT : asked, most, limit ?? OUTPUT_TOKENS_MAX, OUTPUT_TOKENS_MAX);
}

/** Hostile numbers count as none. */
function atLeastOne(value: number | null | undefined): number | null {
  return typeof value === 'number' && value >= 1 ? Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER) : null;
}
