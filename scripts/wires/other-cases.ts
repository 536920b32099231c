/** This file is one good request for every field of embeddings, images, sound and videos. */
import { PIXEL } from '../../conformance/image-requests.ts';
import type { JsonObject } from '../../gateway/foundation/json-value.ts';
import { sampleWav } from '../../gateway/foundation/sample-audio.ts';
import type { CreateImageEditForm, CreateImageRequest, CreateSpeechRequest, CreateTranscriptionForm, CreateVideoRequest, EmbeddingRequest } from '../../generated/client/types.gen.ts';

export const PNG = PIXEL;
export const OTHER_PNG = Buffer.concat([PIXEL, Buffer.from('another')]);
export const WAV = sampleWav(0.1);

/** A request with a field, and the same without it. */
export interface OtherRow {
  readonly value: JsonObject;
  readonly without: JsonObject;
}

/** The value of each field; a tuple has what it makes no sense without. */
type Values<Body> = Readonly<Record<Exclude<keyof Body, 'model'>, unknown>>;

/** Every request is what it must have, and the field. A field that must be there is held against another value of it. */
function rowsOf<Body>(base: JsonObject, values: Values<Body>, beside: Readonly<Record<string, JsonObject>> = {}): Record<string, OtherRow> {
  return Object.fromEntries(Object.entries(values).map(([field, value]) => {
    const without = { model: 'maker/model', ...base, ...beside[field] };
    return [field, { without, value: { ...without, [field]: value } }];
  }));
}

export const EMBEDDING_FIELDS = rowsOf<EmbeddingRequest>({ input: 'Hi' }, {
  input: ['Hi', 'Bye'], encoding_format: 'base64', dimensions: 256, user: 'user-5f2b7c', sandbox: { omit_usage: true },
});

const PICTURE = {
  prompt: 'A kite', n: 2, size: '1024x1536', quality: 'high', background: 'transparent', output_format: 'webp', output_compression: 80, response_format: 'url',
  stream: true, partial_images: 2, user: 'user-5f2b7c', sandbox: { omit_usage: true },
};

export const IMAGE_FIELDS = rowsOf<CreateImageRequest>({ prompt: 'A boat' }, { ...PICTURE, moderation: 'low', style: 'vivid' }, { partial_images: { stream: true } });

export const EDIT_FIELDS = rowsOf<CreateImageEditForm>({ prompt: 'A boat', image: 'a.png' }, { ...PICTURE, image: 'b.png', mask: 'a.png', input_fidelity: 'high' }, { partial_images: { stream: true } });

export const TRANSCRIPTION_FIELDS = rowsOf<CreateTranscriptionForm>({ file: 'a.wav' }, {
  file: 'a.wav', language: 'en', languages: ['en', 'fr'], keywords: ['Interline'], prompt: 'A test.', response_format: 'verbose_json', temperature: 0.5, stream: true, include: ['logprobs'],
  timestamp_granularities: ['word'], chunking_strategy: { type: 'server_vad', threshold: 0.5 }, known_speaker_names: ['ann'], known_speaker_references: ['data:audio/wav;base64,UklGRiQA'], sandbox: { omit_usage: true },
}, { file: { file: 'none' } });

export const SPEECH_FIELDS = rowsOf<CreateSpeechRequest>({ input: 'Hi', voice: 'alloy' }, {
  input: 'Bye', voice: 'ash', instructions: 'Slowly.', response_format: 'wav', speed: 2, stream_format: 'sse', sandbox: { omit_usage: true },
});

const picture = `data:image/png;base64,${PIXEL.toString('base64')}`;

export const VIDEO_FIELDS = rowsOf<CreateVideoRequest>({ prompt: 'A boat' }, {
  prompt: 'A kite', seconds: '8', size: '1280x720', audioEnabled: true, generateAudio: false, motionControl: { type: 'orbit' }, input_reference: picture, inputReference: picture, endFrame: picture,
  referenceImages: [picture], referenceVideos: ['https://www.example.org/a.mp4'],
}, { endFrame: { inputReference: picture } });
