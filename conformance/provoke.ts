/** This file knows, for every error of the contract, how to make the running server say it: an error nobody can provoke does not compile. */
import { operations } from '../generated/operations.ts';
import type { OperationId } from '../generated/operations.ts';
import type { ErrorCode } from '../generated/errors.ts';
import { call, open, requestBytes } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import type { Replay } from './replay-upstream.ts';
import { bodyFor, paidOperations, streamOperations, textOperations } from './model-requests.ts';
import { audioOperations, provocationsOfAudio } from './provoke-audio.ts';
import { videoProvocations } from './provoke-videos.ts';
import { imageNotFound, imageOperations, provocationsOfImages } from './provoke-images.ts';
import { countingOperations, provocationsOfCounting } from './provoke-counting.ts';
import { provocationsOfMoney, unreachableProviderKey } from './provoke-money.ts';
import { provocationsOfRollouts } from './provoke-rollouts.ts';
import { nativeOperations, provocationsOfNativeCalls, provocationsOfNatives } from './provoke-native.ts';
import { ask, goodRequest } from './stage.ts';
import { damageable, writing } from './damage.ts';
import { withOperations } from './provocation.ts';
import type { Provocation } from './provocation.ts';
import type { Stage } from './stage.ts';

const every = Object.keys(operations) as OperationId[];
const withKey = every.filter((id) => operations[id].scope !== 'none');
const withBody = every.filter((id) => operations[id].hasBody);
const withJson = every.filter((id) => operations[id].takesJson);
const chat = textOperations;
const paid = paidOperations;
/** Without a key, or retired. */
const UNREACHABLE: Partial<Record<OperationId, string>> = { createEmbedding: 'openai/text-embedding-3-small', createVideo: 'sora-2' };
const keyOperations: readonly OperationId[] = ['retrieveKey', 'updateKey', 'deleteKey'];
const modelEntries: readonly OperationId[] = ['retrieveModelEntry', 'deleteModelEntry'];
const routeOperations: readonly OperationId[] = ['retrieveRoute', 'deleteRoute', 'deleteRouteEntry'];
const NOBODY_KEY = 'key_AAAAAAAAAAAAAAAA';
const NOBODY = '0'.repeat(32);
const NO_RESPONSE = `resp_${NOBODY}`;
const TOO_MUCH: Readonly<Record<'json' | 'media', number>> = { json: 1024 * 1024 + 1, media: 32 * 1024 * 1024 + 1 };

/** Asks the replay upstream for an answer that goes as told. */
async function askUpstream(stage: Stage, id: OperationId, { name, replay, ...more }: { name: string; replay: Replay; stream?: boolean }): Promise<RawReply> {
  stage.upstream.play(name, replay);
  return ask(stage, id, { body: bodyFor(id, { model: `vllm/${name}`, ...more }) });
}

function jsonReplay(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Replay {
  return { status, headers: { 'content-type': 'application/json', ...headers }, steps: [{ write: JSON.stringify(body) }] };
}

const upstreamError = (message: string) => ({ error: { message, type: 'server_error', param: null, code: 'oops' } });

const FIRST_CHUNK = 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"logprobs":null,"finish_reason":null}]}\n\n';

/** Sends a request as far as told, and waits for what the server says to that. */
async function askRaw(url: string, bytes: Buffer): Promise<RawReply> {
  const connection = await open(url);
  try {
    connection.send(bytes);
    return await connection.reply();
  } finally {
    connection.leave();
  }
}

async function askSlowly(stage: Stage, id: OperationId): Promise<RawReply> {
  const server = await stage.impatient();
  const parts: RequestParts = { key: server.key, ...await goodRequest(stage, id, server) };
  const bytes = requestBytes(parts);
  return askRaw(server.url, bytes.subarray(0, bytes.length - 3));
}

/** The other methods of a path, of which one is not served. */
function wrongMethod(id: OperationId): string {
  const { path } = operations[id];
  const served = every.filter((other) => operations[other].path === path).map((other) => operations[other].method.toUpperCase());
  return ['PUT', 'POST', 'DELETE'].find((method) => !served.includes(method)) ?? 'TRACE';
}

/** The query or path every operation refuses. */
async function askInvalid(stage: Stage, id: OperationId): Promise<RawReply> {
  const { path } = await goodRequest(stage, id);
  // A provider's own query goes on to it, but for a key.
  return ask(stage, id, { path: `${path}?${nativeOperations.includes(id) ? 'key' : 'nobody_declared'}=this` });
}

/** A damaged store: some rows can't be read, and nothing can be written. */
async function askDamaged(stage: Stage, id: OperationId): Promise<RawReply> {
  const { server, requests } = await stage.damaged();
  return call(server.url, { key: server.key, path: operations[id].path, ...requests.get(id) });
}

async function askUnavailable(stage: Stage, id: OperationId): Promise<RawReply> {
  if (writing.includes(id)) {
    const { server, requests } = await stage.full();
    const request = requests.get(id) ?? await goodRequest(stage, id);
    return call(server.url, { ...request, key: server.key });
  }
  // Reads go on while a disk is full; what can't be read is the key itself.
  const { server, requests, damagedKey } = await stage.damaged();
  return call(server.url, { path: operations[id].path, ...requests.get(id), key: damagedKey.secret });
}

async function ownKeyId(stage: Stage): Promise<string> {
  const list = await call(stage.main.url, { path: '/v1/keys?limit=100', key: stage.main.key });
  const { data } = JSON.parse(list.body.toString('utf8')) as { data: { id: string; name: string }[] };
  return data.find((key) => key.name === 'first key')?.id ?? NOBODY_KEY;
}

/** What breaks off in the middle still began with a 200. */
function failStream(stage: Stage, id: OperationId): Promise<RawReply> {
  return askUpstream(stage, id, { name: 'cut', replay: { steps: [{ write: FIRST_CHUNK }], ending: 'cut' }, stream: true });
}

/** A request for a response, or to have it explained. */
function explained(id: OperationId, request: unknown): unknown {
  return id === 'explainRoute' ? { operation: 'responses', request } : request;
}

const responseOperations: readonly OperationId[] = ['createResponse', 'retrieveResponse', 'deleteResponse', 'cancelResponse', 'listResponseInputItems'];

const provocationsOfChat: Readonly<Record<ErrorCode, Provocation>> = {
  ...provocationsOfMoney,
  ...videoProvocations,
  ...provocationsOfRollouts,
  invalid_json: { by: withJson, provoke: (stage, id) => ask(stage, id, { body: '{"model":' }) },
  invalid_request: { by: every, provoke: askInvalid },
  json_too_deep: { by: withJson, provoke: (stage, id) => ask(stage, id, { body: `${'['.repeat(65)}${']'.repeat(65)}` }) },
  upstream_rejected: {
    by: chat,
    upstreamCode: 'unsupported_value',
    provoke: (stage, id) => askUpstream(stage, id, { name: 'rejects', replay: jsonReplay(400, { error: { message: 'temperature is fixed', type: 'invalid_request_error', param: 'temperature', code: 'unsupported_value' } }) }),
  },
  missing_api_key: { by: withKey, provoke: (stage, id) => ask(stage, id, { key: null }) },
  invalid_api_key: { by: withKey, provoke: (stage, id) => ask(stage, id, { key: `${stage.main.key.slice(0, -1)}~` }) },
  expired_api_key: { by: withKey, provoke: (stage, id) => ask(stage, id, { key: stage.keys.expired }) },
  revoked_api_key: { by: withKey, provoke: (stage, id) => ask(stage, id, { key: stage.keys.revoked }) },
  insufficient_scope: {
    by: withKey,
    provoke: (stage, id) => ask(stage, id, { key: operations[id].scope === 'inference' ? stage.keys.management : stage.keys.inference }),
  },
  model_not_allowed: {
    by: [...paid, 'retrieveModel'],
    provoke: (stage, id) => ask(stage, id, { key: stage.keys.sandboxOnly, ...(id === 'retrieveModel' ? {} : { body: bodyFor(id, { model: id === 'createVideo' ? 'priced/video' : 'vllm/any' }) }) }),
  },
  model_not_found: {
    by: [...paid, 'retrieveModel', ...modelEntries],
    provoke: (stage, id) => ask(stage, id, paid.includes(id)
      ? { body: bodyFor(id, { model: 'nobody/nothing' }) }
      : { path: id === 'retrieveModel' ? '/v1/models/nobody/nothing' : '/v1/admin/models/nobody/nothing' }),
  },
  model_not_available: { by: paid, provoke: (stage, id) => ask(stage, id, { body: bodyFor(id, { model: UNREACHABLE[id] ?? 'openai/gpt-5-mini' }) }) },
  image_not_found: imageNotFound,
  range_not_satisfiable: { by: ['retrieveImageContent', 'retrieveVideoContent'], provoke: (stage, id) => ask(stage, id, { headers: { range: 'bytes=999999999999-' } }) },
  route_not_found: {
    by: [...textOperations, ...routeOperations],
    provoke: (stage, id) => ask(stage, id, routeOperations.includes(id) ? { path: `/v1${operations[id].path.replace('{route}', 'nobody')}` } : { headers: { 'x-interline-route': 'nobody' } }),
  },
  key_not_found: {
    by: [...keyOperations, 'createBudget'],
    provoke: (stage, id) => ask(stage, id, id === 'createBudget'
      ? { body: { name: 'nobody', scope: { type: 'key', id: NOBODY_KEY }, unit: 'messages', amount: '1', period: 'daily' } }
      : { path: `/v1/keys/${NOBODY_KEY}` }),
  },
  eval_not_found: {
    by: every.filter((id) => operations[id].path.startsWith('/evals/{eval}')),
    provoke: (stage, id) => ask(stage, id, { path: `/v1${operations[id].path.replace('{eval}', `eval_${NOBODY}`).replace('{item}', `evitem_${NOBODY}`).replace('{run}', `evrun_${NOBODY}`)}` }),
  },
  response_not_found: {
    by: [...responseOperations, 'explainRoute'],
    provoke: (stage, id) => ask(stage, id, id === 'createResponse' || id === 'explainRoute'
      ? { body: explained(id, bodyFor('createResponse', { previous_response_id: NO_RESPONSE })) }
      : { path: `/v1${operations[id].path.replace('{response}', NO_RESPONSE)}` }),
  },
  unknown_url: {
    by: ['createTopup', 'receiveStripeEvent'],
    async provoke(stage, id) {
      if (id !== 'createTopup' && id !== 'receiveStripeEvent') return call(stage.main.url, { path: '/v1/nothing/here', key: stage.main.key });
      const server = await stage.unpaid();
      return call(server.url, { key: server.key, ...await goodRequest(stage, id, server) });
    },
  },
  method_not_allowed: { by: every, provoke: (stage, id) => ask(stage, id, { method: wrongMethod(id), body: undefined }) },
  request_timeout: { by: withBody, provoke: askSlowly },
  key_in_use: {
    by: ['updateKey', 'deleteKey'],
    provoke: async (stage, id) => ask(stage, id, { path: `/v1/keys/${await ownKeyId(stage)}`, ...(id === 'updateKey' ? { body: { revoked: true } } : {}) }),
  },
  body_too_large: {
    by: withBody,
    provoke: (stage, id) => ask(stage, id, { body: `"${'x'.repeat(TOO_MUCH[operations[id].maxBody ?? 'json'])}"` }),
  },
  unsupported_media_type: { by: withBody, provoke: (stage, id) => ask(stage, id, { headers: { 'content-type': 'text/plain' } }) },
  upstream_rate_limited: {
    by: chat,
    provoke: (stage, id) => askUpstream(stage, id, { name: 'limits', replay: jsonReplay(429, upstreamError('slow down'), { 'retry-after': '7' }) }),
  },
  headers_too_large: { by: every, provoke: (stage, id) => ask(stage, id, { headers: { 'x-large': 'x'.repeat(20 * 1024) } }) },
  internal_error: { by: damageable, provoke: askDamaged },
  upstream_error: { by: chat, provoke: (stage, id) => askUpstream(stage, id, { name: 'fails', replay: jsonReplay(500, upstreamError('boom')) }) },
  upstream_unreachable: {
    by: [...chat, 'createProviderKey'],
    provoke: (stage, id) => (id === 'createProviderKey' ? unreachableProviderKey(stage) : askUpstream(stage, id, { name: 'drops', replay: { steps: [], ending: 'drop' } })),
  },
  upstream_bad_reply: { by: chat, provoke: (stage, id) => askUpstream(stage, id, { name: 'babbles', replay: { headers: { 'content-type': 'text/html' }, steps: [{ write: '<html>welcome</html>' }] } }) },
  upstream_auth_failed: { by: chat, provoke: (stage, id) => askUpstream(stage, id, { name: 'refuses', replay: jsonReplay(401, upstreamError('bad key')) }) },
  upstream_stream_failed: { by: streamOperations, isEvent: true, provoke: failStream },
  store_unavailable: { by: withKey, provoke: askUnavailable },
  shutting_down: {
    by: every,
    provoke: async (stage, id) => {
      const server = await stage.draining();
      return call(server.url, { key: server.key, ...await goodRequest(stage, id) });
    },
  },
  native_path_not_metered: { by: [], provoke: (stage, id) => ask(stage, id) },
  upstream_timeout: { by: chat, provoke: (stage, id) => askUpstream(stage, id, { name: 'sleeps', replay: { before: [{ waitFor: 'never' }], steps: [] } }) },
};

export const provocations: Readonly<Record<ErrorCode, Provocation>> = [
  { ids: countingOperations, more: provocationsOfCounting },
  { ids: audioOperations, more: provocationsOfAudio },
  { ids: imageOperations, more: provocationsOfImages },
  { ids: nativeOperations, more: provocationsOfNatives },
  { ids: ['postNative' as const], more: provocationsOfNativeCalls },
].reduce((known, { ids, more }) => withOperations(known, ids, more), provocationsOfChat);
