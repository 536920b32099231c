/** This file asks a gateway for vectors, images, sound and videos with the official JavaScript package, and says what came. */
import { createHash } from 'node:crypto';
import OpenAI, { toFile } from 'openai';
import type { Scene } from './sdk-scenes.ts';
import { eventually } from './server-under-test.ts';

type Caller = (client: OpenAI, scene: Scene) => Promise<unknown>;
type Json = Readonly<Record<string, unknown>>;

const VIDEO_MS_MAX = 15_000;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What calls each endpoint, by its name in a scene. */
export const mediaCallers = {
  async embeddings(client, { request }) {
    const { data, usage } = await client.embeddings.create(request as unknown as OpenAI.EmbeddingCreateParams);
    return { vectors: data.map(({ embedding }) => embedding.map((value) => Number(value.toPrecision(6)))), prompt: usage.prompt_tokens };
  },
  images: (client, { request, isStream }) => draw(isStream, () => client.images.generate(request as unknown as OpenAI.ImageGenerateParams)),
  async edits(client, scene) {
    const request = { ...scene.request, ...await filesOf(scene) };
    return draw(scene.isStream, () => client.images.edit(request as unknown as OpenAI.ImageEditParams));
  },
  transcriptions: transcribe,
  speech: speak,
  videos: film,
} satisfies Partial<Record<Scene['endpoint'], Caller>>;

async function filesOf({ files = {} }: Scene): Promise<Record<string, File>> {
  const made = Object.entries(files).map(async ([field, [name, base64, type]]) => [field, await toFile(Buffer.from(base64, 'base64'), name, { type })] as const);
  return Object.fromEntries(await Promise.all(made));
}

async function draw(isStream: boolean, ask: () => Promise<unknown>): Promise<unknown> {
  const reply = await ask();
  const made: Buffer[] = [];
  let partials = 0;
  let usage: { output_tokens?: number } | undefined;
  if (isStream) {
    for await (const event of reply as AsyncIterable<Json>) {
      if (String(event['type']).endsWith('.partial_image')) partials++;
      else made.push(Buffer.from(String(event['b64_json']), 'base64'));
      usage = event['usage'] as typeof usage;
    }
  } else {
    const whole = reply as OpenAI.ImagesResponse;
    for (const { b64_json: base64 = '' } of whole.data ?? []) made.push(Buffer.from(base64, 'base64'));
    ({ usage } = whole);
  }
  return { digests: made.map(sha256), types: made.map((bytes) => (bytes.toString('latin1', 1, 4) === 'PNG' ? 'image/png' : 'unknown')), partials, output: usage?.output_tokens };
}

async function transcribe(client: OpenAI, scene: Scene): Promise<unknown> {
  const reply: unknown = await client.audio.transcriptions.create({ ...scene.request, ...await filesOf(scene) } as unknown as OpenAI.Audio.TranscriptionCreateParams);
  if (scene.isStream) {
    const events: Json[] = [];
    for await (const event of reply as AsyncIterable<Json>) events.push(event);
    const deltas = events.flatMap((event) => (event['type'] === 'transcript.text.delta' ? [String(event['delta'])] : []));
    const text = String(events.at(-1)?.['text']);
    return { text, deltas, isWhole: deltas.join('') === text };
  }
  if (typeof reply === 'string') return { text: reply };
  const { text, words = [], duration } = reply as { text: string; words?: { word: string }[]; duration?: number };
  return { text, words: words.map(({ word }) => word), duration };
}

async function speak(client: OpenAI, { request, isStream }: Scene): Promise<unknown> {
  const reply = await client.audio.speech.create(request as unknown as OpenAI.Audio.SpeechCreateParams);
  const type = (reply.headers.get('content-type') ?? '').split(';')[0];
  const body = Buffer.from(await reply.arrayBuffer());
  // The package leaves the events to its caller.
  const sound = isStream ? Buffer.concat([...body.toString('utf8').matchAll(/"audio":"([^"]*)"/g)].map(([, base64 = '']) => Buffer.from(base64, 'base64'))) : body;
  return { type, digest: sha256(sound), bytes: sound.length };
}

async function film(client: OpenAI, { request }: Scene): Promise<unknown> {
  const made = await client.videos.create(request as unknown as OpenAI.VideoCreateParams);
  const video = await eventually(async () => {
    const now = await client.videos.retrieve(made.id);
    return now.status === 'completed' || now.status === 'failed' ? now : null;
  }, VIDEO_MS_MAX);
  const content = Buffer.from(await (await client.videos.downloadContent(made.id)).arrayBuffer());
  const isListed = (await client.videos.list()).data.some(({ id }) => id === made.id);
  const { deleted } = await client.videos.delete(made.id);
  const gone: unknown = await client.videos.retrieve(made.id).catch((error: unknown) => error);
  return { first: made.status, status: video.status, progress: video.progress, head: content.toString('latin1', 4, 8), isListed, isDeleted: deleted, gone: gone instanceof OpenAI.APIError ? Number(gone.status) : null };
}
