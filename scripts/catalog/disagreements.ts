/** This file keeps the list of price disagreements that somebody has looked at; a new one stops the generator. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CatalogData } from '../../generated/catalog-types.ts';
import { crossCheck } from './cross-check.ts';
import type { CheckedPrice, Disagreement } from './cross-check.ts';
import { readSnapshot } from './snapshot.ts';

const FILE = join(import.meta.dirname, '..', '..', 'catalog', 'source', 'disagreements.json');
const NANO = 1_000_000_000;

/** One line for each disagreement that is new or has changed, and for each accepted one that is gone. */
export function findNewDisagreements(catalog: CatalogData): string[] {
  const accepted = (JSON.parse(readFileSync(FILE, 'utf8')) as Disagreement[]).map(describe);
  const found = compareLists(catalog).map(describe);
  return [
    ...found.filter((line) => !accepted.includes(line)).map((line) => `${line}: not looked at; compare with the provider's page, then npm run catalog:accept`),
    ...accepted.filter((line) => !found.includes(line)).map((line) => `${line}: accepted, but no longer so; npm run catalog:accept`),
  ];
}

/** Notes that all disagreements of today were looked at. Gives their number. */
export function acceptDisagreements(catalog: CatalogData): number {
  const found = compareLists(catalog);
  writeFileSync(FILE, `[\n${found.map((one) => `  ${JSON.stringify(one)}`).join(',\n')}\n]\n`);
  return found.length;
}

/** On the day our list was made. */
function compareLists(catalog: CatalogData): Disagreement[] {
  return crossCheck(pricesOf(catalog), new Date(readSnapshot().generatedAt));
}

function pricesOf(catalog: CatalogData): CheckedPrice[] {
  return catalog.models.filter((model) => model.status !== 'retired').flatMap((model) => model.targets).flatMap(({ provider, model, price }) =>
    (price && price.input > 0 ? [{
      provider, model, input: price.input / NANO, output: price.output / NANO, cacheRead: price.cache_read === undefined ? null : price.cache_read / NANO,
    }] : []));
}

function describe(one: Disagreement): string {
  return `${one.target} ${one.kind}: ours ${one.ours}, theirs ${one.theirs} USD per million`;
}
