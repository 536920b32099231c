/** This file finds the older Interline that a run holds this one against: in a folder somebody made, or laid out from a git revision. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { allCores, run } from './processes.ts';

/** An older Interline, ready to be started. */
export interface Before {
  readonly folder: string;
  /** What it is, for the report: a commit's short hash, or the folder. */
  readonly what: string;
}

const installLimitMs = 300_000;

/**
 * The older Interline of `--before`. A folder is taken as it is, with its own packages. A git revision is laid out in .cache/bench, where it stays for
 * the next run; it has this checkout's packages when both ask for the same, else its own (`npm ci`, which needs the network or npm's cache).
 * @throws Error when there is neither such a folder nor such a revision.
 */
export async function findBefore(root: string, given: string): Promise<Before> {
  const folder = resolve(root, given);
  if (existsSync(join(folder, 'server/start.mjs'))) return { folder, what: given };
  const commit = commitOf(root, given);
  const laidOut = join(root, '.cache/bench', `before-${commit}`);
  // Made last: without it the folder is of a run that was cut off.
  if (!existsSync(join(laidOut, 'node_modules'))) await layOut(root, commit, laidOut);
  return { folder: laidOut, what: commit };
}

function commitOf(root: string, given: string): string {
  try {
    return execFileSync('git', ['-C', root, 'rev-parse', '--verify', '--short=12', `${given}^{commit}`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    throw new Error(`--before ${given} is neither a folder with server/start.mjs nor a git revision.`);
  }
}

async function layOut(root: string, commit: string, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run({ name: 'git archive', command: 'sh', args: ['-c', 'git -C "$1" archive "$2" | tar -x -C "$3"', 'sh', root, commit, folder], cores: allCores }, 60_000);
  const [ours, theirs] = [root, folder].map((each) => readFileSync(join(each, 'package-lock.json'), 'utf8'));
  if (ours === theirs) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  else await run({ name: 'npm ci', command: 'npm', args: ['ci', '--ignore-scripts', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'], cores: allCores, cwd: folder }, installLimitMs);
}
