/** This file counts tokens where the upstream did not say how many there were; the tokenizer is loaded on first need. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import { isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';

/** Longest piece handed to the tokenizer: its cost grows with the square of an unbroken run. */
const PIECE_CHARS_MAX = 500;
/** How far back from a cut a space is looked for, so that words stay whole. */
const PIECE_SLACK_CHARS = 60;
/** Pieces between two turns of the event loop; the slowest piece seen took 1.6 ms. */
const PIECES_PER_TURN = 6;
/** Text beyond this is not read but assumed to be like what came before it. */
const COUNTED_CHARS_MAX = 2_000_000;

// OpenAI's own rule for chat prompts (cookbook "How to count tokens with tiktoken", 2025): three tokens a message,
// one a name, three to open the reply.
const MESSAGE_TOKENS = 3;
const NAME_TOKENS = 1;
const REPLY_OPENING_TOKENS = 3;

/** Flat estimates for what has no text; see docs/decisions/2026-11-21-token-counting.md. */
export const FLAT_TOKENS = {
  /** A 1024 × 1024 image in high detail (85 + 4 tiles of 170). */
  image: 765,
  /** The same in `detail: low`. */
  imageLowDetail: 85,
  /** Half a minute of speech at ten tokens a second. */
  audio: 300,
  /** Two pages of a document. */
  file: 1_500,
  video: 3_000,
} as const;

type CountPiece = (piece: string) => number;

let tokenizer: Promise<CountPiece> | null = null;

/** Loads the tokenizer once: some 0.3 s and 75 MB, which an installation whose upstreams report usage never pays. */
function loadTokenizer(): Promise<CountPiece> {
  tokenizer ??= import('gpt-tokenizer/encoding/o200k_base').then(({ countTokens }) => {
    // Without this, text that spells a control token such as <|endoftext|> throws.
    const options = { disallowedSpecial: new Set<string>() };
    return (piece) => countTokens(piece, options);
  });
  return tokenizer;
}

/**
 * Counts the tokens of a text by OpenAI's o200k vocabulary: an estimate for other vendors' models. The event loop gets
 * a turn every few milliseconds. Past 2,000,000 characters the rest is extrapolated from what was counted, rounded up.
 */
export async function countText(text: string): Promise<number> {
  return countTexts([text]);
}

/**
 * Counts the tokens of a chat prompt: messages with OpenAI's overhead, names, tool calls, earlier reasoning, tool and
 * schema definitions as JSON, and flat estimates for images, audio, files and video.
 */
export async function countPrompt(request: ChatCompletionRequest): Promise<number> {
  const tally: Tally = { tokens: REPLY_OPENING_TOKENS, texts: [] };
  for (const message of request.messages) tallyMessage(message, tally);
  const { tools, functions, response_format: responseFormat } = request;
  if (tools && tools.length > 0) tally.texts.push(JSON.stringify(tools));
  if (functions && functions.length > 0) tally.texts.push(JSON.stringify(functions));
  if (responseFormat?.type === 'json_schema') tally.texts.push(JSON.stringify(responseFormat));
  return tally.tokens + await countTexts(tally.texts);
}

interface Tally {
  tokens: number;
  readonly texts: string[];
}

async function countTexts(texts: readonly string[]): Promise<number> {
  const countPiece = await loadTokenizer();
  let tokens = 0;
  let charsRead = 0;
  let charsTotal = 0;
  let pieces = 0;
  for (const text of texts) {
    charsTotal += text.length;
    for (let start = 0; start < text.length && charsRead < COUNTED_CHARS_MAX;) {
      const end = pieceEnd(text, start);
      tokens += countPiece(text.slice(start, end));
      charsRead += end - start;
      start = end;
      if (++pieces % PIECES_PER_TURN === 0) await nextTurn();
    }
  }
  return charsRead === charsTotal ? tokens : Math.ceil(tokens * (charsTotal / charsRead));
}

/** Where the piece that begins at `start` ends: at a space if one is near, and never inside a surrogate pair. */
export function pieceEnd(text: string, start: number): number {
  const limit = start + PIECE_CHARS_MAX;
  if (limit >= text.length) return text.length;
  const space = text.lastIndexOf(' ', limit);
  if (space > limit - PIECE_SLACK_CHARS) return space;
  return isLowSurrogate(text.charCodeAt(limit)) && isHighSurrogate(text.charCodeAt(limit - 1)) ? limit - 1 : limit;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function tallyMessage(message: unknown, tally: Tally): void {
  tally.tokens += MESSAGE_TOKENS;
  if (!isJsonObject(message)) return;
  for (const [field, value] of Object.entries(message)) {
    if (field === 'content') tallyContent(value, tally);
    else if (field === 'tool_calls' || field === 'function_call') tallyCalls(value, tally);
    else if (typeof value === 'string') {
      tally.texts.push(value);
      if (field === 'name') tally.tokens += NAME_TOKENS;
    }
  }
}

function tallyContent(content: unknown, tally: Tally): void {
  if (typeof content === 'string') tally.texts.push(content);
  if (!Array.isArray(content)) return;
  for (const part of content) if (isJsonObject(part)) tallyPart(part, tally);
}

function tallyPart(part: JsonObject, tally: Tally): void {
  switch (part['type']) {
    case 'image_url':
      tally.tokens += stringAt(part['image_url'], 'detail') === 'low' ? FLAT_TOKENS.imageLowDetail : FLAT_TOKENS.image;
      return;
    case 'input_audio':
      tally.tokens += FLAT_TOKENS.audio;
      return;
    case 'file':
    case 'document_url':
      tally.tokens += FLAT_TOKENS.file;
      return;
    case 'video_url':
      tally.tokens += FLAT_TOKENS.video;
      return;
    default:
      for (const [field, value] of Object.entries(part)) {
        if (field !== 'type' && typeof value === 'string') tally.texts.push(value);
      }
  }
}

function tallyCalls(value: unknown, tally: Tally): void {
  const calls: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const call of calls) {
    for (const body of [call, objectAt(call, 'function'), objectAt(call, 'custom')]) {
      for (const field of ['name', 'arguments', 'input']) tally.texts.push(stringAt(body, field) ?? '');
    }
  }
}
