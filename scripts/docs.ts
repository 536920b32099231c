/** This file fetches the bundles that `/docs` and `/redoc` serve, from their npm tarballs: installing Scalar would bring 272 other packages (toolchain.md 6). */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const BUNDLES = [
  { source: '@scalar/api-reference@1.72.1', file: 'package/dist/browser/standalone.js', asset: 'scalar.js.gz' },
  { source: 'redoc@2.5.4', file: 'package/bundles/redoc.standalone.js', asset: 'redoc.js.gz' },
] as const;
const assets = path.resolve(import.meta.dirname, '../server/assets');

for (const { source, file, asset } of BUNDLES) {
  const folder = mkdtempSync(path.join(tmpdir(), 'interline-docs-'));
  try {
    console.log(`packing ${source}`);
    const packed = execFileSync('npm', ['pack', source, '--silent', '--pack-destination', folder], { encoding: 'utf8' });
    const tarball = packed.trim().split('\n').at(-1) ?? '';
    execFileSync('tar', ['-xzf', path.join(folder, tarball), '-C', folder, file]);
    const bundle = readFileSync(path.join(folder, file));
    const bytes = gzipSync(bundle, { level: 9 });
    writeFileSync(path.join(assets, asset), bytes);
    console.log(`${asset}: ${bundle.length} bytes, ${bytes.length} gzipped`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
