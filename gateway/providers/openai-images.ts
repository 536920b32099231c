/** This file is OpenAI's wire of images: generations go through but for the model's name, edits are written as a form of their own. https://platform.openai.com/docs/api-reference/images (2026-11). */
import { editJson } from '../foundation/json-outline.ts';
import type { JsonEdit } from '../foundation/json-outline.ts';
import type { UploadedFile } from '../foundation/operation.ts';
import type { Target } from '../foundation/terms.ts';
import { writeForm } from '../foundation/write-form.ts';
import { droppedFields, droppedLine } from './dropped-fields.ts';
import type { ImageRequest, ImagesWire } from './images.ts';
import { classifyOpenAiError } from './openai-error.ts';
import { requestHeaders } from './request-headers.ts';
import type { HttpRequest, WireRequest } from './wire.ts';

export const openaiImagesWire: ImagesWire = {
  encode: (request) => (request.files.length > 0 ? encodeEdit(request) : encodeGeneration(request)),
  isStreaming: (target) => !droppedFields(target).includes('stream'),
  classify: classifyOpenAiError,
};

/** These always answer in base64, and refuse to be told so. */
const ALWAYS_BASE64 = /^(?:gpt-image|chatgpt-image)/;

function warningsOf(target: Target, fields: readonly string[]): string[] {
  const dropped = droppedFields(target);
  return fields.flatMap((name) => (dropped.includes(name) && name !== 'stream' ? [droppedLine(name, target)] : []));
}

/** Base64 is asked for whatever the caller wants: the bytes are kept here, and need not be fetched. */
function encodeGeneration(request: WireRequest<ImageRequest>): HttpRequest {
  const { target, bodyText, outline, isStream } = request;
  const edits: JsonEdit[] = [{ kind: 'set', key: 'model', json: JSON.stringify(target.upstreamModel) }];
  const fields = outline.fields.map(({ key }) => key);
  if (!ALWAYS_BASE64.test(target.upstreamModel)) edits.push({ kind: 'set', key: 'response_format', json: '"b64_json"' });
  else if (fields.includes('response_format')) edits.push({ kind: 'drop', key: 'response_format' });
  for (const key of droppedFields(target)) if (fields.includes(key) && key !== 'response_format') edits.push({ kind: 'drop', key });
  return {
    kind: 'http', method: 'POST', path: '/images/generations', headers: requestHeaders(target.provider, { wire: 'openai-chat', isStream }), isSlow: true,
    body: editJson(bodyText, outline, edits), warnings: warningsOf(target, fields),
  };
}

/** Written by the wire itself. */
const NOT_COPIED = ['image', 'mask', 'model', 'response_format'];

function encodeEdit(request: WireRequest<ImageRequest>): HttpRequest {
  const { target, body, files, isStream, requestId } = request;
  const dropped = droppedFields(target);
  const known = Object.entries(body).filter(([name]) => !NOT_COPIED.includes(name));
  const fields = {
    model: target.upstreamModel,
    ...Object.fromEntries(known.filter(([name]) => !dropped.includes(name))),
    ...(ALWAYS_BASE64.test(target.upstreamModel) ? {} : { response_format: 'b64_json' }),
  };
  const form = writeForm({ fields, files: files.map(withExtension), secret: requestId });
  return {
    kind: 'http', method: 'POST', path: '/images/edits', headers: requestHeaders(target.provider, { wire: 'openai-chat', isStream, contentType: form.contentType }), isSlow: true,
    body: form.body, warnings: warningsOf(target, known.map(([name]) => name)),
  };
}

const EXTENSIONS: Readonly<Record<string, string>> = { 'image/png': 'png', 'image/jpeg': 'jpg', 'image/webp': 'webp' };

/** OpenAI goes by the extension too. */
function withExtension(file: UploadedFile): UploadedFile {
  const extension = EXTENSIONS[file.contentType];
  return extension === undefined || /\.(?:png|jpe?g|webp)$/i.test(file.name) ? file : { ...file, name: `${file.name || 'image'}.${extension}` };
}
