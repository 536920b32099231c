/** This file starts Interline as its users start it, with keys, validation and strictly durable usage rows on, for the bench to measure. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Gateway, type Site, freePort, untilReady } from './gateway.ts';
import { start } from './processes.ts';
import { type Door, proveGuards } from './requests.ts';

/** A priced model of the catalogue, so that every row is charged; its provider's place is taken by the bench's upstream. */
export const benchModel = 'openai/gpt-4o-mini';

export interface InterlineSetting {
  readonly name: 'interline' | 'interline-tmpfs';
  readonly dataFolder: string;
  /** Flags for node itself, such as those of a profile. */
  readonly nodeArgs: readonly string[];
}

/** Requests that have a usage row, by the totals of GET /usage. */
async function countRows(door: Door): Promise<number | null> {
  const url = `http://127.0.0.1:${door.port}/v1/usage?limit=1`;
  const response = await fetch(url, { headers: door.headers, signal: AbortSignal.timeout(20_000) });
  const found = /"requests":\s*(\d+)/.exec(await response.text());
  return response.ok && found !== null ? Number(found[1]) : null;
}

/**
 * Starts Interline from this repository, waits for /readyz and proves that keys and validation are on.
 * @throws Error when it does not start, or lets something pass that it should refuse.
 */
export async function startInterline(setting: InterlineSetting, site: Site): Promise<Gateway> {
  const { name, dataFolder } = setting;
  const entry = join(site.root, 'server/start.mjs');
  if (!existsSync(entry)) throw new Error('server/start.mjs is not there.');
  mkdirSync(dataFolder, { recursive: true });
  const port = await freePort();
  const logPath = join(site.folder, `${name}.log`);
  const env = {
    PORT: String(port), HOST: '127.0.0.1', INTERLINE_DATA: dataFolder, NODE_ENV: 'production',
    OPENAI_API_KEY: 'bench', OPENAI_BASE_URL: `http://127.0.0.1:${site.upstreamPort}/v1`,
  };
  const args = ['--max-semi-space-size=16', '--disable-warning=ExperimentalWarning', ...setting.nodeArgs, entry];
  const begun = performance.now();
  const running = start({ name, command: process.execPath, args, cores: site.gatewayCore, cwd: site.root, env }, logPath);
  const readyMs = await untilReady(`http://127.0.0.1:${port}/readyz`, running, { begun, logPath });
  const key = readFileSync(join(dataFolder, 'first-key'), 'utf8').trim();
  const door = { port, path: '/v1/chat/completions', headers: { authorization: `Bearer ${key}` } };
  await proveGuards(name, door, site.model);
  const close = async () => {
    const rows = await countRows(door);
    await running.stop();
    return rows;
  };
  const manifest: unknown = JSON.parse(readFileSync(join(site.root, 'package.json'), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
  return { name, version: `interline ${version} on node ${process.version}`, doors: { json: door, stream: door }, running, readyMs, close };
}
