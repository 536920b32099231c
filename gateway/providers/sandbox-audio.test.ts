/** This file plays the sandbox's transcription and speech, as they should be and as they are told to fail. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CreateSpeechRequest } from '../../generated/client/types.gen.ts';
import { measureAudio } from '../foundation/audio-length.ts';
import { bytesOf } from '../foundation/byte-text.ts';
import { outlineJson } from '../foundation/json-outline.ts';
import { sampleFlac, sampleMp3, sampleMp4, sampleOpus, sampleWav, sampleWebm } from '../foundation/sample-audio.ts';
import type { Provider } from '../foundation/terms.ts';
import { speechReplies } from './openai-speech.ts';
import { transcriptionReplies } from './openai-transcriptions.ts';
import type { TranscriptionRequest } from './openai-transcriptions.ts';
import { sandboxSpeechWire } from './sandbox-speech.ts';
import { sandboxTranscribeWire } from './sandbox-transcribe.ts';
import type { HttpRequest, ScriptedReply } from './wire.ts';

const provider: Provider = { id: 'sandbox', name: 'Sandbox', wire: 'sandbox', baseUrl: '', apiKey: null, headers: {}, quirks: {} };
const targetOf = (name: string, options: Record<string, string>) => ({ id: `sandbox/${name}`, provider, upstreamModel: name, price: null, quirks: {}, options });
const rest = { outline: outlineJson('', 1), bodyText: '', requestId: 'req_1', nowSeconds: 0 };

interface Played {
  readonly script: ScriptedReply;
  readonly bytes: Buffer;
  /** The payloads of events that are JSON. */
  readonly events: Record<string, unknown>[];
}

function play(reply: HttpRequest | ScriptedReply): Played {
  if (reply.kind !== 'script') throw new Error('not a script');
  const bytes = Buffer.concat([...reply.steps].map((step) => Buffer.from(step.bytes)));
  const payloads = bytes.toString('utf8').split('\n\n').filter((event) => event.startsWith('data: ')).map((event) => event.slice(6));
  const events = payloads.flatMap((payload) => {
    try {
      return [JSON.parse(payload) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
  return { script: reply, bytes, events };
}

function transcribe(bytes: Buffer, more: Partial<TranscriptionRequest> = {}, options: Record<string, string> = {}): Played {
  const files = [{ field: 'file', name: 'a', contentType: 'audio/wav', bytes }];
  const body: TranscriptionRequest = { file: 'a', model: 'sandbox/transcribe', ...more };
  return play(sandboxTranscribeWire.encode({ target: targetOf('transcribe', options), body, files, isStream: body.stream === true, ...rest }));
}

function speak(more: Partial<CreateSpeechRequest> = {}, options: Record<string, string> = {}): Played {
  const body: CreateSpeechRequest = { model: 'sandbox/speech', input: 'Hello there', voice: 'alloy', ...more };
  return play(sandboxSpeechWire.encode({ target: targetOf('speech', options), body, files: [], isStream: body.stream_format === 'sse', ...rest }));
}

const json = ({ bytes }: Played): unknown => JSON.parse(bytes.toString('utf8'));

describe('sandbox/transcribe', () => {
  test.each([
    [sampleWav(2.5), 'A WAV of 2.5 seconds, 16000 Hz, mono.'],
    [sampleWav(1, { sampleRate: 8000, channels: 6, bits: 8 }), 'A WAV of 1 seconds, 8000 Hz, 6 channels.'],
    [sampleMp3(3), 'An MP3 of 3.005 seconds, 44100 Hz, mono.'],
    [sampleOpus(4), 'An Ogg of 4 seconds, 24000 Hz, stereo.'],
    [sampleFlac(5), 'A FLAC of 5 seconds, 44100 Hz, stereo.'],
    [sampleMp4(6), 'An MP4 of 6 seconds.'],
    [sampleWebm(7), 'A WebM of 7 seconds.'],
    [Buffer.concat([sampleFlac(0), Buffer.alloc(10)]), 'A FLAC of unknown length, 44100 Hz, stereo.'],
  ])('says what it was given', (bytes, text) => {
    expect(json(transcribe(bytes))).toMatchObject({ text });
  });

  test('refuses what it can not hear, and options it does not have', () => {
    expect([transcribe(Buffer.from('hello')).script.status, json(transcribe(Buffer.from('hello')))]).toEqual([400, { error: expect.objectContaining({ param: 'file' }) as unknown }]);
    expect(transcribe(sampleWav(1), {}, { nonsense: '1' }).script.status).toBe(400);
    expect(transcribe(sampleWav(1), { sandbox: { fail_status: 503, retry_after: 2 } }).script).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
  });

  test('leaves out its usage, is slow, and breaks as it is told to', () => {
    expect(json(transcribe(sampleWav(1), { sandbox: { omit_usage: true } }))).toEqual({ text: 'A WAV of 1 seconds, 16000 Hz, mono.' });
    expect(transcribe(sampleWav(1), { sandbox: { first_token_ms: 10, token_ms: 1 } }).script.headDelayMs).toBeGreaterThan(15);
    expect(() => json(transcribe(sampleWav(1), {}, { malformed: 'true' }))).toThrow(SyntaxError);
    expect(transcribe(sampleWav(1), {}, { die_after_events: '0' })).toMatchObject({ script: { ending: 'reset' }, bytes: Buffer.alloc(0) });
    expect(transcribe(sampleWav(1), { stream: true }, { hang_after_events: '2' })).toMatchObject({ script: { ending: 'hang' }, events: { length: 2 } });
    expect(transcribe(sampleWav(1), { stream: true }, { die_after_events: '999' }).script.ending).toBe('end');
    const broken = transcribe(sampleWav(1), { stream: true }, { malformed: 'true' });
    expect(broken.bytes.toString('utf8')).toContain('"delta":\n\n');
  });

  test('streams the same text with the same usage as it tells whole', () => {
    const { events } = transcribe(sampleWav(2.5), { stream: true, include: ['logprobs'] });
    const whole = json(transcribe(sampleWav(2.5))) as { text: string; usage: unknown };
    expect(events.slice(0, -1).map((event) => event['delta']).join('')).toBe(whole.text);
    expect(events.at(-1)).toMatchObject({ type: 'transcript.text.done', text: whole.text, usage: whole.usage });
  });
});

describe('sandbox/speech', () => {
  test('is real sound, as long as its text and its speed make it', () => {
    expect(measureAudio(speak().bytes)).toEqual({ container: 'wav', durationMs: 220, sampleRate: 24_000, channels: 1 });
    expect(measureAudio(speak({ response_format: 'wav', speed: 0.5 }).bytes)?.durationMs).toBe(440);
    expect(speak({ response_format: 'pcm' }).bytes.equals(speak().bytes.subarray(44))).toBe(true);
    expect(speak({ input: 'Other words' }).bytes.equals(speak().bytes)).toBe(false);
    expect(new Set(speak({ input: 'a' }).bytes.subarray(44)).size).toBeGreaterThan(20);
    expect(new Set(speak({ input: ' ' }).bytes.subarray(44))).toEqual(new Set([0]));
  });

  test.each(['mp3', 'opus', 'aac', 'flac'] as const)('does not speak %s, and says what it does', (response_format) => {
    const refused = speak({ response_format });
    expect([refused.script.status, json(refused)]).toEqual([400, { error: expect.objectContaining({ param: 'response_format', code: 'unsupported_value' }) as unknown }]);
  });

  test('streams the same sound, and breaks as it is told to', () => {
    const { events } = speak({ stream_format: 'sse', input: 'Hello from Interline, in pieces.' });
    const sound = Buffer.concat(events.map((event) => Buffer.from(typeof event['audio'] === 'string' ? event['audio'] : '', 'base64')));
    expect(sound.equals(speak({ input: 'Hello from Interline, in pieces.' }).bytes)).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: 'speech.audio.done', usage: { output_tokens: 13 } });
    expect(speak({ stream_format: 'sse' }, { die_after_events: '1' })).toMatchObject({ script: { ending: 'reset' }, events: { length: 1 } });
    expect(speak({ stream_format: 'sse' }, { omit_usage: '1' }).events.at(-1)).toEqual({ type: 'speech.audio.done' });
    expect(speak({}, { hang_after_events: '1' }).script.ending).toBe('hang');
    expect(speak({}, { fail_status: '500' }).script.status).toBe(500);
    expect(speak({}, { nonsense: '1' }).script.status).toBe(400);
  });
});

test('whatever the events of an upstream, following them throws nothing', () => {
  const kinds = ['transcript.text.delta', 'transcript.text.done', 'speech.audio.delta', 'speech.audio.done', 'other'];
  const event = fc.oneof(
    fc.record({ type: fc.constantFrom(...kinds), delta: fc.anything(), text: fc.anything(), audio: fc.oneof(fc.string(), fc.anything()), usage: fc.anything(), error: fc.anything() }, { requiredKeys: [] }).map((value) => JSON.stringify(value)),
    fc.string(), fc.constantFrom('[DONE]', '{', 'null', '[]', '{"usage":{"input_tokens":-1e308,"output_tokens":"x"},"type":"speech.audio.done"}'),
  );
  fc.assert(fc.property(fc.array(event, { maxLength: 8 }), (payloads) => {
    for (const { side } of [transcriptionReplies({ isText: false, audioMs: 1 }), speechReplies({ format: 'mp3', characters: 1 })]) {
      const reader = side.openStream({ context: { requestId: 'req_1', upstreamModel: 'm', nowSeconds: 0 }, wantsUsage: true, observedBytesMax: 1 });
      for (const payload of payloads) if (!reader.isDone && !reader.failure) reader.read(bytesOf(Buffer.from(`data: ${payload.replaceAll(/[\r\n]/g, ' ')}\n\n`)));
      expect([typeof reader.text(), reader.isFinished ? reader.isDone : true]).toEqual(['string', true]);
    }
  }), { numRuns: 3000 });
});
