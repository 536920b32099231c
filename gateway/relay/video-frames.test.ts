/** This file tests how pictures of a video are drawn, by a program that stands in for ffmpeg, and that there are none where there is none. */
import { expect, test } from '@jest/globals';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { systemClock } from '../foundation/clock.ts';
import { createIds } from '../foundation/ids.ts';
import { createFrames } from './video-frames.ts';

async function inFolder(program: (folder: string) => string, run: (draw: ReturnType<typeof createFrames>, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'interline-frames-'));
  try {
    await run(createFrames({ folder: join(folder, 'inbox'), clock: systemClock, makeId: createIds(systemClock), program: program(folder) }), folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A program that writes its arguments, and then the video, where the picture should go. */
function pretender(folder: string, last: string): string {
  const file = join(folder, 'ffmpeg');
  writeFileSync(file, `#!/bin/sh\n[ "$1" = -version ] && exit 0\necho "$@" > "${folder}/args"\nfor each in "$@"; do output="$each"; done\n${last}\n`);
  chmodSync(file, 0o755);
  return file;
}

test('a picture is what the tool has drawn of the video, and nothing is left behind', () => inFolder((folder) => pretender(folder, 'printf drawn > "$output"'), async (draw, folder) => {
  expect(Buffer.from(await draw(Readable.from([Buffer.from('a video')]), 'thumbnail') ?? []).toString()).toBe('drawn');
  expect(readFileSync(join(folder, 'args'), 'utf8')).toMatch(/-protocol_whitelist file -i .*thumbnail=.* -frames:v 1 -y .*\.jpg/);
  await draw(Readable.from([Buffer.from('a video')]), 'spritesheet');
  expect(readFileSync(join(folder, 'args'), 'utf8')).toMatch(/tile=5x5/);
  expect(readdirSync(join(folder, 'inbox'))).toEqual([]);
}));

test('a tool that fails is an error, and nothing is left behind', () => inFolder((folder) => pretender(folder, 'exit 3'), async (draw, folder) => {
  await expect(draw(Readable.from([Buffer.from('no video')]), 'thumbnail')).rejects.toThrow('ended with 3');
  expect(readdirSync(join(folder, 'inbox'))).toEqual([]);
}));

test('where there is no tool there is no picture, and the video is let go', () => inFolder((folder) => join(folder, 'nothing-here'), async (draw) => {
  const video = Readable.from([Buffer.from('a video')]);
  expect(await draw(video, 'thumbnail')).toBeNull();
  expect(video.destroyed).toBe(true);
}));
