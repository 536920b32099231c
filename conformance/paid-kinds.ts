/** This file is how every kind of call that costs money is asked, answered and paid, for tests that end all of them in the same ways. */
import type { UsageRow } from '../generated/client/types.gen.ts';
import { speech, transcription } from './audio-requests.ts';
import { PIXEL, edit, image } from './image-requests.ts';
import type { RequestParts } from './raw-client.ts';
import type { Replay, ReplayStep } from './replay-upstream.ts';

export type PaidOperation =
  | 'createChatCompletion' | 'createCompletion' | 'createResponse' | 'createEmbedding' | 'createTranscription' | 'createSpeech' | 'createImage' | 'createImageEdit' | 'postNative';

/** How one request is to be made. */
export interface Wish {
  readonly isStream?: boolean;
  /** As little as can be asked for, so that little is set aside. */
  readonly isCapped?: boolean;
  /** Not to be found again, where it could be. */
  readonly isUnstored?: boolean;
  /** To be made without waiting for it, where it could be. */
  readonly isBackground?: boolean;
}

/** What a target costs, in nano-USD per million tokens and per piece, as in the operator's file. */
interface KindPrice {
  readonly input: number;
  readonly output: number;
  readonly media?: { readonly image?: number; readonly audio_second?: number; readonly mega_characters?: number };
}

export interface PaidKind {
  readonly operation: PaidOperation;
  readonly provider: 'vllm' | 'anthropic';
  readonly price: KindPrice;
  /** Beside id, name and targets, in the catalogue. */
  readonly row: Readonly<Record<string, unknown>>;
  /** True where a reply in one piece has no time to begin in: its deadline is that of a stream that is silent. */
  readonly isPatient?: boolean;
  ask(model: { readonly id: string; readonly upstream: string }, wish: Wish): RequestParts;
  /** The upstream's answers: as it should be, without a word, without its usage, and dearer than anybody could know. */
  readonly whole: Replay;
  readonly empty: Replay;
  readonly uncounted: Replay;
  readonly dear: Replay;
  /** What a stream begins with, or, where there is none, an answer in one piece; the last piece ends in what `mark` names as the caller sees it. */
  readonly begins: readonly ReplayStep[];
  readonly mark: string | null;
  /** What comes whole after that, and is handed out at the end only. */
  readonly held?: readonly ReplayStep[];
  /** Of the beginning, those that say something of the answer. */
  readonly events: number;
  /** What `whole` costs, in nano-USD; what is left of the balance of who is asked the dear one, and what that costs. */
  readonly answer: bigint;
  readonly room: bigint;
  readonly dearly: bigint;
  /** What is paid for a beginning; null: its tokens, of which there are some, and fewer than in the answer. */
  readonly seen: bigint | null;
}

const NANO_PER_TOKEN = 1000n;
const BY_TOKEN: KindPrice = { input: 1_000_000_000, output: 1_000_000_000 };
const FREE_TOKENS = { input: 0, output: 0 };
const NANO_PER_IMAGE = 10_000_000n;
const NANO_PER_AUDIO_SECOND = 100_000n;
const NANO_PER_CHARACTER = 15_000n;
const MS_PER_SECOND = 1000n;
const TEXT = 'Hello from Interline';

/** What a row says was used, at the price of its kind. */
export function costOf({ price }: PaidKind, row: UsageRow): bigint {
  const tokens = price.input === 0 ? 0n : BigInt(row.prompt_tokens + row.completion_tokens) * NANO_PER_TOKEN;
  const { images = 0, audio_ms = 0, characters = 0 } = row.media ?? {};
  return tokens
    + (price.media?.image === undefined ? 0n : BigInt(images) * NANO_PER_IMAGE)
    + (price.media?.audio_second === undefined ? 0n : BigInt(audio_ms) * NANO_PER_AUDIO_SECOND / MS_PER_SECOND)
    + (price.media?.mega_characters === undefined ? 0n : BigInt(characters) * NANO_PER_CHARACTER);
}

const json = (body: unknown): Replay => ({ headers: { 'content-type': 'application/json' }, steps: [{ write: JSON.stringify(body) }] });
const event = (body: object): ReplayStep => ({ write: `${'type' in body ? `event: ${String(body.type)}\n` : ''}data: ${JSON.stringify(body)}\n\n` });
const events = (...all: object[]): Replay => ({ steps: all.map(event) });
const WORDS = ['one ', 'two ', 'three '];
const row = (kind: string): Readonly<Record<string, unknown>> => ({ tier: 'pro', context_window: 100_000, max_output_tokens: kind === 'chat' ? 8000 : null, kinds: [kind] });

const completion = (content: string, usage: object | null): Replay => json({
  id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' }], ...(usage ? { usage } : {}),
});
const delta = (content: string): ReplayStep => event({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }] });

/** Of whatever is answered by a chat, at OpenAI's price list of these tests. */
const chat = {
  provider: 'vllm', price: BY_TOKEN, row: row('chat'),
  whole: completion('hello', { prompt_tokens: 7, completion_tokens: 40, total_tokens: 47 }),
  empty: completion('', { prompt_tokens: 7, completion_tokens: 0, total_tokens: 7 }),
  uncounted: completion('hello there', null),
  dear: completion('hello', { prompt_tokens: 7, completion_tokens: 90, total_tokens: 97 }),
  begins: WORDS.map(delta), mark: 'three ', events: WORDS.length,
  answer: 47n * NANO_PER_TOKEN, room: 60n * NANO_PER_TOKEN, dearly: 97n * NANO_PER_TOKEN, seen: null,
} as const;

const messages = [{ role: 'user', content: 'hello' }];
const capOf = ({ isCapped }: Wish, least = 1): number => (isCapped === true ? least : 100);
/** The least the Responses API takes. */
const RESPONSE_TOKENS_LEAST = 16;

const message = (content: object[], output_tokens: number): Replay => json({ id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content, stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 7, output_tokens } });
const claude = {
  ...chat, provider: 'anthropic',
  whole: message([{ type: 'text', text: 'hello' }], 40), empty: message([], 0), uncounted: json({ id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [{ type: 'text', text: 'hello there' }], stop_reason: 'end_turn', stop_sequence: null }),
  dear: message([{ type: 'text', text: 'hello' }], 90),
  begins: [
    { type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, stop_sequence: null } }, { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }, { type: 'ping' },
    ...WORDS.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
  ].map(event),
} as const;

const vectors = (count: number, usage: object | null): Replay => json({ object: 'list', model: 'm', data: Array.from({ length: count }, (_, index) => ({ object: 'embedding', index, embedding: [0.5, 0.25] })), ...(usage ? { usage } : {}) });
const vectorUsage = (tokens: number): object => ({ prompt_tokens: tokens, total_tokens: tokens });

const picture = { b64_json: PIXEL.toString('base64') };
const imageUsage = (output_tokens: number): object => ({ input_tokens: 7, output_tokens, total_tokens: 7 + output_tokens, input_tokens_details: { text_tokens: 7, image_tokens: 0 } });
const pictures = (count: number, usage: object | null): Replay => json({ created: 1, data: Array.from({ length: count }, () => picture), ...(usage ? { usage } : {}) });
const partials = (type: string): ReplayStep[] => WORDS.map((_word, partial_image_index) => event({ type: `${type}.partial_image`, ...picture, partial_image_index }));
const finished = (type: string): ReplayStep[] => [event({ type: `${type}.completed`, ...picture, usage: imageUsage(40) })];
const drawn = {
  provider: 'vllm', row: row('images'), isPatient: true,
  whole: pictures(1, imageUsage(40)), empty: pictures(0, imageUsage(40)), uncounted: pictures(1, null), mark: '"partial_image_index":2', events: WORDS.length,
} as const;
const byImage = {
  ...drawn, price: { ...FREE_TOKENS, media: { image: Number(NANO_PER_IMAGE) } }, dear: pictures(3, imageUsage(40)),
  answer: NANO_PER_IMAGE, room: 2n * NANO_PER_IMAGE, dearly: 3n * NANO_PER_IMAGE, seen: 0n,
} as const;

const WHOLE_SECONDS = 9;
const DEAR_SECONDS = 60;
/** Of the recording, as its header tells. */
const HEARD_NANO = 250_000n;
const heard = (text: string, usage: object | null): Replay => json({ text, ...(usage ? { usage } : {}) });
const heardTokens = (input_tokens: number, output_tokens: number): object => ({ type: 'tokens', input_tokens, input_token_details: { text_tokens: 0, audio_tokens: input_tokens }, output_tokens, total_tokens: input_tokens + output_tokens });
const transcribed = {
  operation: 'createTranscription', provider: 'vllm', row: row('transcription'), uncounted: heard('hello there', null),
  begins: WORDS.map((text) => event({ type: 'transcript.text.delta', delta: text })), mark: 'three ', events: WORDS.length,
  ask: ({ id }: { id: string }, { isStream }: Wish) => transcription({ model: id, ...(isStream === true ? { stream: 'true' } : {}) }),
} as const;

const PIECE = Buffer.alloc(480, 7).toString('base64');
const spokenDelta = { type: 'speech.audio.delta', audio: PIECE };
const spokenEnd = (usage: object | null): object => ({ type: 'speech.audio.done', ...(usage ? { usage } : {}) });
const spokenTokens = (output_tokens: number): object => ({ input_tokens: 7, output_tokens, total_tokens: 7 + output_tokens });
const spoken = {
  operation: 'createSpeech', provider: 'vllm', row: row('speech'),
  whole: events(spokenDelta, spokenEnd(spokenTokens(40))), empty: events(spokenEnd(spokenTokens(0))), uncounted: events(spokenDelta, spokenEnd(null)), dear: events(spokenDelta, spokenEnd(spokenTokens(4000))),
  begins: [spokenDelta, spokenDelta, { ...spokenDelta, last: true }].map(event), mark: '"last":true', events: WORDS.length,
  // As events always: sound in one piece tells no usage.
  ask: ({ id }: { id: string }) => speech({ model: id, input: TEXT, response_format: 'pcm', stream_format: 'sse' }),
} as const;

/** By name: every operation, and of some more than one way to pay or to be answered. */
export const paidKinds: Readonly<Record<string, PaidKind>> = {
  chat: { ...chat, operation: 'createChatCompletion', ask: ({ id }, wish) => ({ path: '/v1/chat/completions', body: { model: id, max_tokens: capOf(wish), messages, stream: wish.isStream === true } }) },
  completion: { ...chat, operation: 'createCompletion', ask: ({ id }, wish) => ({ path: '/v1/completions', body: { model: id, max_tokens: capOf(wish), prompt: 'hello', stream: wish.isStream === true } }) },
  response: { ...chat, operation: 'createResponse', ask: ({ id }, wish) => ({ path: '/v1/responses', body: { model: id, max_output_tokens: capOf(wish, RESPONSE_TOKENS_LEAST), input: 'hello', store: wish.isUnstored !== true, background: wish.isBackground === true, stream: wish.isStream === true } }) },
  native: { ...chat, operation: 'postNative', ask: ({ upstream }, wish) => ({ path: '/v1/native/vllm/chat/completions', body: { model: upstream, max_tokens: capOf(wish), messages, stream: wish.isStream === true } }) },
  messages: { ...claude, operation: 'postNative', ask: ({ upstream }, wish) => ({ path: '/v1/native/anthropic/messages', body: { model: upstream, max_tokens: capOf(wish), messages, stream: wish.isStream === true } }) },
  embedding: {
    operation: 'createEmbedding', provider: 'vllm', price: BY_TOKEN, row: row('embeddings'), ask: ({ id }) => ({ path: '/v1/embeddings', body: { model: id, input: 'hello' } }),
    whole: vectors(1, vectorUsage(7)), empty: vectors(0, vectorUsage(7)), uncounted: vectors(1, null), dear: vectors(1, vectorUsage(70)), begins: [{ write: '{"object":"list","data":[' }], mark: null, events: 0,
    answer: 7n * NANO_PER_TOKEN, room: 20n * NANO_PER_TOKEN, dearly: 70n * NANO_PER_TOKEN, seen: null,
  },
  'image, by the image': { ...byImage, operation: 'createImage', begins: partials('image_generation'), held: finished('image_generation'), ask: ({ id }, { isStream }) => image({ model: id, ...(isStream === true ? { stream: true } : {}) }) },
  'image, by the token': {
    ...drawn, operation: 'createImage', price: BY_TOKEN, begins: partials('image_generation'), held: finished('image_generation'), ask: ({ id }, { isStream }) => image({ model: id, ...(isStream === true ? { stream: true } : {}) }),
    dear: pictures(1, imageUsage(40_000)), answer: 47n * NANO_PER_TOKEN, room: 20_000n * NANO_PER_TOKEN, dearly: 40_007n * NANO_PER_TOKEN, seen: null,
  },
  'edited image': { ...byImage, operation: 'createImageEdit', begins: partials('image_edit'), held: finished('image_edit'), ask: ({ id }, { isStream }) => edit({ model: id, ...(isStream === true ? { stream: true } : {}) }) },
  'transcription, by the second': {
    ...transcribed, price: { ...FREE_TOKENS, media: { audio_second: Number(NANO_PER_AUDIO_SECOND) } }, seen: HEARD_NANO,
    whole: heard('hello', { type: 'duration', seconds: WHOLE_SECONDS }), empty: heard('', { type: 'duration', seconds: WHOLE_SECONDS }), dear: heard('hello', { type: 'duration', seconds: DEAR_SECONDS }),
    answer: BigInt(WHOLE_SECONDS) * NANO_PER_AUDIO_SECOND, room: 10n * NANO_PER_AUDIO_SECOND, dearly: BigInt(DEAR_SECONDS) * NANO_PER_AUDIO_SECOND,
  },
  'transcription, by the token': {
    ...transcribed, price: BY_TOKEN, whole: heard('hello', heardTokens(30, 10)), empty: heard('', heardTokens(30, 10)), dear: heard('hello', heardTokens(30, 4000)),
    answer: 40n * NANO_PER_TOKEN, room: 1000n * NANO_PER_TOKEN, dearly: 4030n * NANO_PER_TOKEN, seen: null,
  },
  'speech, by the token': { ...spoken, price: BY_TOKEN, answer: 47n * NANO_PER_TOKEN, room: 1000n * NANO_PER_TOKEN, dearly: 4007n * NANO_PER_TOKEN, seen: null },
  'speech, by the character': {
    ...spoken, price: { ...FREE_TOKENS, media: { mega_characters: Number(NANO_PER_CHARACTER) * 1_000_000 } },
    // Nothing about its price is unknown beforehand: there is nothing dearer.
    answer: BigInt(TEXT.length) * NANO_PER_CHARACTER, room: BigInt(TEXT.length) * NANO_PER_CHARACTER, dearly: BigInt(TEXT.length) * NANO_PER_CHARACTER, seen: BigInt(TEXT.length) * NANO_PER_CHARACTER,
  },
};
