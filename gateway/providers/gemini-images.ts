/** This file is the wire of images for Gemini's image models, by `generateContent`. https://ai.google.dev/gemini-api/docs/image-generation (2026-11). */
import { readImageSize } from '../foundation/image-size.ts';
import { arrayAt, countAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { sniffContentType } from '../foundation/sniff.ts';
import { droppedLine } from './dropped-fields.ts';
import { classifyGeminiError } from './gemini-content-error.ts';
import type { ImageRequest, ImagesWire } from './images.ts';
import { requestHeaders } from './request-headers.ts';
import { refusal } from './sandbox-script.ts';
import type { HttpRequest, ScriptedReply, WireRequest } from './wire.ts';

export const geminiImagesWire: ImagesWire = {
  encode: encodeGemini,
  // It shows nothing before an image is finished.
  isStreaming: () => false,
  toImages,
  classify: classifyGeminiError,
};

/** Fields of the canonical request that have a place of their own, or none to warn of. */
const KNOWN: ReadonlySet<string> = new Set(['model', 'prompt', 'image', 'size', 'n', 'response_format', 'stream', 'partial_images', 'sandbox']);

function encodeGemini(request: WireRequest<ImageRequest>): HttpRequest | ScriptedReply {
  const { target, body, files } = request;
  const refused = refusedField(request);
  if (refused !== null) {
    return refusal({ status: 400, type: 'invalid_request_error', param: refused.param, code: 'unsupported_field', message: refused.message }, {});
  }
  const images = files.map(({ contentType, bytes }) => ({ inlineData: { mimeType: contentType, data: bytes.toString('base64') } }));
  const imageConfig = shapeOf(body.size ?? 'auto');
  const content = {
    contents: [{ role: 'user', parts: [{ text: body.prompt }, ...images] }],
    generationConfig: { responseModalities: ['IMAGE'], ...(imageConfig ? { imageConfig } : {}) },
  };
  const dropped = Object.entries(body).filter(([name, value]) => !KNOWN.has(name) && value !== null && value !== 'auto').map(([name]) => name);
  const { provider, upstreamModel } = target;
  const headers = requestHeaders(provider, { wire: 'gemini-content' });
  return {
    kind: 'http', method: 'POST', path: `/models/${encodeURIComponent(upstreamModel)}:generateContent`, headers, body: JSON.stringify(content), isSlow: true,
    warnings: dropped.map((name) => droppedLine(name, target)),
  };
}

/** What would be answered with something else than was asked for. */
function refusedField({ target, body, files }: WireRequest<ImageRequest>): { param: string; message: string } | null {
  if ((body.n ?? 1) > 1) return { param: 'n', message: `${target.id} makes one image at a time.` };
  if (files.some(({ field }) => field === 'mask')) return { param: 'mask', message: `${target.id} takes no mask; say in the prompt what is to change.` };
  return null;
}

const RATIOS = ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'];
/** The longer side from which on 2K and 4K are asked for, in pixels. */
const EDGE_2K = 1800;
const EDGE_4K = 3600;

/** The nearest shape and size there is; null for `auto`. */
function shapeOf(size: string): { aspectRatio: string; imageSize?: string } | null {
  const [width = 0, height = 0] = size.split('x').map(Number);
  if (!(width > 0 && height > 0)) return null;
  const distance = (ratio: string): number => {
    const [across = 1, down = 1] = ratio.split(':').map(Number);
    return Math.abs(Math.log((width / height) / (across / down)));
  };
  const aspectRatio = RATIOS.reduce((best, ratio) => (distance(ratio) < distance(best) ? ratio : best));
  const edge = Math.max(width, height);
  return { aspectRatio, ...(edge >= EDGE_4K ? { imageSize: '4K' } : edge >= EDGE_2K ? { imageSize: '2K' } : {}) };
}

function toImages(text: string, nowSeconds: number): JsonObject {
  const reply: unknown = JSON.parse(text);
  if (!isJsonObject(reply) || (!Array.isArray(reply['candidates']) && !isJsonObject(reply['promptFeedback']))) throw new SyntaxError('not a Gemini reply');
  const parts = arrayAt(reply, 'candidates').flatMap((candidate) => arrayAt(objectAt(candidate, 'content'), 'parts'));
  const data = parts.flatMap((part) => {
    // Drafts of a model that thinks are not what was asked for.
    const inline = isJsonObject(part) && part['thought'] !== true ? stringAt(objectAt(part, 'inlineData'), 'data') : null;
    return inline === null ? [] : [{ b64_json: inline }];
  });
  return { created: nowSeconds, data, ...aboutImage(data[0]?.b64_json), ...refusalOf(reply, parts), ...usageOf(reply) };
}

/** So many characters of base64 hold a header. */
const HEADER_CHARS = 64 * 1024;

function aboutImage(base64: string | undefined): JsonObject {
  if (base64 === undefined) return {};
  const head = Buffer.from(base64.slice(0, HEADER_CHARS), 'base64');
  const size = readImageSize(head);
  const format = sniffContentType(head)?.replace(/^image\//, '');
  return { ...(format === undefined ? {} : { output_format: format }), ...(size ? { size: `${size.width}x${size.height}` } : {}) };
}

/** Why there is no image, in the model's own words where it has any. */
function refusalOf(reply: JsonObject, parts: readonly unknown[]): JsonObject {
  const reason = stringAt(objectAt(reply, 'promptFeedback'), 'blockReason') ?? stringAt(arrayAt(reply, 'candidates')[0], 'finishReason');
  const said = parts.map((part) => stringAt(part, 'text') ?? '').join('').trim();
  return { refusal: said === '' ? `It ended with ${reason ?? 'nothing'}.` : said };
}

/** Output is split into images and what the model wrote and thought on the way, which costs less. */
function usageOf(reply: JsonObject): JsonObject {
  const usage = objectAt(reply, 'usageMetadata');
  if (!usage) return {};
  const count = (details: string): number => arrayAt(usage, details).reduce<number>((sum, each) => sum + (stringAt(each, 'modality') === 'IMAGE' ? countAt(each, 'tokenCount') : 0), 0);
  const input = countAt(usage, 'promptTokenCount');
  const output = countAt(usage, 'candidatesTokenCount') + countAt(usage, 'thoughtsTokenCount');
  const drawn = Array.isArray(usage['candidatesTokensDetails']) ? count('candidatesTokensDetails') : countAt(usage, 'candidatesTokenCount');
  const seen = count('promptTokensDetails');
  return {
    usage: {
      total_tokens: input + output, input_tokens: input, output_tokens: output,
      input_tokens_details: { text_tokens: input - Math.min(seen, input), image_tokens: seen, cached_tokens: countAt(usage, 'cachedContentTokenCount') },
      output_tokens_details: { text_tokens: output - Math.min(drawn, output), image_tokens: drawn },
    },
  };
}
