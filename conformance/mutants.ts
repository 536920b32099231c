/** This file makes requests that nobody should send: valid ones, mutated in body, headers, key, path, method and query; the same for the same seed. */
import { BOUNDARY } from './form.ts';
import { mutateForm } from './form-mutants.ts';
import { goodSeeds, refusedSeeds } from './mutant-seeds.ts';
import type { Parts, Seed } from './mutant-seeds.ts';
import { seededRandom } from './recorded-streams.ts';

type Random = () => number;

/** One request of a fuzz run. */
export interface Mutant {
  readonly bytes: Buffer;
  /** The answer has no body, whatever its status. */
  readonly isHead: boolean;
  /** The request line and what was done, for a report. */
  readonly label: string;
}

const BASES = ['/v1', '/api/openai/v1'];
const HEADERS_BYTES_SAFE = 12_000;

const seedList: readonly Seed[] = [...goodSeeds(), ...refusedSeeds()];
const found = new Map<string, readonly Seed[]>();

/** Whether a request is one of those `under` names: a path to begin with, behind `form ` or `json ` with such a body. */
function isUnder(under: string, { path, headers }: Parts): boolean {
  const [prefix = '', kind] = under.split(' ').reverse();
  return path.startsWith(prefix) && (kind === undefined || headers.some(([name, value]) => name === 'content-type' && value.includes(kind === 'form' ? 'multipart' : kind)));
}

function seedsUnder(under: string): readonly Seed[] {
  const known = found.get(under);
  if (known) return known;
  const meant = seedList.filter((make) => isUnder(under, make()));
  if (meant.length === 0) throw new Error(`no request begins with ${under}`);
  found.set(under, meant);
  return meant;
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)] as Value;
}

const whole = (random: Random, max: number): number => Math.floor(random() * max);

/** What requests are made with. */
export interface MutantOptions {
  readonly key: string;
  /** How their paths begin, '' for any; `form /videos` or `json /videos` for one kind of body. */
  readonly under: string;
  /** Ids of what is there, by the word in braces that stands for each in a path. */
  readonly kept: Readonly<Record<string, string>>;
}

/** The good requests themselves: each must be answered well, or its mutants try nothing. */
export function goodRequests({ key, under, kept }: MutantOptions): Mutant[] {
  return goodSeeds().map((make) => make()).filter((parts) => isUnder(under, parts)).map((parts) => {
    address(parts, BASES[0] ?? '', { key, kept });
    return { bytes: write(parts), isHead: false, label: `${parts.method} ${parts.path}` };
  });
}

function address(parts: Parts, base: string, { key, kept }: Pick<MutantOptions, 'key' | 'kept'>): void {
  parts.path = base + parts.path.replace(/\{(\w+)\}/, (word, name: string) => kept[name] ?? word);
  parts.headers.push(['host', '127.0.0.1'], ['authorization', `Bearer ${key}`]);
}

/** Makes the request with this number of a run. */
export function makeMutant(seed: number, index: number, { key, under, kept }: MutantOptions): Mutant {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ index);
  const parts = pick(random, seedsUnder(under))();
  address(parts, pick(random, BASES), { key, kept });
  const done: string[] = [];
  for (let turns = 1 + whole(random, 3); turns > 0; turns--) {
    const kind = pick(random, kinds);
    done.push(kind);
    mutations[kind](parts, random, key);
  }
  return { bytes: write(parts), isHead: parts.method === 'HEAD', label: `#${index} ${parts.method} ${parts.path.slice(0, 120)} (${done.join(', ')})` };
}

function write(parts: Parts): Buffer {
  const headers = [...parts.headers, ['connection', 'close'] as const];
  const names = headers.map(([name]) => name.toLowerCase());
  if (parts.body && !names.includes('transfer-encoding') && !names.includes('content-length')) headers.push(['content-length', String(Math.max(0, parts.body.length + parts.lengthError))]);
  const body = parts.body && names.includes('transfer-encoding') ? chunked(parts.body) : parts.body ?? Buffer.alloc(0);
  const head = `${parts.method} ${parts.path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

function chunked(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from(body.length > 0 ? '\r\n0\r\n\r\n' : '\r\n')]);
}

const mutations = {
  structure: mutateStructure,
  'more structure': mutateStructure,
  bytes: mutateBytes,
  header: mutateHeader,
  key: mutateKey,
  path: mutatePath,
  query: mutateQuery,
  method: (parts: Parts, random: Random) => { parts.method = pick(random, METHODS); },
  nothing: () => undefined,
} as const;

const kinds = Object.keys(mutations) as (keyof typeof mutations)[];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'BREW', 'get', 'P OST', 'QUERY'];

const odd: readonly ((random: Random) => unknown)[] = [
  () => null, () => true, () => 0, () => -1, () => 1e308, () => -0.5, () => 2 ** 53, () => '', () => [], () => ({}), () => '\u0000', () => '😀'.repeat(50), () => '\ud800',
  () => '__proto__', () => 'a'.repeat(5000), () => '中'.repeat(3000), () => [null, [null]], () => ({ type: 'text' }), () => ({ type: 'nothing' }), () => "' OR 1=1 --",
  () => '<|endoftext|>', () => 'data: [DONE]\n\n', () => '../../etc/passwd', () => '%00', () => ({ $ref: '#' }), () => 'sandbox/echo?token_ms=x', () => 'openai/gpt-5-mini',
  (random) => whole(random, 1e9), (random) => random(), (random) => nested(1 + whole(random, 80)),
  () => Array.from({ length: 700 }, (_, index) => index), () => Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, index])),
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Changes one place in a JSON body: drops it, doubles it, or puts something else there. */
function mutateStructure(parts: Parts, random: Random): void {
  if (!parts.body) return;
  const form = mutateForm(parts.body, random);
  if (form) {
    parts.body = form;
    return;
  }
  let value: unknown;
  try {
    value = JSON.parse(parts.body.toString('utf8'));
  } catch {
    return;
  }
  const places: { holder: Record<string, unknown>; field: string }[] = [];
  collect(value, places);
  const place = places.length > 0 ? pick(random, places) : null;
  if (!place) value = pick(random, odd)(random);
  else if (random() < 0.2) deleteField(place);
  else if (random() < 0.15) place.holder[`${place.field}_`] = place.holder[place.field];
  else if (random() < 0.1) place.holder['__proto__x'.slice(0, random() < 0.5 ? 9 : 10)] = pick(random, odd)(random);
  else place.holder[place.field] = pick(random, odd)(random);
  parts.body = Buffer.from(JSON.stringify(value) ?? '');
}

function deleteField({ holder, field }: { holder: Record<string, unknown>; field: string }): void {
  if (Array.isArray(holder)) holder.splice(Number(field), 1);
  else Reflect.deleteProperty(holder, field);
}

function collect(value: unknown, places: { holder: Record<string, unknown>; field: string }[]): void {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Record<string, unknown>;
  for (const [field, inner] of Object.entries(holder)) {
    places.push({ holder, field });
    if (places.length < 500) collect(inner, places);
  }
}

const PIECES = [Buffer.from([0]), Buffer.from([0xff, 0xfe]), Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('\\u0000'), Buffer.from('\\ud800'), Buffer.from('"'), Buffer.from('{'), Buffer.from('}'), Buffer.from('['.repeat(200)), Buffer.from(',"model":"sandbox/echo"'), Buffer.from('\r\n\r\n'), Buffer.from('/**/'), Buffer.from('1e9999'), Buffer.from(`\r\n--${BOUNDARY}\r\n`), Buffer.from(`\r\n--${BOUNDARY}--`)];

/** Changes bytes of a body: flips, inserts, cuts, doubles. */
function mutateBytes(parts: Parts, random: Random): void {
  if (!parts.body) return;
  const body = Buffer.from(parts.body);
  const at = whole(random, body.length + 1);
  const how = random();
  if (how < 0.3 && body.length > 0) {
    body[Math.min(at, body.length - 1)] = whole(random, 256);
    parts.body = body;
  } else if (how < 0.6) parts.body = Buffer.concat([body.subarray(0, at), pick(random, PIECES), body.subarray(at)]);
  else if (how < 0.8) parts.body = body.subarray(0, at);
  else if (how < 0.95) parts.body = Buffer.concat([body, body.subarray(at)]);
  else parts.lengthError = pick(random, [-1, -5]);
}

const HEADER_LINES: readonly [string, string][] = [
  ['content-type', 'text/plain'], ['content-type', 'application/json; charset=latin1'], ['content-type', ''], ['content-type', 'application/json, text/html'], ['content-type', 'multipart/form-data'], ['content-type', `multipart/form-data; boundary=${BOUNDARY}`], ['content-type', 'multipart/form-data; boundary="'], ['content-encoding', 'gzip'], ['content-encoding', 'br, gzip'],
  ['transfer-encoding', 'chunked'], ['transfer-encoding', 'gzip, chunked'], ['content-length', '0'], ['content-length', '-1'], ['content-length', '1e3'], ['content-length', '99999999999999999999'], ['expect', '100-continue'], ['expect', 'a miracle'],
  ['host', 'localhost:4000/#@x'], ['host', ''], ['host', 'a b'], ['origin', 'null'], ['origin', 'https://a.example'], ['access-control-request-method', 'BREW'], ['accept', 'text/event-stream;q=0'], ['accept-encoding', 'gzip'],
  ['range', 'bytes=0-1'], ['if-none-match', '*'], ['upgrade', 'websocket'], ['upgrade', 'h2c'], ['connection', 'upgrade'], ['x-http-method-override', 'DELETE'], ['x-forwarded-for', '127.0.0.1'], ['cookie', 'a=b; '.repeat(100)], ['x-request-id', 'mine'],
  ['x-odd', '\u00ff\u00fe'], ['x-odd', 'tab\there'], ['x odd', 'space in name'], ['x-odd', 'bare\nfeed'], ['x-long', 'x'.repeat(HEADERS_BYTES_SAFE)], ['x-long', 'x'.repeat(20_000)], ['', 'no name'], ['te', 'trailers'], ['x-nul', 'a\u0000b'],
];

function mutateHeader(parts: Parts, random: Random): void {
  const how = random();
  if (how < 0.2 && parts.headers.length > 0) parts.headers.splice(whole(random, parts.headers.length), 1);
  else if (how < 0.3 && parts.headers.length > 0) parts.headers.push(pick(random, parts.headers));
  else if (how < 0.35) for (let index = 0; index < 130; index++) parts.headers.push([`x-${index}`, '1']);
  else {
    const line = pick(random, HEADER_LINES);
    if (random() < 0.7) parts.headers = parts.headers.filter(([name]) => name !== line[0]);
    parts.headers.push([line[0], line[1]]);
  }
}

function mutateKey(parts: Parts, random: Random, key: string): void {
  const at = whole(random, key.length);
  const changed = key.slice(0, at) + pick(random, [...'aZ09_-.~ ÿ/+=\'"']) + key.slice(at + 1);
  const value = pick(random, [
    `Bearer ${changed}`, `Bearer ${key.slice(0, at)}`, `Bearer ${key}${key}`, `Bearer ${key} `, `bearer  ${key}`, `Basic ${key}`, key, 'Bearer', '', "Bearer ' OR '1'='1", `Bearer ${'x'.repeat(88)}`,
    `Bearer wm_v2.${'A'.repeat(16)}.${'A'.repeat(40)}.${'A'.repeat(24)}`, `Bearer ${key.toUpperCase()}`, 'Bearer \u00ff\u00fe', `Bearer ${key.split('.').reverse().join('.')}`,
  ]);
  parts.headers = parts.headers.filter(([name]) => name !== 'authorization');
  parts.headers.push(['authorization', value]);
}

const PATH_PIECES = ['/', '//', '%2F', '%2f..%2f', '/..', '/.', '%00', '%', '%E0%A4%A', '%ff', '\u00e9', '?', '#', ';a=b', '*', '\\', ':', '@', '{model}', 'key_', '/keys', '/models', '/chat', 'x'.repeat(3000), '%25'.repeat(50), ' ', '+', "'", '"', '<script>'];

function mutatePath(parts: Parts, random: Random): void {
  const { path } = parts;
  const at = whole(random, path.length + 1);
  const how = random();
  if (how < 0.5) parts.path = path.slice(0, at) + pick(random, PATH_PIECES) + path.slice(at);
  else if (how < 0.7) parts.path = path.slice(0, at);
  else if (how < 0.8) parts.path = `http://elsewhere.example${path}`;
  else if (how < 0.85) parts.path = pick(random, ['*', '', '/', 'v1/models', '/v1', '/v1/', '/api/openai/v1', '/api', '/healthz', '/metrics/', '/docs/..%2f', '//v1/models']);
  else parts.path = path.slice(0, at) + path.slice(at).toUpperCase();
}

function mutateQuery(parts: Parts, random: Random): void {
  const name = pick(random, ['limit', 'after', 'from', 'to', 'model', 'key', '__proto__', 'nobody', '', 'limit[]', 'limit%00']);
  const value = pick(random, ['1', '0', '-1', '1e9', 'NaN', '99999999999999999999', '', '%00', '%', 'key_AAAAAAAAAAAAAAAA', 'req_01a1fc02d4de7533beec3e5c19f9b896', 'x'.repeat(500), "' OR 1=1", '[object Object]', 'true', 'null', '0x10', '1.5']);
  parts.path += `${parts.path.includes('?') ? '&' : '?'}${name}=${value}`;
  if (random() < 0.2) parts.path += `&${name}=${value}`;
}
