/** This file keeps a sandbox video's job in its id: the sandbox remembers nothing, so everything a poll needs is written there. */
import { readSize } from './video-size.ts';
import type { VideoSize } from './video-size.ts';

export interface SandboxVideoJob {
  readonly startedMs: number;
  readonly seconds: number;
  readonly size: VideoSize;
  /** What is drawn; see `hashText`. */
  readonly seed: number;
  readonly stepMs: number;
  readonly fail: 'moderation' | 'error' | null;
  readonly pollStatus: number | null;
}

/** How far a job is: steps taken of five. */
export const STEPS = 5;
/** The step at which a job fails that is told to, and until which polls fail that are told to. */
export const TURNING_STEP = 3;

/** Writes a job as an id: letters, digits and hyphens. */
export function writeJobId({ startedMs, seconds, size, seed, stepMs, fail, pollStatus }: SandboxVideoJob): string {
  const numbers = [startedMs, seconds, seed, stepMs, pollStatus ?? 0].map((value) => value.toString(36));
  return `video-sandbox-${numbers.join('-')}-${size.width}x${size.height}-${fail ?? 'none'}`;
}

/** Reads an id; null when it is none of ours. */
export function readJobId(id: string): SandboxVideoJob | null {
  const match = /^video-sandbox-([0-9a-z]{1,9})-([0-9a-z]{1,2})-([0-9a-z]{1,7})-([0-9a-z]{1,4})-([0-9a-z]{1,3})-(\d{2,4}x\d{2,4})-(none|moderation|error)$/.exec(id);
  const size = readSize(match?.[6] ?? '');
  if (!match || size === null) return null;
  const [startedMs = 0, seconds = 0, seed = 0, stepMs = 0, pollStatus = 0] = match.slice(1, 6).map((text) => Number.parseInt(text, 36));
  const fail = match[7] === 'moderation' || match[7] === 'error' ? match[7] : null;
  return { startedMs, seconds, size, seed, stepMs, fail, pollStatus: pollStatus === 0 ? null : pollStatus };
}

/** Steps taken by now, from 0 to 5. */
export function stepsOf({ startedMs, stepMs }: SandboxVideoJob, nowMs: number): number {
  if (stepMs === 0) return STEPS;
  return Math.min(STEPS, Math.max(0, Math.floor((nowMs - startedMs) / stepMs)));
}
