/** This file writes the contract in the terms of OpenAPI 3.0.3, for SDK generators that know no 3.1. */
import { nameOf, pick } from './contract.ts';
import type { Contract } from './contract.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type JsonObject = { [name: string]: Json };

/** Where names are the caller's own and not keywords. */
const NAME_TABLES = ['properties', 'schemas', 'examples', 'responses', 'headers', 'parameters', 'mapping', 'paths', 'content', 'securitySchemes'];
/** Where the value is an example and not part of the contract. */
const LITERALS = ['value', 'example', 'const', 'enum', 'default', 'required', 'tags'];

/**
 * Copies the contract, each 3.1 construct replaced by its 3.0 counterpart. 3.0 cannot say that a union of several types may be
 * null; there the null is left out, since leaving the field out means the same.
 */
export function downgradeContract(contract: Contract): JsonObject {
  const copy = JSON.parse(JSON.stringify(contract)) as JsonObject;
  const typeOf = (reference: string): Json => {
    const { type } = pick(contract.components.schemas, nameOf(reference));
    return typeof type === 'string' ? type : null;
  };
  const downgraded = downgrade(copy, false, typeOf) as JsonObject;
  const documentInfo = downgraded['info'] as JsonObject;
  delete documentInfo['summary'];
  documentInfo['license'] = { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' };
  return { ...downgraded, openapi: '3.0.3' };
}

type TypeOf = (reference: string) => Json;

function downgrade(node: Json, isNameTable: boolean, typeOf: TypeOf): Json {
  if (Array.isArray(node)) return node.map((item) => downgrade(item, false, typeOf));
  if (node === null || typeof node !== 'object') return node;
  const entries = Object.entries(node).map(([name, value]): [string, Json] => {
    if (!isNameTable && LITERALS.includes(name)) return [name, value];
    return [name, downgrade(value, !isNameTable && NAME_TABLES.includes(name) && !Array.isArray(value), typeOf)];
  });
  const copy: JsonObject = Object.fromEntries(entries);
  return isNameTable ? copy : downgradeSchema(copy, typeOf);
}

/** Rewrites the keywords of one schema; other objects have none of them and come back as they are. */
function downgradeSchema(schema: JsonObject, typeOf: TypeOf): JsonObject {
  const { const: fixed, examples, ...result } = schema;
  if (fixed !== undefined) result['enum'] = [fixed];
  if (Array.isArray(examples)) result['example'] = examples[0] ?? null;
  else if (examples !== undefined) result['examples'] = examples;
  const { type, oneOf } = result;
  if (Array.isArray(type)) Object.assign(result, { type: type.find((one) => one !== 'null') ?? 'object', nullable: true });
  if (Array.isArray(oneOf) && oneOf.some(isNull)) {
    delete result['oneOf'];
    Object.assign(result, orNull(oneOf.filter((branch) => !isNull(branch)), typeOf));
  }
  return result;
}

/** A schema or null, for the branches that are not null. */
function orNull(branches: Json[], typeOf: TypeOf): JsonObject {
  const [only, ...others] = branches;
  if (others.length > 0 || !isObject(only) || typeof only['$ref'] !== 'string') return { oneOf: branches };
  const type = typeOf(only['$ref']);
  return type === null ? { allOf: [only] } : { type, nullable: true, allOf: [only] };
}

function isNull(schema: Json): boolean {
  return isObject(schema) && schema['type'] === 'null';
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
