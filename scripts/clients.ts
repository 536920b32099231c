/** This file runs the clients people use, with the settings docs/clients.md gives them, against a gateway; `npm run conformance:clients`. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startServer } from '../conformance/server-under-test.ts';
import type { ServerUnderTest } from '../conformance/server-under-test.ts';
import { openPython } from './python.ts';
import { run } from './run.ts';

/** What a section of the page says: files to be written, and one block of shell named after its program. */
interface Recipe {
  readonly program: string;
  readonly shell: string;
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const root = path.resolve(import.meta.dirname, '..');
const room = path.join(root, 'conformance', 'clients');
const DOCUMENTED_URL = 'http://127.0.0.1:3457';
/** For one client's whole run, in seconds: OpenClaw takes 15 to start. */
const CLIENT_SECONDS_MAX = 180;
const PYTHON_CLIENTS = ['llm', 'aider'];

/** Reads the page: a block whose info string has a second word is a file or, in `sh`, a program to be run. */
function readRecipes(): Recipe[] {
  const page = readFileSync(path.join(root, 'docs', 'clients.md'), 'utf8');
  return page.split(/^## /m).flatMap((section) => {
    const blocks = [...section.matchAll(/^```(\w+) (\S+)\n([\s\S]*?)^```$/gm)].map(([, language, name, text]) => ({ language, name: name ?? '', text: text ?? '' }));
    const files = blocks.filter(({ language }) => language !== 'sh');
    return blocks.filter(({ language }) => language === 'sh').map(({ name, text }) => ({ program: name, shell: text, files }));
  });
}

interface Installed {
  /** Where the programs are. */
  readonly folders: readonly string[];
  /** Clients that this machine's Python can't run: Aider 0.86 takes no Python past 3.12. */
  readonly missing: readonly string[];
}

/** Installs the clients where they are not yet. Throws when npm has none of its own. */
async function install(): Promise<Installed> {
  const bin = path.join(room, 'node_modules', '.bin');
  if (!existsSync(bin)) {
    const { code, output } = await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: room, isQuiet: true });
    if (code !== 0) throw new Error(`the clients could not be installed:\n${output}`);
  }
  const opencode = path.join(room, 'node_modules', `opencode-${process.platform}-${process.arch}`, 'bin');
  const wanted = PYTHON_CLIENTS.filter((name) => values.only === undefined || values.only === name);
  const folders = [bin, opencode];
  // The registry has its program for Linux on x64 alone.
  const missing = existsSync(opencode) ? [] : ['opencode'];
  for (const name of wanted) {
    try {
      folders.push(await openPython(name));
    } catch (error) {
      process.stdout.write(`skip  ${name}: ${String(error).slice(0, 2000)}\n`);
      missing.push(name);
    }
  }
  return { folders, missing };
}

/** Runs one client in a home of its own; gives what it printed. */
async function runClient(recipe: Recipe, server: ServerUnderTest, folders: readonly string[]): Promise<string> {
  const home = mkdtempSync(path.join(tmpdir(), `interline-client-${recipe.program}-`));
  const localize = (text: string): string => text.replaceAll(DOCUMENTED_URL, server.url);
  for (const { name, text } of recipe.files) {
    const file = path.join(home, name.replace(/^~\//, ''));
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, localize(text));
  }
  try {
    const { output } = await run('timeout', ['-k', '5', String(CLIENT_SECONDS_MAX), 'sh', '-c', localize(recipe.shell)], {
      cwd: home, isQuiet: true,
      env: { HOME: home, PATH: [...folders, path.join(root, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(path.delimiter), INTERLINE_KEY: server.key, CI: '1', NO_COLOR: '1' },
    });
    return output.replaceAll(homedir(), '~');
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const { folders, missing } = await install();
const server = await startServer();
let passed = 0;
let failed = 0;
for (const recipe of readRecipes().filter(({ program }) => !missing.includes(program) && (values.only === undefined || program === values.only))) {
  const [, wish = '(no wish)'] = /Reply with exactly: (\w+)/.exec(recipe.shell) ?? [];
  const output = await runClient(recipe, server, folders);
  // What it was asked may be echoed; the answer is the wish once more, without the words around it.
  const isAnswered = output.replaceAll(`Reply with exactly: ${wish}`, '').includes(wish);
  process.stdout.write(isAnswered ? `ok    ${recipe.program}\n` : `FAIL  ${recipe.program}\n${output.slice(-4000)}\n`);
  if (isAnswered) passed++;
  else failed++;
}
await server.stop();
process.stdout.write(`${passed} passed, ${failed} failed\n`);
if (failed > 0 || passed === 0) process.exitCode = 1;
