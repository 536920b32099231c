/** This file draws the days of a report as columns, in SVG without a script. */
import type { Report, ReportLine } from '../../../generated/client/types.gen.ts';
import { cellText, columnTitles } from './cells.ts';
import { escapeHtml } from './html.ts';

const WIDTH = 960;
const HEIGHT = 180;
const TOP = 20;
const BOTTOM = 20;
const GAP = 2;
/** Days named beneath the columns. */
const NAMES_MAX = 8;

/** What each day cost, or how many of its requests failed where that is the subject; nothing where no day has any. */
export function writeChart({ report, tables }: Report): string {
  const days = tables.find(({ name }) => name === 'by_day')?.lines ?? [];
  const column = report === 'failures' ? 'failed_requests' : days.some((line) => amountOf(line, 'cost_nano_usd') > 0n) ? 'cost_nano_usd' : 'requests';
  const most = days.reduce<ReportLine | null>((max, line) => (max && amountOf(max, column) >= amountOf(line, column) ? max : line), null);
  if (!most || amountOf(most, column) <= 0n) return '';
  const step = WIDTH / days.length;
  const named = Math.ceil(days.length / NAMES_MAX);
  const columns = days.map((line, at) => {
    const height = Number(amountOf(line, column) * BigInt(HEIGHT) / amountOf(most, column));
    const title = `${line.name}: ${cellText(line, column)}`;
    const bar = height < 0 ? '' : `<rect x="${(at * step + GAP / 2).toFixed(1)}" y="${TOP + HEIGHT - height}" width="${Math.max(1, step - GAP).toFixed(1)}" height="${height}"><title>${escapeHtml(title)}</title></rect>`;
    return bar + (at % named === 0 ? `<text x="${(at * step).toFixed(1)}" y="${TOP + HEIGHT + BOTTOM - 4}">${escapeHtml(line.name)}</text>` : '');
  });
  const label = `${columnTitles[column]} by day`;
  return `<h2>${escapeHtml(label)}</h2><svg viewBox="0 0 ${WIDTH} ${TOP + HEIGHT + BOTTOM}" role="img" aria-label="${escapeHtml(label)}"${column === 'failed_requests' ? ' class="failed"' : ''}>`
    + `<line x1="0" x2="${WIDTH}" y1="${TOP}" y2="${TOP}"/><line x1="0" x2="${WIDTH}" y1="${TOP + HEIGHT}" y2="${TOP + HEIGHT}"/>`
    + `<text x="0" y="${TOP - 6}">${escapeHtml(cellText(most, column))} at most</text>${columns.join('')}</svg>`;
}

function amountOf(line: ReportLine, column: 'cost_nano_usd' | 'failed_requests' | 'requests'): bigint {
  return BigInt(line[column] ?? 0);
}
