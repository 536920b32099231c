/** This file joins what makes videos: the wires, the steps, the tool that draws, and the jobs that go through them. */
import { randomUUID } from 'node:crypto';
import { chance } from '../foundation/chance.ts';
import { signHs256 } from '../foundation/hmac.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { Store } from '../store/store.ts';
import { createVideoWires } from '../providers/video-wires.ts';
import type { VideoWireOf } from '../providers/video-wires.ts';
import { createJobs } from './jobs.ts';
import type { Jobs } from './jobs.ts';
import { createFrames } from './video-frames.ts';
import type { VideoParts } from './video-parts.ts';
import { createVideoSteps } from './video-steps.ts';

export interface VideoJobs {
  readonly jobs: Jobs;
  readonly videoWireOf: VideoWireOf;
}

export type VideoJobParts = Omit<VideoParts, 'store' | 'videoWireOf' | 'drawFrames' | 'chance' | 'wake'> & {
  readonly store: Store;
  readonly makeId: MakeId;
  /** Where files lie while pictures are drawn of them. */
  readonly inboxFolder: string;
};

/** Starts moving videos on. */
export function startVideoJobs({ makeId, inboxFolder, ...parts }: VideoJobParts): VideoJobs {
  const videoWireOf = createVideoWires({ nowMs: () => parts.clock.now(), newTraceId: randomUUID, sign: signHs256 });
  const drawFrames = createFrames({ folder: inboxFolder, clock: parts.clock, makeId });
  const step = createVideoSteps({ ...parts, videoWireOf, drawFrames, chance, wake: () => { jobs.wake(); } });
  const jobs = createJobs({ ...parts, step, chance });
  return { jobs, videoWireOf };
}
