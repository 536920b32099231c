/** This file is OpenAI's speech wire: the JSON goes through but for the model name, the sound comes back as bytes or in events. */
import type { CreateSpeechRequest } from '../../generated/client/types.gen.ts';
import { audioTypeOf, measureAudio } from '../foundation/audio-length.ts';
import { NO_BYTES } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { editJson } from '../foundation/json-outline.ts';
import type { JsonEdit } from '../foundation/json-outline.ts';
import { countAt, isJsonObject, parseJson, stringAt } from '../foundation/json-value.ts';
import { NO_MEDIA } from '../foundation/no-media.ts';
import type { Usage } from '../foundation/terms.ts';
import { droppedFields, droppedLine } from './dropped-fields.ts';
import { AudioStream } from './openai-audio-stream.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { requestHeaders } from './request-headers.ts';
import type { HttpRequest, ReplySide, Wire, WireRequest } from './wire.ts';

/** How a speech is asked for. Whatever the upstream, its replies are OpenAI's, and `speechReplies` reads them. */
export type SpeechWire = Pick<Wire<CreateSpeechRequest>, 'encode'>;

export const openaiSpeechWire: SpeechWire = { encode: encodeSpeech };

function encodeSpeech(request: WireRequest<CreateSpeechRequest>): HttpRequest {
  const { target, outline, bodyText, isStream } = request;
  const has = (key: string): boolean => outline.fields.some((field) => field.key === key);
  const dropped = droppedFields(target).filter(has);
  const edits: JsonEdit[] = [
    { kind: 'set', key: 'model', json: JSON.stringify(target.upstreamModel) },
    ...dropped.map((key): JsonEdit => ({ kind: 'drop', key })),
  ];
  const headers = requestHeaders(target.provider, { wire: 'openai-chat', isStream, accept: '*/*' });
  const warnings = dropped.map((key) => droppedLine(key, target));
  return { kind: 'http', method: 'POST', path: '/audio/speech', headers, body: editJson(bodyText, outline, edits), warnings };
}

/** What came of the sound of a stream so far. */
export interface Heard {
  readonly bytes: number;
  /** The beginning, by which the length of all of it is told. */
  readonly beginning: Buffer;
}

/** How replies to one request are read, what is held back of a stream, and what was heard of it. */
export interface SpeechReplies {
  readonly side: ReplySide;
  /** The event that ends the stream, held back until its row is durable; no bytes for a stream that had none. */
  lastEvent(): ByteText;
  /** Of a stream; null before it was opened. */
  heard(): Heard | null;
}

/** Makes the reading side for one request that wants this format; `characters` are those of its text. */
export function speechReplies({ format, characters }: { readonly format: string; readonly characters: number }): SpeechReplies {
  let stream: AudioStream | null = null;
  let heard: Heard | null = null;
  const side: ReplySide = {
    replyType: 'bytes',
    contentTypeOf: (text) => soundTypeOf(text, format),
    readReply(text) {
      if (text === '' || (text.startsWith('{') && parseJson(text) !== null)) throw new SyntaxError('not a sound');
      return { usage: null, upstreamId: null, upstreamModel: null, finishReason: null };
    },
    readText: (text) => text,
    openStream: () => (stream = openSpeech(characters, (so) => { heard = so; })),
    classify: classifyOpenAiError,
  };
  return { side, lastEvent: () => stream?.lastEvent ?? NO_BYTES, heard: () => heard };
}

const BEGINNING_BYTES_MAX = 256 * 1024;

function openSpeech(characters: number, onHeard: (heard: Heard) => void): AudioStream {
  let bytes = 0;
  let beginning: Buffer = Buffer.alloc(0);
  return new AudioStream({
    doneType: 'speech.audio.done',
    onEvent(type, event) {
      if (type !== 'speech.audio.delta') return;
      const sound = Buffer.from(stringAt(event, 'audio') ?? '', 'base64');
      bytes += sound.length;
      if (beginning.length < BEGINNING_BYTES_MAX) beginning = Buffer.concat([beginning, sound]);
      onHeard({ bytes, beginning });
    },
    faultAtEnd: () => (bytes === 0 ? 'a speech without a sound' : null),
    readUsage: (usage) => readSpeechUsage(usage, characters),
    text: () => '',
  });
}

function readSpeechUsage(usage: unknown, characters: number): Usage | null {
  if (!isJsonObject(usage) || (typeof usage['input_tokens'] !== 'number' && typeof usage['output_tokens'] !== 'number')) return null;
  return {
    promptTokens: countAt(usage, 'input_tokens'), cachedTokens: 0, cacheWriteTokens: 0, completionTokens: countAt(usage, 'output_tokens'), reasoningTokens: 0,
    media: { ...NO_MEDIA, characters },
  };
}

/** Enough to tell what it is. */
const MAGIC_BYTES = 4096;

/** By its bytes, because servers answer in the format they have; what has no header is raw. */
function soundTypeOf(text: string, format: string): string {
  const facts = measureAudio(Buffer.from(text.slice(0, MAGIC_BYTES), 'latin1'));
  if (facts && format !== 'pcm') return audioTypeOf(facts.container);
  return format === 'pcm' ? 'audio/pcm' : TYPES[format] ?? 'audio/mpeg';
}

const TYPES: Readonly<Record<string, string>> = { mp3: 'audio/mpeg', opus: 'audio/ogg', aac: 'audio/aac', flac: 'audio/flac', wav: 'audio/wav' };
