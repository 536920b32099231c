/** This file shows where Interline's time and memory go: CPU profiles under load, and heap snapshots with and without open streams. */
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Gateway, Site } from './gateway.ts';
import { type HeapShare, compareSnapshots } from './heap.ts';
import { startInterline } from './interline.ts';
import { type Rig, type ThroughputWindow, holdStreams, measureLatency, measureThroughput, warm } from './load.ts';
import type { ProfileName } from './options.ts';
import { type Line, judge } from './results.ts';

/** The parts of a .cpuprofile that are read here (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile). */
interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number } }[];
  readonly samples: readonly number[];
  /** In µs, on the machine's monotonic clock, which all processes share. */
  readonly startTime: number;
  /** In µs, each since the sample before it. */
  readonly timeDeltas: readonly number[];
}

interface Share {
  readonly name: string;
  readonly us: number;
}

/** A stretch of the machine's monotonic clock, in µs, and how many requests were answered in it. */
interface Stretch {
  readonly fromUs: number;
  readonly toUs: number;
  readonly requests: number;
}

interface Summary {
  /** Time of all samples but idle ones, in µs. */
  readonly busyUs: number;
  readonly places: readonly Share[];
  readonly functions: readonly Share[];
}

const placesShown = 14;
const functionsShown = 22;
/** What of a window's end is left out: there wrk hangs up, and what a gateway does about that is not what is measured. */
const tailUs = 250_000;
const idleNames = ['(idle)', '(root)'];

/** The file of a call as people name it: a path in the repository, a package, a part of node. */
function placeOf(url: string, root: string): string {
  if (url === '') return 'engine and native code';
  if (!url.startsWith('file:')) return url;
  const path = relative(root, fileURLToPath(url));
  const inner = path.lastIndexOf('node_modules/');
  if (inner < 0) return path;
  const parts = path.slice(inner + 'node_modules/'.length).split('/');
  return `package ${parts.slice(0, parts[0]?.startsWith('@') === true ? 2 : 1).join('/')}`;
}

/** The room of a file: `gateway/relay`, `server`; packages and parts of node stay as they are. */
function roomOf(place: string): string {
  if (!place.endsWith('.ts')) return place.startsWith('node:') ? place.split('/').slice(0, 2).join('/') : place;
  return place.split('/').slice(0, place.startsWith('gateway/') ? 2 : 1).join('/');
}

function ranked(sums: ReadonlyMap<string, number>, count: number): Share[] {
  return [...sums].map(([name, us]) => ({ name, us })).sort((a, b) => b.us - a.us).slice(0, count);
}

/** Self times by room and by function within the stretch, without idle time. */
export function summariseProfile(profile: CpuProfile, root: string, stretch: Stretch): Summary {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const places = new Map<string, number>();
  const functions = new Map<string, number>();
  let atUs = profile.startTime;
  let busyUs = 0;
  profile.samples.forEach((id, index) => {
    const us = profile.timeDeltas[index] ?? 0;
    atUs += us;
    const frame = nodes.get(id);
    if (frame === undefined || atUs < stretch.fromUs || atUs > stretch.toUs || idleNames.includes(frame.functionName)) return;
    const place = placeOf(frame.url, root);
    const isOwnKind = frame.functionName.startsWith('(');
    const room = isOwnKind ? frame.functionName : roomOf(place);
    const name = isOwnKind ? frame.functionName : `${frame.functionName || '(anonymous)'} · ${place}${frame.url === '' ? '' : `:${frame.lineNumber + 1}`}`;
    busyUs += us;
    places.set(room, (places.get(room) ?? 0) + us);
    functions.set(name, (functions.get(name) ?? 0) + us);
  });
  return { busyUs, places: ranked(places, placesShown), functions: ranked(functions, functionsShown) };
}

function readProfile(path: string): CpuProfile {
  // What node wrote is trusted to be what node writes.
  return JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
}

function shareTable(title: string, shares: readonly Share[], total: { readonly us: number; readonly requests: number }): string {
  const rows = shares.map(({ name, us }) => `| ${name.replaceAll('|', '\\|')} | ${((100 * us) / total.us).toFixed(1)} % | ${(us / total.requests).toFixed(1)} |`);
  return [`| ${title} | self time | µs / request |`, '| --- | ---: | ---: |', ...rows].join('\n');
}

/** The stretch of a window that has just ended. */
function stretchBefore(seconds: number, requests: number): Stretch {
  const endUs = Number(process.hrtime.bigint()) / 1000;
  const lengthUs = seconds * 1e6;
  return { fromUs: endUs - lengthUs, toUs: endUs - tailUs, requests: (requests * (lengthUs - tailUs)) / lengthUs };
}

type Workload = Exclude<ProfileName, 'memory' | 'latency'>;

function describeThreads(folder: string, root: string, stretch: Stretch): string {
  const files = readdirSync(folder).filter((file) => file.endsWith('.cpuprofile'));
  const threads = files.map((file) => {
    const thread = /^CPU\.\d+\.\d+\.\d+\.(\d+)\./.exec(file)?.[1] ?? '?';
    return { thread, summary: summariseProfile(readProfile(join(folder, file)), root, stretch) };
  });
  const busiest = threads.filter(({ summary }) => summary.busyUs > 0).sort((a, b) => b.summary.busyUs - a.summary.busyUs);
  return busiest.map(({ thread, summary }) => {
    const total = { us: summary.busyUs, requests: stretch.requests };
    const title = thread === '0' ? 'The main thread' : `Worker thread ${thread} (the store's)`;
    return `**${title}**: ${(summary.busyUs / stretch.requests).toFixed(1)} µs of samples per request.\n
${shareTable('where', summary.places, total)}\n\n${shareTable('function', summary.functions, total)}`;
  }).join('\n\n');
}

async function startProfiled(rig: Rig, site: Site, setting: { readonly name: string; readonly nodeArgs: readonly string[] }): Promise<Gateway> {
  const dataFolder = join(rig.folder, `profile-${setting.name}-store`);
  return startInterline({ name: rig.options.profileOf, dataFolder, nodeArgs: setting.nodeArgs }, site);
}

function describeWindow(window: ThroughputWindow): string {
  const part = window.cpuUs === null || window.systemCpuUs === null ? 0 : window.systemCpuUs / window.cpuUs;
  return `${window.requests} requests at ${Math.round(window.perSecond)}/s while profiled, ${window.cpuUs?.toFixed(1)} µs of CPU each, ${(100 * part).toFixed(0)} % of it in the kernel.`;
}

async function profileLoad(rig: Rig, site: Site, kind: Workload): Promise<string> {
  const folder = join(rig.folder, `profile-${kind}`);
  mkdirSync(folder, { recursive: true });
  const gateway = await startProfiled(rig, site, { name: kind, nodeArgs: ['--cpu-prof', `--cpu-prof-dir=${folder}`] });
  await warm(rig, gateway, { kind, seconds: rig.options.warmupSeconds });
  const window = await measureThroughput(rig, gateway, { kind, pass: 0 });
  const stretch = stretchBefore(rig.options.seconds, window.requests);
  await gateway.running?.stop();
  const folderOfCode = rig.options.profileOf === 'interline-before' ? site.before?.folder ?? site.root : site.root;
  const title = { small: '0.8 KB JSON, 64 connections', large: '20 KB JSON, 64 connections', stream: 'streams as fast as they come, 64 connections', paced: 'streams of one event per 10 ms' }[kind];
  return `### ${title}\n\n${describeWindow(window)}\n\n${describeThreads(folder, folderOfCode, stretch)}`;
}

async function profileLatency(rig: Rig, site: Site): Promise<string> {
  const folder = join(rig.folder, 'profile-latency');
  mkdirSync(folder, { recursive: true });
  const gateway = await startProfiled(rig, site, { name: 'latency', nodeArgs: ['--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${folder}`] });
  await warm(rig, gateway, { kind: 'small', seconds: rig.options.warmupSeconds });
  const window = await measureLatency(rig, gateway, { kind: 'small', pass: 0 });
  const stretch = stretchBefore(rig.options.latencySeconds, window.exchanges);
  await gateway.running?.stop();
  return `### 0.8 KB JSON, one after the other\n
${window.exchanges} requests while profiled, p50 ${(window.totalP50Us / 1000).toFixed(3)} ms each, with the store on disk. The store’s thread waits for the disk inside its commit; other waiting is in no row.\n
${describeThreads(folder, site.root, stretch)}`;
}

async function takeSnapshot(gateway: Gateway, folder: string, count: number): Promise<string> {
  gateway.running?.child.kill('SIGUSR2');
  for (let tries = 0, size = -1; tries < 300; tries++) {
    await delay(200);
    const file = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.heapsnapshot')).sort()[count] : undefined;
    const sizeNow = file === undefined ? -1 : statSync(join(folder, file)).size;
    if (file !== undefined && sizeNow > 0 && sizeNow === size) return join(folder, file);
    size = sizeNow;
  }
  throw new Error('Interline wrote no heap snapshot within a minute.');
}

async function profileMemory(rig: Rig, site: Site): Promise<string> {
  const folder = join(rig.folder, 'profile-memory');
  mkdirSync(folder, { recursive: true });
  const gateway = await startProfiled(rig, site, { name: 'memory', nodeArgs: ['--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${folder}`] });
  await measureLatency(rig, gateway, { kind: 'stream', pass: 0 });
  const before = await takeSnapshot(gateway, folder, 0);
  const held = await holdStreams(rig, gateway);
  const after = await takeSnapshot(gateway, folder, 1);
  await held.release();
  await gateway.running?.stop();
  const streams = rig.options.heldStreams;
  const shares: readonly HeapShare[] = compareSnapshots(before, after);
  const all = shares.reduce((sum, share) => sum + share.bytes, 0);
  const rows = shares.slice(0, functionsShown).map(({ name, bytes, count }) => `| ${name.replaceAll('|', '\\|')} | ${Math.round(bytes / streams)} | ${(count / streams).toFixed(1)} |`);
  return `### Memory of open streams\n
What lives in the main thread's heap with ${streams} streams open and not without: ${(all / streams / 1000).toFixed(1)} kB per stream. The rest of the resident memory is garbage not yet collected, slack and native memory.\n
${['| what | bytes / stream | objects / stream |', '| --- | ---: | ---: |', ...rows].join('\n')}`;
}

/** Takes the profiles and returns them as a section of the report. */
export async function takeProfiles(rig: Rig, site: Site, names: readonly ProfileName[]): Promise<string> {
  const parts: string[] = [];
  for (const name of names) {
    if (name === 'memory') parts.push(await profileMemory(rig, site));
    else if (name === 'latency') parts.push(await profileLatency(rig, site));
    else parts.push(await profileLoad(rig, site, name));
  }
  return parts.length === 0 ? '' : `## Where the time goes\n\nProfiles of Interline by node's own sampler (\`--cpu-prof\`), taken after the measurement; they slow it down a little.
Samples are of time on the wall: a thread that loses the core to another, such as after waking it by postMessage, has that time in the call in which it lost it.\n\n${parts.join('\n\n')}`;
}

/** The profiles of those lines whose aim was missed; empty when every aim is met. */
export async function profileMissed(rig: Rig, site: Site, lines: readonly Line[]): Promise<string> {
  const missed = lines.filter((line) => judge(line) === 'floor met, aim missed' || judge(line) === 'floor missed');
  return takeProfiles(rig, site, [...new Set(missed.map((line) => line.profile))]);
}
