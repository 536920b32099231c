/** This file renders the map of operations that makes the table of handlers total. */
import { listOperations, nameOf, pick } from './contract.ts';
import type { Contract, ContractReply, LocatedOperation, MediaType } from './contract.ts';
import { formFieldsOf } from './form-fields.ts';

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'multipart/form-data';
const EVENTS_TYPE = 'text/event-stream';

/** Renders `operations.ts`: the types of every operation, and what the door has to know of it. */
export function renderOperations(contract: Contract): string {
  const located = listOperations(contract);
  const types = new Set<string>();
  const interfaces = located.map((one) => renderInterface(contract, one, types));
  const imports = [...types].sort();
  return `/** This file is generated from spec/paths by \`npm run generate\`; do not edit it. */
import type {
${imports.map((name) => `  ${name},`).join('\n')}
} from './client/types.gen.ts';

/** What each operation takes and answers, by operationId. */
export interface Operations {
${interfaces.join('\n')}
}

export type OperationId = keyof Operations;

/** A form as its handler sees it: a file stands as its name, its bytes are in \`Call.files\`. */
export type Received<Form> = { [Field in keyof Form]: Named<Form[Field]> };
type Named<Value> = Value extends Blob ? string : Value extends readonly (infer Item)[] ? Named<Item>[] : Value;

/** How one field of a form is read. */
export interface FormField {
  /** What one part may be; texts are tried in this order of preference: object, string, number, boolean. */
  readonly reads: readonly ('file' | 'object' | 'string' | 'number' | 'boolean')[];
  /** Of a list: how each item is read. */
  readonly items?: FormField;
  /** Of an object with known fields: how each is read. */
  readonly fields?: Readonly<Record<string, FormField>>;
}

/** What the door has to know of an operation before its handler runs. */
export interface OperationEntry {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  /** The resource, which is also the name of the handler's file. */
  readonly tag: string;
  /** The unit in which the operation is counted. */
  readonly meter: 'tokens' | 'images' | 'seconds' | 'characters' | 'none';
  /** The scope a key needs; \`none\` where no key is needed. */
  readonly scope: 'inference' | 'management' | 'operator' | 'none';
  /** The roles that may call it; null for any member of the workspace. */
  readonly roles: readonly ('owner' | 'admin' | 'member' | 'billing')[] | null;
  readonly statuses: readonly number[];
  readonly hasBody: boolean;
  /** Whether the body may come as application/json. */
  readonly takesJson: boolean;
  /** The fields of the body as multipart/form-data; absent where it may not come so. */
  readonly form?: Readonly<Record<string, FormField>>;
  /** Whether the body may carry inline images, audio and files. */
  readonly maxBody?: 'json' | 'media';
  /** Headers in which a key may stand as it is, besides \`authorization\`. */
  readonly keyHeaders?: readonly string[];
}

export const operations: { readonly [Id in OperationId]: OperationEntry } = {
${located.map((one) => renderEntry(contract, one)).join('\n')}
};
`;
}

function renderInterface(contract: Contract, located: LocatedOperation, types: Set<string>): string {
  const { operation, parameters } = located;
  const typeName = (media: MediaType | undefined, where: string): string => {
    if (!media?.schema.$ref) throw new Error(`${operation.operationId} needs a named schema for its ${where}`);
    const name = nameOf(media.schema.$ref);
    types.add(name);
    return name;
  };
  const dataName = operation.operationId.charAt(0).toUpperCase() + operation.operationId.slice(1) + 'Data';
  const has = (where: string): boolean => parameters.some((parameter) => parameter.in === where);
  if (has('path') || has('query')) types.add(dataName);
  const replies = Object.entries(operation.responses).map(([status, reply]) => {
    const content = resolveReply(contract, reply);
    const media = content[JSON_TYPE] ?? Object.values(content)[0];
    // What has no content, as 304, has no body to type.
    return `      readonly ${status}: ${Object.keys(content).length === 0 ? 'undefined' : typeName(media, status)};`;
  });
  const events = Object.values(operation.responses).map((reply) => resolveReply(contract, reply)[EVENTS_TYPE]).find(Boolean);
  const { [JSON_TYPE]: json, [FORM_TYPE]: form } = operation.requestBody?.content ?? {};
  const bodies = [...(json ? [typeName(json, 'body')] : []), ...(form ? [`Received<${typeName(form, 'form')}>`] : [])];
  if (operation.requestBody && bodies.length === 0) throw new Error(`${operation.operationId} has a body of no content type the door can read`);
  const lines = [
    `    readonly body: ${operation.requestBody ? bodies.join(' | ') : 'undefined'};`,
    `    readonly path: ${has('path') ? `${dataName}['path']` : 'Record<string, never>'};`,
    `    readonly query: ${has('query') ? `NonNullable<${dataName}['query']>` : 'Record<string, never>'};`,
    `    readonly replies: {\n${replies.join('\n')}\n    };`,
  ];
  if (events) {
    types.add('ErrorResponse');
    lines.push(`    readonly events: ${typeName(events, 'events')} | ErrorResponse;`);
  }
  return `  readonly ${operation.operationId}: {\n${lines.join('\n')}\n  };`;
}

function resolveReply(contract: Contract, reply: ContractReply): Record<string, MediaType> {
  return (reply.$ref ? pick(contract.components.responses, nameOf(reply.$ref)).content : reply.content) ?? {};
}

function renderEntry(contract: Contract, { path, method, operation }: LocatedOperation): string {
  const { [JSON_TYPE]: json, [FORM_TYPE]: form } = operation.requestBody?.content ?? {};
  const fields = [
    `method: '${method}'`,
    `path: '${path}'`,
    `tag: '${operation.tags[0] ?? ''}'`,
    `meter: '${operation['x-meter']}'`,
    `scope: '${operation['x-scope']}'`,
    `roles: ${operation['x-roles'] ? `[${operation['x-roles'].map((role) => `'${role}'`).join(', ')}]` : 'null'}`,
    `statuses: [${Object.keys(operation.responses).join(', ')}]`,
    `hasBody: ${operation.requestBody !== undefined}`,
    `takesJson: ${json !== undefined}`,
    ...(form ? [`form: ${JSON.stringify(formFieldsOf(contract, form.schema))}`] : []),
    ...(operation.requestBody ? [`maxBody: '${operation['x-max-body'] ?? 'json'}'`] : []),
    ...keyHeadersOf(contract, operation.security ?? []),
  ];
  return `  ${operation.operationId}: {\n${fields.map((field) => `    ${field},`).join('\n')}\n  },`;
}

function keyHeadersOf(contract: Contract, security: readonly Record<string, unknown>[]): string[] {
  const schemes = security.flatMap((wanted) => Object.keys(wanted)).map((name) => pick(contract.components.securitySchemes ?? {}, name));
  const names = schemes.flatMap((scheme) => (scheme.type === 'apiKey' && scheme.in === 'header' && scheme.name !== undefined ? [scheme.name] : []));
  return names.length === 0 ? [] : [`keyHeaders: [${names.map((name) => `'${name}'`).join(', ')}]`];
}
