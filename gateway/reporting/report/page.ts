/** This file writes a report as a page that needs nothing else: no script, nothing to load, light and dark, and fit to be printed. */
import type { Report, ReportColumn, ReportFinding, ReportLine, ReportName, ReportTable } from '../../../generated/client/types.gen.ts';
import { byline, cellText, columnTitles, headline, lineTitle } from './cells.ts';
import { writeChart } from './chart.ts';
import { formatCount, formatUsd } from './figures.ts';
import { escapeHtml } from './html.ts';
import { basisNote } from './markdown.ts';

/** The page may load and run nothing, and hides what it shows from caches. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'private, no-cache', vary: 'accept',
};

const STYLE = `
:root{color-scheme:light dark;--text:#1c1e21;--soft:#5d6470;--line:#dfe3e8;--back:#fff;--card:#f6f7f9;--bar:#2f6fde;--bad:#c2410c}
@media(prefers-color-scheme:dark){:root{--text:#e7e9ec;--soft:#9aa3af;--line:#30363d;--back:#14171b;--card:#1d2126;--bar:#6ea0ff;--bad:#fb923c}}
*{box-sizing:border-box}body{font:15px/1.5 system-ui,sans-serif;color:var(--text);background:var(--back);max-width:68rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}p.by{color:var(--soft);margin:0 0 1.5rem;overflow-wrap:anywhere}
dl{display:flex;flex-wrap:wrap;gap:.75rem;margin:0}dl div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem .9rem;min-width:10rem;flex:1}
dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-size:1.25rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}dd small{display:block;color:var(--soft);font-size:.8rem}
ul.findings{padding:0;margin:1.5rem 0;list-style:none}ul.findings li{border-left:3px solid var(--bar);padding:.15rem 0 .15rem .8rem;margin:.6rem 0;overflow-wrap:anywhere}ul.findings li.failures{border-color:var(--bad)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top;font-variant-numeric:tabular-nums}
th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere;min-width:11rem;max-width:26rem}thead th{color:var(--soft);font-weight:600}td span{display:block;height:3px;margin-top:2px;border-radius:2px;background:var(--bar);min-width:0}
svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font:11px system-ui,sans-serif}svg rect{fill:var(--bar)}svg.failed rect{fill:var(--bad)}svg line{stroke:var(--line)}
ul.notes{color:var(--soft);font-size:.85rem;padding-left:1.2rem;margin-top:2rem}
@media print{body{margin:0;max-width:none;font-size:11px}.wide{overflow:visible}tr,li,svg,dl div{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}}
`;

/** The whole page. Every text that comes from outside is escaped where it is put in. */
export function writePage(report: Report): string {
  const title = escapeHtml(headline(report));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head><body>
<h1>${title}</h1><p class="by">${escapeHtml(byline(report))}</p>
${writeTiles(report)}
<ul class="findings">${report.findings.map(writeFinding).join('\n')}</ul>
${writeChart(report)}
${report.tables.filter(({ lines }) => lines.length > 0).map((table) => writeTable(table, report.report)).join('\n')}
<ul class="notes">${report.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>
</body></html>
`;
}

function writeTiles({ totals, before }: Report): string {
  const money = (line: ReportLine, column: 'cost_nano_usd' | 'cost_per_answer_nano_usd'): string => (typeof line[column] === 'string' ? formatUsd(BigInt(line[column])) : '–');
  const tiles: readonly (readonly [string, string, string])[] = [
    ['Spent', money(totals, 'cost_nano_usd'), money(before, 'cost_nano_usd')],
    ['Requests', formatCount(totals.requests ?? 0), formatCount(before.requests ?? 0)],
    ['Failed', formatCount(totals.failed_requests ?? 0), formatCount(before.failed_requests ?? 0)],
    ['Cost of an answer', money(totals, 'cost_per_answer_nano_usd'), money(before, 'cost_per_answer_nano_usd')],
  ];
  return `<dl>${tiles.map(([name, value, then]) => `<div><dt>${name}</dt><dd>${value}<small>before: ${then}</small></dd></div>`).join('')}</dl>`;
}

/** A sentence, its figures in bold: they stand in it in their order. */
function writeFinding({ code, sentence, figures }: ReportFinding): string {
  let rest = sentence;
  let text = '';
  for (const figure of figures) {
    const at = rest.indexOf(figure.text);
    if (at === -1) continue;
    text += `${escapeHtml(rest.slice(0, at))}<b>${escapeHtml(figure.text)}</b>`;
    rest = rest.slice(at + figure.text.length);
  }
  return `<li${code.startsWith('failures_') ? ' class="failures"' : ''}>${text}${escapeHtml(rest)}</li>`;
}

function writeTable({ name, title, basis, columns, lines, has_more: hasMore }: ReportTable, report: ReportName): string {
  const bar = barOf(columns, lines, report === 'failures' ? [...failures, 'cost_nano_usd'] : ['cost_nano_usd', ...failures]);
  const head = ['', ...columns.map((column) => columnTitles[column])].map((text) => `<th scope="col">${text}</th>`).join('');
  const rows = lines.map((line) => {
    const cells = columns.map((column) => `<td>${escapeHtml(cellText(line, column))}${column === bar?.column ? bar.draw(line) : ''}</td>`);
    return `<tr><td>${escapeHtml(lineTitle(line, name))}</td>${cells.join('')}</tr>`;
  });
  return `<h2>${escapeHtml(title + basisNote(basis))}</h2><div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>${hasMore ? '<p class="by">Further lines were left out.</p>' : ''}`;
}

const PERCENT = 100n;

const failures = ['failed_attempts', 'failed_requests', 'degraded_requests'] as const;

/** The column a table is read for has bars: its cost, or its failures. */
function barOf(columns: readonly ReportColumn[], lines: readonly ReportLine[], wanted: readonly ('cost_nano_usd' | typeof failures[number])[]): { readonly column: ReportColumn; readonly draw: (line: ReportLine) => string } | null {
  const column = wanted.find((each) => columns.includes(each));
  if (column === undefined) return null;
  const amountOf = (line: ReportLine): bigint => BigInt(line[column] ?? 0);
  const most = lines.reduce((max, line) => (amountOf(line) > max ? amountOf(line) : max), 0n);
  if (most === 0n) return null;
  return { column, draw: (line) => (amountOf(line) > 0n ? `<span style="width:${amountOf(line) * PERCENT / most}%"></span>` : '') };
}
