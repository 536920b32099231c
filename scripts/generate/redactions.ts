/** This file gathers the body paths that the contract marks `x-redact`, which logs and exports must never show. */
import { listOperations, nameOf, pick } from './contract.ts';
import type { Contract, MediaType, Schema } from './contract.ts';

/** Renders `redactions.ts`: for every operation the paths in its body, replies and events; \`*\` stands for any index or name. */
export function renderRedactions(contract: Contract): string {
  const entries = listOperations(contract).map(({ operation }) => {
    const replies = Object.values(operation.responses).flatMap((reply) => Object.values(reply.content ?? {}));
    const body = collect(contract, Object.values(operation.requestBody?.content ?? {}));
    return `  ${operation.operationId}: {\n    body: ${renderPaths(body)},\n    replies: ${renderPaths(collect(contract, replies))},\n  },`;
  });
  return `/** This file is generated from the \`x-redact\` marks of spec/schemas by \`npm run generate\`; do not edit it. */
import type { OperationId } from './operations.ts';

/** Body paths that must never be logged; \`*\` stands for any index or name. */
export interface Redactions {
  readonly body: readonly string[];
  readonly replies: readonly string[];
}

export const redactions: { readonly [Id in OperationId]: Redactions } = {
${entries.join('\n')}
};
`;
}

function renderPaths(paths: readonly string[]): string {
  return paths.length === 0 ? '[]' : `[\n${paths.map((path) => `      '${path}',`).join('\n')}\n    ]`;
}

function collect(contract: Contract, media: readonly MediaType[]): string[] {
  const found = new Set<string>();
  const walk = (schema: Schema, path: string, seen: readonly string[]): void => {
    if (schema.$ref) {
      const name = nameOf(schema.$ref);
      if (!seen.includes(name)) walk(pick(contract.components.schemas, name), path, [...seen, name]);
      return;
    }
    if (schema['x-redact']) {
      found.add(path);
      return;
    }
    for (const branch of [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])]) walk(branch, path, seen);
    for (const [name, property] of Object.entries(schema.properties ?? {})) walk(property, path ? `${path}.${name}` : name, seen);
    if (schema.items) walk(schema.items, `${path}.*`, seen);
    if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties, `${path}.*`, seen);
  };
  for (const { schema } of media) walk(schema, '', []);
  return [...found].sort();
}
