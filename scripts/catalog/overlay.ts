/** This file reads the hand-kept halves of the catalogue: `catalog/*.yaml`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { CatalogData, CatalogModel, CatalogPrice, CatalogWire } from '../../generated/catalog-types.ts';

/** What people add to the price list, and what they change in it. Patterns end with `*` or name one thing whole. */
export interface Overlay {
  /** Targets that are not sold. */
  readonly leave_out: readonly string[];
  /** Target → id of the model it is another name of. */
  readonly same_as: Readonly<Record<string, string>>;
  /** Targets that cost nothing. */
  readonly free: readonly string[];
  /** Targets without a price per token. */
  readonly unpriced: readonly string[];
  /** Targets that are asked in another format than their provider's. */
  readonly wires: readonly { readonly targets: readonly string[]; readonly wire: CatalogWire }[];
  readonly prices: readonly { readonly targets: readonly string[]; readonly price: CatalogPrice & { readonly version: string } }[];
  readonly changes: readonly { readonly models: readonly string[]; readonly set: Partial<CatalogModel> }[];
  readonly models: readonly CatalogModel[];
}

/** Everything under `catalog/` that people write. */
export interface HandKept {
  readonly providers: CatalogData['providers'];
  readonly overlay: Overlay;
  readonly routes: CatalogData['routes'];
  readonly aliases: CatalogData['aliases'];
  readonly plans: CatalogData['plans'];
}

const folder = join(import.meta.dirname, '..', '..', 'catalog');

export function readHandKept(): HandKept {
  const { routes, aliases } = readYaml('routes.yaml') as Pick<HandKept, 'routes' | 'aliases'>;
  return {
    providers: readYaml('providers.yaml') as HandKept['providers'],
    overlay: readYaml('models.yaml') as Overlay,
    routes, aliases,
    plans: readYaml('plans.yaml') as HandKept['plans'],
  };
}

function readYaml(name: string): unknown {
  return parse(readFileSync(join(folder, name), 'utf8'), { strict: true, uniqueKeys: true });
}

/** Whether a name is matched by any pattern; a star stands for any characters. */
export function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`).test(name);
  });
}
