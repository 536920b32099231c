/**
 * This file is the entry. It is JavaScript so that Node's compile cache is on before the first TypeScript file is read:
 * with it, warmed at install, nothing has to be stripped at the start, which saves half of the start time and 30 MB.
 */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/interline', import.meta.url)));

if (process.argv[2] === '--warm') {
  // Run at install: a Node too old for the gateway itself must not make the install fail.
  if (Number(process.versions.node.split('.')[0]) >= 24) {
    await Promise.all([import('./main.ts'), import('../gateway/store/sqlite-worker.ts'), import('../gateway/metering/count-worker.ts')]);
    flushCompileCache();
    process.exit(0);
  }
} else {
  const { main } = await import('./main.ts');
  main();
}
