/** This file reads the bench's command line; every number the bench uses can be set here, and each has a bound. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export const contenderNames = ['direct', 'nginx', 'interline', 'interline-before', 'interline-route', 'interline-tmpfs', 'interline-unlimited', 'portkey', 'portkey-our-node'] as const;
export type ContenderName = (typeof contenderNames)[number];

/** Those that are Interline itself: `interline-before` is an older one, `interline-route` is asked by a route instead of a model's name. */
export const interlineNames = ['interline', 'interline-before', 'interline-route', 'interline-tmpfs', 'interline-unlimited'] as const satisfies readonly ContenderName[];
export type InterlineName = (typeof interlineNames)[number];

export const workloadNames = ['small', 'large', 'stream', 'paced'] as const;
export type WorkloadName = (typeof workloadNames)[number];

export const profileNames = [...workloadNames, 'latency', 'memory'] as const;
export type ProfileName = (typeof profileNames)[number];

export interface Options {
  /** Length of one measured window of throughput. */
  readonly seconds: number;
  /** Load before anything of a gateway is measured, per gateway and workload; cold windows flatter (speed.md 3.7). */
  readonly warmupSeconds: number;
  /** Unmeasured load directly before each window, since the gateway slept while others were measured. */
  readonly rewarmSeconds: number;
  /** A round is one pass forward through the gateways and one backward. */
  readonly rounds: number;
  readonly connections: number;
  /** Length of one window of requests one after the other. */
  readonly latencySeconds: number;
  /** Requests a second of the line that says what a hold adds. */
  readonly pacePerSecond: number;
  readonly heldStreams: number;
  /** How many events the upstream puts into one send(): 1, as a model that answers at once would. */
  readonly eventsPerSend: number;
  readonly gatewayCore: string;
  readonly loadCores: string;
  readonly contenders: readonly ContenderName[];
  /** An older Interline to hold this one against: a folder or a git revision; null for none. */
  readonly before: string | null;
  readonly workloads: readonly WorkloadName[];
  readonly isQuick: boolean;
  /** Written into the report. */
  readonly date: string;
  readonly outFolder: string;
  /** Whether lines whose aim is missed get their profile. */
  readonly hasProfiles: boolean;
  /** When not empty: take these profiles, print them, and measure nothing. */
  readonly profilesOnly: readonly ProfileName[];
  /** Whose profiles these are. */
  readonly profileOf: InterlineName;
}

const usage = `npm run bench -- [flags]
  --seconds N          length of a throughput window (8)
  --warmup N           warm-up per gateway and workload, seconds (12)
  --rewarm N           unmeasured load directly before each window, seconds (2)
  --rounds N           rounds; each is one pass forward and one backward (2)
  --latency-seconds N  length of a window at concurrency 1 (4)
  --pace N             requests a second of the line that says what a hold adds (1000)
  --connections N      connections of wrk (64)
  --held-streams N     open streams of the memory line (500)
  --events-per-send N  events per send() of the upstream (1)
  --only a,b           of ${contenderNames.join(', ')}
  --before WHAT        also measure an older Interline: a folder it is in, with its packages, or a git revision, which is laid out in .cache
  --workloads a,b      of ${workloadNames.join(', ')}
  --gateway-core N     the gateways' core (0); --load-cores LIST the load's (the others)
  --date YYYY-MM-DD    the date to write into the report (today)
  --out FOLDER         where RESULTS.md and results.json go (bench; .cache/bench with --quick or --only)
  --no-profiles        no profile of the lines whose aim is missed
  --profile a,b        only profile Interline, of ${profileNames.join(', ')}, and print it
  --profile-of NAME    which Interline: ${interlineNames.join(', ')} (interline)
  --quick              a minute in all: proves that everything runs, its figures mean nothing`;

function within(text: string, [least, most]: readonly [number, number]): number {
  const number = Number(text);
  if (!(number >= least && number <= most)) throw new Error(`${text} is not between ${least} and ${most}.\n${usage}`);
  return number;
}

function choose<Name extends string>(text: string | undefined, names: readonly Name[]): readonly Name[] {
  if (text === undefined) return names;
  const wanted = text.split(',');
  const unknown = wanted.find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`${unknown} is none of ${names.join(', ')}.`);
  return names.filter((name) => wanted.includes(name));
}

const flags = {
  seconds: { type: 'string' }, warmup: { type: 'string' }, rewarm: { type: 'string' }, rounds: { type: 'string' }, 'latency-seconds': { type: 'string' },
  connections: { type: 'string' }, pace: { type: 'string' }, 'held-streams': { type: 'string' }, 'events-per-send': { type: 'string' },
  only: { type: 'string' }, before: { type: 'string' }, 'profile-of': { type: 'string' }, workloads: { type: 'string' }, 'gateway-core': { type: 'string' }, 'load-cores': { type: 'string' },
  date: { type: 'string' }, profile: { type: 'string' }, out: { type: 'string' }, quick: { type: 'boolean' }, 'no-profiles': { type: 'boolean' }, help: { type: 'boolean' },
} as const;

/**
 * Reads the arguments after the script's name. Durations are in seconds.
 * @throws Error with the usage when an argument is unknown or out of bounds.
 */
export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({ args: [...argv], options: flags, strict: true });
  if (values.help === true) {
    console.log(usage);
    process.exit(0);
  }
  const cores = availableParallelism();
  if (cores < 2) throw new Error('The bench needs two cores: one for the gateway, one for the load.');
  const isQuick = values.quick === true;
  const isPartial = isQuick || values.only !== undefined || values.workloads !== undefined;
  const before = values.before ?? null;
  const contenders = choose(values.only, contenderNames).filter((name) => name !== 'interline-before' || before !== null);
  return {
    seconds: within(values.seconds ?? (isQuick ? '1' : '8'), [1, 120]),
    warmupSeconds: within(values.warmup ?? (isQuick ? '1' : '12'), [1, 120]),
    rewarmSeconds: within(values.rewarm ?? (isQuick ? '1' : '2'), [1, 30]),
    rounds: within(values.rounds ?? (isQuick ? '1' : '2'), [1, 20]),
    connections: within(values.connections ?? '64', [1, 1000]),
    latencySeconds: within(values['latency-seconds'] ?? (isQuick ? '1' : '4'), [0.5, 60]),
    pacePerSecond: within(values.pace ?? '1000', [1, 10_000]),
    heldStreams: within(values['held-streams'] ?? (isQuick ? '50' : '500'), [10, 5000]),
    eventsPerSend: within(values['events-per-send'] ?? '1', [1, 200]),
    gatewayCore: values['gateway-core'] ?? '0',
    loadCores: values['load-cores'] ?? (cores === 2 ? '1' : `1-${cores - 1}`),
    contenders,
    before,
    workloads: choose(values.workloads, workloadNames),
    isQuick,
    date: values.date ?? new Date().toISOString().slice(0, 10),
    outFolder: values.out ?? (isPartial ? '.cache/bench' : 'bench'),
    hasProfiles: values['no-profiles'] !== true && !isQuick,
    profilesOnly: values.profile === undefined ? [] : choose(values.profile, profileNames),
    profileOf: choose(values['profile-of'] ?? 'interline', interlineNames)[0] ?? 'interline',
  };
}
