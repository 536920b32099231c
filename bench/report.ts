/** This file writes RESULTS.md: the targets with what was measured, the numbers they come from, and how to measure again. */
import { type ContenderName, type WorkloadName, contenderNames, workloadNames } from './options.ts';
import { eventsPerStream } from './requests.ts';
import { type Results, comparedWorkloads, divide, judge, latencyOf, linesOf, memoryOf, paceOf, pairedRatio, subtract, throughputOf } from './results.ts';

const titles: Record<ContenderName, string> = {
  direct: 'direct (no gateway)', nginx: 'nginx proxy_pass', interline: 'Interline', 'interline-before': 'Interline before', 'interline-route': 'Interline, asked by a route', 'interline-tmpfs': 'Interline, store on tmpfs',
  'interline-unlimited': 'Interline, for a workspace that pays nothing and has no limits', portkey: 'Portkey (on Node 20, as in its own container)',
  'portkey-our-node': 'Portkey (on the Node Interline runs on)',
};

const workloadTitles: Record<WorkloadName, string> = {
  small: '0.8 KB JSON', large: '20 KB JSON', stream: `streams of ${eventsPerStream} events, as fast as they come`, paced: `streams of ${eventsPerStream} events, one per 10 ms`,
};

function show(value: number | null, digits = 3): string {
  if (value === null || !Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 10 ** (digits - 1)) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(digits)));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

function targetTable(results: Results): string {
  const rows = linesOf(results).map((line) => {
    const sign = line.isMoreBetter ? '≥' : '≤';
    const unit = line.unit === '×' ? '' : ` ${line.unit}`;
    return [line.title, `**${show(line.value)}${unit}**`, `${sign} ${line.floor}${unit}`, `${sign} ${line.aim}${unit}`, judge(line)];
  });
  return table(['Interline', 'measured', 'floor', 'aim', ''], rows);
}

function throughputTable(results: Results, workload: WorkloadName): string {
  const number = (name: ContenderName, what: Parameters<typeof throughputOf>[2][1]) => throughputOf(results, name, [workload, what]);
  const present = contenderNames.filter((name) => number(name, 'perSecond') !== null);
  const rows = present.map((name) => {
    const windows = results.throughput.filter((window) => window.contender === name && window.workload === workload);
    const rates = windows.map((window) => window.perSecond);
    const failed = windows.reduce((sum, window) => sum + window.failed, 0);
    return [titles[name], show(number(name, 'perSecond'), 4), `${show(Math.min(...rates))} – ${show(Math.max(...rates))}`,
      show(divide(number(name, 'perSecond'), number('nginx', 'perSecond'))), show(divide(number(name, 'perSecond'), number('portkey', 'perSecond'))),
      show(number(name, 'cpuUs')), show(number(name, 'systemCpuUs')), show(number(name, 'p50Ms')), show(number(name, 'p99Ms')), String(failed)];
  });
  const one = workload === 'small' || workload === 'large' ? 'request' : 'stream';
  const head = ['', `${one}s/s`, 'least – most', '÷ nginx', '÷ Portkey', `CPU µs / ${one}`, 'of it kernel', 'p50 ms', 'p99 ms', 'failed'];
  return `### ${workloadTitles[workload]}\n\n${table(head, rows)}`;
}

/** CPU beside throughput: it is less disturbed by what else runs on the machine. */
function beforeTable(results: Results): string {
  if (results.options.before === null) return '';
  const rows = comparedWorkloads.flatMap((workload) => (['interline', 'interline-route'] as const).map((of) => {
    const [now, before] = [throughputOf(results, of, [workload, 'cpuUs']), throughputOf(results, 'interline-before', [workload, 'cpuUs'])];
    const ratio = (number: 'perSecond' | 'cpuUs') => show(pairedRatio(results, workload, { of, to: 'interline-before', number }));
    return [`${workloadTitles[workload]}: ${titles[of]}`, ratio('perSecond'), show(before), show(now), show(subtract(now, before)), ratio('cpuUs')];
  }));
  return `### Against an older Interline

The older one is ${results.versions['interline-before'] ?? results.options.before}, measured in the same run. A route has two targets and falls back; its first target answers. Requests are logged in all three, as they are by default. Ratios are medians over pairs of neighbouring windows.

${table(['', 'throughput ÷ before', 'CPU µs before', 'CPU µs now', 'more', 'CPU ÷ before'], rows)}

`;
}

/** Paced streams ask how much an event costs that comes alone; their rate is the upstream's. */
function pacedTable(results: Results): string {
  const present = contenderNames.filter((name) => throughputOf(results, name, ['paced', 'cpuUs']) !== null);
  const rows = present.map((name) => {
    const [cpu, system] = [throughputOf(results, name, ['paced', 'cpuUs']), throughputOf(results, name, ['paced', 'systemCpuUs'])];
    const failed = results.throughput.filter((window) => window.contender === name && window.workload === 'paced').reduce((sum, window) => sum + window.failed, 0);
    return [titles[name], show(divide(cpu, eventsPerStream)), show(divide(system, eventsPerStream)), String(failed)];
  });
  return `### ${workloadTitles.paced}\n\n${table(['', 'CPU µs / event', 'of it kernel', 'failed'], rows)}`;
}

function latencyTable(results: Results): string {
  const time = (name: ContenderName, what: Parameters<typeof latencyOf>[2]) => divide(latencyOf(results, name, what), 1000);
  const present = contenderNames.filter((name) => time(name, ['small', 'totalP50Us']) !== null);
  const rows = present.map((name) => {
    const [whole, first, end] = [time(name, ['small', 'totalP50Us']), time(name, ['stream', 'firstP50Us']), time(name, ['stream', 'totalP50Us'])];
    const over = subtract(whole, time('nginx', ['small', 'totalP50Us']));
    return [titles[name], show(whole), show(over), show(first), show(subtract(first, time('direct', ['stream', 'firstP50Us']))), show(end)];
  });
  const head = ['p50, ms', '0.8 KB JSON', 'added over nginx', 'first event of a stream', 'added over direct', 'whole stream'];
  return `### One request after the other\n\n${table(head, rows)}\n\n${commitText(results)}`;
}

function commitText(results: Results): string {
  const { commitUs } = results;
  if (commitUs === null) return '';
  const p50 = (name: ContenderName) => latencyOf(results, name, ['small', 'totalP50Us']);
  const wait = divide(subtract(p50('interline'), p50('interline-tmpfs')), 1000);
  return `Strict durability is the default: a reply ends only when its row is on disk, so a lone request also waits for one commit. **The commit of the row, apart:**
handing one row to the store and waiting until it is durable takes ${show(commitUs.disk / 1000)} ms (p50) with the store on this disk and ${show(commitUs.tmpfs / 1000)} ms with the store on tmpfs, when nothing else runs;
a lone request takes ${show(wait)} ms longer with the store on this disk than with the store on tmpfs. Under load, commits are shared.`;
}

function paceTable(results: Results): string {
  const present = contenderNames.filter((name) => paceOf(results, name, 'p50Us') !== null);
  const inMs = (name: ContenderName, number: 'p50Us' | 'p90Us' | 'p99Us') => show(divide(paceOf(results, name, number), 1000));
  const rows = present.map((name) => [titles[name], inMs(name, 'p50Us'), inMs(name, 'p90Us'), inMs(name, 'p99Us')]);
  return `### ${results.options.pacePerSecond.toLocaleString('en-US')} requests a second, 0.8 KB JSON\n\n${table(['ms from when each was due', 'p50', 'p90', 'p99'], rows)}`;
}

function memoryTable(results: Results): string {
  const present = contenderNames.filter((name) => memoryOf(results, name, 'idleBytes') !== null);
  const inMb = (value: number | null) => show(divide(value, 1e6));
  const rows = present.map((name) => [titles[name], show(divide(memoryOf(results, name, 'readyMs'), 1000)), inMb(memoryOf(results, name, 'idleBytes')),
    inMb(memoryOf(results, name, 'warmBytes')), show(divide(memoryOf(results, name, 'firstBytesPerStream'), 1000)),
    show(divide(memoryOf(results, name, 'nextBytesPerStream'), 1000))]);
  const head = ['fresh process', 'start to ready, s', 'idle after its first requests, MB', 'warm, MB', `kB per open stream, the first ${results.options.heldStreams}`, `the next ${results.options.heldStreams}`];
  return `### Memory\n\n${table(head, rows)}\n\nResident memory of the process (the kernel's socket buffers are in none of these figures). The first streams fill what slack the process has; the target's line is the larger of the two figures.`;
}

function rowsText(results: Results): string {
  return results.rows.map(({ contender, answered, rows, chargedNanoUsd, paidNanoUsd }) => {
    const paid = paidNanoUsd === null ? '' : ` The rows charge ${chargedNanoUsd ?? 'an unknown number of'} nano-USD; the balance paid ${paidNanoUsd}.`;
    return `${titles[contender]} answered ${show(answered, 12)} requests of the load and kept ${rows === null ? 'an unknown number of' : show(rows, 12)} usage rows (requests still open when a window ended have rows, too).${paid}`;
  }).join('\n\n');
}

/** The report as Markdown; `profiles` is the section about the lines that miss their aim, or empty. */
export function writeReport(results: Results, profiles: string): string {
  const { options } = results;
  const warning = options.isQuick ? '\n> This was a quick run: it shows that the bench works; its figures mean nothing.\n' : '';
  const described = (entries: Readonly<Record<string, string>>) => Object.entries(entries).map(([name, text]) => `- ${name}: ${text}`).join('\n');
  const measured = workloadNames.filter((workload) => results.throughput.some((window) => window.workload === workload));
  return `# What Interline costs

Written by \`${results.command}\` on ${results.date}; do not edit. Read ratios, not absolutes. The raw windows are in \`results.json\`.
${warning}
## Targets

Everything on: keys, validation, a hold before and a settlement after each request (the workspace pays from its balance, has a hard budget and limits of requests, tokens and concurrent requests), usage with price, durable rows (fsynced before a reply ends), metrics. All threads of a gateway together on one core.

${targetTable(results)}

${rowsText(results)}

## Numbers

Medians over ${options.rounds * 2} windows of ${options.seconds} s with ${options.connections} connections (${options.latencySeconds} s one after the other), interleaved forward and backward, after ${options.warmupSeconds} s of warm-up per gateway and workload.

${measured.map((workload) => (workload === 'paced' ? pacedTable(results) : throughputTable(results, workload))).join('\n\n')}

${beforeTable(results)}${latencyTable(results)}

${paceTable(results)}

${memoryTable(results)}
${profiles === '' ? '' : `\n${profiles}\n`}
## Method

${described(results.machine)}
${described(results.versions)}
- Upstream: \`upstream.c\`, one epoll thread on the load's core, ${options.eventsPerSend} event(s) per send(); load: wrk on the same core(s) ${options.loadCores}; gateways on core ${options.gatewayCore}, those not being measured stopped by a signal. Loopback only.
- Each gateway must give the upstream's JSON and stream whole before it is measured; Interline must also refuse a call without a key and an invalid body. Streams don't ask for usage: Interline asks the upstream for it, counts it and strips it.
- CPU is user and system time of all threads and children from /proc, over a window, by the requests wrk counted in it. The latencies are those of \`probe.c\`, one keep-alive connection.
- Memory: a fresh process, warmed by requests one after the other, before and after ${options.heldStreams} streams are open, and again with as many beside them, each past its second event.
- nginx: one worker, keep-alive to the upstream, no access log, no buffering for streams. Portkey: NODE_ENV=production, without its console; it does less (no keys, no quota, no rows).
`;
}
