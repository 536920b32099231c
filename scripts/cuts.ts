/** This file replays every recorded stream cut at every byte boundary, in every framing, through a live gateway: `npm run cuts`. */
import { parseArgs } from 'node:util';
import { framedBytes, framings, hasRecordings, recordedStreams } from '../conformance/recorded-streams.ts';
import type { Framing, RecordedStream } from '../conformance/recorded-streams.ts';
import { everyNth, faultOfPlaying } from '../conformance/replayed.ts';
import type { Playhouse } from '../conformance/replayed.ts';
import { startReplayUpstream } from '../conformance/replay-upstream.ts';
import { startServer, stopServers } from '../conformance/server-under-test.ts';

const PLAYERS = 4;
/** Streams up to this size, in bytes, are also cut in two at every boundary alone. */
const CUT_ALONE_MAX = 2500;
const FAULTS_SHOWN_MAX = 20;

const { values } = parseArgs({ options: { step: { type: 'string', default: '61' }, stream: { type: 'string' } } });
const step = Number(values.step);

interface Turn {
  readonly stream: RecordedStream;
  readonly framing: Framing;
  readonly cuts: () => Iterable<number>;
  readonly boundaries: number;
}

/** Each boundary is cut once byte by byte, once with its neighbours `step` bytes away, and in small streams once alone. */
function* turnsOf(stream: RecordedStream): Generator<Turn> {
  for (const framing of Object.keys(framings) as Framing[]) {
    const { length } = framedBytes(stream, framing);
    yield { stream, framing, cuts: () => everyNth(length, 1, 1), boundaries: length - 1 };
    for (let phase = 1; phase <= step; phase++) yield { stream, framing, cuts: () => everyNth(length, step, phase), boundaries: Math.ceil((length - phase) / step) };
    if (length > CUT_ALONE_MAX) continue;
    for (let at = 1; at < length; at++) yield { stream, framing, cuts: () => [at], boundaries: 1 };
  }
}

function* allTurns(): Generator<Turn> {
  for (const stream of recordedStreams()) {
    if (values.stream === undefined || stream.name.includes(values.stream)) yield* turnsOf(stream);
  }
}

async function main(): Promise<void> {
  if (!hasRecordings) throw new Error('the recorded streams are not at hand: they are read from ../shared/fixtures');
  const upstream = await startReplayUpstream();
  const server = await startServer({ env: { VLLM_BASE_URL: upstream.url, LOG_LEVEL: 'warn' } });
  const house: Playhouse = { url: server.url, key: server.key, upstream };
  const turns = allTurns();
  const faults: string[] = [];
  let played = 0;
  let boundaries = 0;
  const play = async (): Promise<void> => {
    for (let next = turns.next(); !next.done; next = turns.next()) {
      const turn = next.value;
      const fault = await faultOfPlaying(house, { ...turn, cuts: turn.cuts(), wantsUsage: played % 2 === 0 });
      if (fault !== null) faults.push(fault);
      played++;
      boundaries += turn.boundaries;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: PLAYERS }, play));
  console.log(`${played} streams played, cut at ${boundaries} places, in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  console.log(`faults ${faults.length}`);
  for (const fault of faults.slice(0, FAULTS_SHOWN_MAX)) console.log(`  ${fault}`);
  await server.stop();
  await upstream.close();
  await stopServers();
  process.exitCode = faults.length > 0 ? 1 : 0;
}

await main();
