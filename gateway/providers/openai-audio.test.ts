/** This file holds OpenAI's audio wires to what they send on, what they read of replies, and how they follow streams. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { CreateSpeechRequest } from '../../generated/client/types.gen.ts';
import { bytesOf } from '../foundation/byte-text.ts';
import { outlineJson } from '../foundation/json-outline.ts';
import type { UploadedFile } from '../foundation/operation.ts';
import { sampleMp3, sampleWav } from '../foundation/sample-audio.ts';
import { createEventSplitter } from '../foundation/sse.ts';
import type { Provider, Target } from '../foundation/terms.ts';
import { openaiSpeechWire, speechReplies } from './openai-speech.ts';
import { openaiTranscriptionsWire, transcriptionReplies } from './openai-transcriptions.ts';
import type { TranscriptionRequest } from './openai-transcriptions.ts';
import type { HttpRequest, ScriptedReply, StreamReader } from './wire.ts';

const provider: Provider = { id: 'openai', name: 'OpenAI', wire: 'openai-chat', baseUrl: 'https://a.example/v1', apiKey: 'sk-1', headers: { 'x-more': '1' }, quirks: {} };
const targetOf = (quirks: Target['quirks'] = {}): Target => ({ id: 'openai/whisper-1', provider, upstreamModel: 'whisper-1', price: null, quirks, options: {} });
const context = { requestId: 'req_1', nowSeconds: 0 };
const options = { context: { requestId: 'req_1', upstreamModel: 'm', nowSeconds: 0 }, wantsUsage: true, observedBytesMax: 1 };

function asHttp(request: HttpRequest | ScriptedReply): HttpRequest {
  if (request.kind !== 'http') throw new Error('not an HTTP request');
  return request;
}

function transcribe(body: Partial<TranscriptionRequest>, { quirks = {}, file = {} }: { quirks?: Target['quirks']; file?: Partial<UploadedFile> } = {}): HttpRequest {
  const files = [{ field: 'file', name: 'speech.mp3', contentType: 'audio/mpeg', bytes: Buffer.from('sound'), ...file }];
  const whole: TranscriptionRequest = { file: 'speech.mp3', model: 'openai/whisper-1', ...body };
  return asHttp(openaiTranscriptionsWire.encode({ target: targetOf(quirks), body: whole, bodyText: '', outline: outlineJson('', 1), files, isStream: body.stream === true, ...context }));
}

function formOf({ headers, body }: HttpRequest): Promise<FormData> {
  return new Response(Buffer.from(body), { headers: { 'content-type': headers['content-type'] ?? '' } }).formData();
}

/** Follows a stream cut into pieces; gives what was forwarded. */
function follow(reader: StreamReader, pieces: readonly Buffer[]): string {
  const splitter = createEventSplitter();
  let forwarded = '';
  for (const piece of pieces) {
    reader.observe(piece);
    splitter.push(piece, (event) => { if (!reader.isDone) forwarded += reader.read(event) ?? ''; });
  }
  return forwarded;
}

const cutAnywhere = (bytes: Buffer): Buffer[][] => Array.from({ length: bytes.length }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);

describe('a transcription is sent on', () => {
  test('as a form of the upstream’s model, with every other field and the file as they came', async () => {
    const request = transcribe({ language: 'en', temperature: 0, include: ['logprobs'], chunking_strategy: { type: 'server_vad', threshold: 0.5 } });
    expect(request).toMatchObject({ method: 'POST', path: '/audio/transcriptions', headers: { authorization: 'Bearer sk-1', 'x-more': '1', accept: 'application/json' }, warnings: [] });
    const form = await formOf(request);
    const texts = [...form].filter(([name]) => name !== 'file');
    expect(texts).toEqual([['model', 'whisper-1'], ['language', 'en'], ['temperature', '0'], ['include[]', 'logprobs'], ['chunking_strategy[type]', 'server_vad'], ['chunking_strategy[threshold]', '0.5']]);
    const file = form.get('file');
    expect(file instanceof File && [file.name, file.type, await file.text()]).toEqual(['speech.mp3', 'audio/mpeg', 'sound']);
  });

  test('without what its target does not take, which is said', async () => {
    const request = transcribe({ stream: true, prompt: 'x' }, { quirks: { dropFields: ['stream', 'logit_bias'] } });
    expect(request.warnings).toEqual(['stream: dropped, openai/whisper-1 does not take it']);
    expect([...await formOf(request)].map(([name]) => name)).toEqual(['model', 'prompt', 'file']);
  });

  test.each([['blob', 'audio/webm', 'blob.webm'], ['', 'audio/wav', 'audio.wav'], ['a.b', 'audio/mpeg', 'a.b.mp3'], ['note.M4A', 'audio/mp4', 'note.M4A'], ['blob', 'video/odd', 'blob']])('a file called "%s" (%s) is called %s', async (name, contentType, sent) => {
    const file = (await formOf(transcribe({}, { file: { name, contentType } }))).get('file');
    expect(file instanceof File && file.name).toBe(sent);
  });

  test('asks for what it will read', () => {
    expect(transcribe({ stream: true }).headers['accept']).toBe('text/event-stream');
    expect(transcribe({ response_format: 'vtt' }).headers['accept']).toBe('*/*');
  });
});

describe('of a transcription is read', () => {
  const read = (reply: object) => transcriptionReplies({ isText: false, audioMs: 2500 }).side.readReply(JSON.stringify(reply)).usage;

  test('usage in tokens, in seconds, as no more than a duration, or not at all', () => {
    const media = { images: 0, audioMs: 2500, videoMs: 0, characters: 0, variant: null };
    expect(read({ text: '', usage: { type: 'tokens', input_tokens: 14, input_token_details: { text_tokens: 10, audio_tokens: 4 }, output_tokens: 101, total_tokens: 115 } }))
      .toMatchObject({ promptTokens: 14, completionTokens: 101, media: { ...media, audioTokens: 4 } });
    expect(read({ text: '', usage: { type: 'duration', seconds: 9 } })).toMatchObject({ promptTokens: 0, media: { ...media, audioMs: 9000 } });
    expect(read({ text: '', duration: 8.47, segments: [] })).toMatchObject({ media: { ...media, audioMs: 8470 } });
    expect(read({ text: '', usage: { type: 'duration' } })).toBeNull();
    expect(read({ text: '' })).toBeNull();
  });

  const recorded = new URL('../../../shared/fixtures/', import.meta.url).pathname;
  test.each([
    ['openai/transcription/openai-transcription.json', { promptTokens: 0, completionTokens: 0, media: { audioMs: 37_000 } }],
    ['mistral/mistral-transcription.json', { promptTokens: 13, completionTokens: 151, media: { audioMs: 36_000 } }],
  ])('what was recorded: %s', (file, usage) => {
    // The recordings lie beside the house only.
    if (!existsSync(recorded)) return;
    const { side } = transcriptionReplies({ isText: false, audioMs: 1 });
    const text = readFileSync(join(recorded, file), 'utf8');
    expect(side.readReply(text).usage).toMatchObject(usage);
    expect(side.readText(text)).toMatch(/^Galileo was an American robotic space program/);
  });

  test.each<[string, object | undefined, object | undefined]>([
    ['OpenAI’s own stays', { type: 'duration', seconds: 3 }, { type: 'duration', seconds: 3 }],
    ['tokens in other words are said in OpenAI’s too', { prompt_audio_seconds: 36, prompt_tokens: 13, completion_tokens: 151, total_tokens: 164 }, { type: 'tokens', input_tokens: 13, output_tokens: 151, total_tokens: 164, prompt_audio_seconds: 36, prompt_tokens: 13, completion_tokens: 151 }],
    ['seconds alone are a duration', { prompt_audio_seconds: 36 }, { type: 'duration', seconds: 36, prompt_audio_seconds: 36 }],
    ['what has no figure is none', { cost: 'much' }, undefined], ['none stays none', undefined, undefined],
  ])('usage: %s', (_what, usage, told) => {
    const { side } = transcriptionReplies({ isText: false, audioMs: 1 });
    const text = JSON.stringify({ text: 'hi', usage, language: null });
    side.readReply(text);
    expect(JSON.parse(side.toReply?.(text, { requestId: 'r', upstreamModel: 'm', nowSeconds: 0 }) ?? '')).toEqual({ text: 'hi', language: null, ...(told ? { usage: told } : {}) });
  });

  test('nothing where there is no transcription', () => {
    for (const text of ['', 'hello', '[]', '{}', '{"text":1}', '"x"']) expect(() => transcriptionReplies({ isText: false, audioMs: 0 }).side.readReply(text)).toThrow(SyntaxError);
  });

  test('text, whose bytes are UTF-8', () => {
    const { side } = transcriptionReplies({ isText: true, audioMs: 0 });
    expect(side.readText(bytesOf(Buffer.from('Grüße')))).toBe('Grüße');
    expect([side.replyType, side.contentTypeOf?.('x'), side.readReply('x').usage]).toEqual(['bytes', 'text/plain; charset=utf-8', null]);
    expect(transcriptionReplies({ isText: false, audioMs: 0 }).side.readText('{"text":"hi"}')).toBe('hi');
  });
});

describe('a stream of a transcription', () => {
  const delta = 'data: {"type":"transcript.text.delta","delta":"Grü"}\n\n';
  const done = 'data: {"type":"transcript.text.done","text":"Grüße","usage":{"type":"tokens","input_tokens":3,"output_tokens":2,"total_tokens":5}}\n\n';

  test.each([['as OpenAI writes it', `${delta}: comment\n\n${done}`], ['with CRLF', `${delta}${done}`.replaceAll('\n', '\r\n')], ['with [DONE]', `${delta}${done}data: [DONE]\n\n`]])('%s is the same wherever it is cut', (_name, text) => {
    for (const pieces of cutAnywhere(Buffer.from(text))) {
      const replies = transcriptionReplies({ isText: false, audioMs: 100 });
      const reader = replies.side.openStream(options);
      const forwarded = Buffer.from(follow(reader, pieces), 'latin1').toString('utf8');
      expect(forwarded).toContain('"delta":"Grü"');
      expect(forwarded).not.toContain('done');
      expect(Buffer.from(replies.lastEvent(), 'latin1').toString('utf8')).toContain('transcript.text.done');
      expect([reader.isDone, reader.isFinished, reader.text(), reader.facts().usage?.promptTokens, reader.failure]).toEqual([true, true, 'Grüße', 3, null]);
    }
  });

  test('that was cut has its text so far, and is not finished', () => {
    const reader = transcriptionReplies({ isText: false, audioMs: 100 }).side.openStream(options);
    follow(reader, [Buffer.from(delta)]);
    expect([reader.isDone, reader.isFinished, reader.text(), reader.facts().usage]).toEqual([false, false, 'Grü', null]);
  });

  test.each([['what is no JSON', 'data: {"type":\n\n', 'upstream_bad_reply'], ['an error', 'data: {"error":{"message":"overloaded"}}\n\n', 'upstream_error'], ['an error in one word', 'data: {"error":"no"}\n\n', 'upstream_error'], ['a list', 'data: []\n\n', 'upstream_bad_reply']])('fails at %s', (_name, text, code) => {
    const reader = transcriptionReplies({ isText: false, audioMs: 100 }).side.openStream(options);
    expect(follow(reader, [Buffer.from(text)])).toBe('');
    expect(reader.failure?.code).toBe(code);
  });
});

describe('a speech', () => {
  const speak = (text: string, quirks: Target['quirks'] = {}): HttpRequest => {
    const body: CreateSpeechRequest = JSON.parse(text) as CreateSpeechRequest;
    return asHttp(openaiSpeechWire.encode({ target: targetOf(quirks), body, bodyText: text, outline: outlineJson(text, 64), files: [], isStream: body.stream_format === 'sse', ...context }));
  };

  test('is sent on as it was written, but for the model and what the target does not take', () => {
    const request = speak('{"model":"x", "input":"é",  "voice":"alloy","speed":1.50,"instructions":"y"}', { dropFields: ['instructions', 'stream_format'] });
    expect(JSON.parse(String(request.body))).toEqual({ model: 'whisper-1', input: 'é', voice: 'alloy', speed: 1.5 });
    expect(request).toMatchObject({ path: '/audio/speech', headers: { authorization: 'Bearer sk-1', accept: '*/*' }, warnings: ['instructions: dropped, openai/whisper-1 does not take it'] });
    expect(speak('{"model":"x","input":"a","voice":"b","stream_format":"sse","speed":1.50}').body).toBe('{"model":"whisper-1","input":"a","voice":"b","stream_format":"sse","speed":1.50}');
  });

  test('is of the type its bytes have, or of what was asked where they have none', () => {
    const typeOf = (bytes: Buffer, format: string) => speechReplies({ format, characters: 1 }).side.contentTypeOf?.(bytesOf(bytes));
    expect(typeOf(sampleWav(0.1), 'mp3')).toBe('audio/wav');
    expect(typeOf(sampleMp3(3), 'mp3')).toBe('audio/mpeg');
    expect(typeOf(sampleWav(0.1), 'pcm')).toBe('audio/pcm');
    expect(typeOf(Buffer.from('??'), 'opus')).toBe('audio/ogg');
    expect(typeOf(Buffer.from('??'), 'new')).toBe('audio/mpeg');
  });

  test('is none when it is empty or JSON', () => {
    const { side } = speechReplies({ format: 'pcm', characters: 1 });
    for (const text of ['', '{"error":1}']) expect(() => side.readReply(text)).toThrow(SyntaxError);
    expect(side.readReply('{\u0000\u0001').usage).toBeNull();
  });

  test('as a stream is the same wherever it is cut', () => {
    const text = 'data: {"type":"speech.audio.delta","audio":"UklGRg=="}\n\ndata: {"type":"speech.audio.done","usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}}\n\n';
    for (const pieces of cutAnywhere(Buffer.from(text))) {
      const replies = speechReplies({ format: 'wav', characters: 9 });
      const reader = replies.side.openStream(options);
      expect(follow(reader, pieces)).toContain('UklGRg==');
      expect(replies.lastEvent()).toContain('speech.audio.done');
      expect(replies.heard()).toEqual({ bytes: 4, beginning: Buffer.from('RIFF') });
      expect(reader.facts().usage).toMatchObject({ promptTokens: 14, completionTokens: 101, media: { characters: 9 } });
    }
  });

  test('as a stream that tells no usage has none', () => {
    const reader = speechReplies({ format: 'wav', characters: 9 }).side.openStream(options);
    follow(reader, [Buffer.from('data: {"type":"speech.audio.delta","audio":"UklGRg=="}\n\ndata: {"type":"speech.audio.done"}\n\n')]);
    expect([reader.isFinished, reader.facts().usage, reader.text()]).toEqual([true, null, '']);
  });

  test('as a stream without a sound is none', () => {
    const replies = speechReplies({ format: 'wav', characters: 9 });
    const reader = replies.side.openStream(options);
    follow(reader, [Buffer.from('data: {"type":"speech.audio.done","usage":{"input_tokens":7,"output_tokens":0}}\n\n')]);
    expect([reader.failure?.code, reader.isFinished, reader.facts().usage, replies.lastEvent()]).toEqual(['upstream_bad_reply', false, null, '']);
  });
});
