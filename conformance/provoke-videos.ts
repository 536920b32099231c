/** This file knows how to make the running server say the errors that are about videos alone. */
import type { ErrorCode } from '../generated/errors.ts';
import { operations } from '../generated/operations.ts';
import { startVideoUpstream } from '../scripts/money/video-upstream.ts';
import { BRIEF_VIDEO } from './good-requests.ts';
import { askJson } from './payer.ts';
import type { Provocation } from './provocation.ts';
import { call } from './raw-client.ts';
import { eventually } from './server-under-test.ts';
import { ask } from './stage.ts';
import type { Stage } from './stage.ts';

type VideoCode = Extract<ErrorCode, 'video_not_found' | 'video_not_ready' | 'variant_not_available'>;

const NOBODY = `video_${'0'.repeat(32)}`;

/** A provider that gives no sheet of pictures, and whose video is none a tool could draw one from. */
async function withoutPictures(stage: Stage): Promise<string> {
  const upstream = await startVideoUpstream(() => ({ startMs: 0, workMs: 0, end: 'complete' }));
  await askJson(stage.main, { method: 'PUT', path: '/v1/admin/providers/films', body: {
    id: 'films', name: 'Films', wire: 'openai-chat', base_url: upstream.url, key_env: null, key_required: false, discover: false,
  } });
  await askJson(stage.main, { method: 'PUT', path: '/v1/admin/models/films/film', body: {
    id: 'films/film', name: 'Film', tier: 'basic', context_window: 0, max_output_tokens: null, kinds: ['video'], output_modalities: ['video'],
    targets: [{ provider: 'films', model: 'film', unpriced: true }],
  } });
  const { id } = await askJson(stage.main, { path: '/v1/videos', body: { model: 'films/film', prompt: 'without pictures' } });
  await eventually(async () => ((await askJson(stage.main, { path: `/v1/videos/${String(id)}` }))['status'] === 'completed' ? true : null));
  await upstream.close();
  return String(id);
}

export const videoProvocations: Readonly<Record<VideoCode, Provocation>> = {
  video_not_found: {
    by: ['retrieveVideo', 'deleteVideo', 'retrieveVideoContent'],
    provoke: (stage, id) => ask(stage, id, { path: `/v1${operations[id].path.replace('{video}', NOBODY)}` }),
  },
  video_not_ready: {
    by: ['retrieveVideoContent'],
    async provoke(stage) {
      const { id } = await askJson(stage.main, { path: '/v1/videos', body: { ...BRIEF_VIDEO, sandbox: { step_ms: 60_000 } } });
      return call(stage.main.url, { path: `/v1/videos/${String(id)}/content`, key: stage.main.key });
    },
  },
  variant_not_available: {
    by: ['retrieveVideoContent'],
    provoke: async (stage) => call(stage.main.url, { path: `/v1/videos/${await withoutPictures(stage)}/content?variant=spritesheet`, key: stage.main.key }),
  },
};
