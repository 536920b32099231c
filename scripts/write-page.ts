/** This file writes a page of the docs that is made from something else, or with `--check` fails when it is stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Does what the command line says with `docs/<name>`; sets the exit code when the page is not what it should be. */
export function writePage(name: string, text: string): void {
  const page = path.resolve(import.meta.dirname, '../docs', name);
  if (!process.argv.includes('--check')) writeFileSync(page, text);
  else if (readPage(page) !== text) {
    console.error(`docs/${name} is stale, run npm run generate`);
    process.exitCode = 1;
  }
}

function readPage(page: string): string | null {
  try {
    return readFileSync(page, 'utf8');
  } catch {
    return null;
  }
}
