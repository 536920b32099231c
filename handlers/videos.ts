/** This file answers the videos operations. */
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, OperationId, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, pageOf } from '../gateway/foundation/page.ts';
import type { Caller } from '../gateway/foundation/terms.ts';
import type { House } from '../gateway/relay/house.ts';
import { startVideo } from '../gateway/relay/start-video.ts';
import * as videos from '../gateway/relay/videos.ts';
import { toVideo } from '../gateway/reporting/video.ts';

/** Begins to make a video. */
export function createVideo(call: Call<'createVideo'>, house: House): Promise<Reply<'createVideo'>> {
  return startVideo(house, call);
}

/** Lists the videos of the workspace, the newest first unless the caller says otherwise. */
export async function listVideos(call: Call<'listVideos'>, house: House): Promise<Reply<'listVideos'>> {
  const page = askedPage(call.query, house.limits.pageSizeDefault);
  const rows = await videos.listVideos(house, callerOf(call), { ...page, isAscending: call.query.order === 'asc' });
  return { status: 200, json: pageOf(rows, page.limit - 1, { item: toVideo, idOf: (job) => job.id }) };
}

/** Tells how one is coming along. */
export async function retrieveVideo(call: Call<'retrieveVideo'>, house: House): Promise<Reply<'retrieveVideo'>> {
  return { status: 200, json: toVideo(await videos.findVideo(house, callerOf(call), call.path.video)) };
}

/** Deletes one. */
export async function deleteVideo(call: Call<'deleteVideo'>, house: House): Promise<Reply<'deleteVideo'>> {
  await videos.deleteVideo(house, callerOf(call), call.path.video);
  return { status: 200, json: { id: call.path.video, object: 'video.deleted', deleted: true } };
}

/** Serves the bytes of one, or of a picture of it. */
export function retrieveVideoContent(call: Call<'retrieveVideoContent'>, house: House): Promise<Reply<'retrieveVideoContent'>> {
  return videos.serveVideo(house, callerOf(call), call);
}

function callerOf(call: Call<OperationId>): Caller {
  return call.caller ?? fail('missing_api_key');
}
