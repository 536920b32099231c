/** This file turns the named examples of the contract's error replies into the error catalogue. */
import { listOperations, nameOf, pick } from './contract.ts';
import type { Contract } from './contract.ts';

interface CatalogueEntry {
  code: string;
  status: number;
  type: string;
  message: string;
  help: string;
}

/** Renders `errors.ts`. Throws when a code is given twice, misses its help or stands under a reply no operation uses. */
export function renderErrors(contract: Contract): string {
  const entries = listEntries(contract);
  return `/** This file is generated from spec/responses by \`npm run generate\`; do not edit it. */

export type ErrorCode =
${entries.map(({ code }) => `  | '${code}'`).join('\n')};

/** What kind of error a code is, in OpenAI's words. */
export type ErrorType =
${[...new Set(entries.map(({ type }) => type))].sort().map((type) => `  | '${type}'`).join('\n')};

export interface ErrorEntry {
  readonly status: number;
  readonly type: ErrorType;
  readonly message: string;
  readonly help: string;
}

export const errorCatalogue: Readonly<Record<ErrorCode, ErrorEntry>> = {
${entries.map(renderEntry).join('\n')}
};
`;
}

function renderEntry({ code, status, type, message, help }: CatalogueEntry): string {
  return `  ${code}: {
    status: ${status},
    type: ${JSON.stringify(type)},
    message: ${JSON.stringify(message)},
    help: ${JSON.stringify(help)},
  },`;
}

function listEntries(contract: Contract): CatalogueEntry[] {
  const statuses = findStatuses(contract);
  const names = Object.keys(contract.components.responses);
  const entries = names.flatMap((name) => {
    const examples = pick(contract.components.responses, name).content['application/json']?.examples ?? {};
    return Object.entries(examples).map(([code, example]): CatalogueEntry => {
      const { error } = example.value as { error: { message: string; type: string; code: string } };
      const help = example['x-help'];
      if (error.code !== code || !help) throw new Error(`the example ${code} of ${name} needs its own code and x-help`);
      return { code, status: pick(statuses, name), type: error.type, message: error.message, help };
    });
  });
  const codes = entries.map(({ code }) => code);
  const repeated = codes.find((code, index) => codes.indexOf(code) !== index);
  if (repeated) throw new Error(`the error code ${repeated} is given twice`);
  return entries.sort((a, b) => a.status - b.status);
}

function findStatuses(contract: Contract): Record<string, number> {
  const statuses: Record<string, number> = {};
  for (const { operation } of listOperations(contract)) {
    for (const [status, { $ref }] of Object.entries(operation.responses)) {
      if (!$ref) continue;
      const name = nameOf($ref);
      if (statuses[name] !== undefined && statuses[name] !== Number(status)) throw new Error(`${name} is used for two statuses`);
      statuses[name] = Number(status);
    }
  }
  return statuses;
}
