/** This file puts load on a gateway and measures it: windows of throughput, of one request after the other, and memory of open streams. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Gateway } from './gateway.ts';
import type { ContenderName, Options, WorkloadName } from './options.ts';
import { type CpuTime, allCores, holdOpen, run } from './processes.ts';
import { type RequestKind, bodyOf, writeRequest, writeScript } from './requests.ts';

/** What a load needs to know: the run's folder, the tools built into it, and the flags. */
export interface Rig {
  readonly folder: string;
  readonly probePath: string;
  readonly upstreamPort: number;
  readonly options: Options;
  /** Requests each gateway has answered in this run, to hold against its usage rows. */
  readonly answered: Map<ContenderName, number>;
}

/** One window of wrk. A request of a streaming workload is a whole stream. */
export interface ThroughputWindow {
  readonly contender: ContenderName;
  readonly workload: WorkloadName;
  readonly pass: number;
  readonly requests: number;
  readonly perSecond: number;
  /** CPU of the gateway's threads per request; null for direct. */
  readonly cpuUs: number | null;
  /** The kernel's part of it. */
  readonly systemCpuUs: number | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Replies that were not 2xx or 3xx, and connections that broke. */
  readonly failed: number;
}

/** One window of requests one after the other. */
export interface LatencyWindow {
  readonly contender: ContenderName;
  readonly kind: 'small' | 'stream';
  readonly pass: number;
  readonly exchanges: number;
  /** To the first body byte, or to the first event of a stream. */
  readonly firstP50Us: number;
  readonly totalP50Us: number;
  readonly totalP90Us: number;
  readonly totalP99Us: number;
}

/** One window of requests sent at a steady rate, each when it is due; times run from then. */
export interface PaceWindow {
  readonly contender: ContenderName;
  readonly pass: number;
  readonly exchanges: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
}

/** Memory of one fresh process. */
export interface MemorySample {
  readonly contender: ContenderName;
  readonly readyMs: number | null;
  readonly idleBytes: number;
  readonly warmBytes: number;
  /** Of the first streams that are opened; the slack a process has after its start hides a part of them. */
  readonly firstBytesPerStream: number;
  /** Of as many again, opened beside them. */
  readonly nextBytesPerStream: number;
}

const settleMs = 2000;

function doorOf(gateway: Gateway, kind: RequestKind) {
  return kind === 'small' || kind === 'large' ? gateway.doors.json : gateway.doors.stream;
}

function toNumbers(json: string): Record<string, number> {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`Not an object: ${json}`);
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, Number(value)]));
}

function noteAnswered(rig: Rig, gateway: Gateway, count: number): void {
  rig.answered.set(gateway.name, (rig.answered.get(gateway.name) ?? 0) + count);
}

async function runWrk(rig: Rig, gateway: Gateway, load: { readonly kind: WorkloadName; readonly seconds: number }): Promise<Record<string, number>> {
  const door = doorOf(gateway, load.kind);
  const script = writeScript(rig.folder, door, bodyOf(load.kind, gateway.model));
  const { connections, loadCores } = rig.options;
  const args = ['-t1', `-c${connections}`, `-d${load.seconds}s`, '--timeout', '30s', '-s', script, `http://127.0.0.1:${door.port}${door.path}`];
  const printed = await run({ name: `wrk on ${gateway.name}`, command: 'wrk', args, cores: loadCores }, (load.seconds + 40) * 1000);
  const result = /^RESULT (.*)$/m.exec(printed)?.[1];
  if (result === undefined) throw new Error(`wrk printed no result: ${printed.slice(-1000)}`);
  const numbers = toNumbers(result);
  noteAnswered(rig, gateway, numbers['requests'] ?? 0);
  return numbers;
}

/** Load that is not measured. */
export async function warm(rig: Rig, gateway: Gateway, load: { readonly kind: WorkloadName; readonly seconds: number }): Promise<void> {
  await runWrk(rig, gateway, load);
}

async function askUpstream(rig: Rig): Promise<Record<string, number>> {
  return toNumbers(await (await fetch(`http://127.0.0.1:${rig.upstreamPort}/bench/served`)).text());
}

function spentSince(before: CpuTime, after: CpuTime): CpuTime {
  return { userMs: after.userMs - before.userMs, systemMs: after.systemMs - before.systemMs };
}

/** Measures one window of throughput, after a short unmeasured load. */
export async function measureThroughput(rig: Rig, gateway: Gateway, window: { readonly kind: WorkloadName; readonly pass: number }): Promise<ThroughputWindow> {
  const { kind, pass } = window;
  await warm(rig, gateway, { kind, seconds: rig.options.rewarmSeconds });
  const [before, servedBefore] = [gateway.running?.cpuMs(), await askUpstream(rig)];
  const result = await runWrk(rig, gateway, { kind, seconds: rig.options.seconds });
  const [after, servedAfter] = [gateway.running?.cpuMs(), await askUpstream(rig)];
  const { durationUs = 1, p50Us = 0, p99Us = 0, failed = 0, cut = 0 } = result;
  const served = (servedAfter['served'] ?? 0) - (servedBefore['served'] ?? 0);
  if (served < (result['requests'] ?? 0)) throw new Error(`${gateway.name} answered ${result['requests']} requests, but the upstream saw ${served}.`);
  // Slow streams are few and seldom end with the window: they are counted by the events the upstream sent.
  const requests = kind === 'paced' ? (servedAfter['streamed'] ?? 0) - (servedBefore['streamed'] ?? 0) : (result['requests'] ?? 0);
  const spent = before && after ? spentSince(before, after) : null;
  return {
    contender: gateway.name, workload: kind, pass, requests, perSecond: (requests * 1e6) / durationUs,
    cpuUs: spent && ((spent.userMs + spent.systemMs) * 1000) / requests, systemCpuUs: spent && (spent.systemMs * 1000) / requests,
    p50Ms: p50Us / 1000, p99Ms: p99Us / 1000, failed: failed + cut,
  };
}

async function probe(rig: Rig, gateway: Gateway, load: { readonly kind: 'small' | 'stream'; readonly seconds: number }): Promise<Record<string, number>> {
  const door = doorOf(gateway, load.kind);
  const request = writeRequest(rig.folder, door, bodyOf(load.kind, gateway.model));
  const args = ['exchange', String(door.port), request, String(load.seconds * 1000)];
  const command = { name: `probe of ${gateway.name}`, command: rig.probePath, args, cores: rig.options.loadCores };
  const numbers = toNumbers(await run(command, (load.seconds + 40) * 1000));
  noteAnswered(rig, gateway, numbers['exchanges'] ?? 0);
  return numbers;
}

/** Measures one window of requests one after the other, after a short unmeasured one. */
export async function measureLatency(rig: Rig, gateway: Gateway, window: { readonly kind: 'small' | 'stream'; readonly pass: number }): Promise<LatencyWindow> {
  await probe(rig, gateway, { kind: window.kind, seconds: rig.options.rewarmSeconds / 2 });
  const result = await probe(rig, gateway, { kind: window.kind, seconds: rig.options.latencySeconds });
  const { exchanges = 0, firstP50Us = 0, totalP50Us = 0, totalP90Us = 0, totalP99Us = 0 } = result;
  return { contender: gateway.name, ...window, exchanges, firstP50Us, totalP50Us, totalP90Us, totalP99Us };
}

async function probeAtPace(rig: Rig, gateway: Gateway, seconds: number): Promise<Record<string, number>> {
  const request = writeRequest(rig.folder, gateway.doors.json, bodyOf('small', gateway.model));
  const args = ['pace', String(gateway.doors.json.port), request, String(seconds * 1000), String(rig.options.pacePerSecond)];
  const numbers = toNumbers(await run({ name: `paced probe of ${gateway.name}`, command: rig.probePath, args, cores: rig.options.loadCores }, (seconds + 40) * 1000));
  noteAnswered(rig, gateway, numbers['exchanges'] ?? 0);
  return numbers;
}

/** Measures one window of small JSON requests at the options' pace, after a short unmeasured one. */
export async function measurePace(rig: Rig, gateway: Gateway, pass: number): Promise<PaceWindow> {
  await probeAtPace(rig, gateway, rig.options.rewarmSeconds / 2);
  const { exchanges = 0, p50Us = 0, p90Us = 0, p99Us = 0 } = await probeAtPace(rig, gateway, rig.options.latencySeconds);
  return { contender: gateway.name, pass, exchanges, p50Us, p90Us, p99Us };
}

/** Opens streams that stay open after two events; returns what releases them. */
export async function holdStreams(rig: Rig, gateway: Gateway) {
  const { heldStreams, loadCores } = rig.options;
  const request = writeRequest(rig.folder, gateway.doors.stream, bodyOf('held', gateway.model));
  const args = ['hold', String(gateway.doors.stream.port), request, String(heldStreams)];
  return holdOpen({ name: `held streams of ${gateway.name}`, command: rig.probePath, args, cores: loadCores }, 60_000);
}

/** Measures what open streams weigh in a fresh process, whose code was warmed by requests one after the other so that its heap has no slack. */
export async function measureMemory(rig: Rig, gateway: Gateway): Promise<MemorySample> {
  const { running } = gateway;
  if (running === null) throw new Error('There is nothing to weigh.');
  await delay(settleMs);
  const idleBytes = running.residentBytes();
  await probe(rig, gateway, { kind: 'small', seconds: rig.options.rewarmSeconds });
  await probe(rig, gateway, { kind: 'stream', seconds: rig.options.rewarmSeconds });
  await delay(settleMs);
  const warmBytes = running.residentBytes();
  const first = await holdStreams(rig, gateway);
  await delay(settleMs);
  const firstBytes = running.residentBytes();
  const next = await holdStreams(rig, gateway);
  await delay(settleMs);
  const nextBytes = running.residentBytes();
  await Promise.all([first.release(), next.release()]);
  const perStream = (bytes: number) => bytes / rig.options.heldStreams;
  return {
    contender: gateway.name, readyMs: gateway.readyMs, idleBytes, warmBytes,
    firstBytesPerStream: perStream(firstBytes - warmBytes), nextBytesPerStream: perStream(nextBytes - firstBytes),
  };
}

/** The C tools of the bench, compiled into the folder. */
export async function buildTools(sourceFolder: string, folder: string): Promise<{ upstreamPath: string; probePath: string }> {
  const [upstreamPath = '', probePath = ''] = await Promise.all(['upstream', 'probe'].map(async (tool) => {
    const args = ['-O2', '-Wall', '-Wextra', '-o', join(folder, tool), join(sourceFolder, `${tool}.c`)];
    await run({ name: `cc ${tool}.c`, command: 'cc', args, cores: allCores }, 60_000);
    return join(folder, tool);
  }));
  return { upstreamPath, probePath };
}
