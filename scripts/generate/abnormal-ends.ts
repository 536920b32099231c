/** This file turns the contract's list of abnormal ends into types and values, so that a test which forgets one does not compile. */
import { listOperations } from './contract.ts';
import type { AbnormalEnd, Contract } from './contract.ts';

/** What a caller may have to pay, and what each word says in the table for people. */
const PAYMENTS: Readonly<Record<string, string>> = {
  nothing: 'nothing',
  answer: 'the answer',
  share: 'the plan\'s percentage of the answer',
  seen: 'the prompt and what came',
  noted: 'what was noted',
  room: 'what the limits have room for',
};

/** Renders `abnormal-ends.ts`. Throws when an operation that is counted has no list, or a list names a case twice or an unknown payment. */
export function renderAbnormalEnds(contract: Contract): string {
  const lists = listOperations(contract)
    .filter(({ operation }) => operation['x-meter'] !== 'none')
    .map(({ operation }) => ({ operationId: operation.operationId, ends: checked(operation.operationId, operation['x-abnormal-ends']) }));
  return `/** This file is generated from the \`x-abnormal-ends\` of spec/paths by \`npm run generate\`; do not edit it. */
import type { Outcome, UsageBasis } from './client/types.gen.ts';

/** What a caller pays when a request does not end as usual. */
export interface AbnormalEnd {
  readonly when: string;
  /** \`share\`: of the answer, the plan's \`cached_reply_percent\`. \`seen\`: the prompt and what came of the answer. \`noted\`: what was certain at the last note. \`room\`: as much of the answer as every limit has room for. */
  readonly pays: ${Object.keys(PAYMENTS).map((word) => `'${word}'`).join(' | ')};
  /** As the usage row tells it; null where there is no row of its own. */
  readonly outcome: Outcome | null;
  /** How the usage is known where the upstream did not say it. */
  readonly basis: UsageBasis;
  readonly why: string;
}

export const abnormalEnds = {
${lists.map(({ operationId, ends }) => `  ${operationId}: {\n${ends.map(renderEnd).join('\n')}\n  },`).join('\n')}
} as const satisfies Readonly<Record<string, Readonly<Record<string, AbnormalEnd>>>>;

/** Every way in which an operation can end abnormally: a table over it is total, or does not compile. */
export type AbnormalCase<Id extends keyof typeof abnormalEnds> = keyof (typeof abnormalEnds)[Id];
`;
}

/** The list as a Markdown table, as it stands in the description of the operation. */
export function renderTable(ends: readonly AbnormalEnd[]): string {
  const rows = ends.map(({ when, pays, why }) => `| ${when} | ${PAYMENTS[pays] ?? ''} | ${why} |`);
  return ['| When | You pay | Why |', '|---|---|---|', ...rows].join('\n');
}

function renderEnd({ case: name, when, pays, outcome, basis, why }: AbnormalEnd): string {
  return `    ${name}: { pays: '${pays}', outcome: ${outcome === null ? 'null' : `'${outcome}'`}, basis: '${basis}', when: ${JSON.stringify(when)}, why: ${JSON.stringify(why)} },`;
}

function checked(operationId: string, ends: readonly AbnormalEnd[] | undefined): readonly AbnormalEnd[] {
  if (!ends || ends.length === 0) throw new Error(`${operationId} is counted and needs x-abnormal-ends`);
  const names = ends.map((end) => end.case);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new Error(`${operationId} names the abnormal end ${repeated} twice`);
  const unknown = ends.find(({ pays }) => PAYMENTS[pays] === undefined);
  if (unknown) throw new Error(`${operationId}: nobody can pay ${unknown.pays}`);
  return ends;
}
