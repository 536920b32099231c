/** This file turns the catalogue's schemas into one plain JSON Schema and its TypeScript types. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createClient } from '@hey-api/openapi-ts';
import { runRedocly } from './contract.ts';
import { writeText } from './output.ts';

interface CatalogueContract {
  openapi: string;
  info: { title: string; version: string };
  components: { schemas: Record<string, unknown> };
}

const ROOT_SCHEMA = 'CatalogFile';

/** Writes `catalog.schema.json`, whose root is the operator's file, and `catalog-types.ts`. */
export async function generateCatalogSchema(root: string, out: string): Promise<void> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'interline-catalog-'));
  try {
    const bundle = path.join(scratch, 'catalog.json');
    runRedocly(root, ['bundle', 'catalog', '--output', bundle]);
    const text = readFileSync(bundle, 'utf8');
    const contract = JSON.parse(text) as CatalogueContract;
    writeText(out, 'catalog.schema.json', renderSchema(contract));
    await createClient({
      input: { ...contract, paths: {} } as unknown as Record<string, unknown>,
      output: { path: path.join(scratch, 'types'), module: { extension: '.ts' } },
      logs: { level: 'silent', file: false },
      plugins: [{ name: '@hey-api/typescript' }],
    });
    copyFileSync(path.join(scratch, 'types', 'types.gen.ts'), path.join(out, 'catalog-types.ts'));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function renderSchema(contract: CatalogueContract): string {
  const definitions = JSON.stringify(contract.components.schemas).replaceAll('#/components/schemas/', '#/$defs/');
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: contract.info.title,
    $ref: `#/$defs/${ROOT_SCHEMA}`,
    $defs: JSON.parse(definitions) as unknown,
  };
  return JSON.stringify(schema, null, 2);
}
