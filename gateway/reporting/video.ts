/** This file shows a job as the contract's video. */
import type { Video } from '../../generated/client/types.gen.ts';
import { isJsonObject, parseJson, stringAt } from '../foundation/json-value.ts';
import { toSeconds } from '../foundation/page.ts';
import type { JobRow, JobState } from '../store/job-row.ts';

/** Total over the union: where a job is, in OpenAI's words. */
const statuses: { readonly [State in JobState]: Video['status'] } = {
  queued: 'queued', submitting: 'queued', running: 'in_progress', storing: 'in_progress', completed: 'completed', failed: 'failed',
};

/** Shows it as it is now. */
export function toVideo(job: JobRow): Video {
  const spec = parseJson(job.spec);
  const seconds: unknown = isJsonObject(spec) ? spec['seconds'] : null;
  return {
    id: job.id,
    object: 'video',
    model: job.model,
    // The provider has it, and has not begun.
    status: job.state === 'running' && job.progress === 0 ? 'queued' : statuses[job.state],
    progress: job.progress,
    created_at: toSeconds(job.createdMs),
    completed_at: job.completedMs === null ? null : toSeconds(job.completedMs),
    expires_at: job.completedMs === null ? null : toSeconds(job.expiresMs),
    prompt: stringAt(spec, 'prompt'),
    size: stringAt(spec, 'size') ?? '',
    seconds: typeof seconds === 'number' ? String(seconds) : '',
    remixed_from_video_id: null,
    error: job.error,
  };
}
