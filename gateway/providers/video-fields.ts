/** This file holds what the wires for videos share: reading parts, dropping what an upstream lacks, and writing requests. */
import { isJsonObject } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Provider } from '../foundation/terms.ts';
import { nearestRatio, readSize, tierOf } from './video-size.ts';
import type { VideoTier } from './video-size.ts';
import type { VideoPart, VideoRequest } from './video-wire.ts';
import type { HttpRequest } from './wire.ts';

/** Reports one field that was changed or dropped: its name and why. */
export type Warn = (field: string, why: string) => void;

/** Gathers warnings, each once. */
export function createWarnings(): { readonly warn: Warn; readonly lines: () => readonly string[] } {
  const lines = new Set<string>();
  return { warn: (field, why) => { lines.add(`${field}: ${why}`); }, lines: () => [...lines] };
}

/** The bytes of a part and their type; null when they are at an address. */
export function inlineOf(part: VideoPart): { readonly contentType: string; readonly bytes: Uint8Array } | null {
  if (part.kind === 'bytes') return { contentType: cleanType(part.contentType), bytes: part.bytes };
  const head = /^data:([^;,]*)((?:;[^;,]*)*),/i.exec(part.url);
  if (!head) return null;
  const content = part.url.slice(head[0].length);
  const isBase64 = /;base64$/i.test(head[2] ?? '');
  return { contentType: cleanType(head[1] ?? ''), bytes: isBase64 ? Buffer.from(content, 'base64') : Buffer.from(percentDecoded(content), 'latin1') };
}

function cleanType(type: string): string {
  const clean = type.split(';')[0]?.trim().toLowerCase() ?? '';
  return /^[\w.+-]+\/[\w.+-]+$/.test(clean) ? clean : 'application/octet-stream';
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** A part as base64 alone, or null when it is at an address. */
export function base64Of(part: VideoPart): string | null {
  const inline = inlineOf(part);
  return inline === null ? null : asBuffer(inline.bytes).toString('base64');
}

/** A part as a URL: its address, or a `data:` URL. */
export function urlOf(part: VideoPart): string {
  return part.kind === 'url' ? part.url : `data:${cleanType(part.contentType)};base64,${asBuffer(part.bytes).toString('base64')}`;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Fields of the request that an upstream may lack, as the contract calls them. */
export type InputField = 'inputReference' | 'endFrame' | 'referenceImages' | 'referenceVideos' | 'generateAudio' | 'motionControl';

/** Whether the caller has set a field. */
export function hasField(video: VideoRequest, field: InputField): boolean {
  switch (field) {
    case 'inputReference': return video.inputReference !== null;
    case 'endFrame': return video.endFrame !== null;
    case 'referenceImages': return video.referenceImages.length > 0;
    case 'referenceVideos': return video.referenceVideos.length > 0;
    case 'generateAudio': return video.audio !== null;
    case 'motionControl': return video.motionControl !== null && video.motionControl !== undefined;
    default: return field satisfies never;
  }
}

/** Warns of each field that is set though this upstream has nothing like it. */
export function warnOfLacking(video: VideoRequest, lacking: readonly InputField[], warn: Warn): void {
  for (const field of lacking) {
    if (hasField(video, field)) warn(field, 'dropped, this model has nothing like it');
  }
}

const FIELD_NAME_CHARS_MAX = 64;
const UNKNOWN_FIELDS_MAX = 16;

/** Of the fields the contract does not name, those an upstream knows; `known` says its names. The others are dropped and reported. */
export function takeExtras(extra: JsonObject, known: readonly string[], warn: Warn): JsonObject {
  const taken: Record<string, unknown> = {};
  let unknown = 0;
  for (const [field, value] of Object.entries(extra)) {
    if (value === null || value === undefined || field === 'sandbox' && isJsonObject(value)) continue;
    if (known.includes(field)) taken[field] = value;
    else if (++unknown <= UNKNOWN_FIELDS_MAX) warn(field.slice(0, FIELD_NAME_CHARS_MAX), 'dropped, this wire does not know it');
    else if (unknown === UNKNOWN_FIELDS_MAX + 1) warn('others', 'dropped, this wire does not know them');
  }
  return taken;
}

/** The shape and tier of a size, with a warning when the shape is only near; null when no size was asked for. */
export function shapeOf(size: string | null, ratios: readonly string[], warn: Warn): { readonly ratio: string; readonly tier: VideoTier } | null {
  if (size === null) return null;
  const read = readSize(size);
  if (read === null) {
    warn('size', 'dropped, it is not a width and a height');
    return null;
  }
  const { ratio, isSame } = nearestRatio(read, ratios);
  const tier = tierOf(read);
  if (!isSame) warn('size', `changed to ${ratio} at ${tier}, this model has no such shape`);
  return { ratio, tier };
}

/** The tier if the upstream has it, else the nearest below, else the lowest. `tiers` ascends. */
export function tierWithin<Tier extends VideoTier>(tier: VideoTier, tiers: readonly [Tier, ...Tier[]], warn: Warn): Tier {
  const order: readonly VideoTier[] = ['360p', '480p', '540p', '720p', '1080p', '4k'];
  const has = tiers.find((one) => one === tier);
  if (has !== undefined) return has;
  const nearest = tiers.findLast((one) => order.indexOf(one) < order.indexOf(tier)) ?? tiers[0];
  warn('size', `changed to ${nearest}, this model has no ${tier}`);
  return nearest;
}

export interface RequestParts {
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly provider: Provider;
  /** The headers that carry the key. */
  readonly key: Readonly<Record<string, string>>;
  readonly accept?: string;
}

/** A request without a body. */
export function askFor({ method, path, provider, key, accept = 'application/json' }: RequestParts): HttpRequest {
  return { kind: 'http', method, path, headers: { accept, 'accept-encoding': 'identity', ...provider.headers, ...key }, body: '', warnings: [] };
}

/** A POST of JSON text. */
export function postJson(parts: Omit<RequestParts, 'method'>, json: string, warnings: readonly string[]): HttpRequest {
  const request = askFor({ ...parts, method: 'POST' });
  return { ...request, headers: { 'content-type': 'application/json', ...request.headers }, body: json, warnings };
}
