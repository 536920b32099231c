/** This file says how each vendor of videos words its replies, for the upstreams that play them. */

export type VideoVendorName = 'openai' | 'gemini' | 'openrouter' | 'kling' | 'seedance' | 'pixverse';

/** Where a job stands. */
export type VideoStage = 'queued' | 'running' | 'completed' | 'failed' | 'moderated';

/** Why a request is not done. */
export type VideoTrouble = 'refused' | 'moderated' | 'limited' | 'broken' | 'no-key' | 'absent';

export interface VendorJob {
  readonly id: string;
  readonly stage: VideoStage;
  readonly percent: number;
  /** Where its video lies, for vendors whose videos lie elsewhere. */
  readonly videoUrl: string;
  /** What it says it has counted, where it counts; null for nothing. */
  readonly tokens?: number | null;
}

export interface VendorReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface VideoVendor {
  /** What the provider's base URL ends in. */
  readonly prefix: string;
  readonly keyHeader: string;
  readonly keyStart: string;
  /** True: videos are fetched from the vendor with the key; else elsewhere, without. */
  readonly servesVideos: boolean;
  newId(number: number): string;
  /** Path patterns, below the prefix. The first group is the id. */
  readonly start: RegExp;
  readonly poll: RegExp;
  readonly content?: RegExp;
  readonly upload?: RegExp;
  taken(job: VendorJob): VendorReply;
  show(job: VendorJob): VendorReply;
  uploaded?(number: number): VendorReply;
  trouble(kind: VideoTrouble): VendorReply;
}

const json = (value: unknown, status = 200): VendorReply => ({ status, text: JSON.stringify(value) });

const OPENAI_TROUBLES: Readonly<Record<VideoTrouble, readonly [status: number, code: string, message: string]>> = {
  refused: [400, 'invalid_value', "Invalid value: '3'. Supported values are: '4', '8', and '12'."],
  moderated: [400, 'moderation_blocked', 'Your request was blocked by our moderation system.'],
  limited: [429, 'rate_limit_exceeded', 'Rate limit reached.'],
  broken: [503, 'server_error', 'The server had an error while processing your request.'],
  'no-key': [401, 'invalid_api_key', 'Incorrect API key provided.'],
  absent: [404, 'not_found', 'Video not found.'],
};

function openaiTrouble(kind: VideoTrouble): VendorReply {
  const [status, code, message] = OPENAI_TROUBLES[kind];
  const headers = kind === 'limited' ? { 'retry-after': '1' } : undefined;
  return { ...json({ error: { message, type: status >= 500 ? 'server_error' : 'invalid_request_error', param: null, code } }, status), ...(headers ? { headers } : {}) };
}

/** As https://platform.openai.com/docs/api-reference/videos had it until 2026-09. */
const openai: VideoVendor = {
  prefix: '/v1', keyHeader: 'authorization', keyStart: 'Bearer ', servesVideos: true,
  newId: (number) => `video_${String(number).padStart(32, '0')}`,
  start: /^\/videos$/, poll: /^\/videos\/([^/]+)$/, content: /^\/videos\/([^/]+)\/content$/,
  taken: (job) => openai.show(job),
  show({ id, stage, percent }) {
    const status = { queued: 'queued', running: 'in_progress', completed: 'completed', failed: 'failed', moderated: 'failed' }[stage];
    const error = stage === 'moderated' ? { code: 'moderation_blocked', message: 'Your request was blocked by our moderation system.' } : { code: 'video_generation_failed', message: 'Video generation failed.' };
    return json({
      id, object: 'video', model: 'sora-2', status, progress: percent, created_at: 1_800_000_000, completed_at: stage === 'completed' ? 1_800_000_060 : null,
      expires_at: stage === 'completed' ? 1_800_003_660 : null, prompt: null, size: '1280x720', seconds: '8', remixed_from_video_id: null,
      error: status === 'failed' ? error : null,
    });
  },
  trouble: openaiTrouble,
};

const GOOGLE_STATUS: Readonly<Record<VideoTrouble, readonly [status: number, word: string, message: string]>> = {
  refused: [400, 'INVALID_ARGUMENT', 'The number value for `durationSeconds` needs to be 4, 6 or 8.'],
  moderated: [400, 'INVALID_ARGUMENT', 'The prompt could not be submitted. This prompt contains sensitive words that violate Google\'s Responsible AI practices.'],
  limited: [429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.'],
  broken: [503, 'UNAVAILABLE', 'The model is overloaded.'],
  'no-key': [400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'],
  absent: [404, 'NOT_FOUND', 'Requested entity was not found.'],
};

/** As https://ai.google.dev/gemini-api/docs/video, 2026-11. */
const gemini: VideoVendor = {
  prefix: '/v1beta', keyHeader: 'x-goog-api-key', keyStart: '', servesVideos: true,
  newId: (number) => `op${number}`,
  start: /^\/models\/[^/]+:predictLongRunning$/, poll: /^\/models\/[^/]+\/operations\/([^/]+)$/, content: /^\/files\/([^/:]+):download$/,
  taken: ({ id }) => json({ name: `models/veo-3.1-generate-preview/operations/${id}` }),
  show({ id, stage }) {
    const name = `models/veo-3.1-generate-preview/operations/${id}`;
    const type = 'type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse';
    if (stage === 'queued' || stage === 'running') return json({ name });
    if (stage === 'failed') return json({ name, done: true, error: { code: 13, message: 'Video generation failed due to an internal server issue.' } });
    const made = stage === 'moderated'
      ? { raiMediaFilteredCount: 1, raiMediaFilteredReasons: ['We encountered an issue with the audio for your prompt, so the video was not generated.'] }
      : { generatedSamples: [{ video: { uri: `https://generativelanguage.googleapis.com/v1beta/files/${id}:download?alt=media` } }] };
    return json({ name, done: true, response: { '@type': type, generateVideoResponse: made } });
  },
  trouble(kind) {
    const [code, status, message] = GOOGLE_STATUS[kind];
    const reason = kind === 'no-key' ? [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' }] : [];
    return json({ error: { code, message, status, details: reason } }, code);
  },
};

/** As https://openrouter.ai/docs/api_reference/videos, 2026-11. */
const openrouter: VideoVendor = {
  prefix: '/api/v1', keyHeader: 'authorization', keyStart: 'Bearer ', servesVideos: true,
  newId: (number) => `job-${number}`,
  start: /^\/videos$/, poll: /^\/videos\/([^/]+)$/, content: /^\/videos\/([^/]+)\/content$/,
  taken: ({ id }) => json({ id, polling_url: `/api/v1/videos/${id}`, status: 'pending' }, 202),
  show({ id, stage }) {
    const base = { id, polling_url: `/api/v1/videos/${id}`, generation_id: `gen-${id}` };
    if (stage === 'queued') return json({ ...base, status: 'pending' });
    if (stage === 'running') return json({ ...base, status: 'in_progress' });
    if (stage === 'completed') return json({ ...base, status: 'completed', unsigned_urls: [`https://openrouter.ai/api/v1/videos/${id}/content?index=0`], usage: { cost: 0.5, is_byok: false } });
    return json({ ...base, status: 'failed', error: stage === 'moderated' ? 'Provider refused: content policy violation' : 'Provider returned an error' });
  },
  trouble(kind) {
    const { status, text } = openaiTrouble(kind);
    const { error } = JSON.parse(text) as { error: { message: string } };
    return json({ error: { code: status, message: error.message } }, status);
  },
};

const KLING_TROUBLES: Readonly<Record<VideoTrouble, readonly [status: number, code: number, message: string]>> = {
  refused: [400, 1201, 'duration value 7 is invalid'],
  moderated: [400, 1301, 'Failure to pass the risk control system'],
  limited: [429, 1303, 'parallel task over resource pack limit'],
  broken: [503, 5001, 'server is under maintenance'],
  'no-key': [401, 1000, 'Auth failed'],
  absent: [404, 1203, 'task not found'],
};

/** As https://app.klingai.com/global/dev/document-api, 2026. */
const kling: VideoVendor = {
  prefix: '', keyHeader: 'authorization', keyStart: 'Bearer ', servesVideos: false,
  newId: (number) => String(800_000_000_000_000_000n + BigInt(number)),
  start: /^\/v1\/videos\/(?:text2video|image2video|omni-video)$/, poll: /^\/v1\/videos\/(?:text2video|image2video|omni-video)\/([^/]+)$/,
  taken: (job) => kling.show(job),
  show({ id, stage, videoUrl }) {
    const status = { queued: 'submitted', running: 'processing', completed: 'succeed', failed: 'failed', moderated: 'failed' }[stage];
    const message = stage === 'moderated' ? 'Failure to pass the risk control system' : stage === 'failed' ? 'Service error' : '';
    const result = stage === 'completed' ? { task_result: { videos: [{ id: `v${id}`, url: videoUrl, duration: '5.041' }] }, final_unit_deduction: '3' } : {};
    return json({ code: 0, message: 'SUCCEED', request_id: `r${id}`, data: { task_id: id, task_status: status, task_status_msg: message, created_at: 1_800_000_000_000, updated_at: 1_800_000_001_000, ...result } });
  },
  trouble(kind) {
    const [status, code, message] = KLING_TROUBLES[kind];
    return json({ code, message, request_id: 'r0' }, status);
  },
};

/** As https://docs.byteplus.com/en/docs/ModelArk/1521309, 2026. */
const seedance: VideoVendor = {
  prefix: '/api/v3', keyHeader: 'authorization', keyStart: 'Bearer ', servesVideos: false,
  newId: (number) => `cgt-20261121120000-${String(number).padStart(5, '0')}`,
  start: /^\/contents\/generations\/tasks$/, poll: /^\/contents\/generations\/tasks\/([^/]+)$/,
  taken: ({ id }) => json({ id }),
  show({ id, stage, videoUrl, tokens = 108_900 }) {
    const status = { queued: 'queued', running: 'running', completed: 'succeeded', failed: 'failed', moderated: 'failed' }[stage];
    const base = { id, model: 'dreamina-seedance-2-0-260128', status, created_at: 1_800_000_000, updated_at: 1_800_000_060 };
    if (stage === 'completed') return json({ ...base, content: { video_url: videoUrl }, ...(tokens === null ? {} : { usage: { completion_tokens: tokens, total_tokens: tokens } }), resolution: '720p', ratio: '16:9', duration: 5, framespersecond: 24 });
    if (stage === 'moderated') return json({ ...base, error: { code: 'OutputVideoSensitiveContentDetected', message: 'The request failed because the output video may contain sensitive information.' } });
    return json(stage === 'failed' ? { ...base, error: { code: 'InternalServiceError', message: 'The service encountered an unexpected internal error.' } } : base);
  },
  trouble(kind) {
    const { status, text } = openaiTrouble(kind);
    if (kind !== 'moderated') return { status, text };
    return json({ error: { code: 'InputTextSensitiveContentDetected', message: 'The request failed because the input text may contain sensitive information.', param: '', type: 'BadRequest' } }, 400);
  },
};

const PIXVERSE_TROUBLES: Readonly<Record<VideoTrouble, readonly [status: number, code: number, message: string]>> = {
  refused: [200, 400_017, 'Invalid parameter'],
  moderated: [200, 500_054, 'Content moderation failed'],
  limited: [200, 500_044, 'Reached the limit for concurrent generations'],
  broken: [500, 99_999, 'Unknown error'],
  'no-key': [200, 10_003, 'Token is not exists'],
  absent: [200, 500_008, 'The requested data not found'],
};

/** As https://docs.platform.pixverse.ai, 2026-11: mostly 200, and ids that are larger than JavaScript's numbers. */
const pixverse: VideoVendor = {
  prefix: '', keyHeader: 'api-key', keyStart: '', servesVideos: false,
  newId: (number) => String(9_223_372_036_854_770_000n + BigInt(number)),
  start: /^\/openapi\/v2\/video\/(?:text|img|transition|fusion)\/generate$/, poll: /^\/openapi\/v2\/video\/result\/(\d+)$/, upload: /^\/openapi\/v2\/image\/upload$/,
  taken: ({ id }) => ({ status: 200, text: `{"ErrCode":0,"ErrMsg":"Success","Resp":{"video_id":${id},"credits":60}}` }),
  show({ id, stage, videoUrl }) {
    const status = { queued: 5, running: 5, completed: 1, failed: 8, moderated: 7 }[stage];
    return { status: 200, text: `{"ErrCode":0,"ErrMsg":"Success","Resp":{"id":${id},"status":${status},"prompt":"","seed":0,"outputWidth":1280,"outputHeight":720,"url":${JSON.stringify(stage === 'completed' ? videoUrl : '')}}}` };
  },
  uploaded: (number) => ({ status: 200, text: `{"ErrCode":0,"ErrMsg":"Success","Resp":{"img_id":${9_223_372_036_854_700_000n + BigInt(number)},"img_url":"https://media.pixverse.ai/upload.png"}}` }),
  trouble(kind) {
    const [status, code, message] = PIXVERSE_TROUBLES[kind];
    return json({ ErrCode: code, ErrMsg: message, Resp: null }, status);
  },
};

export const videoVendors: Readonly<Record<VideoVendorName, VideoVendor>> = { openai, gemini, openrouter, kling, seedance, pixverse };
