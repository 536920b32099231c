/** This file answers the image operations. */
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askImages } from '../gateway/relay/ask-images.ts';
import type { House } from '../gateway/relay/house.ts';
import { relay } from '../gateway/relay/relay.ts';
import { serveMedia } from '../gateway/relay/serve-media.ts';

/** Makes images of a prompt; each is kept for its workspace before the reply leaves. */
export async function createImage(call: Call<'createImage'>, house: House): Promise<Reply<'createImage'>> {
  return relay(house, call, askImages(house, call));
}

/** Makes images of images. */
export async function createImageEdit(call: Call<'createImageEdit'>, house: House): Promise<Reply<'createImageEdit'>> {
  return relay(house, call, askImages(house, call));
}

/** Gives the bytes of an image; another workspace's is one that is not there. */
export async function retrieveImageContent(call: Call<'retrieveImageContent'>, house: House): Promise<Reply<'retrieveImageContent'>> {
  const { caller, path, headers } = call;
  const found = caller && await house.media.find(caller.workspaceId, path.image);
  if (found?.kind !== 'image') fail('image_not_found', { param: 'image' });
  return serveMedia(house.media, found, headers);
}
