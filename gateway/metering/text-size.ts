/** This file guesses how many tokens a text has without a tokenizer: in less than a microsecond, and rather too many than too few. */

/** Plain prose has some four characters a token; less than that is not believed. */
const CHARS_PER_TOKEN = 4;
/** What UTF-8 needs beyond one byte a character: one token for two of these bytes. Measured against o200k and cl100k, see text-size.test.ts. */
const EXTRA_BYTES_PER_TOKEN = 2;
/** What is certain: indented code and languages a tokenizer knows well come down to this. */
const CHARS_PER_TOKEN_AT_MOST = 8;
const EXTRA_BYTES_PER_TOKEN_AT_MOST = 16;
/** Dense texts (figures, hexadecimal, base64) are told by a few pieces of them. */
const SAMPLES = 4;
const SAMPLE_CHARS = 64;
const SAMPLE_CHARS_MIN = 16;
/** Where a prompt has many texts, their samples are smaller: what one of them misses evens out over the others. */
const PROMPT_SAMPLE_CHARS = 2048;
const DIGITS_PER_TOKEN = 3;

const KIND = { space: 0, lower: 1, upper: 2, digit: 3, mark: 4 } as const;
const ASCII_MAX = 128;
const KINDS = Uint8Array.from({ length: ASCII_MAX }, (_, code) => kindOf(String.fromCharCode(code)));

/** How many bytes a text takes in UTF-8 beyond one for each character. */
export function extraBytesOf(text: string): number {
  return Buffer.byteLength(text) - text.length;
}

/** Guesses the tokens of a text, which is one of so many. Random letters may have half as many again, rare scripts twice as many, padding far fewer. */
export function guessTokens(text: string, extraBytes: number, texts = 1): number {
  return Math.ceil(Math.max(text.length / CHARS_PER_TOKEN, guessPieces(text, sampleCharsOf(texts))) + extraBytes / EXTRA_BYTES_PER_TOKEN);
}

function sampleCharsOf(texts: number): number {
  return Math.min(SAMPLE_CHARS, Math.max(SAMPLE_CHARS_MIN, Math.floor(PROMPT_SAMPLE_CHARS / SAMPLES / texts)));
}

/** Gives tokens a text has at the least, runs of blanks left aside. */
export function guessTokensAtLeast(text: string, extraBytes: number): number {
  return Math.floor(text.length / CHARS_PER_TOKEN_AT_MOST + extraBytes / EXTRA_BYTES_PER_TOKEN_AT_MOST);
}

/** Guesses into how many pieces a tokenizer splits a text before it looks at words: none of them is less than a token. */
function guessPieces(text: string, sampleChars: number): number {
  if (text.length <= SAMPLES * sampleChars) return countPieces(text, 0, text.length);
  const step = Math.floor((text.length - sampleChars) / (SAMPLES - 1));
  let pieces = 0;
  for (let sample = 0; sample < SAMPLES; sample++) pieces += countPieces(text, sample * step, sample * step + sampleChars);
  return pieces * text.length / (SAMPLES * sampleChars);
}

/** Pieces begin where the kind of character changes, but for a capital before small letters and a blank before anything; figures come in threes. */
function countPieces(text: string, start: number, end: number): number {
  let pieces = 0;
  let last: number = KIND.space;
  let digits = 0;
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    const kind = code < ASCII_MAX ? KINDS[code] ?? KIND.lower : KIND.lower;
    if (kind === KIND.digit) {
      if (digits++ % DIGITS_PER_TOKEN === 0) pieces++;
    } else {
      digits = 0;
      if (kind !== last && kind !== KIND.space && !(last === KIND.upper && kind === KIND.lower)) pieces++;
    }
    last = kind;
  }
  return pieces;
}

function kindOf(character: string): number {
  if (/\s/.test(character)) return KIND.space;
  if (/[a-z]/.test(character)) return KIND.lower;
  if (/[A-Z]/.test(character)) return KIND.upper;
  return /[0-9]/.test(character) ? KIND.digit : KIND.mark;
}
