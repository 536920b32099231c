/** This file changes the events of a stream: which there are, in what order, and what is in their JSON. */
import { parseShallowJson } from '../../gateway/foundation/json-value.ts';

export type Random = () => number;

export const pick = <Value>(random: Random, values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value;
export const whole = (random: Random, max: number): number => Math.floor(random() * max);

/** What JSON.stringify can't write is put in by name, and replaced in the text. */
const raw = (json: string): string => `\u0001${json}\u0001`;
const RAW = /"\\u0001((?:[^\\]|\\(?!u0001))*)\\u0001"/g;

const odd: readonly ((random: Random) => unknown)[] = [
  () => null, () => true, () => false, () => 0, () => -1, () => -0.5, () => 0.1, () => 1e308, () => -1e308, () => 2 ** 53, () => 2 ** 53 - 1, () => 9e15, () => raw('1e400'), () => raw('-1e999'), () => raw('-0'),
  () => raw('9007199254740993'), () => 'NaN', () => '12', () => '', () => [], () => ({}), () => [null], () => [[]], () => '\u0000', () => '\ud800', () => '😀'.repeat(20), () => '__proto__', () => 'constructor',
  () => 'a'.repeat(3000), () => 'data: [DONE]\n\n', () => '\r\n\r\n', () => 'toString', () => ({ type: 'text' }), () => ({ error: 'x' }), () => raw('{"__proto__":{"a":1}}'), () => raw('{"toString":1,"constructor":null}'),
  (random) => whole(random, 1e9), (random) => random(), (random) => -whole(random, 100), (random) => raw(nested(whole(random, 100))),
  () => Array.from({ length: 300 }, (_, index) => index), () => Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, index])),
];
/** Rarer, because they are large. */
const huge: readonly ((random: Random) => unknown)[] = [
  () => 'x'.repeat(300_000), () => '\u4e2d'.repeat(60_000), (random) => raw(nested(5000 + whole(random, 25_000))), () => Array.from({ length: 130_000 }, () => 1),
  () => Array.from({ length: 20_000 }, () => ({ type: 'text', text: 'a', token: 'a', logprob: -1, index: 1 })),
];
const HUGE_SHARE = 0.004;

function nested(depth: number): string {
  const kinds = depth % 2 === 0 ? ['[', ']'] : ['{"a":', '}'];
  return `${(kinds[0] ?? '').repeat(depth)}1${(kinds[1] ?? '').repeat(depth)}`;
}

export function oddValue(random: Random): unknown {
  return random() < HUGE_SHARE ? pick(random, huge)(random) : pick(random, odd)(random);
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly field: string;
}

const PLACES_MAX = 400;

function collect(value: unknown, places: Place[]): void {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Record<string, unknown>;
  for (const [field, inner] of Object.entries(holder)) {
    places.push({ holder, field });
    if (places.length < PLACES_MAX) collect(inner, places);
  }
}

/** Fields that count, order or name things are what a reader goes by: they are chosen more often. */
const TELLING = /token|index|usage|count|seconds|finish|stop_reason|finishReason|^id$|_id$|type|status|created|error|partial|args|arguments|input|annot|logprob|delta|content|choices|candidates|output|name|bytes/i;

/** Changes one place or a few in the JSON of an event; what is none, or nests too deep to be written again, stays as it is. */
export function mutateJson(payload: string, random: Random): string {
  let value: unknown;
  try {
    value = parseShallowJson(payload);
  } catch {
    return payload;
  }
  for (let turns = 1 + whole(random, 3); turns > 0; turns--) {
    const places: Place[] = [];
    collect(value, places);
    const telling = places.filter(({ field }) => TELLING.test(field));
    const from = random() < 0.7 && telling.length > 0 ? telling : places;
    if (from.length === 0) value = oddValue(random);
    else change(pick(random, from), random);
  }
  return (JSON.stringify(value) ?? '').replace(RAW, (_, json: string) => json.replaceAll('\\"', '"'));
}

function change({ holder, field }: Place, random: Random): void {
  const how = random();
  const before = holder[field];
  if (how < 0.2 && Array.isArray(holder)) holder.splice(Number(field), 1);
  else if (how < 0.2) Reflect.deleteProperty(holder, field);
  else if (how < 0.3 && typeof before === 'string') holder[field] = before + pick(random, ['x', '', '\ud800', '_2', '\n\n']);
  else if (how < 0.3 && Array.isArray(before)) holder[field] = [...before as unknown[], ...before as unknown[]];
  else if (how < 0.35) holder[field] = [before];
  else if (how < 0.4) holder[field] = { a: before };
  else if (how < 0.5 && typeof before === 'number') holder[field] = pick(random, [-before, before * 1e300, before + 0.5, String(before), before + 2 ** 52, before - 1]);
  else holder[field] = oddValue(random);
}

const ERRORS: readonly string[] = [
  '{"error":"overloaded"}', '{"error":{}}', '{"error":{"message":"x","code":429}}', '{"error":{"message":["x"],"type":5,"code":{}}}', '{"error":null}', '{"error":[]}', '{"error":true}', '{"type":"error"}', '{"type":"error","error":"x"}',
  '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', '{"type":"error","error":{"type":"constructor"}}', '{"type":"error","code":"__proto__","message":null}', '{"type":"response.failed"}',
  '{"type":"response.failed","response":{"error":{"code":"toString","message":"x"},"usage":{"output_tokens":-3}}}', '{"error":{"code":404.5,"message":"x","status":3}}', '{"error":{"code":400,"details":[{"retryDelay":"1e9s"},null]}}', '[{"error":{"code":503}}]',
  '{"object":"error","message":"CUDA out of memory","code":50000}', '{"detail":"not found"}', '{"error":{"message":"Bearer sk-aaaaaaaaaaaaaaaaaaaaaaaa"}}', 'null', '[]', '"text"', '0', '{}', '', ' ', '{', '<html>502</html>', 'true', '{"choices":null}', '{"choices":[null]}', '{"choices":[{}]}', '{"type":5}', '{"candidates":[null]}',
];

/** Where the events of another stream are taken from. */
export type Others = () => readonly string[];

const eventMutations: readonly ((events: string[], random: Random, others: Others) => void)[] = [
  (events, random) => { events.splice(whole(random, events.length), 1 + whole(random, 3)); },
  (events, random) => { events.splice(whole(random, events.length), 0, pick(random, events)); },
  (events, random) => { events.push(...events.slice(whole(random, events.length))); },
  (events, random) => {
    const [one, other] = [whole(random, events.length), whole(random, events.length)];
    [events[one], events[other]] = [events[other] ?? '', events[one] ?? ''];
  },
  (events) => { events.reverse(); },
  (events, random, others) => { events.splice(whole(random, events.length + 1), 0, ...others().slice(0, 1 + whole(random, 6))); },
  (events, random, others) => { events.splice(whole(random, events.length + 1), events.length, ...others()); },
  (events, random) => { events.splice(whole(random, events.length + 1), 0, pick(random, ERRORS)); },
  (events, random) => { events.splice(whole(random, events.length + 1), 0, '[DONE]'); },
  (events, random) => { events.length = whole(random, events.length + 1); },
];

/** Changes the events of a stream, in place. */
export function mutateEvents(events: string[], random: Random, others: Others): void {
  for (let turns = 1 + whole(random, 4); turns > 0; turns--) {
    if (events.length === 0) events.push('{}');
    if (random() < 0.35) {
      pick(random, eventMutations)(events, random, others);
      continue;
    }
    const at = random() < 0.3 ? events.length - 1 - whole(random, Math.min(3, events.length)) : whole(random, events.length);
    events[at] = mutateJson(events[at] ?? '', random);
  }
}
