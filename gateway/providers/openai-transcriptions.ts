/** This file is OpenAI's transcription wire: the form is written anew with the upstream's model, replies go through as they came. */
import type { CreateTranscriptionForm } from '../../generated/client/types.gen.ts';
import type { Received } from '../../generated/operations.ts';
import { NO_BYTES } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { countAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { UploadedFile } from '../foundation/operation.ts';
import { NO_MEDIA } from '../foundation/no-media.ts';
import type { Usage } from '../foundation/terms.ts';
import { writeForm } from '../foundation/write-form.ts';
import { droppedFields, droppedLine } from './dropped-fields.ts';
import { AudioStream } from './openai-audio-stream.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { requestHeaders } from './request-headers.ts';
import type { HttpRequest, ReplyFacts, ReplySide, Wire, WireRequest } from './wire.ts';

/** The canonical request: the form, its file standing as its name. */
export type TranscriptionRequest = Received<CreateTranscriptionForm>;

/** How a transcription is asked for. Whatever the upstream, its replies are OpenAI's, and `transcriptionReplies` reads them. */
export type TranscriptionWire = Pick<Wire<TranscriptionRequest>, 'encode'>;

export const openaiTranscriptionsWire: TranscriptionWire = { encode: encodeTranscription };

/** Written by the wire itself. */
const NOT_COPIED = ['file', 'model'];

/** Formats whose reply is no JSON. */
const TEXT_FORMATS: ReadonlySet<string> = new Set(['text', 'srt', 'vtt']);

/** True when the reply is plain text, whatever its lines mean. */
export function isTextFormat(body: TranscriptionRequest): boolean {
  return TEXT_FORMATS.has(body.response_format ?? 'json');
}

function encodeTranscription(request: WireRequest<TranscriptionRequest>): HttpRequest {
  const { body, target, files, isStream, requestId } = request;
  const dropped = droppedFields(target);
  const known = Object.entries(body).filter(([name]) => !NOT_COPIED.includes(name));
  const fields = Object.fromEntries(known.filter(([name]) => !dropped.includes(name)));
  const form = writeForm({ fields: { model: target.upstreamModel, ...fields }, files: files.map(withExtension), secret: requestId });
  const headers = requestHeaders(target.provider, { wire: 'openai-chat', isStream, accept: isTextFormat(body) ? '*/*' : 'application/json', contentType: form.contentType });
  const warnings = known.flatMap(([name]) => (dropped.includes(name) ? [droppedLine(name, target)] : []));
  return { kind: 'http', method: 'POST', path: '/audio/transcriptions', headers, body: form.body, warnings };
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  'audio/wav': 'wav', 'audio/mpeg': 'mp3', 'audio/ogg': 'ogg', 'audio/flac': 'flac', 'audio/mp4': 'mp4', 'audio/webm': 'webm', 'audio/aac': 'aac',
};

/** OpenAI goes by the extension, which browsers' recordings (`blob`) lack (platform.openai.com/docs/api-reference/audio, 2026-11). */
function withExtension(file: UploadedFile): UploadedFile {
  const extension = EXTENSIONS[file.contentType];
  return extension === undefined || /\.[a-z0-9]{2,5}$/i.test(file.name) ? file : { ...file, name: `${file.name || 'audio'}.${extension}` };
}

export interface TranscriptionContext {
  readonly isText: boolean;
  /** How long the audio is as far as can be told, in ms: recorded beside tokens, for models that are paid by the second. */
  readonly audioMs: number;
}

/** How replies to one request are read, and what is held back of a stream. */
export interface TranscriptionReplies {
  readonly side: ReplySide;
  /** The event that ends the stream, held back until its row is durable; no bytes for a stream that had none. */
  lastEvent(): ByteText;
}

/** Makes the reading side for one request. */
export function transcriptionReplies(context: TranscriptionContext): TranscriptionReplies {
  const readUsage = (usage: unknown, durationSeconds: unknown): Usage | null => readTranscriptionUsage(usage, { ...context, durationSeconds });
  let stream: AudioStream | null = null;
  let reply: JsonObject = {};
  const readJson = (text: string): ReplyFacts => {
    const told: unknown = JSON.parse(text);
    if (stringAt(told, 'text') === null || !isJsonObject(told)) throw new SyntaxError('not a transcription');
    reply = told;
    return { usage: readUsage(reply['usage'], reply['duration']), upstreamId: stringAt(objectAt(reply, 'x_groq'), 'id'), upstreamModel: null, finishReason: null };
  };
  const side: ReplySide = {
    ...(context.isText ? { replyType: 'bytes' as const, contentTypeOf: () => 'text/plain; charset=utf-8' } : { toReply: (text: string) => withUsageType(text, reply) }),
    readReply: context.isText ? () => ({ usage: null, upstreamId: null, upstreamModel: null, finishReason: null }) : readJson,
    readText: (text) => (context.isText ? decodeBytes(text) : stringAt(JSON.parse(text), 'text') ?? ''),
    openStream: () => (stream = openTranscript((usage) => readUsage(usage, null))),
    classify: classifyOpenAiError,
  };
  return { side, lastEvent: () => stream?.lastEvent ?? NO_BYTES };
}

/** OpenAI's usage says of what type it is; others tell the same figures in their own words, which stay beside it. */
function withUsageType(text: string, reply: JsonObject): string {
  const { usage } = reply;
  if (!isJsonObject(usage) || typeof usage['type'] === 'string') return text;
  const [input, output] = [firstNumber(usage, ['input_tokens', 'prompt_tokens']), firstNumber(usage, ['output_tokens', 'completion_tokens'])];
  const seconds = firstNumber(usage, ['seconds', 'prompt_audio_seconds']);
  if (input !== null && output !== null) return JSON.stringify({ ...reply, usage: { total_tokens: input + output, ...usage, type: 'tokens', input_tokens: input, output_tokens: output } });
  // Without a figure that is known, there is no usage to tell; JSON leaves out what is undefined.
  return JSON.stringify({ ...reply, usage: seconds === null ? undefined : { ...usage, type: 'duration', seconds } });
}

function openTranscript(readUsage: (usage: unknown) => Usage | null): AudioStream {
  let text = '';
  return new AudioStream({
    doneType: 'transcript.text.done',
    onEvent(type, event) {
      if (type === 'transcript.text.delta') text += stringAt(event, 'delta') ?? '';
      if (type === 'transcript.text.done') text = stringAt(event, 'text') ?? text;
    },
    // Who hears nothing has listened.
    faultAtEnd: () => null,
    readUsage,
    text: () => text,
  });
}

/** A reply of bytes comes as one character for each. */
function decodeBytes(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

const MS_PER_SECOND = 1000;

/**
 * Reads what was used: OpenAI's tokens or seconds, Mistral's both (docs.mistral.ai/capabilities/audio_transcription, 2026-11), or no more
 * than how long the audio was (`duration` of a verbose reply, which is all that Groq and others tell). Null when the reply says nothing of it.
 */
function readTranscriptionUsage(usage: unknown, { audioMs, durationSeconds }: { audioMs: number; durationSeconds: unknown }): Usage | null {
  const [input, output] = [wholeOf(firstNumber(usage, ['input_tokens', 'prompt_tokens'])), wholeOf(firstNumber(usage, ['output_tokens', 'completion_tokens']))];
  const seconds = firstNumber(usage, ['seconds', 'prompt_audio_seconds']) ?? durationSeconds;
  const toldMs = typeof seconds === 'number' ? wholeOf(Math.round(seconds * MS_PER_SECOND)) : null;
  if (input === null && output === null && toldMs === null) return null;
  const details = objectAt(usage, 'input_token_details');
  return {
    promptTokens: input ?? 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: output ?? 0, reasoningTokens: 0,
    media: { ...NO_MEDIA, audioMs: toldMs ?? audioMs, ...(details ? { audioTokens: countAt(details, 'audio_tokens') } : {}) },
  };
}

/** A whole number from 0 up; null for anything else. */
function wholeOf(value: number | null): number | null {
  return value !== null && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function firstNumber(usage: unknown, names: readonly string[]): number | null {
  for (const name of names) {
    const value = isJsonObject(usage) ? usage[name] : null;
    if (typeof value === 'number') return value;
  }
  return null;
}
