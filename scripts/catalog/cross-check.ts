/** This file compares our prices with a second, independent list, so that a wrong price is seen by a reader before a customer. */
import { calcPrice } from '@pydantic/genai-prices';

/** A price of ours to be checked, in USD per million tokens. */
export interface CheckedPrice {
  readonly provider: string;
  /** The upstream's name of the model. */
  readonly model: string;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number | null;
}

/** Where the two lists differ by more than the tolerance. */
export interface Disagreement {
  /** `provider/upstream-model`. */
  readonly target: string;
  readonly kind: 'input' | 'output' | 'cache_read';
  /** USD per million tokens. */
  readonly ours: number;
  readonly theirs: number;
}

/** Relative difference above which two prices disagree. */
const TOLERANCE = 0.1;

/** Our name of a provider → theirs, where they differ. */
const THEIR_PROVIDER: Readonly<Record<string, string>> = { moonshot: 'moonshotai', xai: 'x-ai' };

/**
 * Every disagreement on the given day, in order of target. Models the second list does not know by this very name are
 * passed over. The day is given because that list also holds prices to come: the same input must always give the same answer.
 */
export function crossCheck(prices: readonly CheckedPrice[], day: Date): Disagreement[] {
  return prices.flatMap((price) => compareOne(price, day)).sort((a, b) => (a.target === b.target ? 0 : a.target < b.target ? -1 : 1));
}

function compareOne(price: CheckedPrice, day: Date): Disagreement[] {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const found = calcPrice(usage, price.model, { providerId: THEIR_PROVIDER[price.provider] ?? price.provider, timestamp: day });
  if (!found || plain(found.model.id) !== plain(price.model)) return [];
  const target = `${price.provider}/${price.model}`;
  return [
    ...differ({ target, kind: 'input', ours: price.input, theirs: basePrice(found.model_price['input_mtok']) }),
    ...differ({ target, kind: 'output', ours: price.output, theirs: basePrice(found.model_price['output_mtok']) }),
    ...(price.cacheRead === null ? []
      : differ({ target, kind: 'cache_read', ours: price.cacheRead, theirs: basePrice(found.model_price['cache_read_mtok']) })),
  ];
}

function differ(pair: Omit<Disagreement, 'theirs'> & { readonly theirs: number | null }): Disagreement[] {
  const { theirs } = pair;
  if (theirs === null) return [];
  return Math.abs(pair.ours - theirs) > TOLERANCE * Math.max(pair.ours, theirs) ? [{ ...pair, theirs }] : [];
}

/** A price may grow with the prompt; both lists give the price of a short one first. */
function basePrice(price: unknown): number | null {
  if (typeof price === 'number') return price;
  if (typeof price === 'object' && price !== null && 'base' in price && typeof price.base === 'number') return price.base;
  return null;
}

/** Their matcher also accepts look-alikes; only the same name counts as the same model. */
function plain(id: string): string {
  return id.toLowerCase().replace(/[._]/g, '-').replace(/^accounts\/fireworks\/models\//, '');
}
