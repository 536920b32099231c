/** This file is the sandbox's speech: a tone for every character, as WAV or as raw samples, the same for the same text. */
import type { CreateSpeechRequest } from '../../generated/client/types.gen.ts';
import type { SpeechWire } from './openai-speech.ts';
import { refuse } from './sandbox-options.ts';
import type { SandboxOptions } from './sandbox-options.ts';
import { readBehaviour, refusal, replyScript, streamScript } from './sandbox-script.ts';
import { countTokens } from './sandbox-tokens.ts';
import type { ScriptedReply, ScriptStep, WireRequest } from './wire.ts';

/** The wire of `sandbox/speech`. */
export const sandboxSpeechWire: SpeechWire = { encode: encodeSpeech };

/** As OpenAI's `pcm`: 16 bits, little-endian, mono. */
const SAMPLE_RATE = 24_000;
const BYTES_PER_SAMPLE = 2;
/** Of each character, at speed 1: the longest text there is makes 16 MB at the slowest. */
const CHARACTER_MS = 20;
const MS_PER_SECOND = 1000;
const AMPLITUDE = 6000;
const LOWEST_HZ = 110;
/** Two octaves, in semitones. */
const NOTES = 24;
const WAV_HEADER_BYTES = 44;
const EVENT_BYTES = 12_000;
/** As OpenAI's models speak: twenty tokens a second. */
const MS_PER_TOKEN = 50;

function encodeSpeech(request: WireRequest<CreateSpeechRequest>): ScriptedReply {
  const { body, isStream } = request;
  const options = readBehaviour(request);
  if ('kind' in options) return options;
  // Nobody made it an MP3: what is not asked for is answered as what there is.
  const format = body.response_format ?? 'wav';
  if (format !== 'wav' && format !== 'pcm') {
    return refusal(refuse(`The sandbox speaks wav and pcm, not ${format}: set 'response_format' to one of them.`, 'response_format', 'unsupported_value'), {});
  }
  const sound = speak(body.input, { speed: body.speed ?? 1, headBytes: format === 'pcm' ? 0 : WAV_HEADER_BYTES });
  if (format === 'wav') writeWavHeader(sound);
  if (!isStream) return replyScript({ bytes: sound, contentType: `audio/${format}`, malformed: '{"broken":true}' }, options);
  return streamScript({ events: Math.ceil(sound.length / EVENT_BYTES) + 1, play: (eventsMax) => playEvents({ sound, body, options }, eventsMax) }, options);
}

/** A triangle wave whose pitch goes by the character; spaces are silent. Room for a header is left before it. */
function speak(text: string, { speed, headBytes }: { readonly speed: number; readonly headBytes: number }): Buffer {
  const characters = Array.from(text);
  const perCharacter = Math.max(1, Math.round((SAMPLE_RATE * CHARACTER_MS) / MS_PER_SECOND / speed));
  const samples = Buffer.alloc(headBytes + characters.length * perCharacter * BYTES_PER_SAMPLE);
  for (const [index, character] of characters.entries()) {
    if (character.trim() === '') continue;
    const period = SAMPLE_RATE / (LOWEST_HZ * 2 ** (((character.codePointAt(0) ?? 0) % NOTES) / 12));
    for (let at = 0; at < perCharacter; at++) {
      const phase = (at % period) / period;
      const height = Math.round((Math.abs(phase * 4 - 2) - 1) * AMPLITUDE);
      samples.writeInt16LE(height, headBytes + (index * perCharacter + at) * BYTES_PER_SAMPLE);
    }
  }
  return samples;
}

function writeWavHeader(header: Buffer): void {
  const dataBytes = header.length - WAV_HEADER_BYTES;
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(WAV_HEADER_BYTES - 8 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * BYTES_PER_SAMPLE, 28);
  header.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  header.writeUInt16LE(BYTES_PER_SAMPLE * 8, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
}

function* playEvents({ sound, body, options }: { sound: Buffer; body: CreateSpeechRequest; options: SandboxOptions }, eventsMax: number): Generator<ScriptStep> {
  let events = 0;
  for (let at = 0; at < sound.length && events < eventsMax; at += EVENT_BYTES, events++) {
    const audio = sound.subarray(at, at + EVENT_BYTES).toString('base64');
    const json = options.isMalformed && events === 1 ? '{"type":"speech.audio.delta",' : JSON.stringify({ type: 'speech.audio.delta', audio });
    yield { afterMs: events === 0 ? 0 : options.tokenMs, bytes: `data: ${json}\n\n` };
  }
  if (events >= eventsMax) return;
  const input = countTokens(body.input) + countTokens(body.instructions ?? '');
  const output = Math.ceil((sound.length / BYTES_PER_SAMPLE / SAMPLE_RATE) * MS_PER_SECOND / MS_PER_TOKEN);
  const usage = { input_tokens: input, output_tokens: output, total_tokens: input + output };
  yield { afterMs: options.tokenMs, bytes: `data: ${JSON.stringify({ type: 'speech.audio.done', ...(options.shouldOmitUsage ? {} : { usage }) })}\n\n` };
}
