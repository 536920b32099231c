/** This file judges replies and events: by our own contract, and by OpenAI's where it is at hand. */
import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { operations } from '../generated/operations.ts';
import type { OperationId } from '../generated/operations.ts';
import type { RawHead, RawReply } from './raw-client.ts';
import { payloadsOf } from './recorded-streams.ts';

type Json = Record<string, unknown>;

interface ResponseObject {
  readonly headers?: Readonly<Record<string, { $ref?: string; required?: boolean; schema?: Json }>>;
  readonly content?: Readonly<Record<string, { schema: Json }>>;
}

const contract = JSON.parse(readFileSync(new URL('../generated/openapi.json', import.meta.url), 'utf8')) as Json;
const ajv = createAjv();
ajv.addSchema(contract, 'contract');
const compiled = new Map<string, ValidateFunction>();

function createAjv(): Ajv2020 {
  const made = new Ajv2020({ strict: false, allErrors: false, validateFormats: true, logger: false });
  addFormats.default(made);
  return made;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function at(pointer: string): Json {
  let value: unknown = contract;
  for (const part of pointer.replace(/^#?\//, '').split('/')) {
    value = isJson(value) ? value[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
  }
  if (!isJson(value)) throw new Error(`the contract has nothing at ${pointer}`);
  return isJson(value) && typeof value['$ref'] === 'string' ? at(value['$ref']) : value;
}

function pointerOf(value: Json, pointer: string): string {
  return typeof value['$ref'] === 'string' ? value['$ref'].replace(/^#/, '') : pointer;
}

const escape = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');

/** The pointer of a declared response; throws where the operation does not declare the status. */
function responsePointer(id: OperationId, status: number): string {
  const { method, path } = operations[id];
  const pointer = `/paths/${escape(path)}/${method}/responses`;
  const declared = at(pointer)[String(status)];
  if (!isJson(declared)) throw new Error(`${id} answered ${status}, which its contract does not declare`);
  return pointerOf(declared, `${pointer}/${status}`);
}

function complaints(pointer: string, value: unknown): string | null {
  let validate = compiled.get(pointer);
  if (!validate) {
    validate = ajv.compile({ $ref: `contract#${pointer}` });
    compiled.set(pointer, validate);
  }
  return validate(value) ? null : `${ajv.errorsText(validate.errors)} in ${JSON.stringify(value).slice(0, 600)}`;
}

/** What is wrong with a value of a named schema of ours; null when nothing is. */
export function faultOfSchema(name: string, value: unknown): string | null {
  return complaints(`/components/schemas/${name}`, value);
}

/** What is wrong with the status and headers of a reply; null when nothing is. */
export function faultOfHead(id: OperationId, reply: RawHead): string | null {
  const response = at(responsePointer(id, reply.status)) as ResponseObject;
  for (const [name, declared] of Object.entries(response.headers ?? {})) {
    const header = declared.$ref === undefined ? declared : at(declared.$ref) as typeof declared;
    const value = reply.headers[name];
    if (value === undefined && header.required === true) return `${id} ${reply.status} lacks the header ${name}`;
    if (value === undefined) continue;
    const headerPointer = declared.$ref?.replace(/^#/, '') ?? `${responsePointer(id, reply.status)}/headers/${escape(name)}`;
    const fault = complaints(`${headerPointer}/schema`, value);
    if (fault !== null) return `header ${name}: ${fault}`;
  }
  if (!/^req_[0-9a-f]{32}$/.test(reply.headers['x-request-id'] ?? '')) return `${id} ${reply.status} has no request id`;
  return null;
}

/**
 * What is wrong with a whole reply of an operation: status, headers, content type, body and its request id; null when nothing is. Chunks of a chat are judged
 * by OpenAI's document too, unless that is not wanted.
 */
export function faultOfReply(id: OperationId, reply: RawReply, wantsOpenAi = true): string | null {
  if (!reply.isWhole) return `${id} ${reply.status} was cut off`;
  const fault = faultOfHead(id, reply);
  if (fault !== null) return fault;
  const pointer = responsePointer(id, reply.status);
  const { content } = at(pointer) as ResponseObject;
  if (!content) return reply.body.length === 0 ? null : `${id} ${reply.status} has a body, and none is declared`;
  const type = (reply.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  if (!content && reply.body.length === 0) return null;
  if (!content || !(type in content)) return `${id} ${reply.status} has the content type ${type}, declared are ${Object.keys(content ?? {}).join(', ')}`;
  const schema = `${pointer}/content/${escape(type)}/schema`;
  const text = reply.body.toString('utf8');
  if (type === 'text/event-stream') return id === 'createChatCompletion' ? faultOfEvents(text, wantsOpenAi) : faultOfTypedEvents(schema, text);
  if (type !== 'application/json') return complaints(schema, text);
  const value: unknown = JSON.parse(text);
  return complaints(schema, value) ?? (reply.status >= 400 ? faultOfErrorId(value, reply) : null);
}

function faultOfErrorId(value: unknown, reply: RawHead): string | null {
  const error = isJson(value) && isJson(value['error']) ? value['error'] : {};
  if (error['request_id'] === reply.headers['x-request-id']) return null;
  return `the body says request ${String(error['request_id'])}, the header ${String(reply.headers['x-request-id'])}`;
}

/** What is wrong with the events of a stream: each is a chunk, the last one `[DONE]` or an error; null when nothing is. */
export function faultOfEvents(text: string, wantsOpenAi = true): string | null {
  const byOpenAi = wantsOpenAi ? faultByOpenAi : (): null => null;
  const payloads = payloadsOf(text);
  const last = payloads.pop();
  for (const payload of payloads) {
    const fault = faultOfSchema('ChatCompletionChunk', JSON.parse(payload)) ?? byOpenAi('CreateChatCompletionStreamResponse', JSON.parse(payload));
    if (fault !== null) return fault;
  }
  if (last === undefined) return 'the stream has no events';
  if (last === '[DONE]') return null;
  return faultOfSchema('ErrorResponse', JSON.parse(last)) ?? byOpenAi('ErrorResponse', JSON.parse(last));
}

/** What is wrong with the events of a stream that ends with an event of its own, or with an error; null when nothing is. */
function faultOfTypedEvents(schema: string, text: string): string | null {
  const payloads = payloadsOf(text).filter((payload) => payload !== '[DONE]');
  if (payloads.length === 0) return 'the stream has no events';
  for (const [index, payload] of payloads.entries()) {
    const event: unknown = JSON.parse(payload);
    const isError = index === payloads.length - 1 && isJson(event) && 'error' in event;
    const fault = isError ? faultOfSchema('ErrorResponse', event) : complaints(schema, event);
    if (fault !== null) return fault;
  }
  return null;
}

const openAiFile = new URL('../../shared/openai/openapi.yaml', import.meta.url);
export const hasOpenAi = existsSync(openAiFile);
/** Where OpenAI's own traffic is not what its document says (shared/openai/README.md): these may be null. */
const NULLABLE_PROPERTIES = new Set(['system_fingerprint', 'user']);
/**
 * The same within one schema: only the last chunk of a legacy completion's stream has a finish reason, a response that is not over has no usage, and a format
 * without a description has null. */
const NULLABLE_WITHIN: Readonly<Record<string, ReadonlySet<string>>> = { CreateCompletionResponse: new Set(['finish_reason', 'usage']), Response: new Set(['usage']), TextResponseFormatJsonSchema: new Set(['description']) };
/**
 * Properties that are more than the document says. Its own package (openai 7.55.0, `ImagesResponse.size`) takes any size of an image: which there are depends
 * on the model. A vector comes as base64 where that is asked for, as the package does by itself.
 */
const IMAGE_SIZE: Readonly<Record<string, Json>> = { size: { type: 'string', pattern: '^[0-9]+x[0-9]+$' } };
const WIDER: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  ImagesResponse: IMAGE_SIZE, ImageGenPartialImageEvent: IMAGE_SIZE, ImageGenCompletedEvent: IMAGE_SIZE, ImageEditPartialImageEvent: IMAGE_SIZE, ImageEditCompletedEvent: IMAGE_SIZE,
  Embedding: { embedding: { type: 'string', contentEncoding: 'base64' } },
};
/** What the document forgot: custom tools' calls in a chat's stream (openai/openai-openapi#576, open since 2026-09-06). */
const ALSO_ALLOWED: Readonly<Record<string, readonly Json[]>> = {
  ChatCompletionMessageToolCallChunk: [{
    type: 'object', required: ['index'],
    properties: { index: { type: 'integer' }, id: { type: 'string' }, type: { const: 'custom' }, custom: { type: 'object', properties: { name: { type: 'string' }, input: { type: 'string' } } } },
  }],
};

const openAiCompiled = new Map<string, ValidateFunction>();
let openAiParsed: Json | null = null;

/** What OpenAI's own contract finds wrong with a value of one of its schemas; null when nothing is, or when it is not at hand. */
export function faultByOpenAi(schema: string, value: unknown): string | null {
  if (!hasOpenAi) return null;
  let validate = openAiCompiled.get(schema);
  if (!validate) {
    validate = compileOpenAi(schema);
    openAiCompiled.set(schema, validate);
  }
  return validate(value) ? null : `OpenAI's ${schema}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value).slice(0, 600)}`;
}

/** Gives what judges the body, or an event, of a reply to one of OpenAI's operations by its document; null when it says nothing of it, or is not at hand. */
export function openAiReplySchema(asked: { method: string; path: string; status: number; type: string }): ((value: unknown) => string | null) | null {
  if (!hasOpenAi) return null;
  if (asked.status >= 400) return (value) => faultByOpenAi('ErrorResponse', value);
  const operation = openAiOperation(asked);
  const schema = isJson(operation) && isJson(operation['schema']) ? operation['schema'] : null;
  if (schema === null || schema['format'] === 'binary' || schema['type'] === 'string') return null;
  // A verbose transcription is a plain one too: here `oneOf` can't mean that the others don't fit.
  const names = (Array.isArray(schema['oneOf']) ? schema['oneOf'] : [schema]).map((each: Json) => String(each['$ref']).replace('#/components/schemas/', ''));
  return (value) => {
    const faults = names.map((name) => faultByOpenAi(name, value));
    return faults.includes(null) ? null : faults.join('; ');
  };
}

/** What OpenAI's document says of one content type of one reply. */
function openAiOperation({ method, path, status, type }: { method: string; path: string; status: number; type: string }): unknown {
  let value: unknown = openAiDocument();
  // Their names in a path are other than ours.
  const paths = isJson(value) && isJson(value['paths']) ? value['paths'] : {};
  const shape = (text: string): string => text.replaceAll(/\{[^}]+\}/g, '{}');
  const theirs = Object.keys(paths).find((each) => shape(each) === shape(path));
  value = theirs === undefined ? null : paths[theirs];
  // A stream of the legacy completions has no schema of its own there: its chunks are completions.
  const wanted = path === '/completions' ? 'application/json' : type;
  for (const step of [method, 'responses', String(status), 'content', wanted]) value = isJson(value) ? value[step] : null;
  return value;
}

function openAiDocument(): Json {
  openAiParsed ??= parse(readFileSync(openAiFile, 'utf8'), { maxAliasCount: -1 }) as Json;
  return openAiParsed;
}

/** Compiles one schema with all that it refers to: the whole document holds 1,400. */
function compileOpenAi(schema: string): ValidateFunction {
  const { schemas: openAiSchemas } = (openAiDocument() as { components: { schemas: Json } }).components;
  const schemas: Json = {};
  const wanted = [schema];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (name in schemas) continue;
    if (!(name in openAiSchemas)) throw new Error(`OpenAI's contract has no schema ${name}`);
    const schema = readLiterally(openAiSchemas[name], wanted, { nullable: NULLABLE_WITHIN[name] ?? new Set() });
    for (const [property, also] of Object.entries(WIDER[name] ?? {})) widen(schema, property, also);
    schemas[name] = name in ALSO_ALLOWED ? { anyOf: [schema, ...ALSO_ALLOWED[name] ?? []] } : schema;
  }
  return createAjv().compile({ $ref: `#/components/schemas/${schema}`, components: { schemas } });
}

/** Lets a property of an object be something else too. */
function widen(schema: unknown, property: string, also: Json): void {
  const properties = isJson(schema) ? schema['properties'] : null;
  if (!isJson(properties) || !(property in properties)) throw new Error(`OpenAI's schema has no ${property}`);
  properties[property] = { anyOf: [properties[property], also] };
}

/** Gives a schema its intended meaning in 2020-12: `nullable` as in OpenAPI 3.0, recursion as a plain reference. */
function readLiterally(value: unknown, wanted: string[], place: { readonly nullable: ReadonlySet<string>; readonly property?: string }): unknown {
  const { nullable, property = '' } = place;
  if (Array.isArray(value)) return value.map((inner) => readLiterally(inner, wanted, { nullable }));
  if (!isJson(value)) return value;
  const copy: Json = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'nullable' || key === 'discriminator' || key === 'example' || key === 'examples' || key.startsWith('x-')) continue;
    if (key === 'properties' && isJson(inner)) copy[key] = Object.fromEntries(Object.entries(inner).map(([name, child]) => [name, readLiterally(child, wanted, { nullable, property: name })]));
    else if (key === '$ref' && typeof inner === 'string') {
      wanted.push(inner.replace('#/components/schemas/', ''));
      copy[key] = inner;
    } else copy[key] = readLiterally(inner, wanted, { nullable });
  }
  if (value['nullable'] !== true && !NULLABLE_PROPERTIES.has(property) && !nullable.has(property)) return copy;
  return { anyOf: [copy, { type: 'null' }] };
}
