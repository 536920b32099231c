/** This file drives the unmodified official `openai` package through transcriptions and speech, directly and through a second gateway. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI, { APIError, toFile } from 'openai';
import { speech, transcription, wav } from './audio-requests.ts';
import { formRequest } from './form.ts';
import { faultByOpenAi, faultOfReply } from './judges.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { payloadsOf } from './recorded-streams.ts';
import { startServer } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const START_MS_MAX = 60_000;
const TEXT = 'A WAV of 2.5 seconds, 16000 Hz, mono.';

let sandboxed: ServerUnderTest;
let chained: ServerUnderTest;

beforeAll(async () => {
  sandboxed = await startServer();
  chained = await startServer({ env: { VLLM_BASE_URL: `${sandboxed.url}/v1`, VLLM_API_KEY: sandboxed.key } });
}, START_MS_MAX);
afterAll(async () => {
  await chained.stop();
  await sandboxed.stop();
}, START_MS_MAX);

const lanes = [
  { lane: 'directly', prefix: '', server: () => sandboxed },
  { lane: 'through a second Interline as its upstream', prefix: 'vllm/', server: () => chained },
] as const;

describe.each(lanes)('the openai package $lane', ({ prefix, server }) => {
  const hears = `${prefix}sandbox/transcribe`;
  const speaks = `${prefix}sandbox/speech`;
  const client = (): OpenAI => new OpenAI({ baseURL: `${server().url}/v1`, apiKey: server().key, maxRetries: 0 });
  const recording = (): Promise<File> => toFile(wav(2.5), 'speech.wav', { type: 'audio/wav' });
  const refused = async (promise: Promise<unknown>): Promise<APIError> => {
    const error: unknown = await promise.then(() => null, (thrown: unknown) => thrown);
    if (error instanceof APIError) return error;
    throw new Error(`expected an API error, got ${String(error)}`);
  };

  test('transcribes as JSON, with log probabilities where they are asked for', async () => {
    const plain = await client().audio.transcriptions.create({ file: await recording(), model: hears });
    expect(plain).toMatchObject({ text: TEXT, usage: { type: 'tokens', input_tokens: 25, input_token_details: { audio_tokens: 25, text_tokens: 0 } } });
    const sure = await client().audio.transcriptions.create({ file: await recording(), model: hears, include: ['logprobs'], temperature: 0.5, language: 'en', prompt: 'A test.' });
    expect(sure.logprobs?.map(({ token }) => token).join('')).toBe(TEXT);
  });

  test('transcribes as plain text, SubRip and WebVTT', async () => {
    const as = async (response_format: 'text' | 'srt' | 'vtt'): Promise<string> => client().audio.transcriptions.create({ file: await recording(), model: hears, response_format });
    expect(await as('text')).toBe(`${TEXT}\n`);
    expect(await as('srt')).toBe(`1\n00:00:00,000 --> 00:00:02,500\n${TEXT}\n\n`);
    expect(await as('vtt')).toBe(`WEBVTT\n\n00:00:00.000 --> 00:00:02.500\n${TEXT}\n\n`);
  });

  test('transcribes with the times of segments and words, and with speakers', async () => {
    const verbose = await client().audio.transcriptions.create({ file: await recording(), model: hears, response_format: 'verbose_json', timestamp_granularities: ['word', 'segment'] });
    expect(verbose).toMatchObject({ text: TEXT, duration: 2.5, usage: { type: 'duration', seconds: 3 }, segments: [{ id: 0, start: 0, end: 2.5, text: TEXT }] });
    expect(verbose.words?.map(({ word }) => word).join(' ')).toBe(TEXT);
    expect(verbose.words?.at(-1)?.end).toBe(2.5);
    const diarized = await client().audio.transcriptions.create({ file: await recording(), model: hears, response_format: 'diarized_json', chunking_strategy: { type: 'server_vad', silence_duration_ms: 300 }, known_speaker_names: ['agent'] });
    expect(diarized).toMatchObject({ duration: 2.5, segments: [{ speaker: 'agent', text: TEXT }] });
  });

  test('streams a transcription, whose last event is whole and has the usage', async () => {
    const stream = await client().audio.transcriptions.create({ file: await recording(), model: hears, stream: true });
    let text = '';
    const types = new Set<string>();
    let last: unknown;
    for await (const event of stream) {
      types.add(event.type);
      if (event.type === 'transcript.text.delta') text += event.delta;
      last = event;
    }
    expect([...types]).toEqual(['transcript.text.delta', 'transcript.text.done']);
    expect(text).toBe(TEXT);
    expect(last).toMatchObject({ text: TEXT, usage: { type: 'tokens', input_tokens: 25, output_tokens: expect.any(Number) } });
  });

  test('speaks: a WAV that is one, raw samples, faster where it is told to', async () => {
    const speak = async (more: object): Promise<{ type: string | null; bytes: Buffer }> => {
      const reply = await client().audio.speech.create({ model: speaks, voice: 'alloy', input: 'Hello, Wörld', response_format: 'wav', ...more });
      return { type: reply.headers.get('content-type'), bytes: Buffer.from(await reply.arrayBuffer()) };
    };
    const plain = await speak({});
    expect({ type: plain.type, magic: plain.bytes.toString('latin1', 0, 4), length: plain.bytes.length }).toEqual({ type: 'audio/wav', magic: 'RIFF', length: 44 + 12 * 20 * 24 * 2 });
    expect((await speak({})).bytes.equals(plain.bytes)).toBe(true);
    const raw = await speak({ response_format: 'pcm' });
    expect({ type: raw.type, same: raw.bytes.equals(plain.bytes.subarray(44)) }).toEqual({ type: 'audio/pcm', same: true });
    expect((await speak({ response_format: 'pcm', speed: 2 })).bytes.length).toBe(raw.bytes.length / 2);
    const heard = await client().audio.transcriptions.create({ file: await toFile(plain.bytes, 'blob', { type: 'audio/wav' }), model: hears });
    expect(heard.text).toBe('A WAV of 0.24 seconds, 24000 Hz, mono.');
  });

  test('says what is wrong with a request, with its param', async () => {
    const noAudio = await refused(client().audio.transcriptions.create({ file: await toFile(Buffer.from('hello'), 'a.wav', { type: 'audio/wav' }), model: hears }));
    expect({ status: noAudio.status, param: noAudio.param, code: noAudio.code }).toEqual({ status: 400, param: 'file', code: 'invalid_request' });
    const hot = await refused(client().audio.transcriptions.create({ file: await recording(), model: hears, temperature: 3 }));
    expect({ status: hot.status, param: hot.param }).toEqual({ status: 400, param: 'temperature' });
    const mp3 = await refused(client().audio.speech.create({ model: speaks, voice: 'alloy', input: 'x', response_format: 'mp3' }));
    expect({ status: mp3.status, param: mp3.param }).toEqual({ status: 400, param: 'response_format' });
    const mute = await refused(client().audio.speech.create({ model: hears, voice: 'alloy', input: 'x' }));
    expect(mute.status).toBe(400);
  });

  test('hears of an upstream that fails, breaks off and babbles', async () => {
    const failing = async (sandbox: object): Promise<APIError> => refused(client().audio.transcriptions.create({ file: await recording(), model: hears, sandbox } as never));
    expect((await failing({ fail_status: 429, retry_after: 3 })).headers?.get('retry-after')).toBe('3');
    expect((await failing({ fail_status: 500 })).status).toBe(502);
    expect((await failing({ malformed: true })).status).toBe(502);
    expect((await refused(client().audio.speech.create({ model: `${speaks}?malformed=1`, voice: 'alloy', input: 'x' }))).status).toBe(502);
    const stream = await client().audio.transcriptions.create({ file: await recording(), model: `${hears}?die_after_events=3`, stream: true });
    const deltas: string[] = [];
    const error = await refused((async () => { for await (const event of stream) deltas.push(event.type); })());
    expect({ deltas: deltas.length, code: error.code }).toEqual({ deltas: 3, code: 'upstream_stream_failed' });
  });
});

describe('replies of the sandbox keep our contract and OpenAI’s', () => {
  const ask = (parts: Parameters<typeof call>[1]): Promise<RawReply> => call(sandboxed.url, { key: sandboxed.key, ...parts });

  test.each([
    ['json', 'CreateTranscriptionResponseJson'], ['verbose_json', 'CreateTranscriptionResponseVerboseJson'], ['diarized_json', 'CreateTranscriptionResponseDiarizedJson'],
    ['text', null], ['srt', null], ['vtt', null],
  ])('a transcription as %s', async (format, schema) => {
    const reply = await ask(transcription({ response_format: format, 'include[]': 'logprobs', 'timestamp_granularities[]': 'word' }));
    expect({ status: reply.status, fault: faultOfReply('createTranscription', reply) }).toEqual({ status: 200, fault: null });
    if (schema) expect(faultByOpenAi(schema, JSON.parse(reply.body.toString('utf8')))).toBeNull();
  });

  test.each([
    ['a transcription', 'createTranscription', transcription({ stream: 'true', response_format: 'diarized_json' }), 'CreateTranscriptionResponseStreamEvent', 'transcript.text.done'],
    ['a speech', 'createSpeech', speech({ stream_format: 'sse', input: 'Hello from Interline, in several pieces.' }), 'CreateSpeechResponseStreamEvent', 'speech.audio.done'],
  ] as const)('%s as events, the last of which is its own', async (_name, id, request, schema, last) => {
    const reply = await ask(request);
    expect({ type: reply.headers['content-type'], fault: faultOfReply(id, reply) }).toEqual({ type: 'text/event-stream; charset=utf-8', fault: null });
    const events = payloadsOf(reply.body.toString('utf8')).map((payload) => JSON.parse(payload) as { type: string });
    expect(events.length).toBeGreaterThan(2);
    for (const event of events) expect(faultByOpenAi(schema, event)).toBeNull();
    expect(events.filter(({ type }) => type === last)).toEqual([events.at(-1)]);
  });

  test('the events of a speech are the sound itself', async () => {
    const whole = await ask(speech());
    const events = payloadsOf((await ask(speech({ stream_format: 'sse' }))).body.toString('utf8')).map((payload) => JSON.parse(payload) as { audio?: string });
    const sound = Buffer.concat(events.map(({ audio }) => Buffer.from(audio ?? '', 'base64')));
    expect(sound.equals(whole.body)).toBe(true);
  });
});

describe('forms at the door', () => {
  const ask = (parts: Parameters<typeof call>[1]): Promise<RawReply> => call(sandboxed.url, { key: sandboxed.key, ...parts });
  const errorOf = (reply: RawReply): unknown => {
    const { error } = JSON.parse(reply.body.toString('utf8')) as { error: { code: string; param: string | null } };
    return { status: reply.status, code: error.code, param: error.param };
  };
  const model = { name: 'model', value: 'sandbox/transcribe' };
  const file = { name: 'file', value: wav(1), fileName: 'a.wav', type: 'audio/wav' };
  const post = (parts: Parameters<typeof formRequest>[1]): Promise<RawReply> => ask(formRequest('/v1/audio/transcriptions', parts));

  test.each([
    ['no file', [model], 'file'],
    ['a text for a file', [model, { name: 'file', value: 'abc' }], 'file'],
    ['two files', [model, file, file], 'file'],
    ['a list of files', [model, { ...file, name: 'file[]' }], 'file'],
    ['an empty file', [model, { ...file, value: '' }], 'file'],
    ['a picture', [model, { ...file, value: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), type: 'image/png' }], 'file'],
    ['audio that is said to be a picture', [model, { ...file, type: 'image/png' }], 'file'],
    ['a file for a text', [{ ...file, name: 'model' }, file], 'model'],
    ['a file nobody asked for', [model, file, { ...file, name: 'other' }], 'other'],
    ['a model given twice', [model, model, file], 'model'],
    ['a stream that is no truth', [model, file, { name: 'stream', value: 'maybe' }], 'stream'],
    ['times of what has none', [model, file, { name: 'timestamp_granularities[]', value: 'hour' }], 'timestamp_granularities[0]'],
    ['an unknown strategy', [model, file, { name: 'chunking_strategy[type]', value: 'mine' }], 'chunking_strategy.type'],
  ])('%s is a 400 with its param', async (_name, parts, param) => {
    expect(errorOf(await post(parts))).toEqual({ status: 400, code: 'invalid_request', param });
  });

  test('curl’s way, Python’s way and the SDK’s way of lists and objects are the same', async () => {
    const texts = async (...more: { name: string; value: string }[]): Promise<unknown> => JSON.parse((await post([model, file, { name: 'response_format', value: 'verbose_json' }, ...more])).body.toString('utf8'));
    const bracketed = await texts({ name: 'timestamp_granularities[]', value: 'word' }, { name: 'timestamp_granularities[]', value: 'segment' });
    expect(bracketed).toHaveProperty('words');
    expect(await texts({ name: 'timestamp_granularities', value: 'word' }, { name: 'timestamp_granularities', value: 'segment' })).toEqual(bracketed);
    expect(await texts({ name: 'timestamp_granularities', value: '["word","segment"]' })).toEqual(bracketed);
  });

  test('a file that is too large is a 413, whether the length is told or not, and the gateway goes on', async () => {
    const large = formRequest('/v1/audio/transcriptions', [model, { ...file, value: Buffer.alloc(26 * 1024 * 1024) }]);
    expect(errorOf(await ask(large))).toEqual({ status: 413, code: 'body_too_large', param: 'file' });
    const chunked = Buffer.concat([Buffer.from(`${large.body.length.toString(16)}\r\n`), large.body, Buffer.from('\r\n0\r\n\r\n')]);
    expect(errorOf(await ask({ ...large, headers: { ...large.headers, 'content-length': '', 'transfer-encoding': 'chunked' }, body: chunked }))).toEqual({ status: 413, code: 'body_too_large', param: 'file' });
    expect((await ask(transcription())).status).toBe(200);
  });

  test('a form that is cut, or says less than it is, is a 400', async () => {
    const whole = transcription();
    expect(errorOf(await ask({ ...whole, body: whole.body.subarray(0, whole.body.length - 20) }))).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(errorOf(await ask({ ...whole, headers: { ...whole.headers, 'content-length': String(whole.body.length - 40) } }))).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(errorOf(await ask({ ...whole, headers: { 'content-type': 'multipart/form-data' } }))).toEqual({ status: 400, code: 'invalid_request', param: 'content-type' });
  });
});
