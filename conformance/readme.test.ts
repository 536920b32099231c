/** This file runs what the README tells a new user to run, and checks that what it names is there. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readReadmeBlocks } from './readme-blocks.ts';
import { makeFolder, startServer } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const root = path.resolve(import.meta.dirname, '..');
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const START_MS_MAX = 60_000;

let server: ServerUnderTest;

beforeAll(async () => { server = await startServer(); }, START_MS_MAX);
afterAll(async () => { await server.stop(); }, START_MS_MAX);

/** stdout of a program that is given the key as the README says. */
function outputOf(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { cwd: root, env: { ...process.env, NODE_OPTIONS: '', INTERLINE_KEY: server.key }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { output += bytes.toString('utf8'); });
  return new Promise((resolve) => {
    child.once('error', (error) => { resolve(error.message); });
    child.once('close', () => { resolve(output); });
  });
}

describe('the README', () => {
  const numbered = readReadmeBlocks('').map((block, index) => ({ index, what: block.code.trim().split('\n')[0] ?? '', language: block.language }));

  test('has code in three languages that promises to work', () => {
    expect(new Set(numbered.map(({ language }) => language))).toEqual(new Set(['sh', 'js', 'python']));
  });

  // Python needs OpenAI's package: npm run conformance:python runs that block.
  test.each(numbered.filter(({ language }) => language !== 'python'))('prints what it promises: $language block $index, $what', async ({ index }) => {
    const block = readReadmeBlocks(server.url)[index];
    if (!block) throw new Error('the README changed meanwhile');
    const output = block.language === 'sh'
      ? await outputOf('bash', ['-euo', 'pipefail', '-c', block.code])
      : await outputOf(process.execPath, ['--input-type=module', '--eval', block.code]);
    expect(output).toContain(block.prints);
  }, START_MS_MAX);

  test('shows an operator catalogue that a gateway starts with', async () => {
    const yaml = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    expect(yaml).toContain('providers:');
    const file = path.join(makeFolder(), 'interline.yaml');
    writeFileSync(file, yaml);
    const other = await startServer({ env: { INTERLINE_CONFIG: file, OPENAI_API_KEY: 'sk-not-a-key' } });
    const alias = await fetch(`${other.url}/v1/models/gpt-4o`, { headers: { authorization: `Bearer ${other.key}` } });
    expect(await alias.json()).toMatchObject({ resolves_to: 'openai/gpt-4o', available: true });
    await other.stop();
  }, START_MS_MAX);

  test('tells how to make a key when every key is lost, and the running gateway takes it', async () => {
    expect(readme).toContain('npm run key -- create --name me');
    const key = (await outputOf(process.execPath, ['scripts/key.ts', 'create', '--name', 'me', '--data', server.dataFolder])).trim().split('\n').at(-1) ?? '';
    const models = await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    expect(models.status).toBe(200);
  }, START_MS_MAX);

  test('tells where the first key lies, and it lies there', () => {
    expect(readme).toContain('cat .interline/first-key');
    expect(readFileSync(path.join(server.dataFolder, 'first-key'), 'utf8').trim()).toBe(server.key);
  });

  test.each(['README.md', 'CONTRIBUTING.md'])('every npm script that %s names exists', (file) => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const named = [...readFileSync(path.join(root, file), 'utf8').matchAll(/npm (?:run ([\w:]+)|(start|test))/g)].map(([, run, own]) => run ?? own ?? '');
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test.each(['README.md', 'CONTRIBUTING.md'])('every file that %s names exists', (file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? '').filter((target) => !target.startsWith('http'));
    const journey = [...text.matchAll(/^ ?\d+ {2}(\S+\.ts|\S+\/)/gm)].map(([, target]) => target ?? '');
    expect([...links, ...journey].filter((target) => !existsSync(path.join(root, target)))).toEqual([]);
  });

  test('names every default as it is in the code', () => {
    const config = readFileSync(path.join(root, 'gateway/foundation/config.ts'), 'utf8');
    for (const value of ['3457', '127.0.0.1', '.interline', 'info']) {
      expect(readme).toContain(`\`${value}\``);
      expect(config.replaceAll('_', '')).toContain(value);
    }
  });
});
