/** This file draws pictures of a video with ffmpeg, where it is installed. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../foundation/clock.ts';
import type { MakeId } from '../foundation/ids.ts';

/** Draws one picture of a video, as WebP or JPEG; null where there is no ffmpeg. Rejects when the video can't be read. */
export type DrawFrames = (video: Readable, variant: 'thumbnail' | 'spritesheet') => Promise<Uint8Array | null>;

export interface FrameParts {
  /** Where drafts lie while they are worked on. */
  readonly folder: string;
  readonly clock: Pick<Clock, 'after'>;
  readonly makeId: MakeId;
  /** The program; only a test names another. */
  readonly program?: string;
}

/** Drawing takes no longer than this, in ms. */
const DRAW_MS_MAX = 60_000;
/** The first frame that says something; a sheet of five by five pictures, spread over the video. */
const FILTERS = {
  thumbnail: ['-vf', 'thumbnail=n=50,scale=640:-2'],
  spritesheet: ['-vf', 'scale=256:-2,fps=25/10,tile=5x5'],
} as const;

/** Makes the function that draws. Whether there is an ffmpeg is found out when it is first needed. */
export function createFrames({ folder, clock, makeId, program = 'ffmpeg' }: FrameParts): DrawFrames {
  let isThere: Promise<boolean> | null = null;
  return async (video, variant) => {
    isThere ??= run(program, ['-version'], clock).then(() => true, () => false);
    if (!await isThere) {
      video.destroy();
      return null;
    }
    const [input, output] = [join(folder, makeId('media')), join(folder, `${makeId('media')}.jpg`)];
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await pipeline(video, createWriteStream(input, { mode: 0o600 }));
      // Nothing but this file is opened, whatever the video names.
      await run(program, ['-nostdin', '-v', 'error', '-protocol_whitelist', 'file', '-i', input, ...FILTERS[variant], '-frames:v', '1', '-y', output], clock);
      return await readFile(output);
    } finally {
      await rm(input, { force: true });
      await rm(output, { force: true });
    }
  };
}

function run(program: string, args: readonly string[], clock: Pick<Clock, 'after'>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
    const cancel = clock.after(DRAW_MS_MAX, () => { child.kill('SIGKILL'); });
    child.once('error', (error) => {
      cancel();
      reject(error);
    });
    child.once('close', (code) => {
      cancel();
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${String(code)}`));
    });
  });
}
