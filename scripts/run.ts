/** This file runs a program to its end and keeps what it prints. */
import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** True to keep the output from the screen. */
  readonly isQuiet?: boolean;
}

export interface RunResult {
  readonly code: number;
  /** stdout and stderr as they came. */
  readonly output: string;
}

/** Runs a program without a shell and without stdin. A program that can't be started, or that a signal ends, has the code 1. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString('utf8');
      if (options.isQuiet !== true) process.stdout.write(bytes);
    });
  }
  return new Promise((resolve) => {
    child.once('error', (error) => { resolve({ code: 1, output: `${output}${error.message}\n` }); });
    child.once('close', (code) => { resolve({ code: code ?? 1, output }); });
  });
}
