/** This file tells what kind of audio some bytes are and how long it lasts, from headers alone: nothing is decoded. */
import { measureMp4, measureWebm } from './audio-boxes.ts';
import type { AudioContainer, AudioFacts, Measured } from './audio-facts.ts';
import { measureAdts, measureMp3 } from './audio-frames.ts';
import { measureFlac, measureOgg } from './audio-ogg.ts';
import { measureWav } from './audio-wav.ts';

/** The kinds of audio that are known, as errors list them. */
export const AUDIO_FORMATS = 'flac, m4a, mp3, mp4, mpeg, mpga, ogg, wav or webm';

const MEDIA_TYPES: Readonly<Record<AudioContainer, string>> = {
  wav: 'audio/wav', mp3: 'audio/mpeg', ogg: 'audio/ogg', flac: 'audio/flac', mp4: 'audio/mp4', webm: 'audio/webm', aac: 'audio/aac',
};

/** The media type of a container. */
export function audioTypeOf(container: AudioContainer): string {
  return MEDIA_TYPES[container];
}

const MS_PER_SECOND = 1000;
/** Bytes a second below which no speech is sent: Opus at 6 kbit/s. */
const LEAST_BYTES_PER_SECOND = 750;
/** Bytes a second of speech whose headers say nothing: 32 kbit/s. */
const USUAL_BYTES_PER_SECOND = 4000;
/** Bytes a second above which a header must be wrong: 640 kbit/s, or 24 bits of stereo at 192 kHz where nothing is lost. */
const MOST_BYTES_PER_SECOND: Readonly<Record<AudioContainer, number>> = {
  wav: Number.POSITIVE_INFINITY, flac: 1_152_000, mp3: 80_000, ogg: 80_000, aac: 80_000,
  // Either may carry a picture besides.
  mp4: 2_000_000, webm: 2_000_000,
};

/** Looks at the headers of some bytes; null when they are no audio that is known. */
export function measureAudio(bytes: Buffer): AudioFacts | null {
  const container = containerOf(bytes);
  if (!container) return null;
  const measured = MEASURES[container](bytes);
  if (!measured) return null;
  const { durationMs } = measured;
  const isPlausible = durationMs !== null && durationMs > 0 && (bytes.length * MS_PER_SECOND) / durationMs <= MOST_BYTES_PER_SECOND[container];
  return { container, ...measured, durationMs: isPlausible ? Math.ceil(durationMs) : null };
}

/** How long some audio lasts at most, in ms: what its headers say, or as long as it can be at the lowest bitrate there is. */
export function audioMsAtMost(bytes: Buffer, facts: AudioFacts | null): number {
  return facts?.durationMs ?? Math.ceil((bytes.length * MS_PER_SECOND) / LEAST_BYTES_PER_SECOND);
}

/** How long some audio lasts as far as can be told, in ms: what its headers say, or what so many bytes usually last. */
export function audioMsLikely(bytes: Buffer, facts: AudioFacts | null): number {
  return facts?.durationMs ?? Math.ceil((bytes.length * MS_PER_SECOND) / USUAL_BYTES_PER_SECOND);
}

const MEASURES: Readonly<Record<AudioContainer, (bytes: Buffer) => Measured | null>> = {
  wav: measureWav, mp3: measureMp3, ogg: measureOgg, flac: measureFlac, mp4: measureMp4, webm: measureWebm, aac: measureAdts,
};

function containerOf(bytes: Buffer): AudioContainer | null {
  const magic = bytes.toString('latin1', 0, 12);
  if (magic.startsWith('RIFF') && magic.endsWith('WAVE')) return 'wav';
  if (magic.startsWith('OggS')) return 'ogg';
  if (magic.startsWith('fLaC')) return 'flac';
  if (magic.slice(4, 8) === 'ftyp') return 'mp4';
  if (magic.startsWith('\x1a\x45\xdf\xa3')) return 'webm';
  if (magic.startsWith('ID3')) return 'mp3';
  const [first = 0, second = 0] = bytes;
  if (first !== 0xff || (second & 0xe0) !== 0xe0) return null;
  // Twelve bits of sync and layer 0 are ADTS; other layers are MPEG's.
  return (second & 0xf6) === 0xf0 ? 'aac' : 'mp3';
}
