/** This file writes everything under `generated/` from `spec/` and `catalog/`, or with `--check` names the files that are stale. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateCatalog } from './catalog.ts';
import { renderAbnormalEnds } from './generate/abnormal-ends.ts';
import { generateCatalogSchema } from './generate/catalog-schema.ts';
import { generateClient } from './generate/client.ts';
import { bundleContract } from './generate/contract.ts';
import { renderErrors } from './generate/errors.ts';
import { downgradeContract } from './generate/openapi-3.0.ts';
import { renderMockContract } from './generate/mock-contract.ts';
import { renderOperations } from './generate/operations.ts';
import { renderRedactions } from './generate/redactions.ts';
import { findStale, publish, writeJson, writeText } from './generate/output.ts';

const root = path.resolve(import.meta.dirname, '..');
const target = path.join(root, 'generated');

/** Writes all generated files into `out`. The same sources give the same bytes. */
async function generateInto(out: string): Promise<void> {
  const contract = bundleContract(root, out);
  writeText(out, 'errors.ts', renderErrors(contract));
  writeText(out, 'abnormal-ends.ts', renderAbnormalEnds(contract));
  writeText(out, 'operations.ts', renderOperations(contract));
  writeText(out, 'redactions.ts', renderRedactions(contract));
  writeJson(out, 'openapi.mock.json', renderMockContract(contract));
  writeJson(out, 'openapi-3.0.json', downgradeContract(contract));
  await generateClient(root, contract, out);
  await generateCatalogSchema(root, out);
  generateCatalog(out);
}

const out = mkdtempSync(path.join(tmpdir(), 'interline-generate-'));
try {
  await generateInto(out);
  if (process.argv.includes('--check')) {
    const stale = findStale(out, target);
    if (stale.length > 0) {
      console.error(`Stale in generated/, run npm run generate:\n${stale.map((file) => `  ${file}`).join('\n')}`);
      process.exitCode = 1;
    }
  } else {
    publish(out, target);
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
