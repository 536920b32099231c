/** This file loads the contract into openapi-backend and takes from it, once, what dispatch needs: routes and compiled validators. */
import { readFileSync } from 'node:fs';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { OpenAPIBackend } from 'openapi-backend';
import type { Document } from 'openapi-backend';
import { operations } from '../generated/operations.ts';
import type { OperationEntry, OperationId } from '../generated/operations.ts';
import { isJsonObject, objectAt } from '../gateway/foundation/json-value.ts';

/** The names of the contract's operations, for walking them. */
export function operationIds(): OperationId[] {
  return Object.keys(operations).filter((id): id is OperationId => id in operations);
}

/** Compiled validators of one operation; each takes `{path, query, requestBody}`. */
export interface OperationValidators {
  readonly body: ValidateFunction | null;
  /** Takes the body made of a form; null where the operation takes no form. */
  readonly form: ValidateFunction | null;
  /** Coerces query and path values in place. */
  readonly parameters: ValidateFunction;
}

/** A path parameter's name and whether its value may hold raw slashes (model ids do). */
const SLASHED_PARAMETERS: ReadonlySet<string> = new Set(['model']);

/** Where one operation is served, below a base path. */
export interface OperationRoute {
  readonly operationId: OperationId;
  /** The whole path, or what stands before the parameter. */
  readonly path: string;
  readonly parameter: string | null;
  /** What stands between two parameters, without the slash before the second; '' where nothing does, and where there is one. */
  readonly middle: string;
  /** What stands after the parameters; '' where nothing does. */
  readonly suffix: string;
  readonly mayHoldSlashes: boolean;
  /** A second parameter; right behind the first one's slash it takes all that follows, raw slashes too. Null where there is none. */
  readonly rest: string | null;
  readonly validators: OperationValidators;
}

const specFolder = new URL('../generated/', import.meta.url);

/** Reads a generated file of the contract. */
export function readGenerated(name: string): Buffer {
  return readFileSync(new URL(name, specFolder));
}

function isDocument(value: unknown): value is Document {
  return isJsonObject(value) && typeof value['openapi'] === 'string' && isJsonObject(value['paths']);
}

/** Not needed to check requests: openapi-backend resolves and copies all it is given, which costs start time and memory. */
const PROSE: ReadonlySet<string> = new Set(['description', 'summary', 'example', 'examples']);

/**
 * The server's copy of the contract, for requests alone: without prose and replies, and without
 * `discriminator.mapping`, which Ajv refuses and every other tool wants. Works on what JSON.parse just made.
 */
function reviveForRequests(key: string, value: unknown): unknown {
  if (PROSE.has(key) && typeof value === 'string') return undefined;
  if (PROSE.has(key) && Array.isArray(value)) return undefined;
  if (key === 'responses') return {};
  if (key === 'discriminator' && isJsonObject(value)) return { propertyName: value['propertyName'] };
  return value;
}

/** Ajv's own tidying of the code it writes takes 0.5 s and 50 MB of the start, and V8 makes the same of it: 0.13 and 3.4 µs a small and a 20 KB body either way. */
const AS_WRITTEN = { optimize: false };

function createAjv(coerceTypes: boolean): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, discriminator: true, coerceTypes, validateFormats: true, logger: false, code: AS_WRITTEN });
  addFormats.default(ajv);
  return ajv;
}

interface Sources {
  readonly api: OpenAPIBackend;
  readonly forms: ReadonlyMap<OperationId, object>;
  readonly ajv: Ajv2020;
}

/**
 * Loads the contract: openapi-backend says which operations there are and compiles their validators with shared
 * Ajv 2020 instances; the table made from it replaces its router, which is linear and rebuilt on each request
 * (toolchain.md 2). Throws when the contract and the handlers' names do not agree.
 */
export async function loadContract(handlerNames: readonly string[]): Promise<OperationRoute[]> {
  const definition: unknown = JSON.parse(readGenerated('openapi.json').toString('utf8'), reviveForRequests);
  if (!isDocument(definition)) throw new Error('generated/openapi.json is not an OpenAPI document; run npm run generate');
  const plain = createAjv(false);
  const coercing = createAjv(true);
  // First, because openapi-backend takes the files out of what a form requires.
  const forms = formSchemas(definition);
  const api = new OpenAPIBackend({
    definition,
    quick: true,
    customizeAjv: (_ajv, options) => (options?.coerceTypes ? coercing : plain),
  });
  await api.init();
  const found = api.router.getOperations();
  const unknown = handlerNames.filter((name) => !found.some((operation) => operation.operationId === name));
  if (unknown.length > 0) throw new Error(`handlers without an operation in the contract: ${unknown.join(', ')}`);
  return operationIds().map((operationId) => routeOf(operationId, { api, forms, ajv: plain }));
}

/** The schema of every form by its operation; openapi-backend has one validator for all content types of a body. */
function formSchemas(definition: Document): Map<OperationId, object> {
  const { components, paths } = structuredClone({ components: definition.components, paths: definition.paths });
  const forms = new Map<OperationId, object>();
  for (const operationId of operationIds()) {
    const { form, method, path }: OperationEntry = operations[operationId];
    if (!form) continue;
    const operation = objectAt(objectAt(paths, path), method);
    const media = objectAt(objectAt(objectAt(operation, 'requestBody'), 'content'), 'multipart/form-data');
    forms.set(operationId, { type: 'object', required: ['requestBody'], properties: { requestBody: objectAt(media, 'schema') }, components });
  }
  return forms;
}

/**
 * Compiles one operation's validators when they are first asked for, at once for what is metered: all of them together
 * take half a second of every start, most of it for operations that most gateways are never asked for.
 */
function validatorsOf(operationId: OperationId, sources: Sources): OperationValidators {
  const { meter }: OperationEntry = operations[operationId];
  if (meter !== 'none') return compileValidators(operationId, sources);
  let compiled: OperationValidators | null = null;
  const get = (): OperationValidators => compiled ??= compileValidators(operationId, sources);
  return {
    get body() { return get().body; },
    get form() { return get().form; },
    get parameters() { return get().parameters; },
  };
}

function compileValidators(operationId: OperationId, { api, forms, ajv }: Sources): OperationValidators {
  const compiled = api.validator.getRequestValidatorsForOperation(operationId) ?? [];
  const parameters = compiled.at(-1);
  if (!parameters) throw new Error(`the contract has no operation ${operationId}`);
  const { takesJson }: OperationEntry = operations[operationId];
  const form = forms.get(operationId);
  return { body: takesJson && compiled.length > 1 ? compiled[0] ?? null : null, form: form ? ajv.compile(form) : null, parameters };
}

function routeOf(operationId: OperationId, sources: Sources): OperationRoute {
  const { path }: OperationEntry = operations[operationId];
  const [, prefix, parameter, middle = '', rest, suffix = ''] = /^(.*?\/)\{(\w+)\}(?:((?:\/[^{}/]+)*)\/\{(\w+)\})?(\/.*)?$/.exec(path) ?? [];
  return {
    operationId,
    path: prefix ?? path,
    parameter: parameter ?? null,
    middle,
    suffix,
    mayHoldSlashes: parameter !== undefined && SLASHED_PARAMETERS.has(parameter),
    rest: rest ?? null,
    validators: validatorsOf(operationId, sources),
  };
}
