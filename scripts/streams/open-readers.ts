/** This file opens every stream reader and every dialect there is, as relay does, and says what comes out of each. */
import { responsesDialect } from '../../gateway/dialects/responses.ts';
import { completionsDialect } from '../../gateway/dialects/completions.ts';
import type { DialectStream } from '../../gateway/dialects/dialect.ts';
import { NO_BYTES, joinBytes } from '../../gateway/foundation/byte-text.ts';
import type { ByteText } from '../../gateway/foundation/byte-text.ts';
import { defaultLimits as limits } from '../../gateway/foundation/limits.ts';
import type { NativeForm, WireName } from '../../gateway/foundation/terms.ts';
import { ImageStream, writeImageEvent } from '../../gateway/providers/images.ts';
import { chatWireOf } from '../../gateway/providers/index.ts';
import { nativeReplySide } from '../../gateway/providers/native.ts';
import { speechReplies } from '../../gateway/providers/openai-speech.ts';
import { transcriptionReplies } from '../../gateway/providers/openai-transcriptions.ts';
import { ALL_ENDED, markEvent, severalReplies } from '../../gateway/providers/several-replies.ts';
import type { Part } from '../../gateway/providers/several-replies.ts';
import type { StreamOptions, StreamReader, Wire } from '../../gateway/providers/wire.ts';
import { nativeDialect } from '../../gateway/relay/native-stream.ts';
import { pick } from './mutate-events.ts';
import type { Random } from './mutate-events.ts';
import type { Speaker } from './starting-streams.ts';

export const NOW_SECONDS = 1_800_000_000;
export const context = { requestId: 'req_0123456789abcdef0123456789abcdef', upstreamModel: 'up', nowSeconds: NOW_SECONDS };

/** What is known of a reader before it has read anything. */
export interface Voice {
  /** The schema its events keep to; null for a provider's own API, whose events are no part of the contract. */
  readonly schema: string | null;
  /** `all`: hands on the upstream's own bytes; `but usage`: those, without a usage nobody asked for; `none`: writes every event itself. */
  readonly forwards: 'all' | 'but usage' | 'none';
  /** The files of its readers, under gateway/. */
  readonly files: readonly string[];
}

const chatFiles = ['providers/openai-chat-stream.ts'];

export const VOICES: Readonly<Record<Speaker, Voice>> = {
  'openai-chat': { schema: 'ChatCompletionChunk', forwards: 'but usage', files: chatFiles },
  'anthropic-messages': { schema: 'ChatCompletionChunk', forwards: 'none', files: ['providers/anthropic-messages-stream.ts'] },
  'gemini-content': { schema: 'ChatCompletionChunk', forwards: 'none', files: ['providers/gemini-content-stream.ts'] },
  'openai-responses': { schema: 'ChatCompletionChunk', forwards: 'none', files: ['providers/openai-responses-stream.ts'] },
  'openai-transcriptions': { schema: 'TranscriptionEvent', forwards: 'all', files: ['providers/openai-audio-stream.ts', 'providers/openai-transcriptions.ts'] },
  'openai-speech': { schema: 'SpeechEvent', forwards: 'all', files: ['providers/openai-audio-stream.ts', 'providers/openai-speech.ts'] },
  'openai-images': { schema: 'ImageEvent', forwards: 'all', files: ['providers/images.ts'] },
  'several chats': { schema: 'ChatCompletionChunk', forwards: 'none', files: ['providers/several-replies.ts', 'providers/anthropic-messages-stream.ts'] },
  'native chat': { schema: null, forwards: 'but usage', files: [...chatFiles, 'providers/native.ts'] },
  'native completions': { schema: null, forwards: 'but usage', files: ['providers/native-completions.ts', 'providers/native.ts'] },
  'native responses': { schema: null, forwards: 'all', files: ['providers/native-responses.ts', 'providers/native.ts'] },
  'native messages': { schema: null, forwards: 'all', files: ['providers/anthropic-messages-stream.ts', 'providers/native.ts'] },
  'native generate': { schema: null, forwards: 'all', files: ['providers/gemini-content-stream.ts', 'providers/native.ts'] },
};

/** Dialects that stand behind a reader, with their files under gateway/. */
export const DIALECT_FILES = {
  completions: ['dialects/completions.ts'],
  responses: ['dialects/responses.ts', 'dialects/responses-stream.ts'],
  native: ['relay/native-stream.ts'],
  // In the background a stream of Responses may be cancelled, too.
  background: ['relay/answer-in-background.ts'],
} as const;
export type DialectName = keyof typeof DIALECT_FILES;

export interface OpenReader {
  readonly reader: StreamReader;
  /** What is read in place of an event of the upstream's: of several streams, events that say whose they are. */
  readonly marked?: (event: ByteText) => readonly ByteText[];
  /** What is read after the last event of a stream that has ended well. */
  readonly ending?: ByteText;
  /** What is told once the stream has ended well and its row is on disk. */
  heldBack(): ByteText;
  readonly dialect: { readonly name: DialectName; readonly stream: DialectStream; readonly schema: string | null } | null;
}

/** Opens a reader, with one of the dialects that may stand behind it. */
export function openReader(speaker: Speaker, { wantsUsage, random }: { wantsUsage: boolean; random: Random }): OpenReader {
  const options = { context, wantsUsage, observedBytesMax: random() < 0.5 ? limits.observedEventsBytesMax : 200 };
  const form = formOf(speaker);
  if (form !== null) {
    const side = nativeReplySide(form);
    const reader = side.openStream(options);
    return { reader, heldBack: () => NO_BYTES, dialect: { name: 'native', stream: nativeDialect(form, side).openStream(), schema: null } };
  }
  if (speaker === 'openai-transcriptions') {
    const replies = transcriptionReplies({ isText: false, audioMs: 1500 });
    return { reader: replies.side.openStream(options), heldBack: () => replies.lastEvent(), dialect: null };
  }
  if (speaker === 'openai-speech') {
    const replies = speechReplies({ format: 'mp3', characters: 5 });
    return { reader: replies.side.openStream(options), heldBack: () => replies.lastEvent(), dialect: null };
  }
  if (speaker === 'openai-images') {
    const reader = new ImageStream({ variant: '1024x1024/low' }, limits.upstreamReplyBytesMax);
    return { reader, heldBack: () => reader.completed.map(writeImageEvent).reduce(joinBytes, NO_BYTES), dialect: null };
  }
  if (speaker === 'several chats') return openSeveral(options, random);
  const kind = pick(random, ['chat', 'completions', 'responses', 'background'] as const);
  return { reader: chatWire(speaker as WireName).openStream(options), heldBack: () => NO_BYTES, dialect: kind === 'chat' ? null : openDialect(kind, random) };
}

function formOf(speaker: Speaker): NativeForm | null {
  return speaker.startsWith('native ') ? speaker.slice('native '.length) as NativeForm : null;
}

function chatWire(wire: WireName): Wire {
  const found = chatWireOf({ id: 'p', name: 'P', wire, baseUrl: 'https://a.example', apiKey: null, headers: {}, quirks: {} });
  if (!found) throw new Error(`no wire for chats is called ${wire}`);
  return found;
}

/** Several prompts of one completion: each of the streams is told the same, or each event comes to one of them. */
function openSeveral(options: StreamOptions, random: Random): OpenReader {
  const count = 1 + Math.floor(random() * 3);
  const side = chatWire('anthropic-messages');
  const request = { kind: 'http', method: 'POST', path: '', headers: {}, body: '', warnings: [] } as const;
  const parts = Array.from({ length: count }, (): Part => ({ request, side, isBegun: true, reply: null, stream: null }));
  const isSame = random() < 0.7;
  return {
    reader: severalReplies(parts, 1 + Math.floor(random() * 2)).openStream(options),
    marked: (event) => (isSame ? parts.map((_, at) => markEvent(event, at)) : [markEvent(event, Math.floor(random() * count))]),
    ending: ALL_ENDED,
    heldBack: () => NO_BYTES,
    dialect: random() < 0.5 ? null : openDialect('completions', random),
  };
}

function openDialect(name: 'completions' | 'responses' | 'background', random: Random): NonNullable<OpenReader['dialect']> {
  if (name === 'completions') {
    const echo = random() < 0.3;
    return { name, stream: completionsDialect({ model: 'p/m', prompt: 'Say', stream: true, ...(echo ? { echo } : {}) }).openStream(), schema: 'Completion' };
  }
  const names = new Map([['get_weather', { kind: pick(random, ['custom', 'function'] as const), namespace: null, name: 'get_weather' }]]);
  const wantsSeal = random() < 0.5;
  const body = {
    model: 'p/m', input: 'Say', stream: true,
    ...(random() < 0.5 ? { reasoning: { summary: 'auto' as const } } : {}),
    ...(wantsSeal ? { include: ['reasoning.encrypted_content' as const] } : {}),
  };
  const dialect = responsesDialect(body, { id: `resp_${'0'.repeat(32)}`, names, seal: (thoughts) => `sealed-${JSON.stringify(thoughts).length}`, nowSeconds: () => NOW_SECONDS });
  const stream = dialect.openStream();
  if (name === 'responses') return { name, stream, schema: 'ResponseEvent' };
  return { name, stream: { read: (event) => stream.read(event), finish: () => stream.finish(), fail: () => stream.cancel() }, schema: 'ResponseEvent' };
}
