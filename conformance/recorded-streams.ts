/** This file reads the recorded streams of OpenAI-wire providers and frames them as a server may. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Figures of `usage` as a stream gives them, in the gateway's words. */
export interface RecordedUsage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

export interface RecordedStream {
  readonly name: string;
  /** The JSON text of each event, `[DONE]` left out. */
  readonly payloads: readonly string[];
  /** The last usage in the stream; null where it says none. */
  readonly usage: RecordedUsage | null;
  readonly finishReason: string | null;
}

const fixtures = new URL('../../shared/fixtures/', import.meta.url).pathname;
const FOLDERS = ['alibaba', 'cerebras', 'deepseek/chat', 'groq', 'mistral', 'moonshotai', 'openai/chat', 'openai-compatible/chat', 'perplexity', 'xai'];

export const hasRecordings = existsSync(fixtures);

/** Every recorded stream of an OpenAI-wire provider; none where the recordings are not at hand. */
export function recordedStreams(): RecordedStream[] {
  return FOLDERS.map((folder) => join(fixtures, folder)).filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder).filter((file) => /\.(?:chunks\.txt|sse)$/.test(file)).map((file) => readStream(join(folder, file))));
}

function readStream(file: string): RecordedStream {
  const text = readFileSync(file, 'utf8');
  const lines = file.endsWith('.sse')
    ? text.split('\n').filter((line) => line.startsWith('data: ')).map((line) => line.slice(6))
    : text.split('\n');
  const payloads = lines.filter((line) => line.trim() !== '' && line !== '[DONE]');
  return { name: file.slice(fixtures.length).replace(/\.(?:chunks\.txt|sse)$/, ''), payloads, ...factsOf(payloads) };
}

interface Chunk {
  readonly usage?: WireUsage | null;
  readonly x_groq?: { readonly usage?: WireUsage };
  readonly choices?: readonly { readonly finish_reason?: string | null }[];
}

interface WireUsage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly total_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number } | null;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number } | null;
  readonly prompt_cache_hit_tokens?: number;
  readonly cached_tokens?: number;
  readonly reasoning_tokens?: number;
}

function factsOf(payloads: readonly string[]): Pick<RecordedStream, 'usage' | 'finishReason'> {
  const chunks = payloads.flatMap((payload) => {
    try {
      return [JSON.parse(payload) as Chunk];
    } catch {
      return [];
    }
  });
  const usage = chunks.map((chunk) => chunk.usage ?? chunk.x_groq?.usage).filter((value) => typeof value === 'object' && value !== null).at(-1);
  const finishReason = chunks.map((chunk) => chunk.choices?.[0]?.finish_reason).find((reason) => typeof reason === 'string');
  return { usage: usage ? readUsage(usage) : null, finishReason: finishReason ?? null };
}

/** An independent reading of what providers call the same figures. What is not prompt is completion: xAI leaves reasoning out of its own. */
function readUsage(usage: WireUsage): RecordedUsage {
  const promptTokens = usage.prompt_tokens ?? 0;
  return {
    promptTokens,
    cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? usage.cached_tokens ?? 0,
    completionTokens: usage.total_tokens === undefined ? usage.completion_tokens ?? 0 : usage.total_tokens - promptTokens,
    reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? usage.reasoning_tokens ?? 0,
  };
}

/** The ways a server may write the same events. */
export const framings = {
  lf: (payload: string) => `data: ${payload}\n\n`,
  crlf: (payload: string) => `data: ${payload}\r\n\r\n`,
  'no space': (payload: string) => `data:${payload}\n\n`,
  'comments between': (payload: string) => `: thinking\n\ndata: ${payload}\n\n: still\r\n\r\n`,
  'comment and id within': (payload: string) => `: note\nid: 7\nevent: message\ndata: ${payload}\n\n`,
} as const;

export type Framing = keyof typeof framings;

/** All bytes of a stream in one framing, with its `[DONE]`. */
export function framedBytes(stream: Pick<RecordedStream, 'payloads'>, framing: Framing): Buffer {
  return Buffer.from([...stream.payloads, '[DONE]'].map(framings[framing]).join(''), 'utf8');
}

/** What a caller who did not ask for usage is to get: the same payloads without their usage, as values. */
export function withoutUsage(payloads: readonly string[]): unknown[] {
  return payloads.flatMap((payload) => {
    const chunk = JSON.parse(payload) as Record<string, unknown>;
    const { usage, ...rest } = chunk;
    if (typeof usage !== 'object' || usage === null) return [chunk];
    const isOnlyUsage = Array.isArray(chunk['choices']) && chunk['choices'].length === 0;
    return isOnlyUsage ? [] : [rest];
  });
}

/** The payloads of the events in a body, read as the WHATWG says and independently of the gateway's own reader. */
export function payloadsOf(body: string): string[] {
  const payloads: string[] = [];
  let data: string[] = [];
  for (const line of body.split(/\r\n|\n|\r/)) {
    if (line === '') {
      if (data.length > 0) payloads.push(data.join('\n'));
      data = [];
    } else if (line.startsWith('data:')) {
      data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    }
  }
  return payloads;
}

/** A small generator of the same numbers for the same seed (mulberry32), in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
