/** This file is what images ask: a prompt in, images out, paid by the image or by the token, and kept before they are handed out. */
import { NO_BYTES, encodeText, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { NO_MEDIA } from '../foundation/no-media.ts';
import type { Call } from '../foundation/operation.ts';
import type { Target, Usage } from '../foundation/terms.ts';
import { TOKENS_PER_MESSAGE } from '../metering/messages.ts';
import { hasTokenPrice } from '../metering/price.ts';
import { NO_USAGE } from '../metering/settle.ts';
import { sizeCall } from '../metering/size.ts';
import { extraBytesOf, guessTokens, guessTokensAtLeast } from '../metering/text-size.ts';
import { INPUT_IMAGE_TOKENS, PARTIAL_IMAGE_TOKENS, imageTokens, imageTokensMost } from '../providers/image-tokens.ts';
import { ImageStream, factsOf, parseImages, writeImageEvent } from '../providers/images.ts';
import type { ImagesWire } from '../providers/images.ts';
import { imagesWireOf } from '../providers/index.ts';
import type { ReplySide } from '../providers/wire.ts';
import type { Ask } from './ask.ts';
import type { House } from './house.ts';
import { createImageKeeper } from './keep-images.ts';
import { uploadedImages } from './uploaded-images.ts';

const EVENTS_TYPE = 'text/event-stream; charset=utf-8';

/** Makes the ask of images, made of a prompt or of other images. Refuses files that are no images (400, `image` or `mask`). */
export function askImages(house: House, call: Call<'createImage' | 'createImageEdit'>): Ask {
  const { body, bodyText, outline } = call;
  const files = uploadedImages(call.files);
  const wantsStream = body.stream === true;
  const asked = { size: body.size ?? 'auto', quality: body.quality ?? 'auto' };
  const variant = asked.size === 'auto' || asked.quality === 'auto' ? null : `${asked.size}/${asked.quality}`;
  const reading: Reading = { stream: null, reply: null };
  const keepEach = createImageKeeper(house, call);
  let target: Target | null = null;
  return {
    kind: 'images',
    model: body.model,
    isStream: wantsStream,
    wantsUsage: true,
    mayBeEmpty: false,
    dialect: null,
    // What is finished comes last, from `keep`.
    doneEvent: NO_BYTES,
    size({ prices }) {
      const count = body.n ?? 1;
      const extra = extraBytesOf(body.prompt);
      const media = { ...NO_MEDIA, images: count };
      const most = imageTokensMost(asked) + (body.partial_images ?? 0) * PARTIAL_IMAGE_TOKENS;
      // A choice counts as one message at most, and a large image has the tokens of several.
      const parts = Math.ceil(most / TOKENS_PER_MESSAGE);
      return sizeCall({
        promptTokens: guessTokens(body.prompt, extra) + files.length * INPUT_IMAGE_TOKENS, promptTokensAtLeast: guessTokensAtLeast(body.prompt, extra),
        outputTokens: Math.ceil(most / parts), choices: count * parts, media, prices,
      });
    },
    write(to, context) {
      const wire = imagesWireOf(to.provider);
      if (!wire) return null;
      target = to;
      const isStream = wantsStream && wire.isStreaming(to);
      Object.assign(reading, { stream: null, reply: null });
      const side = sideOf(wire, reading, { variant, isAsEvents: wantsStream && !isStream, nowSeconds: context.nowSeconds, bytesMax: house.limits.upstreamReplyBytesMax });
      return { wire: side, request: wire.encode({ target: to, body, bodyText, outline, files, isStream, ...context }), isStream };
    },
    async count(counter, { text }): Promise<Usage> {
      const images = Number(text);
      const media = { ...NO_MEDIA, images, variant };
      if (!hasTokenPrice(target?.price)) return { ...NO_USAGE, media };
      const seen = files.length * INPUT_IMAGE_TOKENS;
      return { ...NO_USAGE, promptTokens: seen + await counter.countText(body.prompt), completionTokens: images * imageTokens(asked), media: { ...media, imageTokens: seen } };
    },
    async keep() {
      if (reading.stream) return writeEvents(await keepEach(reading.stream.completed, { target, isUrl: false }));
      const { data, refusal, ...rest } = reading.reply ?? {};
      const isUrl = body.response_format === 'url' && !wantsStream;
      const images = await keepEach(Array.isArray(data) ? data : [], { target, isUrl, refusal });
      return wantsStream ? writeEvents(asEvents(images, rest, files.length > 0 ? 'image_edit' : 'image_generation')) : encodeText(JSON.stringify({ ...rest, data: images }));
    },
  };
}

/** What was read last of this request. */
interface Reading {
  stream: ImageStream | null;
  reply: JsonObject | null;
}

interface SideOptions {
  readonly variant: string | null;
  /** The caller wants events, and the upstream answers whole. */
  readonly isAsEvents: boolean;
  readonly nowSeconds: number;
  /** What a stream's images may have in all, as a whole reply may. */
  readonly bytesMax: number;
}

/** How the replies to one request are read: whichever came last stays in `reading`, so that it is parsed once. */
function sideOf(wire: ImagesWire, reading: Reading, { variant, isAsEvents, nowSeconds, bytesMax }: SideOptions): ReplySide {
  // A reply of bytes comes as one character for each.
  const decode = (text: string): string => (isAsEvents ? Buffer.from(text, 'latin1').toString('utf8') : text);
  return {
    ...(isAsEvents ? { replyType: 'bytes' as const, contentTypeOf: () => EVENTS_TYPE } : {}),
    readReply(text) {
      reading.reply = (wire.toImages ?? parseImages)(decode(text), nowSeconds);
      return factsOf(reading.reply, { variant });
    },
    readText: () => String(arrayAt(reading.reply, 'data').length),
    openStream: () => (reading.stream = new ImageStream({ variant }, bytesMax)),
    classify: wire.classify,
  };
}

/** The images of a whole reply as the events they would have ended with; all usage is told with the first. What a reply may leave out, an event always has. */
function asEvents(images: readonly JsonObject[], { created, usage, ...about }: JsonObject, kind: string): JsonObject[] {
  return images.map((image, at) => ({ ...image, created_at: created, background: 'auto', quality: 'auto', ...about, ...(at === 0 && usage !== undefined ? { usage } : {}), type: `${kind}.completed` }));
}

function writeEvents(events: readonly JsonObject[]): ByteText {
  return events.map(writeImageEvent).reduce(joinBytes, NO_BYTES);
}
