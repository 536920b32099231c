/** This file writes docs/abnormal-ends.md, what a caller pays for every way a call can end, from the contract's lists; with `--check` it fails when the page is stale. */
import { abnormalEnds } from '../generated/abnormal-ends.ts';
import type { AbnormalEnd } from '../generated/abnormal-ends.ts';
import { writePage } from './write-page.ts';

const OPENING = `# What you pay when it does not go as usual

Each operation that costs something has a table of this in its description. Here they stand side by side: a word in a cell says what is paid, and the
second column how the row of a chat tells of it (\`outcome\` and \`basis\` in \`GET /usage\`). A dash means that the operation can't end in this way, or that its own ways, below, say it. What a provider itself reports as used
is always believed, zeros too; where it reports nothing, the prompt and what came are counted. A key of your own is never charged.

- **nothing**: not even the one message that a request costs.
- **answer**: the whole of it, by what the provider reports or by what was counted.
- **share**: of the answer, the percentage the workspace's plan gives as \`cached_reply_percent\`; nothing when it gives none.
- **seen**: the prompt, and what came of the answer by then.
- **noted**: what was certain at the last note, of which a stream has one a second.
- **room**: as much of the answer as every limit has room for; the rest is the operator's loss.

This page is written by \`npm run generate\`; \`conformance/abnormal-ends.test.ts\` and \`conformance/abnormal-videos.test.ts\` bring every cell about.
`;

const lists: readonly (readonly [string, Readonly<Record<string, AbnormalEnd>>])[] = Object.entries(abnormalEnds);
/** What most operations say of a case is what the first of them says, a chat. */
const usual: Readonly<Record<string, AbnormalEnd>> = abnormalEnds.createChatCompletion;

function renderPage(): string {
  return [OPENING, renderOverview(), ...lists.flatMap(([id, ends]) => (ends === usual ? [] : [renderOwn(id, ends)]))].join('\n');
}

function renderOverview(): string {
  const rows = Object.entries(usual).map(([name, end]) => `| ${end.when} | ${rowOf(end)} | ${lists.map(([, ends]) => ends[name]?.pays ?? '–').join(' | ')} |`);
  return `| When | Row | ${lists.map(([id]) => id).join(' | ')} |\n|---|---|${lists.map(() => '---|').join('')}\n${rows.join('\n')}\n`;
}

function rowOf({ outcome, basis }: AbnormalEnd): string {
  return outcome === null ? 'none' : `\`${outcome}\`, \`${basis}\``;
}

/** What one operation says otherwise than a chat does. */
function renderOwn(id: string, ends: Readonly<Record<string, AbnormalEnd>>): string {
  const own = Object.entries(ends).filter(([name, end]) => usual[name]?.when !== end.when || usual[name].why !== end.why);
  if (own.length === 0) return `## ${id}\n\nAs a chat.\n`;
  const rows = own.map(([, end]) => `| ${end.when} | ${end.pays} | ${rowOf(end)} | ${end.why} |`);
  return `## ${id}\n\n| When | You pay | Row | Why |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

writePage('abnormal-ends.md', renderPage());
