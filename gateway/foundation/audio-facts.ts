/** This file names what can be told of some audio from its headers. */

export type AudioContainer = 'wav' | 'mp3' | 'ogg' | 'flac' | 'mp4' | 'webm' | 'aac';

/** What the headers say. */
export interface AudioFacts {
  readonly container: AudioContainer;
  /** Null where the headers don't say, or can't be right. */
  readonly durationMs: number | null;
  /** In Hz; null where the headers don't say. */
  readonly sampleRate: number | null;
  readonly channels: number | null;
}

/** What one container's headers say; bytes that are not walked through may hold more than they say. */
export type Measured = Pick<AudioFacts, 'durationMs' | 'sampleRate' | 'channels'>;
