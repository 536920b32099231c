/** This file is what a speech asks: text in, sound out, paid by the character or by the token. */
import { audioMsLikely, measureAudio } from '../foundation/audio-length.ts';
import { NO_BYTES } from '../foundation/byte-text.ts';
import { NO_MEDIA } from '../foundation/no-media.ts';
import type { Call } from '../foundation/operation.ts';
import type { Target, Usage } from '../foundation/terms.ts';
import { hasTokenPrice } from '../metering/price.ts';
import { NO_USAGE } from '../metering/settle.ts';
import { sizeCall } from '../metering/size.ts';
import { extraBytesOf, guessTokens, guessTokensAtLeast } from '../metering/text-size.ts';
import { speechWireOf } from '../providers/index.ts';
import { speechReplies } from '../providers/openai-speech.ts';
import type { SpeechReplies } from '../providers/openai-speech.ts';
import type { Ask } from './ask.ts';

/** OpenAI's models speak twenty tokens a second (platform.openai.com/docs/guides/realtime-costs, read 2026-11). */
const MS_PER_AUDIO_TOKEN = 50;
/** Of sound for a byte of text, told to speak slowly: five times as long as it usually takes. */
const OUTPUT_TOKENS_PER_BYTE = 5;
const OUTPUT_TOKENS_LEAST = 256;
/** OpenAI's `pcm`: 24,000 samples of two bytes. */
const PCM_BYTES_PER_MS = 48;

/** Makes the ask of a speech. */
export function askSpeech(call: Call<'createSpeech'>): Ask {
  const { body, bodyText, outline } = call;
  const characters = Array.from(body.input).length;
  const format = body.response_format ?? 'mp3';
  const prompt = body.input + (body.instructions ?? '');
  const isStream = body.stream_format === 'sse';
  let target: Target | null = null;
  let replies: SpeechReplies | null = null;
  return {
    kind: 'speech',
    model: body.model,
    isStream,
    wantsUsage: true,
    mayBeEmpty: false,
    dialect: null,
    get doneEvent() { return replies?.lastEvent() ?? NO_BYTES; },
    size({ prices }) {
      const extraBytes = extraBytesOf(prompt);
      const outputTokens = OUTPUT_TOKENS_LEAST + Math.ceil((Buffer.byteLength(body.input) * OUTPUT_TOKENS_PER_BYTE) / Math.min(1, body.speed ?? 1));
      const audioMs = outputTokens * MS_PER_AUDIO_TOKEN;
      return sizeCall({
        promptTokens: guessTokens(prompt, extraBytes), promptTokensAtLeast: guessTokensAtLeast(prompt, extraBytes),
        outputTokens, choices: 1, media: { ...NO_MEDIA, characters, audioMs }, mediaAtLeast: { ...NO_MEDIA, characters }, prices,
      });
    },
    write(to, context) {
      const wire = speechWireOf(to.provider);
      if (!wire) return null;
      target = to;
      replies = speechReplies({ format, characters });
      return { wire: replies.side, request: wire.encode({ target: to, body, bodyText, outline, files: [], isStream, ...context }) };
    },
    async count(counter, { text }): Promise<Usage> {
      const heard = replies?.heard();
      const audioMs = heard ? partMs(heard, format) : wholeMs(Buffer.from(text, 'latin1'), format);
      const media = { ...NO_MEDIA, characters, audioMs };
      // Tokens mean nothing to whoever is paid by the character, and counting them takes a process.
      if (!hasTokenPrice(target?.price)) return { ...NO_USAGE, media };
      return { ...NO_USAGE, promptTokens: await counter.countText(prompt), completionTokens: Math.ceil(audioMs / MS_PER_AUDIO_TOKEN), media };
    },
  };
}

function wholeMs(sound: Buffer, format: string): number {
  if (sound.length === 0) return 0;
  const facts = measureAudio(sound);
  return facts || format !== 'pcm' ? audioMsLikely(sound, facts) : Math.ceil(sound.length / PCM_BYTES_PER_MS);
}

/** As long for its bytes as its beginning is. */
function partMs({ bytes, beginning }: { bytes: number; beginning: Buffer }, format: string): number {
  if (bytes === 0) return 0;
  const beginningMs = wholeMs(beginning, format);
  return Math.ceil((beginningMs * bytes) / Math.max(1, beginning.length));
}
