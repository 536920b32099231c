/** This file fails when Redocly's score of the contract is below what we promise. */
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import path from 'node:path';

const SCORE_MIN = 80;
const root = path.resolve(import.meta.dirname, '..');
const redocly = realpathSync(path.join(root, 'node_modules', '.bin', 'redocly'));
const text = execFileSync(process.execPath, [redocly, 'score', 'gateway', '--format', 'json'], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
  env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
});
const { agentReadiness } = JSON.parse(text) as { agentReadiness: number };
console.log(`redocly score: ${agentReadiness} (at least ${SCORE_MIN})`);
if (agentReadiness < SCORE_MIN) process.exitCode = 1;
