/** This file writes a report as Markdown, which reads well in a terminal too: no name in it can be more than text. */
import type { Report, ReportTable } from '../../../generated/client/types.gen.ts';
import { byline, cellText, columnTitles, headline, lineTitle } from './cells.ts';

/** Sentences, then tables, then how they are to be read. */
export function writeMarkdown(report: Report): string {
  const sections = [
    `# ${escape(headline(report))}`,
    escape(byline(report)),
    report.findings.map(({ sentence }) => `- ${escape(sentence)}`).join('\n'),
    ...report.tables.filter(({ lines }) => lines.length > 0).map(writeTable),
    report.notes.map((note) => `- ${escape(note)}`).join('\n'),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function writeTable({ name, title, basis, columns, lines, has_more: hasMore }: ReportTable): string {
  const rows = lines.map((line) => [escape(lineTitle(line, name)), ...columns.map((column) => cellText(line, column))]);
  const head = ['', ...columns.map((column) => columnTitles[column])];
  const widths = head.map((text, at) => Math.max(text.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const write = (cells: readonly string[]): string => `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, at) => (at === 0 ? `:${'-'.repeat(width + 1)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [`## ${title}${basisNote(basis)}`, '', write(head), rule, ...rows.map(write), ...(hasMore ? ['', 'Further lines were left out.'] : [])].join('\n');
}

/** Said behind a table's title where it is not of all requests. */
export function basisNote(basis: ReportTable['basis']): string {
  if (basis === 'sample') return ' (of the sample)';
  if (basis === 'evals') return ' (of evals)';
  return basis === 'failures' ? ' (of the newest failures)' : '';
}

/** What Markdown or the HTML within it would take for more than text; a line within a word is none (GFM, 6.2). */
function escape(text: string): string {
  return text.replace(/[\\`*{}[\]<>|~&#!]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, (sign) => `\\${sign}`);
}
