/** This file is the sandbox's own idea of a token: pieces of words, the same for every text on every machine. */

// A word piece takes the space before it along, as in real vocabularies; joined, the pieces give the text back exactly.
const PIECE = / ?[\p{L}\p{M}]{1,6}| ?\p{N}{1,3}|\s{1,4}| ?[^\s\p{L}\p{M}\p{N}]/gu;

/** Longest token in UTF-16 units: a space and six letters of two units each. */
export const TOKEN_CHARS_MAX = 13;

/** Text beyond this is assumed to have as many tokens a character as the text before it. */
const COUNTED_CHARS_MAX = 20_000;

/** Cuts a text into tokens, always between code points. */
export function splitTokens(text: string): readonly string[] {
  return text.match(PIECE) ?? [];
}

/** Counts the tokens of a text; a very long one is extrapolated. */
export function countTokens(text: string): number {
  if (text.length <= COUNTED_CHARS_MAX) return splitTokens(text).length;
  const counted = splitTokens(text.slice(0, COUNTED_CHARS_MAX)).length;
  return Math.ceil(counted * (text.length / COUNTED_CHARS_MAX));
}

/** FNV-1a over UTF-16 units: spreads texts over 32 bits; for looks only, never for secrets. */
export function hashText(text: string, seed = 0): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}

/** 24 hex digits that depend on the whole text. */
export function hexOf(text: string): string {
  return [1, 2, 3].map((seed) => hashText(text, seed).toString(16).padStart(8, '0')).join('');
}

export interface TokenChance {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: number[];
}

export interface TokenLogprob extends TokenChance {
  readonly top_logprobs: TokenChance[];
}

const encoder = new TextEncoder();

// As many as `top_logprobs` can ask for, and one to spare in case the token itself is among them.
const ALTERNATIVES = [' the', ' a', ' and', ' to', ' of', ' in', ' is', ' it', ' that', ' for', ' with', ' as', ' on', ' you',
  ' this', ' be', ' or', ' at', ' by', ' not', ' we'];

/** Gives each token a log probability, and the `top` (0 to 20) likeliest beside it; `from` is the first token's place in its text. */
export function scoreTokens(tokens: readonly string[], top: number, from = 0): TokenLogprob[] {
  return tokens.map((token, offset) => {
    const logprob = -(1 + hashText(token, from + offset) % 999) / 10_000;
    const chosen = chanceOf(token, logprob);
    const others = ALTERNATIVES.filter((other) => other !== token)
      .map((other, rank) => chanceOf(other, Math.round((logprob - 2 - rank / 4) * 10_000) / 10_000));
    return { ...chosen, top_logprobs: [chosen, ...others].slice(0, top) };
  });
}

function chanceOf(token: string, logprob: number): TokenChance {
  return { token, logprob, bytes: [...encoder.encode(token)] };
}
