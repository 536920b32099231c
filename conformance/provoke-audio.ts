/** This file knows how to make the audio operations say the errors that only a call of a model can say. */
import type { ErrorCode } from '../generated/errors.ts';
import type { OperationId } from '../generated/operations.ts';
import { PRICED_SPEECH, PRICED_TRANSCRIPTION, speech, transcription } from './audio-requests.ts';
import { makePayer } from './payer.ts';
import type { Provocation } from './provocation.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import type { Replay } from './replay-upstream.ts';
import type { Stage } from './stage.ts';

export const audioOperations: readonly OperationId[] = ['createTranscription', 'createSpeech'];

type Fields = Readonly<Record<string, string>>;

/** A request of either operation, with fields that both have. */
function request(id: OperationId, fields: Fields = {}): RequestParts {
  return id === 'createSpeech' ? speech(fields) : transcription(fields);
}

function ask(stage: Stage, id: OperationId, { fields = {}, headers = {}, key = stage.main.key }: { fields?: Fields; headers?: Fields; key?: string } = {}): Promise<RawReply> {
  const parts = request(id, fields);
  return call(stage.main.url, { ...parts, key, headers: { ...parts.headers, ...headers } });
}

/** Asks the replay upstream, which goes as told. */
function askUpstream(stage: Stage, name: string, replay: Replay, fields: Fields = {}): Provocation['provoke'] {
  return (_stage, id) => {
    stage.upstream.play(`${id}-${name}`, replay);
    return ask(stage, id, { fields: { model: `vllm/${id}-${name}`, ...fields } });
  };
}

function fails(name: string, status: number, headers: Fields = {}): Provocation['provoke'] {
  const error = { message: 'no', type: 'server_error', param: null, code: 'unsupported_value' };
  return (stage, id) => askUpstream(stage, name, { status, headers: { 'content-type': 'application/json', ...headers }, steps: [{ write: JSON.stringify({ error }) }] })(stage, id);
}

/** In events, of which the upstream has more to tell than it does. */
const FIRST_EVENTS: Partial<Record<OperationId, string>> = {
  createTranscription: 'data: {"type":"transcript.text.delta","delta":"Hel"}\n\n',
  createSpeech: 'data: {"type":"speech.audio.delta","audio":"UklGRg=="}\n\n',
};
const streamed = (id: OperationId): Fields => (id === 'createSpeech' ? { stream_format: 'sse' } : { stream: 'true' });

let nextKey = 1;
const idempotencyKey = (): Fields => ({ 'idempotency-key': `audio-${String(nextKey++)}` });

/** Does something while a call of the payer hangs in the upstream. */
async function whileOpen(stage: Stage, id: OperationId, { key, headers = {} }: { key: string; headers?: Fields }): Promise<RawReply> {
  const name = `${id}-waits-${String(nextKey++)}`;
  stage.upstream.play(name, { headers: { 'content-type': 'text/event-stream' }, steps: [{ write: FIRST_EVENTS[id] ?? '' }, { waitFor: name }] });
  const parts = request(id, { model: `vllm/${name}`, ...streamed(id) });
  const open = await begin(stage.main.url, { ...parts, key, headers: { ...parts.headers, ...headers } });
  await open.head();
  try {
    return await call(stage.main.url, { ...parts, key, headers: { ...parts.headers, ...headers } });
  } finally {
    open.leave();
    stage.upstream.release(name);
  }
}

/** By code; each is said by both operations. */
export const provocationsOfAudio: Partial<Readonly<Record<ErrorCode, Provocation['provoke']>>> = {
  model_not_found: (stage, id) => ask(stage, id, { fields: { model: 'nobody/nothing' } }),
  model_not_available: (stage, id) => ask(stage, id, { fields: { model: id === 'createSpeech' ? 'openai/tts-1' : 'openai/whisper-1' } }),
  model_not_allowed: (stage, id) => ask(stage, id, { key: stage.keys.sandboxOnly, fields: { model: 'vllm/any' } }),
  unsupported_model: (stage, id) => ask(stage, id, { fields: { model: 'sandbox/echo' } }),
  upstream_rejected: fails('rejects', 400),
  upstream_rate_limited: fails('limits', 429, { 'retry-after': '7' }),
  upstream_error: fails('fails', 500),
  upstream_auth_failed: fails('refuses', 401),
  upstream_unreachable: (stage, id) => askUpstream(stage, 'drops', { steps: [], ending: 'drop' })(stage, id),
  upstream_bad_reply: (stage, id) => askUpstream(stage, 'babbles', { headers: { 'content-type': 'application/json' }, steps: [{ write: '{"welcome":true}' }] })(stage, id),
  upstream_timeout: (stage, id) => askUpstream(stage, 'sleeps', { before: [{ waitFor: 'never' }], steps: [] })(stage, id),
  upstream_stream_failed: (stage, id) => askUpstream(stage, 'breaks', { steps: [{ write: FIRST_EVENTS[id] ?? '' }], ending: 'cut' }, streamed(id))(stage, id),
  insufficient_balance: async (stage, id) => {
    const payer = await makePayer(stage.main, { billing: 'balance', nanoUsd: 1n });
    return ask(stage, id, { key: payer.key, fields: { model: id === 'createSpeech' ? PRICED_SPEECH.id : PRICED_TRANSCRIPTION.id } });
  },
  workspace_suspended: (stage, id) => ask(stage, id, { key: stage.keys.payers.suspended.key }),
  concurrency_limited: async (stage, id) => {
    const payer = await makePayer(stage.main, { limits: { requests_per_minute: null, tokens_per_minute: null, concurrent_requests: 1 } });
    return whileOpen(stage, id, { key: payer.key });
  },
  idempotency_key_in_use: (stage, id) => whileOpen(stage, id, { key: stage.main.key, headers: idempotencyKey() }),
  async idempotency_key_reused(stage, id) {
    const headers = idempotencyKey();
    await ask(stage, id, { headers });
    return ask(stage, id, { headers, fields: id === 'createSpeech' ? { input: 'something else' } : { prompt: 'something else' } });
  },
};

/** Adds what other operations say to what some say already. */
export function withOperations(known: Readonly<Record<ErrorCode, Provocation>>, ids: readonly OperationId[], more: typeof provocationsOfAudio): Record<ErrorCode, Provocation> {
  const extend = ([code, provocation]: [string, Provocation]): [string, Provocation] => {
    const own = more[code as ErrorCode];
    if (!own) return [code, provocation];
    const { upstreamCode, ...rest } = provocation;
    return [code, {
      ...rest,
      ...(upstreamCode === undefined ? {} : { upstreamCode }),
      by: [...new Set([...provocation.by, ...ids])],
      provoke: (stage, id) => (ids.includes(id) ? own(stage, id) : provocation.provoke(stage, id)),
    }];
  };
  return Object.fromEntries(Object.entries(known).map(extend)) as Record<ErrorCode, Provocation>;
}
