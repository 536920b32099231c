/** This file writes jobs into rows and reads them back, for every engine. */
import { readInteger, readIntegerOrNull, readOneOf, readText, readTextOrNull } from './columns.ts';
import type { Row } from './columns.ts';
import type { JobRow, JobState, JobTarget } from './job-row.ts';
import { draftText, readDraft } from './record-rows.ts';
import type { SqlValue } from './sql-task.ts';

export const jobColumns = [
  'id', 'ws_id', 'request_id', 'kind', 'state', 'model', 'target', 'spec', 'record', 'upstream_id', 'progress', 'result', 'media', 'error_code', 'error_message',
  'hidden', 'failures', 'fence', 'run_at', 'deadline_ms', 'created_ms', 'completed_ms', 'expires_ms',
] as const;

/** Total over the union, so that a new state which can't be read back does not compile. */
const stateNames: { readonly [Name in JobState]: Name } = {
  queued: 'queued', submitting: 'submitting', running: 'running', storing: 'storing', completed: 'completed', failed: 'failed',
};
const states = Object.values(stateNames);

/** In the order of `jobColumns`. */
export function jobValues(job: JobRow): SqlValue[] {
  return [
    job.id, job.workspaceId, job.requestId, job.kind, job.state, job.model, JSON.stringify(job.target), job.spec, draftText(job.record), job.upstreamId, job.progress,
    job.result, mediaText(job.media), job.error?.code ?? null, job.error?.message ?? null, job.isHidden ? 1 : 0, job.failures, job.fence, job.runAtMs, job.deadlineMs,
    job.createdMs, job.completedMs, job.expiresMs,
  ];
}

export function mediaText(media: JobRow['media']): string | null {
  return media === null ? null : JSON.stringify(media);
}

export function readJob(row: Row): JobRow {
  const record = readDraft(readText(row, 'record'));
  if (!record) throw new Error(`the job ${readText(row, 'id')} has no record this program can read`);
  const errorCode = readTextOrNull(row, 'error_code');
  return {
    id: readText(row, 'id'),
    workspaceId: readText(row, 'ws_id'),
    requestId: readText(row, 'request_id'),
    kind: readOneOf(row, 'kind', ['video']),
    state: readOneOf(row, 'state', states),
    model: readText(row, 'model'),
    target: readTarget(readText(row, 'target')),
    spec: readText(row, 'spec'),
    record,
    upstreamId: readTextOrNull(row, 'upstream_id'),
    progress: readInteger(row, 'progress'),
    result: readTextOrNull(row, 'result'),
    media: readMedia(readTextOrNull(row, 'media')),
    error: errorCode === null ? null : { code: errorCode, message: readText(row, 'error_message') },
    isHidden: readInteger(row, 'hidden') === 1,
    failures: readInteger(row, 'failures'),
    fence: readInteger(row, 'fence'),
    runAtMs: readInteger(row, 'run_at'),
    deadlineMs: readInteger(row, 'deadline_ms'),
    createdMs: readInteger(row, 'created_ms'),
    completedMs: readIntegerOrNull(row, 'completed_ms'),
    expiresMs: readInteger(row, 'expires_ms'),
  };
}

function readTarget(text: string): JobTarget {
  const { provider, upstreamModel, isOwnKey, options } = readObject(text);
  return { provider: String(provider), upstreamModel: String(upstreamModel), isOwnKey: isOwnKey === true, options: readTexts(options) };
}

function readMedia(text: string | null): JobRow['media'] {
  return text === null ? null : readTexts(readObject(text));
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}

function readTexts(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
