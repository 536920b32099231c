/** This file is what a transcription asks: audio in, text out, paid by the second or by the token. */
import type { AudioFacts } from '../foundation/audio-facts.ts';
import { AUDIO_FORMATS, audioMsAtMost, audioMsLikely, audioTypeOf, measureAudio } from '../foundation/audio-length.ts';
import { NO_BYTES } from '../foundation/byte-text.ts';
import { fail } from '../foundation/errors.ts';
import { NO_MEDIA } from '../foundation/no-media.ts';
import type { Call, UploadedFile } from '../foundation/operation.ts';
import type { Target, Usage } from '../foundation/terms.ts';
import { hasTokenPrice } from '../metering/price.ts';
import { NO_USAGE } from '../metering/settle.ts';
import { sizeCall } from '../metering/size.ts';
import { droppedFields } from '../providers/dropped-fields.ts';
import { transcriptionWireOf } from '../providers/index.ts';
import { isTextFormat, transcriptionReplies } from '../providers/openai-transcriptions.ts';
import type { TranscriptionReplies } from '../providers/openai-transcriptions.ts';
import type { Ask } from './ask.ts';

/** OpenAI's models hear ten tokens a second (platform.openai.com/docs/guides/realtime-costs, read 2026-11). */
const MS_PER_AUDIO_TOKEN = 100;
/** Twice as many tokens as the fastest speakers need, and some for a short text. */
const OUTPUT_TOKENS_PER_SECOND = 12;
const OUTPUT_TOKENS_LEAST = 256;
const MS_PER_SECOND = 1000;
/** What cannot be a recording, whatever its bytes begin with. */
const OTHER_TYPES = /^(?:image|font|model|message)\/|^text\/(?!plain$)|^application\/(?:json|pdf|zip|xml|x-www-form-urlencoded)$/;

/** Makes the ask of a transcription. Refuses a file that is no audio (400, `file`). */
export function askTranscription(call: Call<'createTranscription'>): Ask {
  const { body, bodyText, outline } = call;
  const { file, facts } = recordingOf(call);
  const likelyMs = audioMsLikely(file.bytes, facts);
  let target: Target | null = null;
  let replies: TranscriptionReplies | null = null;
  return {
    kind: 'transcription',
    model: body.model,
    isStream: body.stream === true,
    wantsUsage: true,
    mayBeEmpty: false,
    dialect: null,
    get doneEvent() { return replies?.lastEvent() ?? NO_BYTES; },
    size({ prices }) {
      const mostMs = audioMsAtMost(file.bytes, facts);
      // A byte of the prompt is a token at most.
      const promptTokens = Math.ceil(mostMs / MS_PER_AUDIO_TOKEN) + Buffer.byteLength(body.prompt ?? '');
      const outputTokens = OUTPUT_TOKENS_LEAST + Math.ceil((mostMs / MS_PER_SECOND) * OUTPUT_TOKENS_PER_SECOND);
      // Those who are paid by the second round up to whole ones.
      const audioMs = Math.ceil(mostMs / MS_PER_SECOND) * MS_PER_SECOND;
      return sizeCall({ promptTokens, promptTokensAtLeast: 0, outputTokens, choices: 1, media: { ...NO_MEDIA, audioMs }, mediaAtLeast: { ...NO_MEDIA, audioMs: likelyMs }, prices });
    },
    write(to, context) {
      const wire = transcriptionWireOf(to.provider);
      if (!wire) return null;
      target = to;
      replies = transcriptionReplies({ isText: isTextFormat(body), audioMs: likelyMs });
      const isStream = body.stream === true && !droppedFields(to).includes('stream');
      return { wire: replies.side, request: wire.encode({ target: to, body, bodyText, outline, files: [file], isStream, ...context }), isStream };
    },
    async count(counter, { text }): Promise<Usage> {
      const media = { ...NO_MEDIA, audioMs: likelyMs };
      // Tokens mean nothing to whoever is paid by the second, and counting them takes a process.
      if (!hasTokenPrice(target?.price)) return { ...NO_USAGE, media };
      const [said, prompt] = await Promise.all([counter.countText(text), counter.countText(body.prompt ?? '')]);
      const audioTokens = Math.ceil(likelyMs / MS_PER_AUDIO_TOKEN);
      return { ...NO_USAGE, promptTokens: audioTokens + prompt, completionTokens: said, media: { ...media, audioTokens } };
    },
  };
}

/** The file as it is sent on: of the type its bytes have. */
function recordingOf({ files }: Call<'createTranscription'>): { file: UploadedFile; facts: AudioFacts } {
  const file = files.find(({ field }) => field === 'file') ?? fail('invalid_request', { param: 'file', message: "Field 'file' is required." });
  if (OTHER_TYPES.test(file.contentType)) {
    fail('invalid_request', { param: 'file', message: `The file is sent as ${file.contentType}, which is no audio. Send ${AUDIO_FORMATS} with a content type of its own.` });
  }
  const facts = measureAudio(file.bytes) ?? fail('invalid_request', { param: 'file', message: `The file is no audio that is known here: it must be ${AUDIO_FORMATS}.` });
  return { file: { ...file, contentType: audioTypeOf(facts.container) }, facts };
}
