/** This file sets up what mutated requests are sent to: a gateway, an upstream for each of its wires, and something kept of every kind. */
import { PIXEL, drawn } from '../../conformance/image-requests.ts';
import { askJson } from '../../conformance/payer.ts';
import { startReplayUpstream } from '../../conformance/replay-upstream.ts';
import type { Replay } from '../../conformance/replay-upstream.ts';
import { eventually, startServer, stopServers } from '../../conformance/server-under-test.ts';
import type { ServerUnderTest } from '../../conformance/server-under-test.ts';
import { startVideoUpstream } from '../../conformance/video-upstreams.ts';
import type { VideoVendorName } from '../../conformance/video-vendors.ts';

const COMPLETION = JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi', refusal: null }, logprobs: null, finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 } });
const STREAM = 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":null,"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
const RESPONSE = JSON.stringify({ id: 'r', object: 'response', status: 'completed', model: 'm', output: [], usage: { input_tokens: 3, output_tokens: 1, total_tokens: 4 } });
const RESPONSE_STREAM = `data: ${JSON.stringify({ type: 'response.completed', response: JSON.parse(RESPONSE) as object })}\n\n`;
const VECTORS = JSON.stringify({ object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: [0.5, 1] }], usage: { prompt_tokens: 1, total_tokens: 1 } });
const IMAGES = JSON.stringify({ created: 1, data: [{ b64_json: PIXEL.toString('base64') }] });
const DRAWN = `data: {"type":"image_generation.completed","b64_json":"${PIXEL.toString('base64')}"}\n\n`;
const TRANSCRIPT = 'data: {"type":"transcript.text.done","text":"Hi"}\n\n';
const SOUNDS = 'data: {"type":"speech.audio.delta","audio":"SUQz"}\n\ndata: {"type":"speech.audio.done"}\n\n';
const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn', usage: { input_tokens: 3, output_tokens: 1 } };
const MESSAGE_STREAM = [{ type: 'message_start', message: { ...MESSAGE, content: [] } }, { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }, { type: 'message_stop' }].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
const CONTENT = JSON.stringify({ candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 1, totalTokenCount: 4 } });

const WANTS_STREAM = /"stream"\s*:\s*true|"stream_format"\s*:\s*"sse"|name="stream"\r\n\r\ntrue/;
const json = (text: string): Replay => ({ headers: { 'content-type': 'application/json' }, steps: [{ write: text }] });
const events = (text: string): Replay => ({ headers: { 'content-type': 'text/event-stream' }, steps: [{ write: text }] });
/** Answers whole or in events, as it was asked. */
const as = (whole: string, stream: string) => (body: string): Replay => (WANTS_STREAM.test(body) ? events(stream) : json(whole));

/** A good reply to whatever is asked, by the path. */
const PATHS: readonly (readonly [path: RegExp, reply: (body: string) => Replay])[] = [
  [/\/audio\/transcriptions/, as('{"text":"Hi"}', TRANSCRIPT)],
  [/\/audio\/speech/, (body) => (WANTS_STREAM.test(body) ? events(SOUNDS) : { headers: { 'content-type': 'audio/mpeg' }, steps: [{ write: 'ID3' }] })],
  [/\/images\//, as(IMAGES, DRAWN)],
  [/\/embeddings/, () => json(VECTORS)],
  [/\/responses/, as(RESPONSE, RESPONSE_STREAM)],
  [/\/messages/, as(JSON.stringify(MESSAGE), MESSAGE_STREAM)],
  [/:streamGenerateContent/, () => events(`data: ${CONTENT}\n\n`)],
  [/:generateContent/, () => json(CONTENT)],
  [/completions/, as(COMPLETION, STREAM)],
];

function replayTo(body: string, path: string): Replay {
  const reply = PATHS.find(([pattern]) => pattern.test(path))?.[1];
  return reply ? reply(body) : { status: 404, ...json('{"error":{"message":"nothing here","type":"t","param":null,"code":"nothing"}}') };
}

const KEY = 'sk-vendor-0123456789';
/** Providers of videos, and where each is told of its key and its address. */
const VENDORS: readonly (readonly [vendor: VideoVendorName, environment: string])[] = [
  ['openai', 'OPENAI'], ['gemini', 'GEMINI'], ['openrouter', 'OPENROUTER'], ['kling', 'KLING'], ['seedance', 'ARK'], ['pixverse', 'PIXVERSE'],
];
const mapped = (id: string, provider: string, model: string): object => ({
  id, name: id, tier: 'basic', context_window: 0, max_output_tokens: null, kinds: ['video'], output_modalities: ['video'],
  targets: [{ provider, model, price: { input: 0, output: 0, media: { video_second: 100_000_000 } } }],
});

/** Models of providers whose own are retired or cannot be told apart, and a second Gemini: the first one makes videos here. */
const catalogueOf = (geminiUrl: string): { providers: object[]; models: object[] } => ({
  providers: [{ id: 'gemini-too', name: 'Gemini', wire: 'gemini-content', base_url: geminiUrl, key_env: ['GEMINI_API_KEY'], discover: false }],
  models: [
    mapped('mapped/sora', 'openai', 'sora-2'), mapped('mapped/openrouter', 'openrouter', 'kwaivgi/kling-v3.0-std'),
    { id: 'gemini-too/pro', name: 'Gemini', tier: 'pro', context_window: 100_000, max_output_tokens: 1000, targets: [{ provider: 'gemini-too', model: 'gemini-2.5-pro', price: { input: 1000, output: 1000 } }] },
  ],
});
/** What becomes of a video is as mixed as what is asked. */
const PLANS = [{}, { ending: 'failed' }, { submit: 'refuse' }, { submit: 'moderate' }, { brokenPolls: 1 }, { brokenDownloads: 1 }, { submit: 'garble' }, { redirects: true }] as const;

export interface FuzzStage {
  readonly server: ServerUnderTest;
  /** By the word that stands for each in a path. */
  readonly kept: Readonly<Record<string, string>>;
  /** Keys that were sent where none belongs, by the path. */
  readonly leaks: () => readonly string[];
  close(): Promise<void>;
}

/** Starts everything. The gateway's heap can be looked at from outside. */
export async function openFuzzStage(): Promise<FuzzStage> {
  const upstream = await startReplayUpstream();
  for (const model of ['fuzz', 'fuzz-image', 'fuzz-vectors', 'claude-sonnet-4-5', 'gemini-2.5-pro']) upstream.play(model, replayTo);
  let videos = 0;
  const vendors = await Promise.all(VENDORS.map(([vendor]) => startVideoUpstream(vendor, { key: KEY, plan: () => PLANS[videos++ % PLANS.length] ?? {} })));
  const addresses = Object.fromEntries(VENDORS.flatMap(([, name], at) => [[`${name}_API_KEY`, KEY], [`${name}_BASE_URL`, vendors[at]?.url ?? '']]));
  const server = await startServer({
    env: { ...addresses, VLLM_BASE_URL: upstream.url, ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: upstream.url, LOG_LEVEL: 'warn', NODE_OPTIONS: '--inspect=127.0.0.1:0' },
    limits: { clientHeadersTimeoutMs: 1000, clientRequestTimeoutMs: 2000, connectionsCheckingIntervalMs: 100, videoPollMs: 20, jobLookMs: 100 },
    config: { guard: { allow: ['127.0.0.1', 'localhost'] }, ...catalogueOf(upstream.url.replace('/v1', '/v1beta')) },
  });
  return {
    server,
    kept: await keepSomething(server),
    leaks: () => vendors.flatMap(({ leaks }) => leaks),
    async close() {
      await server.stop();
      await Promise.all([upstream.close(), ...vendors.map((vendor) => vendor.close())]);
      await stopServers();
    },
  };
}

async function keepSomething(server: ServerUnderTest): Promise<Record<string, string>> {
  const video = await askJson(server, { path: '/v1/videos', body: { model: 'sandbox/video', prompt: 'A paper boat.', size: '64x64', seconds: 1, sandbox: { step_ms: 1 } } });
  const response = await askJson(server, { path: '/v1/responses', body: { model: 'sandbox/chat', input: 'Say hi' } });
  await eventually(async () => ((await askJson(server, { path: `/v1/videos/${String(video['id'])}` }))['status'] === 'completed' ? true : null));
  return { image: await drawn(server), video: String(video['id']), response: String(response['id']) };
}
