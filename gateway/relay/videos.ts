/** This file finds, deletes and serves the videos of a workspace. */
import { fail } from '../foundation/errors.ts';
import type { BytesReply, Call, StreamReply } from '../foundation/operation.ts';
import type { Caller } from '../foundation/terms.ts';
import type { JobPage, JobRow } from '../store/job-row.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { House } from './house.ts';
import { serveMedia } from './serve-media.ts';
import { cancelledRecord } from './video-ending.ts';

/** Lists the videos of the workspace. */
export function listVideos(house: House, caller: Caller, page: JobPage): Promise<JobRow[]> {
  return orUnavailable(house.store.listJobs(caller.workspaceId, page));
}

/** Gives one video of the workspace. Refuses with video_not_found. */
export async function findVideo(house: House, caller: Caller, id: string): Promise<JobRow> {
  return await orUnavailable(house.store.findJob(caller.workspaceId, id)) ?? fail('video_not_found', { param: 'video' });
}

/** Deletes one: cancelled for nothing while nobody was asked for it, else gone for its workspace. Refuses with video_not_found. */
export async function deleteVideo(house: House, caller: Caller, id: string): Promise<void> {
  const job = await findVideo(house, caller, id);
  const nowMs = house.clock.now();
  const cancelled = cancelledRecord(job, nowMs);
  if (!await orUnavailable(house.store.deleteJob(caller.workspaceId, id, { cancelled, nowMs }))) fail('video_not_found', { param: 'video' });
}

/** Serves a video or a picture of it. Refuses with video_not_found, video_not_ready and variant_not_available. */
export async function serveVideo(house: House, caller: Caller, call: Call<'retrieveVideoContent'>): Promise<StreamReply | BytesReply> {
  const job = await findVideo(house, caller, call.path.video);
  const { variant = 'video' } = call.query;
  if (job.state === 'failed') fail('video_not_ready', { param: 'video', message: `The video has failed: ${job.error?.message ?? 'nobody knows why'}` });
  if (job.state !== 'completed') fail('video_not_ready', { param: 'video', message: `The video is not made yet (${job.progress} %). Ask again later.`, headers: { 'retry-after': '5' } });
  const id = job.media?.[variant];
  if (id === undefined) {
    fail('variant_not_available', { param: 'variant', message: `There is no ${variant} of this video: its provider gives none, and none was drawn, for which the gateway needs ffmpeg.` });
  }
  const media = await house.media.find(caller.workspaceId, id) ?? fail('video_not_found', { param: 'video' });
  return serveMedia(house.media, media, call.headers);
}
