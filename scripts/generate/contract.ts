/** This file bundles the split contract with Redocly and describes as much of its shape as the generator reads. */
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { writeJson } from './output.ts';

/** A JSON Schema, or a reference to one. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: boolean | Schema;
  'x-redact'?: boolean;
}

export interface Example {
  summary?: string;
  value: unknown;
  'x-help'?: string;
}

export interface MediaType {
  schema: Schema;
  examples?: Record<string, Example>;
}

export interface ContractReply {
  $ref?: string;
  content?: Record<string, MediaType>;
}

/** One way in which a request does not end as usual, and what its caller pays then. */
export interface AbnormalEnd {
  case: string;
  when: string;
  pays: string;
  outcome: string | null;
  basis: string;
  why: string;
}

export interface Operation {
  operationId: string;
  tags: string[];
  'x-meter': string;
  'x-scope': string;
  'x-roles'?: string[];
  'x-max-body'?: string;
  'x-abnormal-ends'?: AbnormalEnd[];
  description?: string;
  requestBody?: { content: Record<string, MediaType> };
  responses: Record<string, ContractReply>;
  parameters?: { $ref: string }[];
  security?: Record<string, unknown>[];
}

export type Method = (typeof METHODS)[number];
export type PathItem = { parameters?: { $ref: string }[] } & Partial<Record<Method, Operation>>;

export interface Contract {
  openapi: string;
  paths: Record<string, PathItem>;
  components: {
    schemas: Record<string, Schema>;
    responses: Record<string, { content: Record<string, MediaType> }>;
    parameters: Record<string, { name: string; in: string }>;
    securitySchemes?: Record<string, { type: string; in?: string; name?: string }>;
  };
}

export interface LocatedOperation {
  path: string;
  method: Method;
  operation: Operation;
  /** The parameters of the operation and of its path. */
  parameters: { name: string; in: string }[];
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Bundles `spec/openapi.yaml` to `openapi.json` and `openapi.yaml` in `out`. Throws when Redocly does. */
export function bundleContract(root: string, out: string): Contract {
  runRedocly(root, ['bundle', 'gateway', '--output', path.join(out, 'openapi.json')]);
  runRedocly(root, ['bundle', 'gateway', '--output', path.join(out, 'openapi.yaml')]);
  const contract = JSON.parse(readFileSync(path.join(out, 'openapi.json'), 'utf8')) as Contract;
  writeJson(out, 'openapi.json', contract);
  return contract;
}

/** Runs Redocly from the project's own packages, without telemetry and without looking for updates. */
export function runRedocly(root: string, args: readonly string[]): void {
  const redocly = realpathSync(path.join(root, 'node_modules', '.bin', 'redocly'));
  execFileSync(process.execPath, [redocly, ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_COLOR: '1' },
  });
}

/** Every operation with its path and method, in the order of the document. */
export function listOperations(contract: Contract): LocatedOperation[] {
  return Object.entries(contract.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      if (!operation) return [];
      const references = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
      const parameters = references.map(({ $ref }) => pick(contract.components.parameters, nameOf($ref)));
      return [{ path, method, operation, parameters }];
    }),
  );
}

/** The last segment of a reference: the name of a component. */
export function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}

/** Reads an entry that has to be there. */
export function pick<Value>(table: Readonly<Record<string, Value>>, name: string): Value {
  const value = table[name];
  if (value === undefined) throw new Error(`the contract has no ${name}`);
  return value;
}
