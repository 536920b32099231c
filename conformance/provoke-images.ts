/** This file knows how the image operations are made to say the errors that only a call of a model, or a look for an image, can say. */
import type { OperationId } from '../generated/operations.ts';
import { PRICED_IMAGE, edit, image } from './image-requests.ts';
import { provokeMedia } from './provoke-media.ts';
import type { Provocation } from './provocation.ts';
import { call } from './raw-client.ts';

export const imageOperations: readonly OperationId[] = ['createImage', 'createImageEdit'];

const images = {
  stream: { stream: true },
  other: { prompt: 'something else' },
  unavailable: 'openai/dall-e-3',
  priced: PRICED_IMAGE.id,
  babble: '{"data":[{"b64_json":"PGh0bWw+"}]}',
  isPatient: true,
};

export const provocationsOfImages = provokeMedia({
  createImage: { ...images, request: image, firstEvent: partialImage('image_generation') },
  createImageEdit: { ...images, request: (fields) => edit(fields), firstEvent: partialImage('image_edit') },
});

function partialImage(kind: string): string {
  const type = `${kind}.partial_image`;
  return `event: ${type}\ndata: ${JSON.stringify({ type, b64_json: 'iVBORw0KGgo=', partial_image_index: 0 })}\n\n`;
}

/** An image nobody has made. */
export const imageNotFound: Provocation = {
  by: ['retrieveImageContent'],
  provoke: (stage) => call(stage.main.url, { path: `/v1/images/img_${'0'.repeat(32)}/content`, key: stage.main.key }),
};
