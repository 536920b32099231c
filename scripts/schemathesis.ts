/**
 * This file lets schemathesis attack a fresh gateway with all its checks in all its phases; `npm run conformance:schemathesis`.
 * More examples, or another seed: `npm run conformance:schemathesis -- --max-examples 2000 --seed 7`.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startServer } from '../conformance/server-under-test.ts';
import { openPython } from './python.ts';
import { run } from './run.ts';

const { values } = parseArgs({ options: { 'max-examples': { type: 'string', default: '80' }, seed: { type: 'string', default: '20261121' } } });
const room = path.resolve(import.meta.dirname, '../conformance/python');
const bin = await openPython('schemathesis');
const server = await startServer();
const { code, output } = await run(path.join(bin, 'schemathesis'), [
  '--config-file', path.join(room, 'schemathesis.toml'),
  'run', `${server.url}/v1/openapi.json`, '--url', `${server.url}/api/openai/v1`, '--header', `Authorization: Bearer ${server.key}`,
  '--checks', 'all', '--phases', 'examples,coverage,fuzzing,stateful', '--mode', 'all',
  '--max-examples', values['max-examples'], '--seed', values.seed, '--continue-on-failure', '--no-color',
  // The key belongs to a server that is gone a moment later; a failure should be easy to repeat.
  '--output-sanitize', 'false',
], { cwd: room, env: { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1', HYPOTHESIS_STORAGE_DIRECTORY: path.join(room, '../../.cache/hypothesis') } });
const isAlive = await fetch(`${server.url}/readyz`).then((response) => response.status === 200, () => false);
await server.stop();

if (!isAlive) process.stdout.write('the gateway did not survive\n');
// A phase that could not run is shown as skipped and does not fail the run by itself.
const phases = ['Examples', 'Coverage', 'Fuzzing', 'Stateful'].filter((phase) => !output.includes(`  ✅ ${phase}\n`));
if (phases.length > 0) process.stdout.write(`not passed: ${phases.join(', ')}\n`);
const isGood = code === 0 && isAlive && phases.length === 0;
const cases = Number(/(\d+) generated/.exec(output)?.[1] ?? 0);
process.stdout.write(`${isGood ? cases : 0} passed, ${isGood ? 0 : 1} failed\n`);
if (!isGood) process.exitCode = 1;
