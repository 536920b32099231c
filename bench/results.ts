/** This file turns the windows of a run into medians, and the medians into the lines of speed.md section 4. */
import type { LatencyWindow, MemorySample, PaceWindow, ThroughputWindow } from './load.ts';
import type { ContenderName, Options, ProfileName, WorkloadName } from './options.ts';

export interface Results {
  readonly date: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly command: string;
  readonly options: Options;
  readonly throughput: readonly ThroughputWindow[];
  readonly latency: readonly LatencyWindow[];
  readonly pace: readonly PaceWindow[];
  readonly memory: readonly MemorySample[];
  /** p50 of a lone commit with the store's settings, in µs: on the disk the run's stores were on, and on tmpfs. */
  readonly commitUs: { readonly disk: number; readonly tmpfs: number } | null;
  /** Per gateway that keeps usage rows: requests answered, rows kept, what the rows charge and what the balance paid, in nano-USD. */
  readonly rows: readonly { readonly contender: ContenderName; readonly answered: number; readonly rows: number | null; readonly chargedNanoUsd: string | null; readonly paidNanoUsd: string | null }[];
}

/** One line of the targets: a value beside its floor and its aim. */
export interface Line {
  readonly title: string;
  readonly unit: string;
  readonly value: number | null;
  readonly floor: number;
  readonly aim: number;
  /** Whether more is better. */
  readonly isMoreBetter: boolean;
  /** Which profile explains it when it is missed. */
  readonly profile: ProfileName;
}

export type Verdict = 'aim met' | 'floor met, aim missed' | 'floor missed' | 'not measured';

/** The middle value, or the mean of the two middle ones; null of nothing. */
export function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

type ThroughputNumber = 'perSecond' | 'cpuUs' | 'systemCpuUs' | 'p50Ms' | 'p99Ms';

/** The median of one number over the windows of a gateway under a workload. */
export function throughputOf(results: Results, contender: ContenderName, [workload, number]: readonly [WorkloadName, ThroughputNumber]): number | null {
  const windows = results.throughput.filter((window) => window.contender === contender && window.workload === workload);
  return medianOf(windows.map((window) => window[number]).filter((value) => value !== null));
}

/** The median of one time over the windows of a gateway at concurrency 1, in µs. */
export function latencyOf(results: Results, contender: ContenderName, [kind, number]: readonly ['small' | 'stream', 'firstP50Us' | 'totalP50Us']): number | null {
  const windows = results.latency.filter((window) => window.contender === contender && window.kind === kind);
  return medianOf(windows.map((window) => window[number]));
}

/** The median of one time over the windows of a gateway at a steady rate, in µs. */
export function paceOf(results: Results, contender: ContenderName, number: 'p50Us' | 'p90Us' | 'p99Us'): number | null {
  return medianOf(results.pace.filter((window) => window.contender === contender).map((window) => window[number]));
}

type MemoryNumber = 'readyMs' | 'idleBytes' | 'warmBytes' | 'firstBytesPerStream' | 'nextBytesPerStream';

/** The median of one number over the fresh processes of a gateway. */
export function memoryOf(results: Results, contender: ContenderName, number: MemoryNumber): number | null {
  const samples = results.memory.filter((sample) => sample.contender === contender);
  return medianOf(samples.map((sample) => sample[number]).filter((value) => value !== null));
}

export function divide(left: number | null, right: number | null): number | null {
  return left === null || right === null || right === 0 ? null : left / right;
}

export function subtract(left: number | null, right: number | null): number | null {
  return left === null || right === null ? null : left - right;
}

function ratio(results: Results, workload: WorkloadName, [ours, theirs]: readonly [ContenderName, ContenderName]): number | null {
  return divide(throughputOf(results, ours, [workload, 'perSecond']), throughputOf(results, theirs, [workload, 'perSecond']));
}

/** The median over the passes of one window's number by that of the window beside it: what a machine does in the meantime is in both. */
export function pairedRatio(results: Results, workload: WorkloadName, pair: { readonly of: ContenderName; readonly to: ContenderName; readonly number: 'perSecond' | 'cpuUs' }): number | null {
  const windowsOf = (contender: ContenderName) => results.throughput.filter((window) => window.contender === contender && window.workload === workload);
  const others = windowsOf(pair.to);
  const ratios = windowsOf(pair.of).map((window) => divide(window[pair.number], others.find(({ pass }) => pass === window.pass)?.[pair.number] ?? null));
  return medianOf(ratios.filter((value) => value !== null));
}

/** The workloads by which an older Interline is held against this one. */
export const comparedWorkloads = ['small', 'large', 'stream'] as const satisfies readonly WorkloadName[];
const comparedTitles: Record<(typeof comparedWorkloads)[number], string> = { small: '0.8 KB JSON', large: '20 KB JSON', stream: 'streams' };

/** What this Interline does in a second by what the older one does, by a model's name and by a route; empty when no older one was measured. */
function linesOverBefore(results: Results): readonly Line[] {
  if (results.options.before === null) return [];
  return comparedWorkloads.flatMap((workload) => (['interline', 'interline-route'] as const).map((of) => ({
    title: `${comparedTitles[workload]}${of === 'interline' ? '' : ', asked by a route,'} ÷ before`, unit: '×', isMoreBetter: true, floor: 0.9, aim: 1, profile: workload,
    value: pairedRatio(results, workload, { of, to: 'interline-before', number: 'perSecond' }),
  })));
}

/** The larger of what the first streams weigh and what as many again do, in bytes. */
function streamWeight(results: Results, contender: ContenderName): number | null {
  const [first, next] = [memoryOf(results, contender, 'firstBytesPerStream'), memoryOf(results, contender, 'nextBytesPerStream')];
  return first === null || next === null ? null : Math.max(first, next);
}

/** The lines of speed.md section 4, in its order, with the floors that hold since every request is held and settled; then those over an older Interline. */
export function linesOf(results: Results): readonly Line[] {
  const cpu = (contender: ContenderName) => throughputOf(results, contender, ['stream', 'cpuUs']);
  const p50 = (contender: ContenderName) => latencyOf(results, contender, ['small', 'totalP50Us']);
  const more = { unit: '×', isMoreBetter: true };
  const less = { isMoreBetter: false };
  return [
    { title: '0.8 KB JSON ÷ nginx', value: ratio(results, 'small', ['interline', 'nginx']), floor: 0.09, aim: 0.14, profile: 'small', ...more },
    { title: '0.8 KB JSON ÷ Portkey, on Node 20 as in its own container', value: ratio(results, 'small', ['interline', 'portkey']), floor: 10, aim: 16, profile: 'small', ...more },
    { title: '0.8 KB JSON ÷ Portkey, on the Node Interline runs on', value: ratio(results, 'small', ['interline', 'portkey-our-node']), floor: 10, aim: 16, profile: 'small', ...more },
    { title: '20 KB JSON ÷ nginx', value: ratio(results, 'large', ['interline', 'nginx']), floor: 0.09, aim: 0.14, profile: 'large', ...more },
    { title: 'streams ÷ Portkey, on Node 20 as in its own container', value: ratio(results, 'stream', ['interline', 'portkey']), floor: 4.5, aim: 6, profile: 'stream', ...more },
    { title: 'streams ÷ Portkey, on the Node Interline runs on', value: ratio(results, 'stream', ['interline', 'portkey-our-node']), floor: 4.5, aim: 6, profile: 'stream', ...more },
    { title: 'CPU per stream, nginx ÷ ours', value: divide(cpu('nginx'), cpu('interline')), floor: 0.42, aim: 0.5, profile: 'stream', ...more },
    { title: 'added p50 at concurrency 1 over nginx, without the wait for the disk (store on tmpfs)', unit: 'ms',
      value: divide(subtract(p50('interline-tmpfs'), p50('nginx')), 1000), floor: 0.5, aim: 0.25, profile: 'latency', ...less },
    { title: `added p50 of holds at ${results.options.pacePerSecond.toLocaleString('en-US')} requests/s (a balance, a budget and rate limits, over none of them)`, unit: 'ms',
      value: divide(subtract(paceOf(results, 'interline', 'p50Us'), paceOf(results, 'interline-unlimited', 'p50Us')), 1000), floor: 1, aim: 0.25, profile: 'small', ...less },
    { title: 'memory per open stream', unit: 'kB', value: divide(streamWeight(results, 'interline'), 1000), floor: 70, aim: 50, profile: 'memory', ...less },
    ...linesOverBefore(results),
  ];
}

/** Whether a line's value reaches its aim, only its floor, or neither. */
export function judge(line: Line): Verdict {
  const { value } = line;
  if (value === null) return 'not measured';
  const reaches = (bound: number) => (line.isMoreBetter ? value >= bound : value <= bound);
  if (reaches(line.aim)) return 'aim met';
  return reaches(line.floor) ? 'floor met, aim missed' : 'floor missed';
}
