/** This file has each wire that is none of chats write one good request for every field of its operation: vectors, pictures, sound and videos. */
import { signHs256 } from '../../gateway/foundation/hmac.ts';
import { outlineJson } from '../../gateway/foundation/json-outline.ts';
import { isJsonObject, parseJson } from '../../gateway/foundation/json-value.ts';
import type { JsonObject } from '../../gateway/foundation/json-value.ts';
import type { UploadedFile } from '../../gateway/foundation/operation.ts';
import type { Provider, Target, WireName } from '../../gateway/foundation/terms.ts';
import { embeddingsWireOf, imagesWireOf, speechWireOf, transcriptionWireOf } from '../../gateway/providers/index.ts';
import { createVideoWires } from '../../gateway/providers/video-wires.ts';
import type { HttpRequest, ScriptedReply, WireRequest } from '../../gateway/providers/wire.ts';
import { readAskedVideo } from '../../gateway/relay/asked-video.ts';
import { EDIT_FIELDS, EMBEDDING_FIELDS, IMAGE_FIELDS, OTHER_PNG, PNG, SPEECH_FIELDS, TRANSCRIPTION_FIELDS, VIDEO_FIELDS, WAV } from './other-cases.ts';
import type { OtherRow } from './other-cases.ts';
import type { Written } from './verdicts.ts';

/** One table: its rows by field, its columns by wire. */
export interface OtherKind {
  readonly title: string;
  readonly about: string;
  readonly columns: readonly { readonly name: WireName; readonly write: (body: JsonObject) => Written }[];
  readonly rows: Readonly<Record<string, OtherRow>>;
}

interface Wired<Body> {
  readonly encode: (request: WireRequest<Body>) => HttpRequest | ScriptedReply;
}

const DEPTH_MAX = 64;

function targetOf(wire: WireName, upstreamModel: string): Target {
  const provider: Provider = { id: 'provider', name: 'Provider', wire, baseUrl: '', apiKey: 'k', headers: {}, quirks: {} };
  return { id: `provider/${upstreamModel}`, provider, upstreamModel, price: null, quirks: {}, options: {} };
}

/** One column: a wire, asked for a model of its own. The body is given as its operation has validated it. */
function column<Body>(name: WireName, model: string, wireOf: (provider: Provider) => Wired<Body> | null): OtherKind['columns'][number] {
  const target = targetOf(name, model);
  const wire = wireOf(target.provider);
  if (!wire) throw new Error(`${name} does not speak of this kind`);
  return {
    name,
    write(body) {
      const bodyText = JSON.stringify(body);
      const files = filesOf(body);
      return read(wire.encode({ target, body: body as Body, bodyText, outline: outlineJson(bodyText, DEPTH_MAX), files, isStream: body['stream'] === true || body['stream_format'] === 'sse', requestId: 'req_1', nowSeconds: 0 }));
    },
  };
}

/** The files of a form: a field of bytes stands as its file's name in the body. */
function filesOf(body: JsonObject): UploadedFile[] {
  const bytes: Readonly<Record<string, Buffer>> = { 'a.png': PNG, 'b.png': OTHER_PNG, 'a.wav': WAV };
  return Object.entries(body).flatMap(([field, name]) => (typeof name === 'string' && bytes[name] ? [{ field, name, contentType: name.endsWith('png') ? 'image/png' : 'audio/wav', bytes: bytes[name] }] : []));
}

function read(request: HttpRequest | ScriptedReply): Written {
  if (request.kind === 'script') {
    const error = parseJson(String([...request.steps][0]?.bytes));
    return { path: '', body: {}, warnings: [], refusal: isJsonObject(error) && isJsonObject(error['error']) ? String(error['error']['message']) : 'refused' };
  }
  const text = Buffer.from(request.body).toString('latin1');
  const body = parseJson(text);
  return { path: request.path, body: isJsonObject(body) ? body : readForm(text), warnings: request.warnings, isForm: !isJsonObject(body) };
}

/** The parts of a form by their names; those that come again are told apart by their number. */
function readForm(text: string): JsonObject {
  const fields: Record<string, unknown> = {};
  for (const [, name = '', value = ''] of text.matchAll(/name="([^"]*)"[^\r]*(?:\r\n[^\r]+)*\r\n\r\n([\s\S]*?)\r\n--/g)) fields[name in fields ? `${name}[${Object.keys(fields).length}]` : name] = value;
  return fields;
}

const videoWireOf = createVideoWires({ nowMs: () => 0, newTraceId: () => '00000000-0000-4000-8000-000000000000', sign: signHs256 });

/** What a caller asks of a video is read first; the wire writes what was read. */
function videoColumn(name: WireName, model: string): OtherKind['columns'][number] {
  const target = targetOf(name, model);
  const wire = videoWireOf(target.provider);
  if (!wire) throw new Error(`${name} makes no videos`);
  return {
    name,
    write(body) {
      const { video } = readAskedVideo({ body: body as Parameters<typeof readAskedVideo>[0]['body'], files: [] });
      const start = { target, video, jobId: 'video_1' };
      const prepared = wire.prepare?.requests(start).map((_, index) => String(index + 1)) ?? [];
      return read(wire.start({ ...start, prepared }));
    },
  };
}

export const OTHER_KINDS: readonly OtherKind[] = [
  {
    title: 'Embeddings', about: 'Vectors are written as the caller asked, whichever way they come.', rows: EMBEDDING_FIELDS,
    columns: [column('openai-chat', 'text-embedding-3-small', embeddingsWireOf), column('gemini-content', 'gemini-embedding-001', embeddingsWireOf)],
  },
  {
    title: 'Images', about: 'Bytes are kept here, so base64 is asked of a provider whatever the caller wants; of a model that makes one image at a time several are refused.', rows: IMAGE_FIELDS,
    columns: [column('openai-chat', 'gpt-image-2', imagesWireOf), column('gemini-content', 'gemini-3-pro-image', imagesWireOf)],
  },
  { title: 'Images of images', about: 'Forms; the pictures go along as they were uploaded.', rows: EDIT_FIELDS, columns: [column('openai-chat', 'gpt-image-2', imagesWireOf), column('gemini-content', 'gemini-3-pro-image', imagesWireOf)] },
  { title: 'Transcriptions', about: 'Forms, written anew.', rows: TRANSCRIPTION_FIELDS, columns: [column('openai-chat', 'gpt-4o-transcribe', transcriptionWireOf)] },
  { title: 'Speech', about: 'The caller\'s own bytes but for the model\'s name.', rows: SPEECH_FIELDS, columns: [column('openai-chat', 'gpt-4o-mini-tts', speechWireOf)] },
  {
    title: 'Videos', about: 'What a model can\'t do at all (`video` in the catalogue) is a 400 before any wire is asked; this is what a wire does with what is left.', rows: VIDEO_FIELDS,
    columns: [
      videoColumn('openai-chat', 'sora-2'), videoColumn('gemini-content', 'veo-3.1-generate-preview'), videoColumn('openrouter-videos', 'google/veo-3.1'),
      videoColumn('kling-videos', 'kling-v3'), videoColumn('seedance-videos', 'dreamina-seedance-2-0-260128'), videoColumn('pixverse-videos', 'v5.5'),
    ],
  },
];
