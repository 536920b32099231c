/** This file is `npm run bench`: direct, nginx, Interline and Portkey measured in one interleaved run, written to RESULTS.md and results.json. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findBefore } from './before.ts';
import { measureCommit } from './commit.ts';
import { startGateway } from './contenders.ts';
import type { Gateway, Site } from './gateway.ts';
import { benchModel } from './interline.ts';
import {
  type LatencyWindow, type MemorySample, type PaceWindow, type Rig, type ThroughputWindow, buildTools, measureLatency, measureMemory, measurePace, measureThroughput, warm,
} from './load.ts';
import { type ContenderName, type Options, type WorkloadName, readOptions } from './options.ts';
import { cpuTotals, endAllOnExit, start, stealSince } from './processes.ts';
import { profileMissed, takeProfiles } from './profile.ts';
import { writeReport } from './report.ts';
import { type Results, judge, linesOf, medianOf } from './results.ts';

const root = resolve(import.meta.dirname, '..');

function say(text: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
}

function requireTools(contenders: readonly ContenderName[]): void {
  const tools = ['cc', 'wrk', 'taskset', 'setpriv', ...(contenders.includes('nginx') ? ['nginx'] : [])];
  const missing = tools.filter((tool) => {
    try {
      execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length > 0) throw new Error(`Missing: ${missing.join(', ')}. On Debian: apt-get install build-essential wrk nginx-light util-linux`);
}

function describeMachine(): Record<string, string> {
  const processors = cpus();
  return { machine: `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}; load average at the start ${loadavg()[0]?.toFixed(2)}` };
}

function describeTools(): Record<string, string> {
  const firstLine = (command: string, args: string[]) => execFileSync('sh', ['-c', `${command} ${args.join(' ')} 2>&1 || true`], { encoding: 'utf8' }).split('\n', 1)[0] ?? '';
  const commit = firstLine('git', ['-C', root, 'rev-parse', '--short', 'HEAD']);
  const changes = execFileSync('sh', ['-c', `git -C '${root}' status --porcelain -- server handlers gateway generated catalog package-lock.json 2>/dev/null || true`], { encoding: 'utf8' });
  return {
    commit: `${/^[0-9a-f]+$/.test(commit) ? commit : 'none'}${changes === '' ? '' : ' with uncommitted changes'}`,
    node: process.version, wrk: firstLine('wrk', ['-v']).split(' Copyright')[0] ?? '', cc: firstLine('cc', ['--version']),
  };
}

async function startUpstream(upstreamPath: string, folder: string, options: Options): Promise<number> {
  const logPath = join(folder, 'upstream.log');
  const upstream = start({ name: 'upstream', command: upstreamPath, args: [String(options.eventsPerSend)], cores: options.loadCores }, logPath);
  for (let tries = 0; tries < 500 && upstream.child.exitCode === null; tries++) {
    const port = /listening (\d+)/.exec(readFileSync(logPath, 'utf8'))?.[1];
    if (port !== undefined) return Number(port);
    await delay(10);
  }
  throw new Error(`The upstream did not start: ${readFileSync(logPath, 'utf8')}`);
}

/** Lets one gateway run while the others are stopped; nginx needs no stopping, it has no timers. */
async function alone<Result>(gateways: readonly Gateway[], one: Gateway, work: () => Promise<Result>): Promise<Result> {
  for (const gateway of gateways) if (gateway !== one && gateway.name !== 'nginx') gateway.running?.pause();
  one.running?.resume();
  return work();
}

function orderOf<Item>(items: readonly Item[], pass: number): readonly Item[] {
  return pass % 2 === 0 ? items : items.toReversed();
}

/** They answer one question each; the tables of throughput and memory would only grow by them. */
const sideContenders: readonly ContenderName[] = ['interline-tmpfs', 'interline-unlimited'];
/** They are there to be held against each other and Interline under load, and in nothing else. */
const heldAgainst: readonly ContenderName[] = ['interline-before', 'interline-route'];

function isMeasuredUnder(kind: WorkloadName, { name }: Gateway): boolean {
  return !sideContenders.includes(name) && !(kind === 'paced' && heldAgainst.includes(name));
}

async function measureAllThroughput(rig: Rig, gateways: readonly Gateway[]): Promise<ThroughputWindow[]> {
  const { options } = rig;
  for (const gateway of gateways) {
    for (const kind of options.workloads.filter((each) => isMeasuredUnder(each, gateway))) {
      // There is no code to warm in C; a second shows that it works.
      const seconds = gateway.name === 'direct' || gateway.name === 'nginx' ? 1 : options.warmupSeconds;
      say(`warm-up ${gateway.name} ${kind} ${seconds} s`);
      await alone(gateways, gateway, () => warm(rig, gateway, { kind, seconds }));
    }
  }
  const windows: ThroughputWindow[] = [];
  for (let pass = 0; pass < options.rounds * 2; pass++) {
    for (const kind of options.workloads) {
      for (const gateway of orderOf(gateways.filter((each) => isMeasuredUnder(kind, each)), pass)) {
        const window = await alone(gateways, gateway, () => measureThroughput(rig, gateway, { kind, pass }));
        say(`${kind} ${gateway.name}: ${Math.round(window.perSecond)}/s, ${window.cpuUs?.toFixed(1) ?? '–'} µs${window.failed > 0 ? `, ${window.failed} FAILED` : ''}`);
        windows.push(window);
      }
    }
  }
  return windows;
}

async function measureAllLatency(rig: Rig, gateways: readonly Gateway[]): Promise<LatencyWindow[]> {
  const { options } = rig;
  const tmpfs = gateways.find((gateway) => gateway.name === 'interline-tmpfs');
  if (tmpfs) {
    say(`warm-up ${tmpfs.name} ${options.warmupSeconds} s each`);
    for (const kind of ['small', 'stream'] as const) await alone(gateways, tmpfs, () => warm(rig, tmpfs, { kind, seconds: options.warmupSeconds }));
  }
  const measured = gateways.filter(({ name }) => name !== 'interline-unlimited' && !heldAgainst.includes(name));
  const windows: LatencyWindow[] = [];
  for (let pass = 0; pass < options.rounds * 2; pass++) {
    for (const kind of ['small', 'stream'] as const) {
      for (const gateway of orderOf(measured, pass)) {
        const window = await alone(gateways, gateway, () => measureLatency(rig, gateway, { kind, pass }));
        say(`one after the other, ${kind} ${gateway.name}: p50 ${window.totalP50Us} µs, first ${window.firstP50Us} µs`);
        windows.push(window);
      }
    }
  }
  return windows;
}

/** What a hold adds: the same load on a workspace that pays and is limited, and on one that is neither. */
async function measureAllPaces(rig: Rig, gateways: readonly Gateway[]): Promise<PaceWindow[]> {
  const { options } = rig;
  const measured = gateways.filter(({ name }) => name === 'nginx' || name === 'interline' || name === 'interline-unlimited');
  const unlimited = measured.find(({ name }) => name === 'interline-unlimited');
  if (unlimited) {
    say(`warm-up ${unlimited.name} ${options.warmupSeconds} s`);
    await alone(gateways, unlimited, () => warm(rig, unlimited, { kind: 'small', seconds: options.warmupSeconds }));
  }
  const windows: PaceWindow[] = [];
  for (let pass = 0; pass < options.rounds * 2; pass++) {
    for (const gateway of orderOf(measured, pass)) {
      const window = await alone(gateways, gateway, () => measurePace(rig, gateway, pass));
      say(`${options.pacePerSecond}/s ${gateway.name}: p50 ${window.p50Us} µs, p99 ${window.p99Us} µs`);
      windows.push(window);
    }
  }
  return windows;
}

async function measureAllMemory(rig: Rig, site: Site): Promise<MemorySample[]> {
  const names = rig.options.contenders.filter((name) => !['direct', 'portkey-our-node', ...sideContenders, ...heldAgainst].includes(name));
  const samples: MemorySample[] = [];
  for (let pass = 0; pass < (rig.options.isQuick ? 1 : 3); pass++) {
    for (const name of orderOf(names, pass)) {
      const gateway = await startGateway(name, site);
      const sample = await measureMemory(rig, gateway);
      await gateway.running?.stop();
      say(`memory ${name}: ${(sample.firstBytesPerStream / 1000).toFixed(1)} and ${(sample.nextBytesPerStream / 1000).toFixed(1)} kB per stream, idle ${(sample.idleBytes / 1e6).toFixed(0)} MB`);
      samples.push(sample);
    }
  }
  return samples;
}

async function measureAll(rig: Rig, site: Site): Promise<Results> {
  const { options } = rig;
  const machine = describeMachine();
  const totals = cpuTotals();
  const gateways: Gateway[] = [];
  for (const name of options.contenders) gateways.push(await startGateway(name, site));
  const throughput = await measureAllThroughput(rig, gateways);
  const latency = await measureAllLatency(rig, gateways);
  const pace = await measureAllPaces(rig, gateways);
  const rows: Results['rows'][number][] = [];
  for (const gateway of gateways) {
    gateway.running?.resume();
    const kept = await gateway.close();
    if (gateway.name.startsWith('interline')) rows.push({ contender: gateway.name, answered: rig.answered.get(gateway.name) ?? 0, rows: kept?.rows ?? null, chargedNanoUsd: kept?.chargedNanoUsd ?? null, paidNanoUsd: kept?.paidNanoUsd ?? null });
  }
  const memory = await measureAllMemory(rig, site);
  const hasStore = rows.length > 0;
  const versions = { ...describeTools(), ...Object.fromEntries(gateways.filter(({ name }) => name !== 'direct' && !sideContenders.includes(name)).map(({ name, version }) => [name, version])) };
  return {
    date: options.date, machine: { ...machine, 'taken by the host meanwhile': `${stealSince(totals).toFixed(2)} % of the CPU time` }, versions,
    command: `npm run bench${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(' ')}` : ''}`,
    options, throughput, latency, pace, memory, rows,
    commitUs: hasStore ? { disk: await measureCommit(site.folder), tmpfs: await measureCommit('/dev/shm') } : null,
  };
}

function summarise(results: Results): void {
  for (const line of linesOf(results)) say(`${line.title}: ${line.value?.toPrecision(3) ?? '–'} ${line.unit} (floor ${line.floor}, aim ${line.aim}): ${judge(line)}`);
  const failed = medianOf(results.throughput.map((window) => window.failed));
  if (failed !== null && results.throughput.some((window) => window.failed > 0)) say('Some requests FAILED: see the tables.');
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  endAllOnExit();
  requireTools(options.contenders);
  execFileSync('taskset', ['-cp', options.loadCores, String(process.pid)], { stdio: 'ignore' });
  const folder = join(root, `.cache/bench/run-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const before = options.before === null ? null : await findBefore(root, options.before);
  const { upstreamPath, probePath } = await buildTools(join(root, 'bench'), folder);
  const upstreamPort = await startUpstream(upstreamPath, folder, options);
  const site = { folder, root, upstreamPort, gatewayCore: options.gatewayCore, model: benchModel, before };
  const rig = { folder, probePath, upstreamPort, options, answered: new Map<ContenderName, number>() };
  if (options.profilesOnly.length > 0) {
    console.log(await takeProfiles(rig, site, options.profilesOnly));
    process.exit(0);
  }
  const results = await measureAll(rig, site);
  summarise(results);
  const profiles = options.hasProfiles ? await profileMissed(rig, site, linesOf(results)) : '';
  const outFolder = resolve(root, options.outFolder);
  mkdirSync(outFolder, { recursive: true });
  writeFileSync(join(outFolder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(join(outFolder, 'RESULTS.md'), writeReport(results, profiles));
  say(`written to ${options.outFolder}/RESULTS.md`);
  process.exit(0);
}

await main();
