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

/** What is wrong with a whole reply of an operation: status, headers, content type, body and its request id; null when nothing is. */
export function faultOfReply(id: OperationId, reply: RawReply): string | null {
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
  if (type === 'text/event-stream') return id === 'createChatCompletion' ? faultOfEvents(text) : faultOfTypedEvents(schema, text);
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
export function faultOfEvents(text: string): string | null {
  const payloads = payloadsOf(text);
  const last = payloads.pop();
  for (const payload of payloads) {
    const fault = faultOfSchema('ChatCompletionChunk', JSON.parse(payload)) ?? faultByOpenAi('CreateChatCompletionStreamResponse', JSON.parse(payload));
    if (fault !== null) return fault;
  }
  if (last === undefined) return 'the stream has no events';
  if (last === '[DONE]') return null;
  return faultOfSchema('ErrorResponse', JSON.parse(last)) ?? faultByOpenAi('ErrorResponse', JSON.parse(last));
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
const NULLABLE_PROPERTIES = new Set(['system_fingerprint', 'user', 'usage']);

const openAiCompiled = new Map<string, ValidateFunction>();
let openAiSchemas: Json | null = null;

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

/** Compiles one schema with all that it refers to: the whole document holds 1,400. */
function compileOpenAi(schema: string): ValidateFunction {
  openAiSchemas ??= (parse(readFileSync(openAiFile, 'utf8'), { maxAliasCount: -1 }) as { components: { schemas: Json } }).components.schemas;
  const schemas: Json = {};
  const wanted = [schema];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (name in schemas) continue;
    if (!(name in openAiSchemas)) throw new Error(`OpenAI's contract has no schema ${name}`);
    schemas[name] = readLiterally(openAiSchemas[name], wanted);
  }
  return createAjv().compile({ $ref: `#/components/schemas/${schema}`, components: { schemas } });
}

/** Gives a schema its intended meaning in 2020-12: `nullable` as in OpenAPI 3.0, recursion as a plain reference. */
function readLiterally(value: unknown, wanted: string[], property = ''): unknown {
  if (Array.isArray(value)) return value.map((inner) => readLiterally(inner, wanted));
  if (!isJson(value)) return value;
  const copy: Json = {};
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'nullable' || key === 'discriminator' || key === 'example' || key === 'examples' || key.startsWith('x-')) continue;
    if (key === 'properties' && isJson(inner)) copy[key] = Object.fromEntries(Object.entries(inner).map(([name, child]) => [name, readLiterally(child, wanted, name)]));
    else if (key === '$ref' && typeof inner === 'string') {
      wanted.push(inner.replace('#/components/schemas/', ''));
      copy[key] = inner;
    } else copy[key] = readLiterally(inner, wanted);
  }
  if (value['nullable'] !== true && !NULLABLE_PROPERTIES.has(property)) return copy;
  return { anyOf: [copy, { type: 'null' }] };
}
