/** This file starts the real gateway as a process of its own, in a data folder of its own, and stops or kills it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from './raw-client.ts';

export interface ServerOptions {
  /** Names of `gateway/foundation/limits.ts` with other values, through the operator's configuration. */
  readonly limits?: Readonly<Record<string, number>>;
  /** More of the operator's configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** A folder of another server, to share its store; it is then left alone at the end. */
  readonly dataFolder?: string;
  /** No file the server writes may become larger, in KB: a disk that is full. */
  readonly fileKilobytesMax?: number;
}

export interface ServerUnderTest {
  readonly url: string;
  /** The first key, which may do everything. */
  readonly key: string;
  readonly dataFolder: string;
  readonly pid: number;
  /** From the start of the process to its readiness, in ms. */
  readonly readyMs: number;
  /** Everything written to stdout and stderr so far. */
  output(): string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGTERM, without waiting. */
  terminate(): void;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  readonly exited: Promise<number | null>;
  /** Starts another process on the same data folder, with other options where given. */
  restart(options?: ServerOptions): Promise<ServerUnderTest>;
}

const house = new URL('..', import.meta.url).pathname;
/** What `npm start` runs: `exec node …`. */
const startScript = (JSON.parse(readFileSync(join(house, 'package.json'), 'utf8')) as { scripts: { start: string } }).scripts.start;
const START_MS_MAX = 20_000;
const POLL_MS = 10;

const running = new Set<ChildProcess>();
const folders = new Set<string>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Stops everything this file has started; for `afterAll`. */
export async function stopServers(): Promise<void> {
  await Promise.all([...running].map((child) => new Promise<void>((resolve) => {
    child.once('exit', () => { resolve(); });
    child.kill('SIGKILL');
  })));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

/** Makes a folder that is removed at the end. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'interline-conformance-'));
  folders.add(folder);
  return folder;
}

/** Starts a server on a free port and waits until it is ready. Rejects with its output when it does not get there. */
export async function startServer(options: ServerOptions = {}): Promise<ServerUnderTest> {
  const dataFolder = options.dataFolder ?? makeFolder();
  const startedAt = performance.now();
  const child = spawnServer(options, dataFolder);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => { output += bytes.toString('utf8'); });
  running.add(child);
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  const url = await untilReady(child, () => output);
  const kill = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  return {
    url,
    key: readFileSync(join(dataFolder, 'first-key'), 'utf8').trim(),
    dataFolder,
    pid: child.pid ?? 0,
    readyMs: performance.now() - startedAt,
    output: () => output,
    stop: () => kill('SIGTERM'),
    terminate() { child.kill('SIGTERM'); },
    async kill() { await kill('SIGKILL'); },
    exited,
    restart: (other = {}) => startServer({ ...options, ...other, dataFolder }),
  };
}

function spawnServer(options: ServerOptions, dataFolder: string): ChildProcess {
  const configFile = join(makeFolder(), 'interline.yaml');
  // JSON is YAML.
  writeFileSync(configFile, JSON.stringify({ limits: options.limits ?? {}, ...options.config }));
  const env = {
    // Nothing else of the environment: a developer's provider keys must not come along.
    PATH: process.env['PATH'] ?? '',
    PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'info',
    INTERLINE_DATA: dataFolder, INTERLINE_CONFIG: configFile,
    ...options.env,
  };
  const [, , ...command] = startScript.split(' ');
  command.unshift(process.execPath);
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  if (options.fileKilobytesMax === undefined) return spawn(command[0] ?? '', command.slice(1), { cwd: house, env, stdio: [...stdio] });
  const script = `ulimit -f ${options.fileKilobytesMax} && exec "$@"`;
  return spawn('bash', ['-c', script, 'bash', ...command], { cwd: house, env, stdio: [...stdio] });
}

async function untilReady(child: ChildProcess, output: () => string): Promise<string> {
  const deadline = performance.now() + START_MS_MAX;
  for (;;) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0];
    if (url !== undefined && await isReady(url)) return url;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended at its start:\n${output()}`);
    if (performance.now() > deadline) throw new Error(`the server was not ready in ${START_MS_MAX} ms:\n${output()}`);
    await pause(POLL_MS);
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await call(url, { path: '/readyz' })).status === 200;
  } catch {
    return false;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

/** Asks again and again until the answer is not null, and gives it. Rejects after `msMax`. */
export async function eventually<Value>(ask: () => Promise<Value | null> | Value | null, msMax = 12_000): Promise<Value> {
  const deadline = performance.now() + msMax;
  for (;;) {
    const value = await ask();
    if (value !== null) return value;
    if (performance.now() > deadline) throw new Error(`it did not happen in ${msMax} ms: ${ask.toString()}`);
    await pause(POLL_MS);
  }
}
