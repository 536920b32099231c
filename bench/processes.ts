/** This file starts, pins, weighs, pauses and ends the processes of a bench run; none outlives it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const clockTicksPerSecond = 100;
/** Longer than the 30 s for which Interline lets open calls end. */
const stopLimitMs = 40_000;

/** Any core this machine has. */
export const allCores = '0-1023';

export interface Command {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** A list of cores as taskset takes it. */
  readonly cores: string;
  /** The whole environment; nothing of ours is inherited but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The signal that ends it when the bench itself dies. */
  readonly lastSignal?: 'KILL' | 'TERM';
}

export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** CPU time used so far by all threads and children, in ms. */
  cpuMs(): CpuTime;
  /** Resident memory of the process and its children, in bytes. */
  residentBytes(): number;
  pause(): void;
  resume(): void;
  /** SIGTERM, and SIGKILL when that does not do within 40 s. */
  stop(): Promise<void>;
}

export interface CpuTime {
  readonly userMs: number;
  readonly systemMs: number;
}

const alive = new Map<number, ChildProcess>();

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has gone already.
  }
}

/** Ends every process at once; for exits of all kinds. */
export function endAll(): void {
  for (const pid of alive.keys()) signalGroup(pid, 'SIGKILL');
}

/** Ends every process when this one ends, is told to or crashes. Call once, first. */
export function endAllOnExit(): void {
  process.on('exit', endAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
}

function launch(command: Command, stdio: ('ignore' | 'pipe' | number)[]): ChildProcess {
  const args = ['--pdeathsig', command.lastSignal ?? 'KILL', 'taskset', '-c', command.cores, command.command, ...command.args];
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', ...command.env };
  const child = spawn('setpriv', args, { stdio, env, cwd: command.cwd, detached: true });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command.name} can't be started: is util-linux (setpriv, taskset) installed?`);
  alive.set(pid, child);
  child.once('exit', () => alive.delete(pid));
  return child;
}

function family(pid: number): number[] {
  const children: number[] = [];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const listed = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
    if (listed !== '') children.push(...listed.split(' ').map(Number));
  }
  return [pid, ...children.flatMap(family)];
}

function cpuOf(pid: number): CpuTime {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const inMs = (ticks: string | undefined) => (Number(ticks) * 1000) / clockTicksPerSecond;
  return { userMs: inMs(fields[11]), systemMs: inMs(fields[12]) };
}

function residentOf(pid: number): number {
  const found = /^Rss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(found?.[1]) * 1024;
}

async function stop(child: ChildProcess, pid: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  signalGroup(pid, 'SIGCONT');
  child.kill('SIGTERM');
  const killer = setTimeout(() => signalGroup(pid, 'SIGKILL'), stopLimitMs);
  await gone;
  clearTimeout(killer);
  signalGroup(pid, 'SIGKILL');
}

/** Starts a process that stays, its output going to the file. */
export function start(command: Command, logPath: string): Running {
  const log = openSync(logPath, 'a');
  const child = launch(command, ['ignore', log, log]);
  closeSync(log);
  const pid = Number(child.pid);
  return {
    name: command.name,
    pid,
    child,
    cpuMs: () => family(pid).map(cpuOf).reduce((sum, each) => ({ userMs: sum.userMs + each.userMs, systemMs: sum.systemMs + each.systemMs })),
    residentBytes: () => family(pid).map(residentOf).reduce((sum, each) => sum + each),
    pause: () => signalGroup(pid, 'SIGSTOP'),
    resume: () => signalGroup(pid, 'SIGCONT'),
    stop: () => stop(child, pid),
  };
}

/**
 * Runs a process to its end and returns what it printed.
 * @throws Error with its last words when it fails, or has not ended within limitMs.
 */
export async function run(command: Command, limitMs: number): Promise<string> {
  const child = launch(command, ['ignore', 'pipe', 'pipe']);
  let printed = '';
  let complaint = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const limit = setTimeout(() => signalGroup(Number(child.pid), 'SIGKILL'), limitMs);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(limit);
  if (status !== 0) throw new Error(`${command.name} failed (${status ?? `no end within ${limitMs} ms`}): ${(complaint + printed).slice(-2000)}`);
  return printed + complaint;
}

export interface Held {
  /** Ends the held process by ending its standard input. */
  release(): Promise<void>;
}

/** Starts a process that prints one line once it is ready, and then waits for its standard input to end. */
export async function holdOpen(command: Command, limitMs: number): Promise<Held> {
  const child = launch(command, ['pipe', 'pipe', 'pipe']);
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const gone = new Promise<'gone'>((resolve) => child.once('close', () => resolve('gone')));
  const ready = new Promise<'ready'>((resolve) => child.stdout?.once('data', () => resolve('ready')));
  const late = delay(limitMs, 'late' as const, { ref: false });
  const outcome = await Promise.race([ready, gone, late]);
  if (outcome !== 'ready') {
    signalGroup(Number(child.pid), 'SIGKILL');
    throw new Error(`${command.name} is ${outcome}: ${complaint.slice(-2000)}`);
  }
  return {
    release: async () => {
      child.stdin?.end();
      await gone;
    },
  };
}

/** Part of this machine's CPU time that its host took for others since `before`, in percent; a quiet machine has about 0. */
export function stealSince(before: readonly number[]): number {
  const spent = cpuTotals().map((ticks, at) => ticks - (before[at] ?? 0));
  const total = spent.slice(0, 8).reduce((sum, ticks) => sum + ticks, 0);
  return total === 0 ? 0 : (100 * (spent[7] ?? 0)) / total;
}

/** The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal …, in ticks. */
export function cpuTotals(): number[] {
  return readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.trim().split(/\s+/).slice(1).map(Number) ?? [];
}
