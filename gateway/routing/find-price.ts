/** This file finds the price a target has now, for whoever explains a charge. */
import type { Price } from '../foundation/prices.ts';
import type { ModelId } from '../foundation/terms.ts';
import type { Catalog } from './catalog.ts';

/** The price of a model's target; null when either is unknown, or the target has none. */
export function findPrice(catalog: Catalog, model: ModelId | null, target: string | null): Price | null {
  if (model === null) return null;
  return catalog.models.get(model)?.targets.find((candidate) => candidate.id === target)?.price ?? null;
}
