/** This file makes `generated/catalog.json` from the vendored price list and the hand-kept overlay; the same input gives the same bytes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { CatalogData } from '../generated/catalog-types.ts';
import { findBrokenReferences } from '../gateway/routing/references.ts';
import { acceptDisagreements, findNewDisagreements } from './catalog/disagreements.ts';
import { fetchSnapshot } from './catalog/fetch.ts';
import { makeModels } from './catalog/models.ts';
import { readHandKept } from './catalog/overlay.ts';
import { readSnapshot } from './catalog/snapshot.ts';

/** Writes `catalog.json` into a folder that already holds `catalog.schema.json`. Throws, naming every mistake, when the result would be wrong. */
export function generateCatalog(outDir: string): void {
  const catalog = buildCatalog();
  const mistakes = [...validate(catalog, outDir), ...findBrokenReferences(catalog).map((broken) => `${broken.path.join('.')}: ${broken.message}`),
    ...findNewDisagreements(catalog)];
  if (mistakes.length > 0) throw new Error(`The catalogue is wrong:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`);
  writeFileSync(join(outDir, 'catalog.json'), printCatalog(catalog));
}

/** Makes the catalogue from what is committed. */
export function buildCatalog(): CatalogData {
  const snapshot = readSnapshot();
  const { providers, overlay, routes, aliases, plans } = readHandKept();
  const version = `${snapshot.package.replace(/^@.*\//, '')}@${snapshot.version}`;
  const pricing = { overlay, providers: new Map(providers.map((provider) => [provider.id, provider])), version };
  const models = makeModels(snapshot.rows, pricing, Math.floor(Date.parse(snapshot.generatedAt) / 1000));
  return { providers, models, aliases, routes, plans };
}

function validate(catalog: CatalogData, folder: string): string[] {
  const schema = JSON.parse(readFileSync(join(folder, 'catalog.schema.json'), 'utf8')) as Record<string, unknown>;
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  addFormats.default(ajv);
  const check = ajv.compile({ ...schema, $ref: '#/$defs/CatalogData' });
  return check(catalog) ? [] : (check.errors ?? []).map((error) => `${error.instancePath}: ${error.message ?? 'is wrong'}`);
}

/** One model per line: small, and a diff reads as a list of what changed. */
function printCatalog(catalog: CatalogData): string {
  const lines = (rows: readonly unknown[]): string => `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]`;
  const parts = Object.entries({
    providers: lines(catalog.providers), models: lines(catalog.models), aliases: JSON.stringify(catalog.aliases),
    routes: lines(catalog.routes), plans: lines(catalog.plans),
  });
  return `{\n${parts.map(([key, text]) => `"${key}": ${text}`).join(',\n')}\n}\n`;
}

/** `fetch` takes a new price list from npm, `accept` notes that its disagreements with the second list were looked at. */
function main(command: string | undefined): void {
  if (command === 'fetch') {
    const { rows, version } = fetchSnapshot();
    console.log(`${rows.length} rows of version ${version}`);
    for (const line of findNewDisagreements(buildCatalog())) console.log(line);
  } else if (command === 'accept') {
    console.log(`${acceptDisagreements(buildCatalog())} disagreements accepted`);
  } else {
    generateCatalog(join(import.meta.dirname, '..', 'generated'));
  }
}

if (process.argv[1] === import.meta.filename) main(process.argv[2]);
