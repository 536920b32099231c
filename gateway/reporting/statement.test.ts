import { describe, expect, test } from '@jest/globals';
import type { TransferRow } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import { StoreUnavailable } from '../store/store.ts';
import type { LedgerFilter, Page } from '../store/store.ts';
import { writeStatement } from './statement.ts';

const row = (index: number, changes: Partial<TransferRow> = {}): TransferRow => ({
  id: `gr:ws_1:${index}`, kind: 'grant', workspaceId: 'ws_1', debitAccount: 'sys:grants', creditAccount: 'w:ws_1', amount: toNanoUsd(100n), reference: `grant_${index}`, note: null, createdMs: index * 1000, ...changes,
});
const style = { usd: String, time: (ms: number) => `t${ms}` };

/** A store that has these rows, the oldest first, and remembers how it was asked; gateway/store/statement.test.ts has the real ones. */
function storeOf(rows: readonly TransferRow[], opening = 0n) {
  const pages: Page[] = [];
  const befores: number[] = [];
  const filters: LedgerFilter[] = [];
  return {
    pages, befores, filters,
    balanceBefore(_workspaceId: string, ms: number) {
      befores.push(ms);
      return Promise.resolve(opening);
    },
    listTransfersOldestFirst(filter: LedgerFilter, page: Page) {
      pages.push(page);
      filters.push(filter);
      const start = page.after === null ? 0 : rows.findIndex(({ id }) => id === page.after) + 1;
      return Promise.resolve(rows.slice(start, start + page.limit));
    },
  };
}

const span = { workspaceId: 'ws_1', fromMs: null, toMs: null };
const HEADER = 'id,time,kind,amount_usd,balance_usd,reference,note\r\n';
/** A reader of its own, after RFC 4180. */
function readCsv(text: string): string[][] {
  const records: string[][] = [[]];
  let field = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] ?? '';
    if (isQuoted) {
      if (sign !== '"') field += sign;
      else if (text[at + 1] === '"') { field += '"'; at++; } else isQuoted = false;
    } else if (sign === '"') isQuoted = true;
    else if (sign === ',' || sign === '\r') {
      records.at(-1)?.push(field);
      field = '';
      if (sign === '\r') { records.push([]); at++; }
    } else field += sign;
  }
  return records.slice(0, -1);
}

describe('a statement', () => {
  test('has a line for each movement, the oldest first, with the balance after it', async () => {
    const rows = [
      row(1),
      row(2, { id: 'tu:stripe:cs_1', kind: 'topup', debitAccount: 'ext:stripe', amount: toNanoUsd(10n), reference: 'topup_1' }),
      row(2, { id: 'fee:stripe:cs_1', kind: 'fee', debitAccount: 'ext:stripe', creditAccount: 'sys:fees', amount: toNanoUsd(5n), reference: 'topup_1' }),
      row(3, { id: 'u:req_1', kind: 'usage', debitAccount: 'w:ws_1', creditAccount: 'sys:revenue', amount: toNanoUsd(30n), reference: 'req_1' }),
      row(4, { id: 'rf:req_1', kind: 'refund', debitAccount: 'sys:revenue', amount: toNanoUsd(1n), reference: 'req_1', note: 'sorry' }),
    ];
    await expect(writeStatement(storeOf(rows, 1000n), { ...span, fromMs: 1000, toMs: 9000 }, style)).resolves.toBe([
      HEADER.trimEnd(),
      'gr:ws_1:1,t1000,grant,100,1100,grant_1,',
      'tu:stripe:cs_1,t2000,topup,10,1110,topup_1,',
      'fee:stripe:cs_1,t2000,fee,5,1110,topup_1,',
      'u:req_1,t3000,usage,-30,1080,req_1,',
      'rf:req_1,t4000,refund,1,1081,req_1,sorry',
      '',
    ].join('\r\n'));
  });

  test('of nothing is its header', async () => {
    await expect(writeStatement(storeOf([]), span, style)).resolves.toBe(HEADER);
  });

  test('asks for the balance at its start and for its span only', async () => {
    const store = storeOf([row(5)]);
    await writeStatement(store, { workspaceId: 'ws_1', fromMs: 4000, toMs: 6000 }, style);
    expect(store.befores).toEqual([4000]);
    expect(store.filters).toEqual([{ workspaceId: 'ws_1', fromMs: 4000, toMs: 6000, kinds: null }]);
  });

  test('is read page by page, and goes on where the page before has ended', async () => {
    const rows = Array.from({ length: 2500 }, (_, index) => row(index + 1));
    const store = storeOf(rows);
    const lines = readCsv(await writeStatement(store, span, style)).slice(1);
    expect(lines.map(([id]) => id)).toEqual(rows.map(({ id }) => id));
    expect(lines.at(-1)?.[4]).toBe('250000');
    expect(store.pages).toEqual([{ limit: 1000, after: null }, { limit: 1000, after: 'gr:ws_1:1000' }, { limit: 1000, after: 'gr:ws_1:2000' }]);
  });

  test('of 100,000 lines or more is refused, with the place to cut', async () => {
    const store = {
      balanceBefore: () => Promise.resolve(0n),
      listTransfersOldestFirst: (_filter: LedgerFilter, { limit, after }: Page) => {
        const start = after === null ? 0 : Number(after.slice('gr:ws_1:'.length));
        return Promise.resolve(Array.from({ length: limit }, (_, index) => row(start + index + 1)));
      },
    };
    await expect(writeStatement(store, span, style)).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringContaining('to=100000') as unknown });
  });

  test('a store that can not be reached is a 503', async () => {
    const gone = { balanceBefore: () => Promise.reject(new StoreUnavailable('closed')), listTransfersOldestFirst: () => Promise.reject(new StoreUnavailable('closed')) };
    await expect(writeStatement(gone, span, style)).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

describe('what a note may hold', () => {
  const noteOf = async (note: string): Promise<string> => readCsv(await writeStatement(storeOf([row(1, { note })]), span, style))[1]?.[6] ?? '';

  test.each([
    ['a comma', 'a,b'], ['quotes', 'say "please", twice""'], ['a line end', 'one\r\ntwo'], ['a lone line feed', 'one\ntwo'], ['letters of the world', 'Zoë €'], ['nothing', ''],
    ['a formula later on', 'a=1+1'],
  ])('%s comes out as it went in', async (_what, note) => {
    expect(await noteOf(note)).toBe(note);
  });

  test.each(['=HYPERLINK("http://evil.example";"x")', '+1+1', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '\n=1'])('%j is no formula any more', async (note) => {
    expect(await noteOf(note)).toBe(`'${note}`);
  });

  test('a reference that begins like a formula is none either, and amounts stay numbers', async () => {
    const [, line] = readCsv(await writeStatement(storeOf([row(1, { reference: '-5', debitAccount: 'w:ws_1', creditAccount: 'sys:grants' })]), span, style));
    expect(line?.slice(3)).toEqual(['-100', '-100', '\'-5', '']);
  });
});
