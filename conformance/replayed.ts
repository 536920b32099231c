/** This file plays one recorded stream through the gateway, cut in a given way, and says what arrived otherwise than it should. */
import { systemClock } from '../gateway/foundation/clock.ts';
import type { UsageRow } from '../generated/client/types.gen.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { inOrder, toldOf } from './openai-told.ts';
import { framedBytes, payloadsOf, withoutUsage } from './recorded-streams.ts';
import type { Framing, RecordedStream } from './recorded-streams.ts';
import { cutAt } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { hello } from './good-requests.ts';

export interface Playhouse {
  readonly url: string;
  readonly key: string;
  readonly upstream: ReplayUpstream;
}

export interface Playing {
  readonly stream: RecordedStream;
  readonly framing: Framing;
  /** Offsets at which the bytes are cut. */
  readonly cuts: Iterable<number>;
  readonly wantsUsage: boolean;
}

/** Where a stream of so many bytes is cut when every `step`-th boundary is, beginning with `phase`. */
export function* everyNth(size: number, step: number, phase: number): Generator<number> {
  for (let at = phase; at < size; at += step) yield at;
}

let played = 0;

/** Plays a stream; gives what is wrong with what arrived and with its usage row, or null. */
export async function faultOfPlaying(house: Playhouse, playing: Playing): Promise<string | null> {
  const { stream, framing, cuts, wantsUsage } = playing;
  const model = `recorded-${played++}`;
  house.upstream.play(model, { steps: cutAt(framedBytes(stream, framing), cuts) });
  const body = hello({ model: `vllm/${model}`, stream: true, ...(wantsUsage ? { stream_options: { include_usage: true } } : {}) });
  const reply = await call(house.url, { path: '/v1/chat/completions', key: house.key, body });
  house.upstream.forget(model);
  const fault = faultOfStream(reply, playing) ?? await faultOfRow(house, stream, reply.headers['x-request-id'] ?? '');
  return fault === null ? null : `${stream.name}, ${framing}, usage ${wantsUsage ? 'asked' : 'not asked'}: ${fault}`;
}

function faultOfStream(reply: RawReply, { stream, wantsUsage }: Playing): string | null {
  if (reply.status !== 200 || !reply.isWhole) return `status ${reply.status}, ${reply.isWhole ? 'whole' : 'cut'}: ${reply.body.toString('utf8').slice(0, 300)}`;
  const chunks = reply.chunks.map((chunk) => chunk.toString('utf8'));
  const uneven = chunks.find((chunk) => !isOneEvent(chunk));
  if (uneven !== undefined) return `a chunk is not one event: ${JSON.stringify(uneven.slice(0, 300))}`;
  const payloads = payloadsOf(reply.body.toString('utf8'));
  if (payloads.pop() !== '[DONE]') return 'it does not end in [DONE]';
  const told = toldOf(stream.payloads);
  if (wantsUsage) return difference(payloads.map((payload, index) => (typeof told[index] === 'string' ? payload : inOrder(JSON.parse(payload)))), told.map((each) => (typeof each === 'string' ? each : inOrder(each))));
  const wanted = withoutUsage(told.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))));
  return difference(payloads.map((payload) => inOrder(JSON.parse(payload))), wanted.map(inOrder));
}

function isOneEvent(chunk: string): boolean {
  const blocks = chunk.split(/\r?\n\r?\n/);
  return blocks.length === 2 && blocks[1] === '';
}

function difference(got: readonly string[], wanted: readonly string[]): string | null {
  const at = wanted.findIndex((payload, index) => payload !== got[index]);
  if (at === -1 && got.length === wanted.length) return null;
  return `payload ${at} of ${wanted.length} (${got.length} came) is ${got[at]?.slice(0, 300) ?? 'missing'} and should be ${wanted[at]?.slice(0, 300) ?? 'missing'}`;
}

/** How far back rows are looked through for one, in seconds: the totals of all that ever was would take longer than the request. */
const ROWS_OF_SECONDS = 5;

/** The usage row of a request that has just ended, by its id. */
export async function usageRow(house: Pick<Playhouse, 'url' | 'key'>, requestId: string): Promise<UsageRow | null> {
  const from = Math.floor(systemClock.now() / 1000) - ROWS_OF_SECONDS;
  const reply = await call(house.url, { path: `/v1/usage?limit=100&from=${from}`, key: house.key });
  const { data } = JSON.parse(reply.body.toString('utf8')) as { data: UsageRow[] };
  return data.find((row) => row.id === requestId) ?? null;
}

async function faultOfRow(house: Playhouse, stream: RecordedStream, requestId: string): Promise<string | null> {
  const row = await usageRow(house, requestId);
  if (!row) return 'it has no usage row';
  if (row.outcome !== 'ok' || row.finish_reason !== stream.finishReason) return `its row says ${row.outcome}, ${String(row.finish_reason)}`;
  const { usage } = stream;
  if (!usage) return row.basis === 'counted' && row.completion_tokens > 0 ? null : `its usage is ${row.basis}, though the stream told none`;
  const wanted = [usage.promptTokens, usage.cachedTokens, usage.completionTokens, usage.reasoningTokens, 'provider'].join(' ');
  const got = [row.prompt_tokens, row.cached_tokens, row.completion_tokens, row.reasoning_tokens, row.basis].join(' ');
  return got === wanted ? null : `its row counts ${got} and should count ${wanted}`;
}
