/** This file reads OpenAI's replies of images, whole and in events, which every wire of images answers with. */
import type { CreateImageEditForm, CreateImageRequest } from '../../generated/client/types.gen.ts';
import type { Received } from '../../generated/operations.ts';
import { encodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { addCounts, arrayAt, countAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { NO_MEDIA } from '../foundation/no-media.ts';
import { eventPayload } from '../foundation/sse.ts';
import type { Target, Usage } from '../foundation/terms.ts';
import { readObjectEvent } from './object-events.ts';
import { classifyStreamError } from './openai-error.ts';
import type { ReplyFacts, StreamReader, UpstreamFailure, Wire } from './wire.ts';

/** The canonical request: OpenAI's, of which an edit has files beside it. */
export type ImageRequest = CreateImageRequest | Received<CreateImageEditForm>;

/** How images are asked for. Its replies are OpenAI's, or made so by `toImages`. */
export type ImagesWire = Pick<Wire<ImageRequest>, 'encode' | 'classify'> & {
  /** True where the upstream answers in OpenAI's events when asked to. */
  readonly isStreaming: (target: Target) => boolean;
  /** Makes OpenAI's reply of a whole one of its own. Throws a SyntaxError for what is none. */
  readonly toImages?: (text: string, nowSeconds: number) => JsonObject;
};

/** What was asked, for replies that do not say what they are. */
export interface ImageContext {
  /** The variant that was asked for, `size/quality`; null where either is left to the model. */
  readonly variant: string | null;
}

/** What tells that an image is finished (platform.openai.com/docs/api-reference/images-streaming, 2026-11). */
const COMPLETED: ReadonlySet<string> = new Set(['image_generation.completed', 'image_edit.completed']);

/** Reads OpenAI's reply. Throws a SyntaxError when it has no list of images. */
export function parseImages(text: string): JsonObject {
  const reply: unknown = JSON.parse(text);
  if (!isJsonObject(reply) || !Array.isArray(reply['data'])) throw new SyntaxError('not a list of images');
  return reply;
}

/** The facts of a reply: its usage in tokens where it tells any, with how many images there are. */
export function factsOf(reply: JsonObject, context: ImageContext): ReplyFacts {
  const images = arrayAt(reply, 'data').length;
  return { usage: readUsage(reply['usage'], { images, variant: variantOf(reply, context) }), upstreamId: stringAt(reply, 'id'), upstreamModel: stringAt(reply, 'model'), finishReason: null };
}

/** What was made is priced by what the reply says it is, and else by what was asked. */
export function variantOf(reply: JsonObject, { variant }: ImageContext): string | null {
  const [size, quality] = [stringAt(reply, 'size'), stringAt(reply, 'quality')];
  return size !== null && quality !== null && size !== 'auto' && quality !== 'auto' ? `${size}/${quality}` : variant;
}

/** Reads OpenAI's tokens of images (platform.openai.com/docs/api-reference/images, 2026-11); null when none are told. */
export function readUsage(usage: unknown, made: { readonly images: number; readonly variant: string | null }): Usage | null {
  if (!isJsonObject(usage) || (typeof usage['input_tokens'] !== 'number' && typeof usage['output_tokens'] !== 'number')) return null;
  const details = objectAt(usage, 'input_tokens_details');
  // What an image model writes, nobody is shown: it is what it thought with.
  const written = countAt(objectAt(usage, 'output_tokens_details'), 'text_tokens');
  return {
    promptTokens: countAt(usage, 'input_tokens'), cachedTokens: countAt(details, 'cached_tokens'), cacheWriteTokens: 0,
    completionTokens: countAt(usage, 'output_tokens'), reasoningTokens: written,
    media: { ...NO_MEDIA, images: made.images, variant: made.variant, ...(details ? { imageTokens: countAt(details, 'image_tokens') } : {}) },
  };
}

/** Adds usages of one stream, whose images each tell their own. */
function addUsage(left: Usage | null, right: Usage | null): Usage | null {
  if (!left || !right) return left ?? right;
  const tokens = {
    promptTokens: addCounts(left.promptTokens, right.promptTokens), cachedTokens: addCounts(left.cachedTokens, right.cachedTokens), cacheWriteTokens: 0,
    completionTokens: addCounts(left.completionTokens, right.completionTokens), reasoningTokens: addCounts(left.reasoningTokens, right.reasoningTokens),
  };
  if (!left.media || !right.media) return tokens;
  const imageTokens = addCounts(left.media.imageTokens ?? 0, right.media.imageTokens ?? 0);
  return { ...tokens, media: { ...right.media, images: left.media.images + right.media.images, imageTokens } };
}

/** Follows a stream of images: those that are finished are held back until they are kept and their row is durable. */
export class ImageStream implements StreamReader {
  isDone = false;
  isFinished = false;
  failure: UpstreamFailure | null = null;
  /** The events of finished images. */
  readonly completed: JsonObject[] = [];
  readonly #context: ImageContext;
  readonly #bytesMax: number;
  #bytes = 0;
  #usage: Usage | null = null;

  /** What is held back may have `bytesMax` bytes: an upstream that goes on and on must not fill the gateway's memory. */
  constructor(context: ImageContext, bytesMax: number) {
    this.#context = context;
    this.#bytesMax = bytesMax;
  }

  observe(): void {
    // Events are read as they come; nothing has to be kept.
  }

  read(event: ByteText): ByteText | null {
    const payload = eventPayload(event);
    if (payload === null) return event;
    const value = readObjectEvent(payload, this);
    if (value === null) return null;
    return this.#take(value, event);
  }

  drop(): void {
    this.completed.length = 0;
    this.#usage = null;
  }

  facts(): ReplyFacts {
    return { usage: this.#usage, upstreamId: null, upstreamModel: null, finishReason: null };
  }

  text(): string {
    return String(this.completed.length);
  }

  #take(value: JsonObject, event: ByteText): ByteText | null {
    if (!COMPLETED.has(stringAt(value, 'type') ?? '')) return event;
    this.#bytes += event.length;
    if (this.#bytes > this.#bytesMax) {
      this.failure = { ...classifyStreamError(null), code: 'upstream_bad_reply', detail: `the images of a stream have more than ${this.#bytesMax} bytes` };
      return null;
    }
    const told = readUsage(value['usage'], { images: 1, variant: variantOf(value, this.#context) });
    this.#usage = addUsage(this.#usage, told);
    this.completed.push(value);
    this.isFinished = true;
    return null;
  }
}

/** Writes one event of images, with its name as OpenAI sends it. */
export function writeImageEvent(event: JsonObject): ByteText {
  return encodeText(`event: ${stringAt(event, 'type') ?? 'message'}\ndata: ${JSON.stringify(event)}\n\n`);
}
