/** This file breaks the money room in every way Stryker knows and counts how often its tests notice: `npm run mutate`, or `npm run mutate -- --files gateway/metering/price.ts`. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { run } from './run.ts';

const { values } = parseArgs({ options: { files: { type: 'string' } } });
const root = path.resolve(import.meta.dirname, '..');
const room = path.join(root, 'conformance', 'mutation');
const stryker = path.join(room, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');

if (!existsSync(stryker)) await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: room });
const { code } = await run(process.execPath, [
  stryker, 'run', path.join('conformance', 'mutation', 'stryker.config.mjs'), ...(values.files === undefined ? [] : ['--mutate', values.files]),
], { cwd: root });
process.exitCode = code;
