/** This file gives a model its tier by what it costs, where nobody has said it. */
import type { CatalogModel, CatalogPrice, CatalogTarget } from '../../generated/catalog-types.ts';

/** Nano-USD per million tokens, at three prompt tokens to one generated. */
const PRO_FROM = 1_000_000_000;
const ULTIMATE_FROM = 10_000_000_000;

/**
 * The tier of a model by its first priced target: `(3 × input + output) / 4` per million tokens is below 1 USD for
 * basic, below 10 USD for pro, else ultimate. A model without any price is pro, so that a generous basic allowance
 * never opens what nobody has priced.
 */
export function tierByPrice(targets: readonly CatalogTarget[]): CatalogModel['tier'] {
  const price = targets.map((target) => target.price).find((candidate) => candidate !== null && candidate !== undefined);
  if (!price) return 'pro';
  const mixed = mixedPrice(price);
  if (mixed < PRO_FROM) return 'basic';
  return mixed < ULTIMATE_FROM ? 'pro' : 'ultimate';
}

function mixedPrice(price: CatalogPrice): number {
  return (3 * price.input + price.output) / 4;
}
