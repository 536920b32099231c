/** This file fetches what an upstream has made, keeps it, and has the pictures of it drawn that the upstream does not give. */
import type { Target } from '../foundation/terms.ts';
import type { HttpRequest, ScriptedReply, UpstreamFailure } from '../providers/wire.ts';
import type { VideoDownload, VideoState, VideoVariant, VideoWire } from '../providers/video-wire.ts';
import type { JobRow } from '../store/job-row.ts';
import { StoreUnavailable } from '../store/store.ts';
import { askStream, failed, isFailure } from './job-exchange.ts';
import { BlobTooLarge, MediaRefused } from './media.ts';
import type { BlobSource, MediaRow } from './media.ts';
import type { VideoParts } from './video-parts.ts';

export interface FetchWork {
  readonly job: JobRow;
  readonly target: Target;
  readonly wire: VideoWire;
  readonly state: VideoState;
  readonly signal: AbortSignal;
}

/** Until the job says that it needs them, what was fetched is kept for so long, in ms. */
const UNCLAIMED_MS = 60 * 60_000;
const REDIRECTS_MAX = 5;
const PICTURES: readonly VideoVariant[] = ['thumbnail', 'spritesheet'];
const isVideo = (type: string | null): boolean => type?.startsWith('video/') === true;
const isImage = (type: string | null): boolean => type?.startsWith('image/') === true;

/** Fetches and keeps every variant there is; without the video itself it is a failure, without its pictures it is not. */
export async function fetchVideo(parts: VideoParts, work: FetchWork): Promise<{ readonly media: Record<string, string> } | UpstreamFailure> {
  const video = await fetchVariant(parts, work, 'video');
  if (video === null) return { ...failed('upstream_bad_reply', 'the upstream has finished and has no video'), isRetryable: false };
  if (isFailure(video)) return video;
  const media: Record<string, string> = { video: video.id };
  for (const variant of PICTURES) {
    const picture = await fetchVariant(parts, work, variant);
    if (picture && !isFailure(picture)) media[variant] = picture.id;
    else {
      const drawn = await draw(parts, work, { video, variant });
      if (drawn) media[variant] = drawn.id;
    }
  }
  return { media };
}

/** Null where the upstream has no such variant. */
async function fetchVariant(parts: VideoParts, { job, target, wire, state, signal }: FetchWork, variant: VideoVariant): Promise<MediaRow | UpstreamFailure | null> {
  const download = wire.content({ target, upstreamId: job.upstreamId ?? '', state }, variant);
  if (!download) return null;
  if (download.kind === 'bytes') return keep(parts, job, { variant, source: download.bytes });
  const answer = await follow(parts, { target, download, signal });
  if (isFailure(answer)) return answer;
  if (answer.status < 200 || answer.status > 299) {
    answer.stream.destroy();
    return wire.classify(answer.status, answer.headers, '');
  }
  return keep(parts, job, { variant, source: answer.stream });
}

async function keep({ media, clock }: VideoParts, job: JobRow, { variant, source }: { variant: VideoVariant; source: BlobSource }): Promise<MediaRow | UpstreamFailure> {
  try {
    return await media.save(source, {
      workspaceId: job.workspaceId, kind: variant, expiresMs: clock.now() + UNCLAIMED_MS, accepts: variant === 'video' ? isVideo : isImage,
    });
  } catch (thrown) {
    if (thrown instanceof BlobTooLarge || thrown instanceof MediaRefused) return { ...failed('upstream_bad_reply', `the ${variant} is ${thrown.message}`), isRetryable: false };
    if (thrown instanceof StoreUnavailable) throw thrown;
    return failed('upstream_bad_reply', `the ${variant} broke off: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

type Following = { readonly target: Target; readonly download: Exclude<VideoDownload, { kind: 'bytes' }>; readonly signal: AbortSignal };

/** Goes where the bytes are, by redirects too. The credential goes to the provider's own address only; any other is looked at by the guard. */
async function follow(parts: VideoParts, { target, download, signal }: Following): Promise<Awaited<ReturnType<typeof askStream>>> {
  const own = new URL(target.provider.baseUrl === '' ? 'http://sandbox' : target.provider.baseUrl);
  let address = download.kind === 'url' ? new URL(download.url) : new URL(`${own.href.replace(/\/$/, '')}${download.path}`);
  let headers = download.headers;
  let next: HttpRequest | ScriptedReply | null = download.kind === 'http' ? download : null;
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const isOwn = address.origin === own.origin;
    const fault = isOwn ? null : parts.faultOfUrl(address.origin);
    if (fault !== null) return { ...failed('upstream_bad_reply', `the video is at an address that may not be called: ${fault}`), isRetryable: false };
    const provider = next && hops === 0 ? target.provider : { ...target.provider, baseUrl: address.origin, isGuarded: isOwn ? target.provider.isGuarded === true : true };
    const request: HttpRequest | ScriptedReply = next ?? { kind: 'http', method: 'GET', path: `${address.pathname}${address.search}`, headers, body: '', warnings: [] };
    const answer = await askStream(parts, { provider, request, signal });
    if (isFailure(answer) || answer.status < 300 || answer.status > 399) return answer;
    answer.stream.destroy();
    const to = answer.headers['location'];
    if (typeof to !== 'string' || !URL.canParse(to, address.href)) return failed('upstream_bad_reply', 'a redirect that leads nowhere');
    const moved = new URL(to, address.href);
    if (moved.origin !== address.origin) headers = {};
    address = moved;
    next = null;
  }
  return failed('upstream_bad_reply', 'too many redirects');
}

/** Drawn from the video itself, where there is a tool for it. */
async function draw(parts: VideoParts, work: FetchWork, { video, variant }: { video: MediaRow; variant: VideoVariant }): Promise<MediaRow | null> {
  const picture = await parts.drawFrames(await parts.media.open(video, null), variant === 'spritesheet' ? 'spritesheet' : 'thumbnail').catch((error: unknown) => {
    parts.log.warn({ job: work.job.id, variant, error }, 'a picture of a video could not be drawn');
    return null;
  });
  if (!picture) return null;
  const kept = await keep(parts, work.job, { variant, source: picture });
  return isFailure(kept) ? null : kept;
}
