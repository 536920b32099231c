/** This file makes mutated streams: events are changed, framed as servers may or may not, damaged in their bytes, and cut into reads; the same for the same seed. */
import { seededRandom } from '../../conformance/recorded-streams.ts';
import { mutateEvents, pick, whole } from './mutate-events.ts';
import type { Random } from './mutate-events.ts';
import { speakers } from './starting-streams.ts';
import type { Speaker, StartingStream } from './starting-streams.ts';

/** One stream of a run. */
export interface MutatedStream {
  readonly speaker: Speaker;
  /** The number and what it was made of, for a report. */
  readonly label: string;
  readonly reads: readonly Buffer[];
  readonly bytes: number;
  /** Decides how it is read: what was asked for, and in what dialect. */
  readonly random: Random;
}

type Framing = (payload: string, random: Random) => string;

/** A payload in several lines, cut where JSON allows a line end. */
function inLines(payload: string): string {
  return payload.replace(/,"/g, ',\n"').split('\n').map((line) => `data: ${line}\n`).join('');
}

const plain: Framing = (payload) => `data: ${payload}\n\n`;
const framings: readonly Framing[] = [
  plain, plain, plain, plain,
  (payload) => `data: ${payload}\r\n\r\n`,
  (payload) => `data: ${payload}\r\r`,
  (payload) => `data:${payload}\n\n`,
  (payload) => `: note\n\ndata: ${payload}\n\n: still\r\n\r\n`,
  (payload) => `: note\nid: 7\nevent: message\nretry: 10\ndata: ${payload}\n\n`,
  (payload) => `event: ${/"type":"([^"]*)"/.exec(payload)?.[1] ?? 'x'}\ndata: ${payload}\n\n`,
  (payload) => `${inLines(payload)}\n`,
  (payload) => `\ufeffdata: ${payload}\n\n`,
  (payload) => `data: ${payload}\n`,
  (payload) => `data: ${payload}\n\n\n\n`,
  (payload) => `data: ${payload} \n \n\n`,
  (payload) => `data\ndata: ${payload}\n\ndata:\n\n`,
  (payload) => `${payload}\n`,
  (payload, random) => pick(random, framings.slice(0, 12))(payload, random),
];

const PIECES: readonly Buffer[] = [
  Buffer.from([0]), Buffer.from([0xff, 0xfe]), Buffer.from([0xc3]), Buffer.from([0xe4, 0xb8]), Buffer.from([0xf0, 0x9f, 0x98]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from([0xef, 0xbb, 0xbf]),
  ...['\n', '\r', '\r\n', '\n\n', '\n\r\n', '\r\n\n', ':', ': c\n', 'data:', 'data: ', 'data: {}\n\n', 'data: [DONE]\n\n', 'event: error\n', '\\u0000', '\\ud800', '"', '\\', '{', '}', ']', ',', '-', '1e999', '"usage":{', '"error":{', '"finish_reason":"x"', '\u2028', '\u0085', `: ${'c'.repeat(5000)}\n`].map((text) => Buffer.from(text)),
];

/** Changes bytes: flips, inserts, takes out, doubles, cuts off. */
function damage(bytes: Buffer, random: Random): Buffer {
  const at = whole(random, bytes.length + 1);
  const how = random();
  if (how < 0.35) {
    const changed = Buffer.from(bytes);
    if (at < changed.length) changed[at] = random() < 0.5 ? whole(random, 256) : (changed[at] ?? 0) ^ (1 << whole(random, 8));
    return changed;
  }
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (how < 0.65) return Buffer.concat([before, pick(random, PIECES), after]);
  if (how < 0.75) return Buffer.concat([before, after.subarray(whole(random, 40))]);
  if (how < 0.85) return before;
  if (how < 0.9) return after;
  if (how < 0.95) return Buffer.concat([before, bytes.subarray(Math.max(0, at - whole(random, 500)))]);
  return Buffer.concat([before, Buffer.from(pick(random, ['[', '{"a":', 'x', ' ', '\n', '\\', ':\n']).repeat(whole(random, 3000))), after]);
}

/** Longer ones are cut in the middle, so that a run has many streams rather than many events; one in so many stays whole. */
const EVENTS_MAX = 24;
const ONE_WHOLE_IN = 60;

function windowOf(payloads: readonly string[], random: Random): string[] {
  if (payloads.length <= EVENTS_MAX || whole(random, ONE_WHOLE_IN) === 0) return [...payloads];
  const headSize = 2 + whole(random, EVENTS_MAX / 2);
  const tailSize = EVENTS_MAX - headSize;
  const end = random() < 0.8 ? payloads.length : headSize + tailSize + whole(random, payloads.length - EVENTS_MAX);
  return [...payloads.slice(0, headSize), ...payloads.slice(end - tailSize, end)];
}

/** Makes the stream with this number of a run. */
export function makeStream(starts: readonly StartingStream[], seed: number, index: number): MutatedStream {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ index);
  const speaker = pick(random, speakers);
  const start = pick(random, starts.filter((each) => each.speaker === speaker));
  const events = windowOf(start.payloads, random);
  if (random() < 0.85) mutateEvents(events, random, () => windowOf(pick(random, starts).payloads, random));
  const end = random();
  const isOpenAi = /^(?:openai-chat|native chat|native completions)$/.test(speaker) || end < 0.2;
  if (isOpenAi && end < 0.85) events.push('[DONE]');
  if (isOpenAi && end < 0.1) events.push('[DONE]');
  const framing = pick(random, framings);
  let bytes: Buffer = Buffer.from(events.map((payload) => framing(payload, random)).join(''), 'utf8');
  if (random() < 0.1) bytes = Buffer.from(bytes.toString('latin1').trimEnd(), 'latin1');
  if (random() < 0.4) for (let turns = 1 + whole(random, 3); turns > 0; turns--) bytes = damage(bytes, random);
  return { speaker, label: `#${index} ${start.name}`, reads: [...cut(bytes, random)], bytes: bytes.length, random };
}

/** What a socket gives at once: everything, packets, or very little. */
function* cut(bytes: Buffer, random: Random): Generator<Buffer> {
  const most = pick(random, bytes.length > 20_000 ? [65_536, 16_384, 1460] : [65_536, 1460, 400, 50, 3]);
  for (let at = 0; at < bytes.length;) {
    const size = 1 + whole(random, most);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
