/** This file makes the Python environments of the checks that need one, each from its own list of packages, and keeps them in .cache. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './run.ts';

const root = path.resolve(import.meta.dirname, '..');

/**
 * Gives the folder of programs of an environment with the packages of `conformance/python/<name>.txt`, making it when it is
 * not there or its list has changed. Throws when Python or a package can't be had.
 */
export async function openPython(name: string): Promise<string> {
  const list = path.join(root, 'conformance', 'python', `${name}.txt`);
  const digest = createHash('sha256').update(readFileSync(list)).digest('hex').slice(0, 12);
  const folder = path.join(root, '.cache', `python-${name}-${digest}`);
  const bin = path.join(folder, 'bin');
  const mark = path.join(folder, 'complete');
  if (existsSync(mark)) return bin;
  rmSync(folder, { recursive: true, force: true });
  await must('python3', ['-m', 'venv', folder], 'Python 3 with its venv module is needed (Debian: apt-get install python3-venv)');
  await must(path.join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', '--requirement', list], 'the packages could not be installed');
  writeFileSync(mark, '');
  return bin;
}

async function must(program: string, args: readonly string[], reason: string): Promise<void> {
  const { code, output } = await run(program, args, { isQuiet: true });
  if (code !== 0) throw new Error(`${reason}:\n${output}`);
}
