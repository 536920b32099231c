/** This file tests how reports are written for people: as a page and as Markdown, whatever names are in them, and which of them is chosen. */
import { describe, expect, test } from '@jest/globals';
import type { Report, ReportName } from '../../../generated/client/types.gen.ts';
import { formatOf } from './formats.ts';
import { writeMarkdown } from './markdown.ts';
import { PAGE_HEADERS, writePage } from './page.ts';
import { makeReport } from './report.ts';
import { evalOf, limits, requestsOf, storeOf } from './store-of-rows.ts';

const DAY_MS = 86_400_000;
const TO_MS = Date.UTC(2026, 10, 21);
const time = { fromMs: TO_MS - 5 * DAY_MS, toMs: TO_MS };
const EVIL = ['<script>alert(1)</script>', '"><img src=x onerror=alert(2)>', "'onmouseover='x", '</style><b>&amp;', '| pipe | [link](javascript:x) `code` **bold** <i>', '\u202egnirts\u0000\n# heading'] as const;
const names: readonly ReportName[] = ['overview', 'spend', 'routes', 'failures', 'instability', 'models'];

/** Every place for a name has every hostile one. */
function hostile(name: ReportName): Promise<Report> {
  const rows = EVIL.flatMap((evil, at) => ['createChatCompletion', evil].flatMap((operation) => [
    ...requestsOf(60, time, { keyId: evil, modelAsked: evil, model: evil, target: evil, route: evil, operation, nanoUsd: 10_000 * (at + 1) ** 3 }),
    ...requestsOf(12 * at, time, { keyId: evil, modelAsked: evil, model: null, target: evil, route: evil, operation, errorCode: evil, failedAttempts: JSON.stringify([{ target: evil, code: 'upstream_error', latency_ms: 1 }]) }),
  ]));
  const view = { workspaceId: 'ws_1', keyId: null, userId: null };
  return makeReport({ store: storeOf(rows, Object.fromEntries(EVIL.map((evil) => [evil, evil])), EVIL.map((evil) => evalOf(evil, TO_MS - 5, { verdicts: Object.fromEntries(EVIL.map((model) => [model, [[true, false], [true, true]]])) }))), limits, nowMs: TO_MS }, name, { view, query: { from: time.fromMs / 1000, to: TO_MS / 1000 } });
}

/** The tags of a page, each once. */
function tagsOf(page: string): string[] {
  return [...new Set([...page.matchAll(/<\/?([a-z!][^\s>]*)/gi)].map(([, tag = '']) => tag.toLowerCase()))].sort();
}

describe('a page', () => {
  test.each(names)('of %s shows hostile names and does nothing they say', async (name) => {
    const report = await hostile(name);
    const page = writePage(report);
    expect(report.findings.length).toBeGreaterThan(1);
    const known = ['!doctype', 'b', 'body', 'dd', 'div', 'dl', 'dt', 'h1', 'h2', 'head', 'html', 'li', 'line', 'meta', 'p', 'rect', 'small', 'span', 'style', 'svg', 'table', 'tbody', 'td', 'text', 'th', 'thead', 'title', 'tr', 'ul'];
    expect(tagsOf(page).filter((tag) => !known.includes(tag))).toEqual([]);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    // No attribute comes from a name: between tags a quote does no harm, and none is left there either.
    expect(page.replace(/<[^>]*>/g, '')).not.toMatch(/["']onmouseover|"><img/);
    expect([...page.matchAll(/<[^>]*\son\w+=/gi)]).toEqual([]);
    expect(page).not.toMatch(/\u202e|\u0000/);
    expect(page.replace(/>[^<]*</g, '><')).not.toMatch(/\ssrc=|\shref=|url\(|@import/);
  });

  test('has its sentences with their figures in bold, nothing added and nothing lost', async () => {
    const report = await hostile('overview');
    const items = [...writePage(report).matchAll(/<li(?: class="failures")?>(.*?)<\/li>/g)].map(([, text = '']) => text);
    const plain = items.map((item) => item.replace(/<\/?b>/g, '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&'));
    expect(plain).toEqual([...report.findings.map(({ sentence }) => sentence), ...report.notes]);
    expect(items[0]).toBe('Spent <b>0.52956 USD</b> on <b>1,080 requests</b> from <b>2026-11-16</b> to <b>2026-11-20</b>.');
  });

  test('may run and load nothing', () => {
    expect(PAGE_HEADERS['content-security-policy']).toMatch(/^default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'$/);
  });
});

describe('Markdown', () => {
  test('of hostile names is text, and its tables keep their columns', async () => {
    for (const name of names) {
      const text = writeMarkdown(await hostile(name));
      expect(text).not.toMatch(/(?<!\\)<|(?<!\\)\[|(?<!\\)`|\*\*bold/);
      const tables = text.split('\n\n').filter((section) => section.startsWith('|'));
      expect(tables.length).toBeGreaterThan(0);
      for (const table of tables) {
        expect(new Set(table.split('\n').map((line) => line.replaceAll(/\\\|/g, '').split('|').length)).size).toBe(1);
      }
      expect(text.split('\n').filter((line) => line.startsWith('# '))).toHaveLength(1);
    }
  });
});

describe('what is written', () => {
  test.each([
    [undefined, '', 'json'], ['html', 'application/json', 'html'], [undefined, '*/*', 'json'], [undefined, 'text/html', 'html'], [undefined, 'text/markdown', 'markdown'],
    [undefined, 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'], [undefined, 'application/json, text/html', 'json'], [undefined, 'application/json;q=0.5, text/html;q=0.6', 'html'],
    [undefined, 'text/*', 'html'], [undefined, 'image/png', 'json'], [undefined, 'text/html;q=0, */*', 'json'], [undefined, 'TEXT/HTML; Q=1', 'html'], [undefined, 'application/json;q=0, text/*;q=0.1', 'html'], [undefined, ';;,,q=', 'json'],
  ] as const)('%s, accept: %s → %s', (asked, accept, format) => {
    expect(formatOf(asked, accept)).toBe(format);
  });
});
