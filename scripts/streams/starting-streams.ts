/** This file gathers the streams that mutants are made of: the wires' own fixtures, recordings where they are at hand, and what the sandbox says. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PIXEL } from '../../conformance/image-requests.ts';
import { payloadsOf, recordedStreams } from '../../conformance/recorded-streams.ts';
import { completionsDialect } from '../../gateway/dialects/completions.ts';
import { NO_BYTES, decodeText, joinBytes } from '../../gateway/foundation/byte-text.ts';
import { dataEvent } from '../../gateway/foundation/sse.ts';
import { sampleWav } from '../../gateway/foundation/sample-audio.ts';
import { outlineJson } from '../../gateway/foundation/json-outline.ts';
import type { Provider, Target } from '../../gateway/foundation/terms.ts';
import { playSandbox, say } from '../../gateway/providers/__fixtures__/sandbox/play.ts';
import { sandboxImagesWire } from '../../gateway/providers/sandbox-images.ts';
import { sandboxSpeechWire } from '../../gateway/providers/sandbox-speech.ts';
import { sandboxTranscribeWire } from '../../gateway/providers/sandbox-transcribe.ts';
import type { HttpRequest, ScriptedReply, WireRequest } from '../../gateway/providers/wire.ts';

/** Whoever speaks in a stream. */
export const speakers = [
  'openai-chat', 'anthropic-messages', 'gemini-content', 'openai-responses', 'openai-transcriptions', 'openai-speech', 'openai-images',
  'several chats', 'native chat', 'native completions', 'native responses', 'native messages', 'native generate',
] as const;
export type Speaker = (typeof speakers)[number];

/** One good stream: the JSON text of each event, `[DONE]` left out. */
export interface StartingStream {
  readonly speaker: Speaker;
  readonly name: string;
  readonly payloads: readonly string[];
}

const OWN = new URL('../../gateway/providers/__fixtures__/', import.meta.url).pathname;
const RECORDED = new URL('../../../shared/fixtures/', import.meta.url).pathname;
const RECORDED_FOLDERS: Readonly<Partial<Record<Speaker, readonly string[]>>> = {
  'native completions': ['openai/completion'],
  'anthropic-messages': ['anthropic'],
  'gemini-content': ['google'],
  'openai-responses': ['openai/responses', 'open-responses/responses', 'azure', 'xai/responses'],
};

/** Every good stream there is, always in the same order on the same machine. */
export function startingStreams(): readonly StartingStream[] {
  const own = speakers.flatMap((speaker) => readFolder(speaker, join(OWN, speaker)));
  const recorded = speakers.flatMap((speaker) => (RECORDED_FOLDERS[speaker] ?? []).flatMap((folder) => readFolder(speaker, join(RECORDED, folder))));
  const chats = recordedStreams().map(({ name, payloads }): StartingStream => ({ speaker: 'openai-chat', name, payloads }));
  const canonical = [...own, ...recorded, ...chats, ...sandboxChats(), ...sandboxAudio(), ...sandboxImages()];
  return [...canonical, ...canonical.flatMap(inOtherWays), ...completions(canonical)];
}

/** The same streams, handed on as they are by the native bypass, or as one of several. */
const NATIVE: Readonly<Partial<Record<Speaker, Speaker>>> = {
  'openai-chat': 'native chat', 'openai-responses': 'native responses', 'anthropic-messages': 'native messages', 'gemini-content': 'native generate',
};

function inOtherWays(stream: StartingStream): StartingStream[] {
  const speaker = NATIVE[stream.speaker];
  const native: StartingStream[] = speaker === undefined ? [] : [{ ...stream, speaker, name: `${stream.name}, native` }];
  // Several chats in one are asked of any wire; one that writes every chunk itself can be held to the contract.
  return stream.speaker === 'anthropic-messages' ? [...native, { ...stream, speaker: 'several chats', name: `${stream.name}, several` }] : native;
}

/** Completions are recorded once; the rest are chats told in their words. */
function completions(streams: readonly StartingStream[]): StartingStream[] {
  return streams.filter(({ speaker }) => speaker === 'openai-chat').map(({ name, payloads }): StartingStream => {
    const dialect = completionsDialect({ model: 'p/m', prompt: 'Say', stream: true }).openStream();
    const events = payloads.map((payload) => dialect.read(dataEvent(payload)) ?? NO_BYTES).reduce(joinBytes, NO_BYTES);
    return { speaker: 'native completions', name: `${name}, completed`, payloads: payloadsOf(decodeText(events)) };
  }).filter(({ payloads }) => payloads.length > 0);
}

function readFolder(speaker: Speaker, folder: string): StartingStream[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((file) => file.endsWith('.chunks.txt')).sort().map((file) => {
    const payloads = readFileSync(join(folder, file), 'utf8').split('\n').filter((line) => line.trim() !== '' && line !== '[DONE]');
    return { speaker, name: file.replace('.chunks.txt', ''), payloads };
  });
}

const tool = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } };
const asked = { stream: true, stream_options: { include_usage: true } };

function sandboxChats(): StartingStream[] {
  const bodies: Readonly<Record<string, object>> = {
    text: say('Tell me about the sea', { ...asked, n: 2 }) as object,
    logprobs: say('Reply with exactly: Grüße 👋', { ...asked, logprobs: true, top_logprobs: 2 }) as object,
    tools: say('Weather?', { ...asked, tools: [tool], tool_choice: 'required' }) as object,
    legacy: say('Weather?', { ...asked, functions: [tool.function], function_call: { name: 'get_weather' } }) as object,
  };
  return Object.entries(bodies).map(([name, body]) => ({ speaker: 'openai-chat', name: `sandbox ${name}`, payloads: told(playSandbox({ body }).bytes) }));
}

const provider: Provider = { id: 'sandbox', name: 'Sandbox', wire: 'sandbox', baseUrl: '', apiKey: null, headers: {}, quirks: {} };
const target: Target = { id: 'sandbox/audio', provider, upstreamModel: 'audio', price: null, quirks: {}, options: {} };

function requestOf<Body extends object>(body: Body): WireRequest<Body> {
  const bodyText = JSON.stringify(body);
  const files = [{ field: 'file', name: 'a.wav', contentType: 'audio/wav', bytes: sampleWav(1.5) }];
  return { target, body, bodyText, outline: outlineJson(bodyText, 64), files, isStream: true, requestId: 'req_1', nowSeconds: 1_800_000_000 };
}

function sandboxAudio(): StartingStream[] {
  const transcribe = (body: object): string[] => played(sandboxTranscribeWire.encode(requestOf({ model: 'sandbox/transcribe', file: 'a.wav', stream: true, ...body })));
  const speak = (input: string): string[] => played(sandboxSpeechWire.encode(requestOf({ model: 'sandbox/speech', voice: 'alloy', input, stream_format: 'sse' as const, response_format: 'wav' as const })));
  const mistral = ['{"type":"transcript.text.delta","delta":"Hi"}', '{"type":"transcript.text.done","text":"Hi","usage":{"prompt_audio_seconds":3,"prompt_tokens":4,"completion_tokens":7,"total_tokens":11}}'];
  return [
    { speaker: 'openai-transcriptions', name: 'sandbox json', payloads: transcribe({ include: ['logprobs'] }) },
    { speaker: 'openai-transcriptions', name: 'sandbox speakers', payloads: transcribe({ response_format: 'diarized_json' }) },
    { speaker: 'openai-transcriptions', name: 'mistral', payloads: mistral },
    { speaker: 'openai-speech', name: 'sandbox short', payloads: speak('Hi') },
    { speaker: 'openai-speech', name: 'sandbox long', payloads: speak('The sea is wide.') },
  ];
}

function sandboxImages(): StartingStream[] {
  const draw = (more: object): string[] => played(sandboxImagesWire.encode({ ...requestOf({ model: 'sandbox/image', prompt: 'A kite', stream: true, size: '64x64' as const, ...more }), files: [] }));
  const edit = played(sandboxImagesWire.encode({ ...requestOf({ model: 'sandbox/image', prompt: 'A kite', stream: true, size: '64x64' as const, image: 'a.png' }), files: [{ field: 'image', name: 'a.png', contentType: 'image/png', bytes: PIXEL }] }));
  return [
    { speaker: 'openai-images', name: 'sandbox image', payloads: draw({}) },
    { speaker: 'openai-images', name: 'sandbox images on the way', payloads: draw({ n: 2, partial_images: 2 }) },
    { speaker: 'openai-images', name: 'sandbox edit', payloads: edit },
  ];
}

function played(reply: HttpRequest | ScriptedReply): string[] {
  if (reply.kind !== 'script') throw new Error('the sandbox must answer with a script');
  return told([...reply.steps].map(({ bytes }) => bytes.toString()).join(''));
}

function told(bytes: string): string[] {
  const payloads = payloadsOf(bytes).filter((payload) => payload !== '[DONE]');
  if (payloads.length === 0) throw new Error(`the sandbox said nothing to begin with: ${bytes.slice(0, 300)}`);
  return payloads;
}
