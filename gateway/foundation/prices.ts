/** This file holds the glossary's words for prices as types. */
import type { NanoUsd } from './money.ts';

/** price: nano-USD per one million tokens, by kind; a missing kind falls back as `metering/price.ts` says. */
export interface Price {
  /** Identifies the price row for receipts, e.g. `pi-ai@1.5.2` or `operator`. */
  readonly version: string;
  readonly input: NanoUsd;
  readonly output: NanoUsd;
  readonly cacheRead?: NanoUsd;
  readonly cacheWrite?: NanoUsd;
  /** Of what was generated, the part the model thought with; absent: at `output`. */
  readonly reasoning?: NanoUsd;
  /** Other prices for long prompts, lowest threshold first; the last one the prompt exceeds holds for the whole request. */
  readonly longPrompts?: readonly LongPromptPrice[];
  /** Of what is not counted in tokens. */
  readonly media?: MediaPrice;
}

/** media price: nano-USD for one image, second or million characters; what is left out costs nothing. */
export interface MediaPrice {
  readonly image?: NanoUsd;
  readonly audioSecond?: NanoUsd;
  readonly videoSecond?: NanoUsd;
  readonly megaCharacters?: NanoUsd;
  /** Of a million of the prompt's tokens that are audio; absent: as any other. */
  readonly megaAudioTokens?: NanoUsd;
  /** Of a million of the prompt's tokens that are images; absent: as any other. */
  readonly megaImageTokens?: NanoUsd;
  /** Other prices of one variant, such as `1024x1024/high` or `1080p`; what a variant leaves out is as above. */
  readonly variants?: Readonly<Record<string, { readonly image?: NanoUsd; readonly videoSecond?: NanoUsd }>>;
}

/** long-prompt price: what a request costs whose prompt, cached tokens included, is longer than `abovePromptTokens`. */
export interface LongPromptPrice {
  readonly abovePromptTokens: number;
  readonly input: NanoUsd;
  readonly output: NanoUsd;
  readonly cacheRead?: NanoUsd;
  readonly cacheWrite?: NanoUsd;
  readonly reasoning?: NanoUsd;
}
