/** This file makes the scenes of the matrix that don't chat: vectors, images, sound and videos, of recorded upstreams and of the sandbox. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { wav } from './audio-requests.ts';
import { PIXEL } from './image-requests.ts';
import type { Replay } from './replay-upstream.ts';
import type { Scene, Scenery } from './sdk-scenes.ts';

type Json = Readonly<Record<string, unknown>>;

const shared = new URL('../../shared/fixtures/', import.meta.url);
const row = { tier: 'basic', context_window: 200_000, max_output_tokens: null };
const SPEECH: Scene['files'] = { file: ['speech.wav', wav(2.5).toString('base64'), 'audio/wav'] };
const PICTURE: Scene['files'] = { image: ['pixel.png', PIXEL.toString('base64'), 'image/png'] };
/** What the sandbox hears in it. */
const HEARD = 'A WAV of 2.5 seconds, 16000 Hz, mono.';

/** One upstream of a kind that doesn't chat, with what it answers. */
interface Part {
  readonly name: string;
  readonly endpoint: Scene['endpoint'];
  readonly wire: string;
  readonly request: Json;
  readonly files?: Scene['files'];
  readonly expected: unknown;
  /** What the upstream answers; none is the sandbox. */
  readonly reply?: { readonly provider: 'vllm' | 'google'; readonly kind: string; readonly type: string; readonly payloads: readonly (string | Buffer)[] };
}

/** The text of a shared recording; null where it is not at hand. */
function recorded(file: string): string | null {
  const url = new URL(file, shared);
  return existsSync(url) ? readFileSync(url, 'utf8') : null;
}

const JSON_TYPE = 'application/json';
const EVENTS = 'text/event-stream';
const json = (value: unknown): string => JSON.stringify(value);
const digest = (base64: string): string => createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex');

/** All scenes that don't chat. Videos have upstreams of their own. */
export function mediaScenery(): Scenery {
  const parts = [...vectorParts(), ...imageParts(), ...transcriptionParts(), ...speechParts(), ...videoParts()];
  const upstreams = parts.flatMap(({ name, reply }) => (reply ? [{ upstreamModel: slug(name), replay: replayOf(reply), rows: [rowOf(name, reply)] }] : []));
  return { scenes: parts.map(sceneOf), upstreams };
}

const slug = (name: string): string => name.replaceAll(/[^\w.-]+/g, '-').toLowerCase();

function rowOf(name: string, reply: NonNullable<Part['reply']>): object {
  return { id: `matrix/${slug(name)}`, name, ...row, kinds: [reply.kind], targets: [{ provider: reply.provider, model: slug(name), unpriced: true }] };
}

function replayOf({ type, payloads }: NonNullable<Part['reply']>): Replay {
  const headers = { 'content-type': type };
  if (type !== EVENTS) return { headers, steps: payloads.map((write) => ({ write })) };
  return { headers, steps: payloads.map((payload) => ({ write: `event: ${String((JSON.parse(String(payload)) as Json)['type'])}\ndata: ${String(payload)}\n\n` })) };
}

function sceneOf({ name, endpoint, wire, request, files, expected, reply }: Part): Scene {
  const model = reply ? { model: `matrix/${slug(name)}` } : {};
  return { name: `${endpoint}: ${wire}: ${name}`, endpoint, wire, isStream: request['stream'] === true || request['stream_format'] === 'sse', request: { ...model, ...request }, ...(files ? { files } : {}), expected };
}

function vectorParts(): Part[] {
  const told = recorded('openai/embedding/openai-embedding.json') ?? json({
    object: 'list', data: [[0.5, -0.25], [1, 0]].map((embedding, index) => ({ object: 'embedding', index, embedding })), model: 'text-embedding-3-small', usage: { prompt_tokens: 12, total_tokens: 12 },
  });
  const { data, usage } = JSON.parse(told) as { data: { embedding: number[] }[]; usage: { prompt_tokens: number } };
  const openai = { provider: 'vllm', kind: 'embeddings', type: JSON_TYPE, payloads: [told] } as const;
  // Base64 is of single precision.
  const expected = { vectors: data.map(({ embedding }) => embedding.map((value) => Number(value.toPrecision(6)))), prompt: usage.prompt_tokens };
  const values = [[0.125, -0.5, 0.75], [0.25, 0.5, 0.0625]];
  const gemini = { provider: 'google', kind: 'embeddings', type: JSON_TYPE, payloads: [json({ embeddings: values.map((each) => ({ values: each })), usageMetadata: { promptTokenCount: 7 } })] } as const;
  const input = ['one', 'two'];
  const part = { endpoint: 'embeddings' } as const;
  return [
    { ...part, name: 'vectors in numbers', wire: 'openai-embeddings', request: { input, encoding_format: 'float' }, expected, reply: openai },
    { ...part, name: 'vectors in base64', wire: 'openai-embeddings', request: { input }, expected, reply: openai },
    { ...part, name: 'vectors by Gemini', wire: 'gemini-embeddings', request: { input }, expected: { vectors: values, prompt: 7 }, reply: gemini },
    // Stable, as it promises: these are its numbers since 2026-11.
    { ...part, name: 'vectors', wire: 'sandbox', request: { model: 'sandbox/embedding', input: 'one', dimensions: 3 }, expected: { vectors: [[0.248159, -0.961335, 0.119384]], prompt: 1 } },
  ];
}

function imageParts(): Part[] {
  const pixel = PIXEL.toString('base64');
  const usage = { total_tokens: 300, input_tokens: 28, output_tokens: 272, input_tokens_details: { text_tokens: 28, image_tokens: 0 } };
  const own = json({ created: 1_770_935_200, data: [{ b64_json: pixel }], usage });
  const drawn = recorded('openai/image/openai-image.json') ?? own;
  const edited = recorded('openai/image/openai-image-edit.json') ?? own;
  const held = (text: string) => ({ digests: (JSON.parse(text) as { data: { b64_json: string }[] }).data.map((each) => digest(each.b64_json)), partials: 0 });
  const events = (kind: 'image_generation' | 'image_edit') => [0, 1].map((index) => json({
    type: `${kind}.partial_image`, b64_json: pixel, partial_image_index: index, created_at: 1, size: '1024x1024', quality: 'low', background: 'opaque', output_format: 'png',
  })).concat(json({ type: `${kind}.completed`, b64_json: pixel, created_at: 1, size: '1024x1024', quality: 'low', background: 'opaque', output_format: 'png', usage }));
  const gemini = json({ candidates: [{ content: { parts: [{ text: 'Here it is.' }, { inlineData: { mimeType: 'image/png', data: pixel } }] }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 1120 } });
  const openai = (text: string) => ({ provider: 'vllm', kind: 'images', type: JSON_TYPE, payloads: [text] }) as const;
  const stream = (kind: 'image_generation' | 'image_edit') => ({ provider: 'vllm', kind: 'images', type: EVENTS, payloads: events(kind) }) as const;
  const google = { provider: 'google', kind: 'images', type: JSON_TYPE, payloads: [gemini] } as const;
  const prompt = 'A red bicycle in the rain';
  const streamed = { digests: [digest(pixel)], partials: 2, output: 272 };
  const sandbox = { model: 'sandbox/image', prompt, size: '256x256', quality: 'low' };
  const generated = { endpoint: 'images', wire: 'openai-images' } as const;
  const edits = { endpoint: 'edits', wire: 'openai-images', files: PICTURE } as const;
  return [
    { ...generated, name: 'images', request: { prompt, response_format: 'b64_json' }, expected: held(drawn), reply: openai(drawn) },
    { ...generated, name: 'an image coming into being', request: { prompt, stream: true, partial_images: 2 }, expected: streamed, reply: stream('image_generation') },
    { ...edits, name: 'an edited image', request: { prompt }, expected: held(edited), reply: openai(edited) },
    { ...edits, name: 'an edit coming into being', request: { prompt, stream: true, partial_images: 2 }, expected: streamed, reply: stream('image_edit') },
    { endpoint: 'images', wire: 'gemini-images', name: 'an image by Gemini', request: { prompt }, expected: { digests: [digest(pixel)], partials: 0, output: 1120 }, reply: google },
    { endpoint: 'images', wire: 'gemini-images', name: 'an image by Gemini in events', request: { prompt, stream: true }, expected: { digests: [digest(pixel)], partials: 0, output: 1120 }, reply: google },
    { endpoint: 'edits', wire: 'gemini-images', name: 'an edit by Gemini', files: PICTURE, request: { prompt }, expected: { digests: [digest(pixel)], partials: 0, output: 1120 }, reply: google },
    { endpoint: 'images', wire: 'sandbox', name: 'two images', request: { ...sandbox, n: 2 }, expected: { types: ['image/png', 'image/png'], partials: 0 } },
    { endpoint: 'images', wire: 'sandbox', name: 'an image coming into being', request: { ...sandbox, stream: true, partial_images: 3 }, expected: { types: ['image/png'], partials: 3 } },
    { endpoint: 'edits', wire: 'sandbox', name: 'an edited image', files: PICTURE, request: sandbox, expected: { types: ['image/png'], partials: 0 } },
    { endpoint: 'edits', wire: 'sandbox', name: 'an edit coming into being', files: PICTURE, request: { ...sandbox, stream: true, partial_images: 1 }, expected: { types: ['image/png'], partials: 1 } },
  ];
}

function transcriptionParts(): Part[] {
  const verbose = recorded('openai/transcription/openai-transcription.json') ?? json({ task: 'transcribe', language: 'english', duration: 2.5, text: 'Grüße', words: [{ word: 'Grüße', start: 0, end: 2.5 }], usage: { type: 'duration', seconds: 3 } });
  const whole = JSON.parse(verbose) as { text: string; words: { word: string }[]; duration: number };
  const mistral = recorded('mistral/mistral-transcription.json');
  const groq = recorded('groq/groq-transcription-text.json');
  const plain = groq === null ? 'Grüße\n' : (JSON.parse(groq) as { body: string }).body;
  const usage = { type: 'tokens', input_tokens: 25, output_tokens: 3, total_tokens: 28, input_token_details: { text_tokens: 0, audio_tokens: 25 } };
  const srt = '1\n00:00:00,000 --> 00:00:02,500\nGrüße\n\n';
  const vtt = 'WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nGrüße\n\n';
  const events = ['Grü', 'ße', ' 世界'].map((delta) => json({ type: 'transcript.text.delta', delta })).concat(json({ type: 'transcript.text.done', text: 'Grüße 世界', usage }));
  const part = { endpoint: 'transcriptions', wire: 'openai-transcriptions', files: SPEECH } as const;
  const sandbox = { endpoint: 'transcriptions', wire: 'sandbox', files: SPEECH } as const;
  const reply = (type: string, ...payloads: string[]) => ({ provider: 'vllm', kind: 'transcription', type, payloads }) as const;
  const model = 'sandbox/transcribe';
  return [
    { ...part, name: 'a transcription with the times of words', request: { response_format: 'verbose_json', timestamp_granularities: ['word'] }, expected: { text: whole.text, words: whole.words.map(({ word }) => word), duration: whole.duration }, reply: reply(JSON_TYPE, verbose) },
    ...(mistral === null ? [] : [{ ...part, name: 'a transcription by Mistral', request: {}, expected: { text: (JSON.parse(mistral) as { text: string }).text }, reply: reply(JSON_TYPE, mistral) }]),
    { ...part, name: 'a transcription as text', request: { response_format: 'text' }, expected: { text: plain }, reply: reply('text/plain; charset=utf-8', plain) },
    { ...part, name: 'a transcription as SubRip', request: { response_format: 'srt' }, expected: { text: srt }, reply: reply('application/x-subrip', srt) },
    { ...part, name: 'a transcription as WebVTT', request: { response_format: 'vtt' }, expected: { text: vtt }, reply: reply('text/vtt', vtt) },
    { ...part, name: 'a transcription in events', request: { stream: true }, expected: { text: 'Grüße 世界', deltas: ['Grü', 'ße', ' 世界'] }, reply: reply(EVENTS, ...events) },
    { ...sandbox, name: 'a transcription', request: { model }, expected: { text: HEARD } },
    { ...sandbox, name: 'a transcription with the times of words', request: { model, response_format: 'verbose_json', timestamp_granularities: ['word'] }, expected: { text: HEARD, words: HEARD.split(' '), duration: 2.5 } },
    { ...sandbox, name: 'a transcription as text', request: { model, response_format: 'text' }, expected: { text: `${HEARD}\n` } },
    { ...sandbox, name: 'a transcription as SubRip', request: { model, response_format: 'srt' }, expected: { text: `1\n00:00:00,000 --> 00:00:02,500\n${HEARD}\n\n` } },
    { ...sandbox, name: 'a transcription as WebVTT', request: { model, response_format: 'vtt' }, expected: { text: `WEBVTT\n\n00:00:00.000 --> 00:00:02.500\n${HEARD}\n\n` } },
    { ...sandbox, name: 'a transcription in events', request: { model, stream: true }, expected: { text: HEARD } },
  ];
}

function speechParts(): Part[] {
  const sound = wav(0.5);
  const events = [sound.subarray(0, 100), sound.subarray(100)].map((bytes) => json({ type: 'speech.audio.delta', audio: bytes.toString('base64') }))
    .concat(json({ type: 'speech.audio.done', usage: { input_tokens: 4, output_tokens: 20, total_tokens: 24 } }));
  const request = { voice: 'alloy', input: 'Hello', response_format: 'wav' };
  const heard = { digest: createHash('sha256').update(sound).digest('hex'), type: 'audio/wav' };
  const reply = { provider: 'vllm', kind: 'speech' } as const;
  const model = 'sandbox/speech';
  return [
    { endpoint: 'speech', wire: 'openai-speech', name: 'a speech', request, expected: heard, reply: { ...reply, type: 'audio/wav', payloads: [sound.subarray(0, 1000), sound.subarray(1000)] } },
    { endpoint: 'speech', wire: 'openai-speech', name: 'a speech in events', request: { ...request, stream_format: 'sse' }, expected: { ...heard, type: EVENTS }, reply: { ...reply, type: EVENTS, payloads: events } },
    { endpoint: 'speech', wire: 'sandbox', name: 'a speech', request: { ...request, model }, expected: { type: 'audio/wav', bytes: 44 + 2400 * 2 } },
    { endpoint: 'speech', wire: 'sandbox', name: 'a speech in events', request: { ...request, model, stream_format: 'sse' }, expected: { type: EVENTS, bytes: 44 + 2400 * 2 } },
  ];
}

/** The models by which each vendor of videos is reached, and their wires. */
export const VIDEO_MODELS = {
  sandbox: ['sandbox', 'sandbox/video'], openai: ['openai-videos', 'mapped/sora'], gemini: ['gemini-videos', 'veo-3.1-generate-preview'], openrouter: ['openrouter-videos', 'mapped/openrouter'],
  kling: ['kling-videos', 'kling-3.0'], seedance: ['seedance-videos', 'seedance-2.0'], pixverse: ['pixverse-videos', 'pixverse-5.5'],
} as const;

function videoParts(): Part[] {
  return Object.values(VIDEO_MODELS).map(([wire, model]) => ({
    name: 'a video from its start to its end', endpoint: 'videos', wire, request: { model, prompt: 'A paper boat on a pond.' },
    expected: { first: 'queued', status: 'completed', progress: 100, head: 'ftyp', isListed: true, isDeleted: true, gone: 404 },
  }));
}
