/** This file checks that the house keeps its shape: the mirror, the floors, the budgets, the names, and that generated/ is fresh. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

const root = path.resolve(import.meta.dirname, '..');
const SLOW_MS_MAX = 120_000;

/** The rooms whose names and files are ours. */
const ROOMS = ['spec', 'generated', 'server', 'handlers', 'gateway', 'catalog', 'conformance', 'bench', 'scripts', 'docs'];

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

function filesOf(room: string): string[] {
  return readdirSync(path.join(root, room), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)(node_modules|__fixtures__|__pycache__|\.hypothesis|\.schemathesis)\//.test(file));
}

const allFiles = ROOMS.flatMap(filesOf);
const productFiles = allFiles.filter((file) => /^(server|handlers|gateway)\/.*(?<!\.test)\.ts$/.test(file));

describe('the mirror', () => {
  const specNames = readdirSync(path.join(root, 'spec/paths')).map((file) => path.basename(file, '.yaml')).sort();
  const handlerNames = filesOf('handlers').map((file) => path.basename(file)).filter((name) => !name.endsWith('.test.ts') && name !== 'index.ts')
    .map((name) => path.basename(name, '.ts')).sort();

  /** Path → the spec file it stands in, from the one list of $refs. */
  const contractPaths = Object.entries((parse(read('spec/openapi.yaml')) as { paths: Record<string, { $ref: string }> }).paths)
    .map(([url, { $ref }]) => ({ url, name: path.basename($ref.split('#')[0] ?? '', '.yaml') }));

  test('spec/paths and handlers hold the same files', () => {
    expect(handlerNames).toEqual(specNames);
    expect([...new Set(contractPaths.map(({ name }) => name))].sort()).toEqual(specNames);
  });

  test.each(specNames)('handlers/%s.ts exports exactly the operations of its spec file', (name) => {
    const operationIds = [...read(`spec/paths/${name}.yaml`).matchAll(/^\s*operationId: (\w+)$/gm)].map(([, id]) => id).sort();
    const exports = [...read(`handlers/${name}.ts`).matchAll(/^export (?:async )?(?:function|const|let|class) (\w+)/gm)].map(([, id]) => id).sort();
    expect(operationIds.length).toBeGreaterThan(0);
    expect(exports).toEqual(operationIds);
  });

  test.each(contractPaths)("$url begins with its file's name, $name", ({ url, name }) => {
    expect(url.slice(1).replaceAll('/', '-').startsWith(name)).toBe(true);
  });

  test('the tag of an operation is its file', () => {
    for (const name of specNames) {
      const tags = [...read(`spec/paths/${name}.yaml`).matchAll(/^\s*tags:\s*(?:\[|- )([\w-]+)\]?$/gm)].map(([, tag]) => tag);
      expect(new Set(tags)).toEqual(new Set([name]));
    }
  });
});

describe('generated/', () => {
  test('and the written pages of docs/ are what npm run generate writes from spec/ and catalog/, byte for byte', () => {
    for (const script of ['scripts/generate.ts', 'scripts/errors-page.ts', 'scripts/wire-table.ts', 'scripts/ends-page.ts']) {
      const { status, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', script, '--check'], {
        cwd: root, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
  }, SLOW_MS_MAX);

  test('carries the version of the package and of the newest CHANGELOG heading', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect((JSON.parse(read('generated/openapi.json')) as { info: { version: string } }).info.version).toBe(version);
    expect(/^## (\d+\.\d+\.\d+)/m.exec(read('CHANGELOG.md'))?.[1]).toBe(version);
  });
});

describe('the floors', () => {
  const depcruise = realpathSync(path.join(root, 'node_modules/.bin/depcruise'));
  const cruise = (cwd: string, rooms: readonly string[]): { status: number | null; output: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [depcruise, '--config', '.dependency-cruiser.cjs', '--no-progress', ...rooms], {
      cwd, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' },
    });
    return { status, output: stdout + stderr };
  };

  test('nobody imports what stands above', () => {
    const { status, output } = cruise(root, ['server', 'handlers', 'gateway', 'generated', 'conformance', 'scripts', 'bench']);
    expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining('no dependency violations') });
  }, SLOW_MS_MAX);

  test('each rule reports the violation it is there for', () => {
    const planted: Record<string, [file: string, imports: string]> = {
      'generated-is-ground': ['generated/a.ts', '../gateway/store/target.ts'],
      'foundation-stands-on-generated': ['gateway/foundation/a.ts', '../store/target.ts'],
      'store-stands-on-foundation': ['gateway/store/a.ts', '../routing/target.ts'],
      'siblings-do-not-meet': ['gateway/metering/a.ts', '../routing/target.ts'],
      'relay-is-below-handlers': ['gateway/relay/a.ts', '../../handlers/target.ts'],
      'handlers-never-touch-store-or-wires': ['handlers/a.ts', '../gateway/store/target.ts'],
      'server-only-boots-and-dispatches': ['server/a.ts', '../gateway/providers/target.ts'],
      'wires-and-dialects-do-not-store': ['gateway/providers/a.ts', '../store/target.ts'],
      'wires-and-dialects-do-no-io': ['gateway/providers/b.ts', 'node:fs'],
      'express-lives-in-server': ['handlers/b.ts', 'express'],
      'product-never-imports-its-checks': ['server/b.ts', '../conformance/target.ts'],
      'black-box-tests-stay-outside': ['conformance/a.ts', '../handlers/target.ts'],
      'no-cycles': ['gateway/reporting/a.ts', './b.ts'],
      'no-dead-files': ['gateway/access/a.ts', ''],
    };
    const skeleton = mkdtempSync(path.join(tmpdir(), 'interline-floors-'));
    try {
      const put = (file: string, text: string): void => {
        mkdirSync(path.dirname(path.join(skeleton, file)), { recursive: true });
        writeFileSync(path.join(skeleton, file), text);
      };
      copyFileSync(path.join(root, '.dependency-cruiser.cjs'), path.join(skeleton, '.dependency-cruiser.cjs'));
      put('package.json', '{"type":"module","dependencies":{"express":"5"}}');
      put('tsconfig.json', '{"compilerOptions":{"module":"nodenext","allowImportingTsExtensions":true,"noEmit":true}}');
      put('node_modules/express/package.json', '{"name":"express","main":"index.js"}');
      put('node_modules/express/index.js', '');
      for (const file of ['gateway/store', 'gateway/routing', 'gateway/providers', 'handlers', 'conformance']) put(`${file}/target.ts`, 'export const target = 1;');
      put('gateway/reporting/b.ts', "import './a.ts';\nexport const b = 1;");
      for (const [file, imports] of Object.values(planted)) put(file, imports === '' ? 'export const a = 1;' : `import '${imports}';\nexport const a = 1;`);
      const { status, output } = cruise(skeleton, ['.']);
      expect(status).not.toBe(0);
      const missed = Object.entries(planted).filter(([rule, [file]]) => !output.includes(`${rule}: ${file}`)).map(([rule]) => rule);
      expect({ missed, output }).toMatchObject({ missed: [] });
    } finally {
      rmSync(skeleton, { recursive: true, force: true });
    }
  }, SLOW_MS_MAX);
});

describe('budgets and names', () => {
  test.each(['handlers/keys.ts', 'server/dispatch.ts', 'gateway/relay/relay.ts'])('eslint holds %s to 300 lines, 60 a function, 3 parameters, no any', (file) => {
    const eslint = path.join(root, 'node_modules/eslint/bin/eslint.js');
    const text = execFileSync(process.execPath, [eslint, '--print-config', file], { cwd: root, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
    const { rules } = JSON.parse(text) as { rules: Record<string, [severity: number, ...options: unknown[]]> };
    expect(rules['max-lines']).toEqual([2, { max: 300 }]);
    expect(rules['max-lines-per-function']).toMatchObject([2, { max: 60 }]);
    expect(rules['max-params']).toEqual([2, 3]);
    for (const rule of ['@typescript-eslint/no-explicit-any', '@typescript-eslint/no-non-null-assertion', '@typescript-eslint/no-floating-promises', 'no-console']) {
      expect({ rule, severity: rules[rule]?.[0] }).toEqual({ rule, severity: 2 });
    }
  }, SLOW_MS_MAX);

  test('no file is called util, helper, manager, common, misc, data or info', () => {
    const banned = /(?:^|[-./])(?:utils?|helpers?|managers?|common|misc|data|infos?)(?=[-./]|$)/i;
    expect(allFiles.filter((file) => !file.startsWith('generated/client/') && banned.test(file))).toEqual([]);
  });

  test('every file of the product opens with a sentence about itself', () => {
    const silent = productFiles.filter((file) => !/^(?:#!.*\n)?\/\*\*\s*(?:\n \* )?This file [^.]/.test(read(file)));
    expect(silent.filter((file) => !file.endsWith('.d.ts'))).toEqual([]);
  });

  test('files are kebab-case and no file has a TODO', () => {
    expect(productFiles.filter((file) => !/^(?:[a-z0-9]+(?:[-.][a-z0-9]+)*\/)*[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(file))).toEqual([]);
    expect(productFiles.filter((file) => /\b(?:TODO|FIXME|XXX)\b/.test(read(file)))).toEqual([]);
  });

  test('every term of the glossary has its sentence', () => {
    const terms = read('gateway/foundation/terms.ts');
    const declared = [...terms.matchAll(/^(.*)\nexport (?:interface|type) (\w+)/gm)];
    expect(declared.length).toBeGreaterThan(10);
    expect(declared.filter(([, comment]) => !/^(?:\/\*\*| \*\/)/.test(comment ?? '')).map(([, , name]) => name)).toEqual([]);
  });

  test('nothing lies in the root that is not part of the house', () => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter((file) => file !== '' && !file.includes('/'));
    const known = [
      '.dependency-cruiser.cjs', '.dockerignore', '.gitignore', '.npmrc', '.redocly.lint-ignore.yaml', 'CHANGELOG.md', 'CONTRIBUTING.md', 'Dockerfile', 'LICENSE', 'NOTICE', 'README.md', 'eslint.config.mjs',
      'jest.config.mjs', 'openapi-ts.config.ts', 'package-lock.json', 'package.json', 'redocly.yaml', 'tsconfig.json',
    ];
    expect(tracked.filter((file) => !known.includes(file))).toEqual([]);
  });

  test('no dredd.yml lies anywhere: it would override the command line silently', () => {
    expect(allFiles.filter((file) => /(^|\/)dredd\.ya?ml$/.test(file))).toEqual([]);
  });

  test('nothing committed names the machine it was written on', () => {
    const text = /\.(?:ts|mjs|cjs|js|json|yaml|md|sh|py|toml)$|^\.ci\/run$/;
    const files = [...allFiles.filter((file) => text.test(file)), '.ci/run', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'package.json', 'package-lock.json'];
    const leaks = files.filter((file) => /(?:^|["'`\s(=])\/(?:home|Users|root|work)\/\w|"resolved"\s*:/.test(read(file)));
    expect(leaks).toEqual([]);
  });
});
