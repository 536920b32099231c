/** This file makes requests that nobody should send: valid ones, mutated in body, headers, key, path, method and query; the same for the same seed. */
import { speech, transcription, wav } from './audio-requests.ts';
import { BOUNDARY } from './form.ts';
import { edit, image } from './image-requests.ts';
import { mutateForm } from './form-mutants.ts';
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

interface Parts {
  method: string;
  path: string;
  headers: [string, string][];
  body: Buffer | null;
  /** What `content-length` says besides the truth. */
  lengthError: number;
}

const BASES = ['/v1', '/api/openai/v1'];
const HEADERS_BYTES_SAFE = 12_000;

const user = (content: unknown): object => ({ role: 'user', content });
const tool = { type: 'function', function: { name: 'get_weather', description: 'x', strict: true, parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1 } }, required: ['city'], additionalProperties: false } } };

const chatBodies: readonly object[] = [
  { model: 'sandbox/echo', messages: [user('Reply with exactly: Hello')] },
  { model: 'sandbox/chat', messages: [{ role: 'system', content: 'Be brief.' }, user([{ type: 'text', text: 'What is this?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' } }])], max_tokens: 20, temperature: 0.2, top_p: 1, seed: 7, user: 'u', metadata: { a: 'b' }, n: 2 },
  { model: 'sandbox/chat', messages: [user('Weather?')], tools: [tool], tool_choice: 'required', parallel_tool_calls: false },
  { model: 'sandbox/chat', messages: [user('Weather?'), { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } }] }, { role: 'tool', tool_call_id: 'call_1', content: '21' }], tools: [tool] },
  { model: 'sandbox/chat', messages: [user('JSON')], response_format: { type: 'json_schema', json_schema: { name: 'w', strict: true, schema: { type: 'object', properties: { celsius: { type: 'number', minimum: -50, maximum: 50 }, sky: { enum: ['clear', 'grey'] }, code: { type: 'string', pattern: '^[A-Z]{2}[0-9]+$', minLength: 3 }, hours: { type: 'array', items: { type: 'integer' }, minItems: 2 } }, required: ['celsius', 'sky', 'code', 'hours'] } } } },
  { model: 'sandbox/echo', messages: [user('Reply with exactly: streamed')], stream: true, stream_options: { include_usage: true }, logprobs: true, top_logprobs: 2, stop: ['a', 'b'] },
  { model: 'vllm/fuzz', messages: [user('hi'), { role: 'developer', content: 'x' }], max_completion_tokens: 5, logit_bias: { 50256: -100 }, unknown_field: { deep: [1, 2, 3] } },
  { model: 'vllm/fuzz', messages: [user('hi')], stream: true, modalities: ['text'], prediction: { type: 'content', content: 'x' }, service_tier: 'auto', reasoning_effort: 'low' },
];

const completionBodies: readonly object[] = [
  { model: 'sandbox/chat', prompt: ['Reply with exactly: Hello'], max_tokens: 20, temperature: 0.2, top_p: 1, n: 2, best_of: 2, stop: ['a', 'b'], seed: 7, user: 'u', suffix: null, logprobs: 2 },
  { model: 'sandbox/echo', prompt: 'Reply with exactly: streamed', stream: true, stream_options: { include_usage: true }, echo: true, presence_penalty: 0.5, frequency_penalty: 0.5, logit_bias: { 50256: -100 } },
  { model: 'vllm/fuzz', prompt: 'hi', stream: true, reasoning_effort: 'low', unknown_field: { deep: [1, 2, 3] } },
  { model: 'vllm/fuzz', prompt: [[1, 2, 3], [4]], best_of: 1 },
  { model: 'sandbox/chat', prompt: ['Reply with exactly: one', 'Say two', 'Three?'], n: 2, echo: true, max_tokens: 20 },
  { model: 'vllm/fuzz', prompt: ['hi', 'ho', 'hu', 'ha', 'he'], stream: true, stream_options: { include_usage: true } },
];

const embeddingBodies: readonly object[] = [
  { model: 'sandbox/embedding', input: ['a cat', 'a dog'], encoding_format: 'float', dimensions: 16, user: 'u' },
  { model: 'sandbox/embedding', input: [[1, 2, 3], [4]], encoding_format: 'base64', dimensions: 4, sandbox: { omit_usage: true } },
  { model: 'vllm/fuzz-vectors', input: 'hi', encoding_format: 'base64', unknown_field: { deep: [1, 2, 3] } },
];

const audioForms: readonly Record<string, string>[] = [
  {}, { stream: 'true', 'include[]': 'logprobs', temperature: '0.2', language: 'en' },
  { response_format: 'verbose_json', 'timestamp_granularities[]': 'word', prompt: 'A test.' },
  { response_format: 'diarized_json', 'chunking_strategy[type]': 'server_vad', 'chunking_strategy[threshold]': '0.5', 'known_speaker_names[]': 'agent' },
  { model: 'vllm/fuzz', response_format: 'srt' },
];
const responseBodies: readonly Record<string, unknown>[] = [
  { model: 'sandbox/chat', input: 'Say hi', instructions: 'Be brief.', metadata: { a: 'b' }, text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object', properties: { a: { type: 'string' } } } } } },
  {
    model: 'sandbox/chat', store: false, include: ['reasoning.encrypted_content'], reasoning: { effort: 'low', summary: 'auto' }, stream: true, parallel_tool_calls: true,
    tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }, { type: 'namespace', name: 'ns', description: 'd', tools: [{ type: 'custom', name: 'sql' }] }, { type: 'web_search' }],
    tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'f' }] },
    input: [
      { role: 'developer', content: 'd' }, { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Call f' }, { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=' }] },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gw1.azE.a.b.c.d' }, { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'ok' }] }, { type: 'custom_tool_call', call_id: 'd', namespace: 'ns', name: 'sql', input: 'select 1' },
      { type: 'custom_tool_call_output', call_id: 'd', output: 'ok' }, { type: 'web_search_call', id: 'ws_1', status: 'completed' },
    ],
  },
  { model: 'sandbox/echo', input: [{ type: 'item_reference', id: `msg_${'0'.repeat(32)}o0` }], previous_response_id: `resp_${'0'.repeat(32)}` },
];
const speeches: readonly Record<string, unknown>[] = [
  {}, { stream_format: 'sse', response_format: 'pcm', speed: 4 }, { voice: { id: 'voice_1' }, instructions: 'Slowly.', speed: 0.25, input: 'Hi' }, { model: 'vllm/fuzz', response_format: 'mp3' },
];

const imageBodies: readonly Record<string, unknown>[] = [
  { size: '64x64', n: 2, quality: 'high', background: 'transparent', output_format: 'png', output_compression: 100, response_format: 'url', moderation: 'low', style: 'vivid', user: 'u' },
  { size: '64x64', stream: true, partial_images: 2, sandbox: { omit_usage: true } }, { model: 'vllm/fuzz-image', aspect_ratio: '1:1' }, { model: 'vllm/fuzz-image', stream: true },
];
const editForms: readonly Record<string, unknown>[] = [{ size: '64x64', n: 2, input_fidelity: 'high' }, { stream: true, partial_images: 1, size: '64x64' }, { model: 'vllm/fuzz-image' }];

/** Requests that are answered well: what mutants are made of. */
function seeds(): readonly (() => Parts)[] {
  const get = (path: string) => () => ({ method: 'GET', path, headers: [], body: null, lengthError: 0 });
  const send = (method: string, path: string, value: object) => () => ({ method, path, headers: [['content-type', 'application/json']] as [string, string][], body: Buffer.from(JSON.stringify(value)), lengthError: 0 });
  const form = (path: string, { headers, body }: ReturnType<typeof transcription>) => () => {
    return { method: 'POST', path, headers: Object.entries(headers), body, lengthError: 0 };
  };
  return [
    ...chatBodies.map((body) => send('POST', '/chat/completions', body)),
    ...completionBodies.map((body) => send('POST', '/completions', body)),
    ...responseBodies.map((body) => send('POST', '/responses', body)),
    get(`/responses/resp_${'0'.repeat(32)}`), get(`/responses/resp_${'0'.repeat(32)}/input_items?limit=1&order=asc&after=x`), send('POST', `/responses/resp_${'0'.repeat(32)}/cancel`, {}),
    ...embeddingBodies.map((body) => send('POST', '/embeddings', body)),
    ...audioForms.map((fields) => form('/audio/transcriptions', transcription(fields, wav(0.1)))),
    ...imageBodies.map((fields) => send('POST', '/images/generations', image(fields).body as object)),
    ...editForms.map((fields) => form('/images/edits', edit(fields))),
    get(`/images/img_${'0'.repeat(32)}/content`),
    ...speeches.map((fields) => send('POST', '/audio/speech', speech(fields).body as object)),
    send('POST', '/native/sandbox/chat/completions', { model: 'echo', messages: [user('Reply with exactly: native')], max_tokens: 20, n: 2, stream_options: { include_usage: true } }),
    send('POST', '/native/vllm/v1/chat/completions', { model: 'fuzz', messages: [user('hi')], tools: [tool], stream: true, max_completion_tokens: 5 }),
    get('/native/sandbox/v1/models?limit=2'), () => ({ method: 'DELETE', path: '/native/sandbox/files/file-1', headers: [], body: null, lengthError: 0 }),
    get('/models'), get('/models/google/gemini-2.5-flash'), get('/models/google%2Fgemini-2.5-flash'),
    get('/keys?limit=5'), get('/keys/key_AAAAAAAAAAAAAAAA'), get('/usage?limit=3&from=1&to=9999999999&model=sandbox/echo'),
    get('/openapi.yaml'), get('/openapi.json'),
    send('POST', '/keys', { name: 'fuzz', scopes: ['inference'], models: ['google/*', 'sandbox/echo'], expires_at: 4_000_000_000 }),
    send('PATCH', '/keys/key_AAAAAAAAAAAAAAAA', { name: 'renamed', scopes: ['management'], expires_at: null }),
    send('PATCH', '/keys/key_AAAAAAAAAAAAAAAA', { revoked: true }),
    () => ({ method: 'DELETE', path: '/keys/key_AAAAAAAAAAAAAAAA', headers: [], body: null, lengthError: 0 }),
  ];
}

const seedList = seeds();

function seedsUnder(prefix: string): readonly (() => Parts)[] {
  return prefix === '' ? seedList : seedList.filter((make) => make().path.startsWith(prefix));
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)] as Value;
}

const whole = (random: Random, max: number): number => Math.floor(random() * max);

/** Makes the request with this number of a run, with a key; `under` is how its path begins, '' for any. */
export function makeMutant(seed: number, index: number, { key, under }: { readonly key: string; readonly under: string }): Mutant {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ index);
  const parts = pick(random, seedsUnder(under))();
  parts.path = pick(random, BASES) + parts.path;
  parts.headers.push(['host', '127.0.0.1'], ['authorization', `Bearer ${key}`]);
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
