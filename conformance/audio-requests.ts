/** This file makes requests of the audio operations, and models that cost something. */
import { formRequest } from './form.ts';
import type { RequestParts } from './raw-client.ts';

/** A WAV of silence: 16 bits, 16 kHz, mono. */
export function wav(seconds: number): Buffer {
  const size = Math.round(seconds * 16_000) * 2;
  const bytes = Buffer.alloc(44 + size);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + size, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  for (const [at, value] of [[16, 16], [24, 16_000], [28, 32_000], [40, size]] as const) bytes.writeUInt32LE(value, at);
  for (const [at, value] of [[20, 1], [22, 1], [32, 2], [34, 16]] as const) bytes.writeUInt16LE(value, at);
  bytes.write('data', 36, 'latin1');
  return bytes;
}

/** A transcription of a WAV, with more fields. */
export function transcription(fields: Readonly<Record<string, unknown>> = {}, sound: Buffer = wav(2.5)): ReturnType<typeof formRequest> {
  return formRequest('/v1/audio/transcriptions', [
    { name: 'file', value: sound, fileName: 'speech.wav', type: 'audio/wav' },
    ...Object.entries({ model: 'sandbox/transcribe', ...fields }).map(([name, value]) => ({ name, value: String(value) })),
  ]);
}

/** A speech, with more fields. */
export function speech(fields: Readonly<Record<string, unknown>> = {}): RequestParts {
  return { path: '/v1/audio/speech', body: { model: 'sandbox/speech', input: 'Hello from Interline', voice: 'alloy', response_format: 'wav', ...fields } };
}

const row = { tier: 'basic', context_window: 4096, max_output_tokens: null };
/** The sandbox, for money: a micro-dollar a second, and one for a thousand characters. */
export const PRICED_TRANSCRIPTION = { id: 'priced/transcribe', name: 'Priced', kinds: ['transcription'], ...row, targets: [{ provider: 'sandbox', model: 'transcribe', price: { input: 0, output: 0, media: { audio_second: 1000 } } }] };
export const PRICED_SPEECH = { id: 'priced/speech', name: 'Priced', kinds: ['speech'], ...row, targets: [{ provider: 'sandbox', model: 'speech', price: { input: 0, output: 0, media: { mega_characters: 1_000_000_000 } } }] };
