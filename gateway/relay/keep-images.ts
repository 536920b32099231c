/** This file keeps the images of a reply before it is handed out, so that whoever was told an id can fetch its bytes. */
import { Refusal, fail } from '../foundation/errors.ts';
import { isJsonObject, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Call } from '../foundation/operation.ts';
import type { Target } from '../foundation/terms.ts';
import { fetchImage } from './fetch-image.ts';
import type { House } from './house.ts';
import { BlobTooLarge, MediaRefused } from './media.ts';

/** One image, in bytes; models give a tenth of it. */
export const IMAGE_BYTES_MAX = 64 * 1024 * 1024;

export interface KeepOptions {
  /** Who made them; what they point to on the same server is fetched with its key. */
  readonly target: Target | null;
  /** True: each is told by its URL, else by its bytes. */
  readonly isUrl: boolean;
  /** Why there is none, where the upstream says it. */
  readonly refusal?: unknown;
}

export type KeepImages = (items: readonly unknown[], options: KeepOptions) => Promise<JsonObject[]>;

/**
 * Makes what keeps the images of one call. It rejects with a Refusal: upstream_rejected when there is none, upstream_bad_reply when one can't be
 * had or is no image, store_unavailable when it can't be kept. Then none of them is kept.
 */
export function createImageKeeper(house: House, call: Call<'createImage' | 'createImageEdit'>): KeepImages {
  const workspaceId = call.caller?.workspaceId ?? '';
  const base = `${originOf(call.headers)}/v1/images`;
  return async (items, options) => {
    if (items.length === 0) throw noImage(options.refusal);
    const kept: JsonObject[] = [];
    try {
      for (const item of items) {
        const { b64_json: base64, url, ...rest } = isJsonObject(item) ? item : {};
        const bytes = await bytesOf(house, options.target, { base64, url });
        const { id } = await house.media.save(bytes, { workspaceId, kind: 'image', prefix: 'img', bytesMax: IMAGE_BYTES_MAX, accepts: (type) => type?.startsWith('image/') === true });
        kept.push({ ...rest, id, ...(options.isUrl ? { url: `${base}/${id}/content` } : { b64_json: bytes.toString('base64') }) });
      }
      return kept;
    } catch (cause) {
      for (const image of kept) await house.media.remove(workspaceId, stringAt(image, 'id') ?? '').catch(() => false);
      if (cause instanceof MediaRefused || cause instanceof BlobTooLarge) fail('upstream_bad_reply', { cause, detail: `an image could not be kept: ${cause.message}` });
      throw cause;
    }
  };
}

/** What OpenAI says of what its moderation stops (platform.openai.com/docs/guides/image-generation, 2026-11). */
function noImage(refusal: unknown): Refusal {
  const why = typeof refusal === 'string' ? ` ${refusal}` : '';
  return new Refusal('upstream_rejected', {
    message: `The provider made no image.${why}`.slice(0, 500), param: 'prompt', upstream: { code: 'moderation_blocked', type: 'image_generation_user_error' },
  });
}

const DATA_URL = /^data:[^,]{0,200};base64,/;

function bytesOf(house: House, target: Target | null, { base64, url }: { base64: unknown; url: unknown }): Promise<Buffer> | Buffer {
  if (typeof base64 === 'string') return Buffer.from(base64, 'base64');
  if (typeof url !== 'string') fail('upstream_bad_reply', { detail: 'an image has neither bytes nor a URL' });
  const data = DATA_URL.exec(url)?.[0];
  if (data !== undefined) return Buffer.from(url.slice(data.length), 'base64');
  return fetchImage(house, url, { target, bytesMax: IMAGE_BYTES_MAX });
}

/** Where the caller has reached this gateway. It is the caller's own word, and told to nobody else. */
function originOf(headers: Call<'createImage'>['headers']): string {
  const { host } = headers;
  const [protocol = ''] = String(headers['x-forwarded-proto'] ?? 'http').split(',');
  const isName = typeof host === 'string' && /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(host);
  return `${protocol.trim() === 'https' ? 'https' : 'http'}://${isName ? host : 'localhost'}`;
}
