/** This file begins a video: what it may cost is held and the job is written, in one transaction; the rest is for whoever claims it. */
import { encodeText } from '../foundation/byte-text.ts';
import { asRefusal, fail } from '../foundation/errors.ts';
import { NO_MEDIA } from '../foundation/no-media.ts';
import type { BytesReply, Call } from '../foundation/operation.ts';
import type { Caller, RequestRecord, Target, Usage } from '../foundation/terms.ts';
import type { PlaceRequest, Placed } from '../metering/ledger.ts';
import { priceUsage } from '../metering/price.ts';
import { NO_USAGE } from '../metering/settle.ts';
import { sizeCall } from '../metering/size.ts';
import { readSize, tierOf } from '../providers/video-size.ts';
import type { VideoRequest, VideoWire } from '../providers/video-wire.ts';
import { toVideo } from '../reporting/video.ts';
import { agreeOnVideo } from '../routing/video-terms.ts';
import type { VideoTerms } from '../routing/video-terms.ts';
import type { JobRow } from '../store/job-row.ts';
import { admit } from './admit.ts';
import { readAskedVideo } from './asked-video.ts';
import type { AskedVideo } from './asked-video.ts';
import { refusalOf, warningHeader } from './attempt-outcome.ts';
import type { Choice } from './choice.ts';
import { chooseModel } from './choose.ts';
import type { House } from './house.ts';
import { replay } from './idempotency.ts';
import { checkModelAllowed, leavesNoRow } from './relay.ts';
import { passStoreGate } from './store-gate.ts';
import { notAsAsked, readStrict } from './strict.ts';
import { Trail } from './trail.ts';
import { inputsOf, keepInputs } from './video-spec.ts';

const MS_PER_SECOND = 1000;
/** What came with a request is kept for so much longer than its job may take, in ms. */
const INPUTS_SLACK_MS = 60 * 60_000;

/** Everything that has been decided about a video before it is paid for. */
interface Plan {
  readonly choice: Choice;
  readonly target: Target;
  readonly terms: VideoTerms;
  readonly video: VideoRequest;
  readonly warnings: readonly string[];
}

/** Begins a video and answers with it as it is: queued. Throws a Refusal for everything that stands in the way. */
export async function startVideo(house: House, call: Call<'createVideo'>): Promise<BytesReply> {
  const caller = call.caller ?? fail('missing_api_key');
  passStoreGate(house);
  const trail = new Trail(house, call, { caller, model: call.body.model ?? 'sora-2', isStream: false });
  try {
    const asked = readAskedVideo(call);
    const plan = await planVideo(house, { caller, asked, trail, isStrict: readStrict(call) });
    const size = sizeCall({ promptTokens: 0, promptTokensAtLeast: 0, outputTokens: 0, choices: 1, media: usageOf(plan.terms).media, prices: [plan.target.price] });
    let job: JobRow | null = null;
    const kept = await admit({ house, call, ask: { size: () => size }, caller, trail }, { ...plan.choice, targets: [plan.target] }, async (request) => {
      const placed = await placeVideo(house, { plan, request, record: recordOf(trail, plan) });
      job = placed.job;
      return placed.placed;
    });
    const limits = trail.ticket?.headers();
    trail.ticket?.settle(0);
    trail.ticket?.release();
    if (kept) return replay(kept);
    if (!job) throw new Error('a video was placed without its job');
    house.jobs.wake();
    return { status: 200, contentType: 'application/json', bytes: bodyOf(job), headers: { ...limits, ...warningHeader([...plan.warnings, ...house.warnings.for(caller)]) } };
  } catch (thrown) {
    const refusal = asRefusal(thrown);
    if (leavesNoRow(refusal)) trail.ticket?.release();
    else await trail.refuse(refusal, 'refused');
    throw refusal;
  }
}

/** Chooses who makes it and what it will be; nobody is asked yet. */
async function planVideo(house: House, { caller, asked, trail, isStrict }: { caller: Caller; asked: AskedVideo; trail: Trail; isStrict: boolean }): Promise<Plan> {
  const choice = await chooseModel(house, caller, { kind: 'video', model: asked.model });
  trail.model = choice.model;
  checkModelAllowed(caller, choice.model);
  const { target, wire } = chooseTarget(house, choice, asked);
  const terms = agreeOnVideo(choice.row, wishesOf(asked), (size) => tierOf(readSize(size) ?? { width: 0, height: 0 }));
  checkAddresses(wire, asked);
  const video: VideoRequest = { ...asked.video, seconds: terms.seconds, size: terms.size, audio: terms.audio };
  // What is uploaded first can't be written yet; its wire warns of the same fields.
  const warnings = wire.prepare ? [] : wire.start({ target, video, jobId: '', prepared: [] }).warnings;
  if (isStrict && warnings.length > 0) throw refusalOf(notAsAsked(warnings));
  trail.target = target;
  trail.attempts = 1;
  return { choice, target, terms, video, warnings };
}

/** The first provider that makes videos; with reference videos that are paid by what is read of them, the first that says how much that was. */
function chooseTarget(house: House, { targets, row, model }: Choice, { video }: AskedVideo): { readonly target: Target; readonly wire: VideoWire } {
  const able = targets.flatMap((target) => {
    const wire = house.videoWireOf(target.provider);
    return wire ? [{ target, wire }] : [];
  });
  const mustTell = video.referenceVideos.length > 0 && (row.video?.reference_video_seconds ?? 0) > 0;
  const found = mustTell ? able.find(({ wire }) => wire.chargedMs !== undefined) : able[0];
  if (found) return found;
  if (able.length > 0) fail('invalid_request', { param: 'referenceVideos', message: `No provider of ${model} here says what it charges for referenceVideos; leave them out.` });
  return fail('model_not_available', { param: 'model', message: `No provider of ${model} can be asked for videos.` });
}

function wishesOf({ video, referenceField }: AskedVideo): Parameters<typeof agreeOnVideo>[1] {
  return {
    seconds: video.seconds, size: video.size, audio: video.audio, referenceField,
    hasInputReference: video.inputReference !== null, hasEndFrame: video.endFrame !== null,
    referenceImages: video.referenceImages.length, referenceVideos: video.referenceVideos.length, hasMotionControl: video.motionControl !== null,
  };
}

function checkAddresses(wire: VideoWire, { video, referenceField }: AskedVideo): void {
  const inline = wire.videosByAddress === true ? video.referenceVideos.findIndex(({ kind }) => kind === 'bytes') : -1;
  if (inline >= 0) fail('invalid_request', { param: `referenceVideos.${inline}`, message: 'The provider of this model takes reference videos by their address only.' });
  if (wire.takesUrls) return;
  const named = [[referenceField, video.inputReference], ['endFrame', video.endFrame], ...video.referenceImages.map((part, index) => [`referenceImages.${index}`, part] as const)] as const;
  for (const [field, part] of named) {
    if (part?.kind === 'url') fail('invalid_request', { param: field, message: `The provider of this model fetches nothing: give ${field} as data:…;base64,… with its bytes.` });
  }
}

function usageOf({ heldSeconds, variant }: VideoTerms): Usage & Required<Pick<Usage, 'media'>> {
  return { ...NO_USAGE, media: { ...NO_MEDIA, videoMs: heldSeconds * MS_PER_SECOND, variant } };
}

/** The row of the video when it is made: it costs what is held for it now, and no more. */
function recordOf(trail: Trail, { target, terms }: Plan): RequestRecord {
  const usage = usageOf(terms);
  return { ...trail.draft(), outcome: 'ok', status: 200, errorCode: null, usage, basis: 'counted', charge: priceUsage(usage, target.price) };
}

/** Keeps what came with the request, then holds and writes the job; what was kept goes again when that is refused. */
async function placeVideo(house: House, { plan, request, record }: { plan: Plan; request: PlaceRequest; record: RequestRecord }): Promise<{ placed: Placed; job: JobRow | null }> {
  const { choice, target, terms, video } = plan;
  const { workspaceId } = record;
  const nowMs = house.clock.now();
  const deadlineMs = nowMs + terms.deadlineMs;
  const spec = await keepInputs(house.media, video, { workspaceId, expiresMs: deadlineMs + INPUTS_SLACK_MS });
  const job: JobRow = {
    id: house.makeId('video'), workspaceId, requestId: request.requestId, kind: 'video', state: 'queued', model: choice.model,
    target: { provider: target.provider.id, upstreamModel: target.upstreamModel, isOwnKey: choice.isOwnKey, options: target.options },
    spec: JSON.stringify(spec), record, upstreamId: null, progress: 0, result: null, media: null, error: null, isHidden: false, failures: 0, fence: 0,
    runAtMs: nowMs, deadlineMs, createdMs: nowMs, completedMs: null, expiresMs: deadlineMs + house.limits.mediaMs,
  };
  const reply = { status: 200, contentType: 'application/json', body: bodyOf(job), requestId: request.requestId };
  const placed = await house.ledger.placeJob({ ...request, job, reply });
  if (placed.kind === 'placed') return { placed, job };
  await Promise.all(inputsOf(spec).map((id) => house.media.remove(workspaceId, id)));
  return { placed, job: null };
}

function bodyOf(job: JobRow): ReturnType<typeof encodeText> {
  return encodeText(JSON.stringify(toVideo(job)));
}
