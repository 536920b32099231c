/** This file is the sandbox's transcription: it says what kind of audio it was given, in every format, whole or as events. */
import type { TranscriptionUsage, TranscriptionWord } from '../../generated/client/types.gen.ts';
import type { AudioContainer, AudioFacts } from '../foundation/audio-facts.ts';
import { audioMsLikely, measureAudio } from '../foundation/audio-length.ts';
import type { TranscriptionRequest, TranscriptionWire } from './openai-transcriptions.ts';
import { refuse } from './sandbox-options.ts';
import type { SandboxOptions } from './sandbox-options.ts';
import { readBehaviour, refusal, replyScript, streamScript } from './sandbox-script.ts';
import { scoreTokens, splitTokens } from './sandbox-tokens.ts';
import type { ScriptedReply, ScriptStep, WireRequest } from './wire.ts';

/** The wire of `sandbox/transcribe`. */
export const sandboxTranscribeWire: TranscriptionWire = { encode: encodeTranscription };

const MS_PER_SECOND = 1000;
/** As OpenAI's models hear: ten tokens a second. */
const MS_PER_TOKEN = 100;

/** What is to be told, in any format. */
interface Told {
  readonly body: TranscriptionRequest;
  readonly text: string;
  readonly tokens: readonly string[];
  readonly durationMs: number;
  readonly hasUsage: boolean;
}

function encodeTranscription(request: WireRequest<TranscriptionRequest>): ScriptedReply {
  const { body, files, isStream } = request;
  const options = readBehaviour(request);
  if ('kind' in options) return options;
  const bytes = files[0]?.bytes ?? Buffer.alloc(0);
  const facts = measureAudio(bytes);
  if (!facts) return refusal(refuse('The audio file could not be decoded or its format is not supported.', 'file', 'invalid_value'), {});
  const text = describe(facts);
  const told = { body, text, tokens: splitTokens(text), durationMs: audioMsLikely(bytes, facts), hasUsage: !options.shouldOmitUsage };
  return isStream ? playTold(told, options) : wholeScript(told, options);
}

const NAMES: Readonly<Record<AudioContainer, string>> = {
  wav: 'A WAV', mp3: 'An MP3', ogg: 'An Ogg', flac: 'A FLAC', mp4: 'An MP4', webm: 'A WebM', aac: 'An AAC',
};
const CHANNELS = ['', 'mono', 'stereo'];

function describe({ container, durationMs, sampleRate, channels }: AudioFacts): string {
  const length = durationMs === null ? 'unknown length' : `${durationMs / MS_PER_SECOND} seconds`;
  const rest = [...(sampleRate === null ? [] : [`${sampleRate} Hz`]), ...(channels === null ? [] : [CHANNELS[channels] ?? `${channels} channels`])];
  return `${[`${NAMES[container]} of ${length}`, ...rest].join(', ')}.`;
}

function wholeScript(told: Told, options: SandboxOptions): ScriptedReply {
  const bytes = write(told);
  const contentType = bytes.startsWith('{') ? 'application/json' : 'text/plain; charset=utf-8';
  return replyScript({ bytes, tokens: told.tokens.length, contentType }, options);
}

function write(told: Told): string {
  const { body, text, durationMs } = told;
  switch (body.response_format ?? 'json') {
    case 'text': return `${text}\n`;
    case 'srt': return `1\n${clock(0, ',')} --> ${clock(durationMs, ',')}\n${text}\n\n`;
    case 'vtt': return `WEBVTT\n\n${clock(0, '.')} --> ${clock(durationMs, '.')}\n${text}\n\n`;
    case 'verbose_json': return JSON.stringify(verbose(told));
    case 'diarized_json': return JSON.stringify({ task: 'transcribe', duration: durationMs / MS_PER_SECOND, text, segments: [speakerSegment(told)], ...usageOf(told, 'duration') });
    default: return JSON.stringify({ text, ...logprobsOf(told, told.tokens), ...usageOf(told, 'tokens') });
  }
}

function clock(ms: number, point: ',' | '.'): string {
  const pad = (value: number, width = 2): string => String(Math.floor(value)).padStart(width, '0');
  const seconds = ms / MS_PER_SECOND;
  return `${pad(seconds / 3600)}:${pad((seconds / 60) % 60)}:${pad(seconds % 60)}${point}${pad(ms % MS_PER_SECOND, 3)}`;
}

function verbose(told: Told): object {
  const { body, text, tokens, durationMs } = told;
  const duration = durationMs / MS_PER_SECOND;
  const granularities = body.timestamp_granularities ?? ['segment'];
  const segment = {
    id: 0, seek: 0, start: 0, end: duration, text, tokens: tokens.map((_, index) => index), temperature: body.temperature ?? 0,
    avg_logprob: -0.1, compression_ratio: 1, no_speech_prob: 0,
  };
  return {
    task: 'transcribe', language: body.language ?? 'english', duration, text,
    ...(granularities.includes('segment') ? { segments: [segment] } : {}),
    ...(granularities.includes('word') ? { words: wordsOf(text, duration) } : {}),
    ...usageOf(told, 'duration'),
  };
}

/** Words, each as long as the others. */
function wordsOf(text: string, duration: number): TranscriptionWord[] {
  const words = text.split(' ');
  const at = (index: number): number => Math.round((duration * MS_PER_SECOND * index) / words.length) / MS_PER_SECOND;
  return words.map((word, index) => ({ word, start: at(index), end: at(index + 1) }));
}

function speakerSegment({ body, text, durationMs }: Told): object {
  return { type: 'transcript.text.segment', id: 'seg_001', start: 0, end: durationMs / MS_PER_SECOND, text, speaker: body.known_speaker_names?.[0] ?? 'A' };
}

function usageOf({ durationMs, tokens, hasUsage }: Told, kind: TranscriptionUsage['type']): { usage?: TranscriptionUsage } {
  if (!hasUsage) return {};
  if (kind === 'duration') return { usage: { type: 'duration', seconds: Math.ceil(durationMs / MS_PER_SECOND) } };
  const heard = Math.ceil(durationMs / MS_PER_TOKEN);
  return {
    usage: { type: 'tokens', input_tokens: heard, input_token_details: { text_tokens: 0, audio_tokens: heard }, output_tokens: tokens.length, total_tokens: heard + tokens.length },
  };
}

function logprobsOf({ body }: Told, tokens: readonly string[]): object {
  if (!body.include?.includes('logprobs')) return {};
  return { logprobs: scoreTokens(tokens, 0).map(({ token, logprob, bytes }) => ({ token, logprob, bytes })) };
}

function playTold(told: Told, options: SandboxOptions): ScriptedReply {
  const events = eventsOf(told);
  if (options.isMalformed) events.splice(1, 0, '{"type":"transcript.text.delta","delta":');
  return streamScript({ events: events.length, play: (eventsMax) => playEvents(events.slice(0, eventsMax), options.tokenMs) }, options);
}

function eventsOf(told: Told): string[] {
  const deltas = told.tokens.map((token) => ({ type: 'transcript.text.delta', delta: token, ...logprobsOf(told, [token]) }));
  const segments = told.body.response_format === 'diarized_json' ? [speakerSegment(told)] : [];
  const done = { type: 'transcript.text.done', text: told.text, ...logprobsOf(told, told.tokens), ...usageOf(told, 'tokens') };
  return [...deltas, ...segments, done].map((event) => JSON.stringify(event));
}

function* playEvents(events: readonly string[], tokenMs: number): Generator<ScriptStep> {
  for (const [at, event] of events.entries()) yield { afterMs: at === 0 ? 0 : tokenMs, bytes: `data: ${event}\n\n` };
}
