/** This file keeps what was asked of a video with its job: the request as JSON, the pictures that came with it as media. */
import { arrayAt, isJsonObject, objectAt, parseJson, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { buffer } from 'node:stream/consumers';
import type { VideoPart, VideoRequest, VideoState } from '../providers/video-wire.ts';
import type { MediaStore } from './media.ts';

/** A part as it is kept: where it is, or which media holds it. */
export type KeptPart =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'media'; readonly id: string; readonly contentType: string };

/** A request whose bytes are media. */
export interface VideoSpec extends Omit<VideoRequest, 'inputReference' | 'endFrame' | 'referenceImages' | 'referenceVideos'> {
  readonly inputReference: KeptPart | null;
  readonly endFrame: KeptPart | null;
  readonly referenceImages: readonly KeptPart[];
  readonly referenceVideos: readonly KeptPart[];
}

/** Saves the bytes of a request for as long as its job may run; gives what is kept of it with the job. */
export async function keepInputs(media: MediaStore, video: VideoRequest, { workspaceId, expiresMs }: { workspaceId: string; expiresMs: number }): Promise<VideoSpec> {
  const keep = async (part: VideoPart): Promise<KeptPart> => {
    if (part.kind === 'url') return part;
    const saved = await media.save(part.bytes, { workspaceId, kind: 'input', expiresMs });
    return { kind: 'media', id: saved.id, contentType: part.contentType };
  };
  return {
    ...video,
    inputReference: video.inputReference && await keep(video.inputReference),
    endFrame: video.endFrame && await keep(video.endFrame),
    referenceImages: await Promise.all(video.referenceImages.map(keep)),
    referenceVideos: await Promise.all(video.referenceVideos.map(keep)),
  };
}

/** The ids of the media a job was given. */
export function inputsOf({ inputReference, endFrame, referenceImages, referenceVideos }: VideoSpec): string[] {
  return [inputReference, endFrame, ...referenceImages, ...referenceVideos].flatMap((part) => (part?.kind === 'media' ? part.id : []));
}

/** Brings a request back as it was asked. Throws when a part of it is gone. */
export async function openInputs(media: MediaStore, spec: VideoSpec, workspaceId: string): Promise<VideoRequest> {
  const open = async (part: KeptPart): Promise<VideoPart> => {
    if (part.kind === 'url') return part;
    const found = await media.find(workspaceId, part.id);
    if (!found) throw new Error(`the input ${part.id} is gone`);
    return { kind: 'bytes', contentType: part.contentType, bytes: await buffer(await media.open(found, null)) };
  };
  return {
    ...spec,
    inputReference: spec.inputReference && await open(spec.inputReference),
    endFrame: spec.endFrame && await open(spec.endFrame),
    referenceImages: await Promise.all(spec.referenceImages.map(open)),
    referenceVideos: await Promise.all(spec.referenceVideos.map(open)),
  };
}

/** Reads a spec as it was kept. */
export function readSpec(text: string): VideoSpec {
  const spec = parseJson(text);
  return {
    prompt: stringAt(spec, 'prompt') ?? '',
    seconds: numberAt(spec, 'seconds'),
    size: stringAt(spec, 'size'),
    inputReference: readPart(objectAt(spec, 'inputReference')),
    endFrame: readPart(objectAt(spec, 'endFrame')),
    referenceImages: readParts(arrayAt(spec, 'referenceImages')),
    referenceVideos: readParts(arrayAt(spec, 'referenceVideos')),
    audio: isJsonObject(spec) && typeof spec['audio'] === 'boolean' ? spec['audio'] : null,
    motionControl: isJsonObject(spec) ? spec['motionControl'] ?? null : null,
    extra: objectAt(spec, 'extra') ?? {},
  };
}

/** Reads a state as it was kept when the upstream had finished. */
export function readState(text: string | null): VideoState {
  const kept: JsonObject | null = objectAt({ kept: parseJson(text ?? '') }, 'kept');
  return { status: 'completed', progress: 100, error: null, result: objectAt(kept, 'result'), seconds: numberAt(kept, 'seconds') };
}

function readParts(parts: readonly unknown[]): KeptPart[] {
  return parts.flatMap((part) => readPart(isJsonObject(part) ? part : null) ?? []);
}

function readPart(part: JsonObject | null): KeptPart | null {
  if (!part) return null;
  const url = stringAt(part, 'url');
  if (url !== null) return { kind: 'url', url };
  return { kind: 'media', id: stringAt(part, 'id') ?? '', contentType: stringAt(part, 'contentType') ?? '' };
}

function numberAt(value: unknown, key: string): number | null {
  const found = isJsonObject(value) ? value[key] : null;
  return typeof found === 'number' ? found : null;
}
