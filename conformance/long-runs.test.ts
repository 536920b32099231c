/** This file runs the long commands for a short while: what they find in hours they must at least look for in seconds. */
import { execFile } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { hasRecordings } from './recorded-streams.ts';

const house = new URL('..', import.meta.url).pathname;
const RUN_MS_MAX = 90_000;

/** Runs one of the long commands; gives its exit code and what it wrote. */
function run(script: string, ...options: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['--disable-warning=ExperimentalWarning', `scripts/${script}.ts`, ...options], { cwd: house, timeout: RUN_MS_MAX }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr });
    });
  });
}

describe('a short run of', () => {
  test('npm run fuzz finds nothing', async () => {
    const { code, output } = await run('fuzz', '--requests', '600', '--seed', '1');
    expect(output).toMatch(/^600 requests[^]*\nfaults {5}0$/m);
    expect(code).toBe(0);
  }, RUN_MS_MAX);

  test('npm run kill finds nothing', async () => {
    const { code, output } = await run('kill', '--rounds', '3', '--seed', '1');
    expect(output).toMatch(/^3 kills[^]*: [1-9]\d* replies completed, [1-9]\d* cut[^]*\nfaults 0$/m);
    expect(code).toBe(0);
  }, RUN_MS_MAX);

  (hasRecordings ? test : test.skip)('npm run cuts finds nothing', async () => {
    const { code, output } = await run('cuts', '--step', '5', '--stream', 'moonshotai');
    expect(output).toMatch(/\nfaults 0$/m);
    expect(code).toBe(0);
  }, RUN_MS_MAX);
});
