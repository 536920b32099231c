/** This file is the sandbox's wire of images: real PNG files drawn from the prompt, in OpenAI's replies and events. */
import type { CreateImageRequest } from '../../generated/client/types.gen.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { readImageSize } from '../foundation/image-size.ts';
import { imageTokens } from './image-tokens.ts';
import type { ImageRequest, ImagesWire } from './images.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { draw } from './sandbox-drawing.ts';
import type { Drawing } from './sandbox-drawing.ts';
import { refuse } from './sandbox-options.ts';
import type { Problem, SandboxOptions } from './sandbox-options.ts';
import { readBehaviour, refusal, replyScript, streamScript } from './sandbox-script.ts';
import { countTokens, hashText } from './sandbox-tokens.ts';
import type { ScriptedReply, ScriptStep, WireRequest } from './wire.ts';

export const sandboxImagesWire: ImagesWire = { encode: encodeSandbox, isStreaming: () => true, classify: classifyOpenAiError };

const SIZE_DEFAULT = 1024;
const SIDE_LEAST = 16;
const SIDE_MOST = 2048;
const IMAGE_TOKENS_IN = 323;

/** What is drawn, and what is told of it. */
interface Order {
  readonly images: readonly Drawing[];
  readonly about: { readonly background: string; readonly output_format: 'png'; readonly size: string; readonly quality: string };
  readonly usage: object;
  readonly kind: 'image_generation' | 'image_edit';
  readonly partials: number;
  readonly nowSeconds: number;
}

function encodeSandbox(request: WireRequest<ImageRequest>): ScriptedReply {
  const options = readBehaviour(request);
  if ('kind' in options) return options;
  const order = readOrder(request);
  if ('message' in order) return refusal(order, { headDelayMs: options.firstTokenMs });
  if (!request.isStream) return replyScript({ bytes: writeOrder(order, options), tokens: order.images.length }, options);
  return streamScript({ events: order.images.length * (order.partials + 1), play: (eventsMax) => playEvents(order, options, eventsMax) }, options);
}

function readOrder({ body, files, nowSeconds }: WireRequest<ImageRequest>): Order | Problem {
  const format = body.output_format ?? 'png';
  if (format !== 'png') return refuse(`The sandbox draws PNG alone, not ${format}.`, 'output_format', 'unsupported_value');
  const size = sizeOf(body.size ?? 'auto', files[0]?.bytes);
  if (size.width < SIDE_LEAST || size.height < SIDE_LEAST || size.width > SIDE_MOST || size.height > SIDE_MOST) {
    return refuse(`The sandbox draws images of ${SIDE_LEAST} to ${SIDE_MOST} pixels a side.`, 'size', 'invalid_value');
  }
  const count = body.n ?? 1;
  const asked = body.quality ?? 'auto';
  const quality = asked === 'low' || asked === 'medium' || asked === 'high' ? asked : asked === 'hd' ? 'high' : 'low';
  const made = files.map(({ bytes }) => hashText(bytes.toString('latin1'))).join();
  const isTransparent = body.background === 'transparent';
  const images = Array.from({ length: count }, (_, at): Drawing => ({ prompt: body.prompt, seed: `${made}/${at}/${styleOf(body)}`, ...size, isTransparent, share: 1 }));
  const pixels = `${size.width}x${size.height}`;
  const tokens = { text_tokens: countTokens(body.prompt), image_tokens: files.length * IMAGE_TOKENS_IN };
  const input = tokens.text_tokens + tokens.image_tokens;
  const output = imageTokens({ size: pixels, quality }) * count;
  return {
    images, nowSeconds, kind: files.length > 0 ? 'image_edit' : 'image_generation', partials: body.partial_images ?? 0,
    about: { background: isTransparent ? 'transparent' : 'opaque', output_format: 'png', size: pixels, quality },
    usage: { total_tokens: input + output, input_tokens: input, output_tokens: output, input_tokens_details: tokens },
  };
}

function styleOf(body: ImageRequest & Pick<CreateImageRequest, 'style'>): string {
  return body.style ?? '';
}

function sizeOf(size: string, first: Buffer | undefined): { width: number; height: number } {
  const [width, height] = size.split('x').map(Number);
  if (width !== undefined && height !== undefined) return { width, height };
  // An edit keeps the size of what it edits.
  const given = first ? readImageSize(first) : null;
  return given && Math.max(given.width, given.height) <= SIDE_MOST && Math.min(given.width, given.height) >= SIDE_LEAST ? given : { width: SIZE_DEFAULT, height: SIZE_DEFAULT };
}

function writeOrder({ images, nowSeconds, about, usage }: Order, options: SandboxOptions): string {
  const data = images.map((image) => ({ b64_json: draw(image).toString('base64') }));
  return JSON.stringify({ created: nowSeconds, data, ...about, ...(options.shouldOmitUsage ? {} : { usage }) });
}

function* playEvents({ images, about, usage, kind, partials, nowSeconds }: Order, options: SandboxOptions, eventsMax: number): Generator<ScriptStep> {
  const common = { created_at: nowSeconds, ...about };
  const write = (event: JsonObject & { readonly type: string }): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  let events = 0;
  for (const [at, image] of images.entries()) {
    for (let partial = 0; partial < partials; partial++) {
      if (events++ >= eventsMax) return;
      const share = (partial + 1) / (partials + 1);
      if (options.isMalformed && events === 2) yield { afterMs: 0, bytes: 'data: {"type":"image_generation.partial_image",\n\n' };
      yield { afterMs: options.tokenMs, bytes: write({ type: `${kind}.partial_image`, b64_json: draw({ ...image, share }).toString('base64'), ...common, partial_image_index: partial }) };
    }
    if (events++ >= eventsMax) return;
    if (options.isMalformed && events === 1) yield { afterMs: 0, bytes: 'data: {"type":"image_generation.completed",\n\n' };
    // The whole of it is told once.
    const told = options.shouldOmitUsage ? {} : { usage: at === 0 ? usage : NOTHING_MORE };
    yield { afterMs: options.tokenMs, bytes: write({ type: `${kind}.completed`, b64_json: draw(image).toString('base64'), ...common, ...told }) };
  }
}

const NOTHING_MORE = { total_tokens: 0, input_tokens: 0, output_tokens: 0, input_tokens_details: { text_tokens: 0, image_tokens: 0 } };
