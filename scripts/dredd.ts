/** This file starts a gateway and lets Dredd send every example of the contract to it; `npm run conformance:dredd`. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { startServer } from '../conformance/server-under-test.ts';
import { run } from './run.ts';

const root = path.resolve(import.meta.dirname, '..');
const room = path.join(root, 'conformance', 'dredd');
const dredd = path.join(room, 'node_modules', 'dredd', 'bin', 'dredd');

if (!existsSync(dredd)) await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: room });
const server = await startServer();
const baseUrl = `${server.url}/v1`;
// Run where no dredd.yml lies, because one would override this command line silently.
const { code, output } = await run(process.execPath, [
  '--no-deprecation', dredd, path.join(root, 'generated', 'openapi.json'), baseUrl, '--hookfiles', path.join(room, 'hooks.cjs'), '--loglevel', 'error', '--no-color',
], { cwd: room, env: { INTERLINE_KEY: server.key, INTERLINE_BASE_URL: baseUrl }, isQuiet: true });
await server.stop();

const counts = /(\d+) passing, (\d+) failing, (\d+) errors, (\d+) skipped, (\d+) total/.exec(output);
const [passed = 0, failing = 0, errors = 0, skipped = 0] = (counts?.slice(1) ?? []).map(Number);
if (code !== 0 || !counts) process.stdout.write(output);
process.stdout.write(`dredd: ${skipped} left to conformance/contract.test.ts (408, 500, 503)\n`);
process.stdout.write(`${passed} passed, ${counts ? failing + errors : 1} failed\n`);
if (code !== 0 || !counts || passed === 0) process.exitCode = 1;
