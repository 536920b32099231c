/** This file makes requests of the image operations, and a model that costs something. */
import { formRequest } from './form.ts';
import type { FormPart } from './form.ts';
import { askJson } from './payer.ts';
import type { RequestParts } from './raw-client.ts';
import type { ServerUnderTest } from './server-under-test.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The smallest PNG there is: one grey pixel. */
export const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==', 'base64');

/** An image of a prompt, with more fields. */
export function image(fields: Fields = {}): RequestParts {
  return { path: '/v1/images/generations', body: { model: 'sandbox/image', prompt: 'Hello from Interline', quality: 'low', ...fields } };
}

/** An image of a pixel, with more fields and other files. */
export function edit(fields: Fields = {}, files: readonly FormPart[] = [{ name: 'image', value: PIXEL, fileName: 'pixel.png', type: 'image/png' }]): ReturnType<typeof formRequest> {
  const texts = Object.entries({ model: 'sandbox/image', prompt: 'Hello from Interline', quality: 'low', ...fields });
  return formRequest('/v1/images/edits', [...files, ...texts.map(([name, value]) => ({ name, value: String(value) }))]);
}

/** The id of an image the server's own workspace has made. */
export async function drawn(server: ServerUnderTest): Promise<string> {
  const { data } = await askJson(server, image({ size: '64x64', response_format: 'url' })) as { data?: { id: string }[] };
  return data?.[0]?.id ?? '';
}

/** The sandbox, for money: a cent an image, two when it is good. */
export const PRICED_IMAGE = {
  id: 'priced/image', name: 'Priced', kinds: ['images'], tier: 'basic', context_window: 4096, max_output_tokens: null,
  targets: [{ provider: 'sandbox', model: 'image', price: { input: 0, output: 0, media: { image: 10_000_000, variants: { '64x64/high': { image: 20_000_000 } } } } }],
};
