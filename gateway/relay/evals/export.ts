/** This file writes all results of a run as CSV or JSONL, as they are read. */
import { Readable } from 'node:stream';
import type { EvalResult, ExportFormat } from '../../../generated/client/types.gen.ts';
import { toLine } from '../../reporting/csv.ts';
import type { EvalRunRow } from '../../store/eval-row.ts';
import { listResults } from './runs.ts';
import type { House } from '../house.ts';

/** Results read at once. */
const PAGE = 100;

type Value = string | number | bigint | boolean | null;

/** The columns of a CSV export, in their order. */
const columns: readonly (readonly [name: string, value: (result: EvalResult) => Value])[] = [
  ['id', ({ id }) => id],
  ['item', ({ item }) => item],
  ['item_name', ({ item_name: name }) => name],
  ['contender', ({ contender }) => contender],
  ['model_asked', ({ model_asked: asked }) => asked],
  ['repetition', ({ repetition }) => repetition],
  ['verdict', ({ verdict }) => verdict],
  ['checks', ({ checks }) => checks.map(({ type, verdict }) => `${type} ${verdict}`).join('; ')],
  ['error_code', ({ error_code: code }) => code],
  ['model', ({ model }) => model],
  ['target', ({ target }) => target],
  ['attempts', ({ attempts }) => attempts],
  ['waits', ({ waits }) => waits],
  ['prompt_tokens', ({ prompt_tokens: tokens }) => tokens],
  ['completion_tokens', ({ completion_tokens: tokens }) => tokens],
  ['cost_nano_usd', ({ cost_nano_usd: cost }) => cost],
  ['judge_cost_nano_usd', ({ judge_cost_nano_usd: cost }) => cost],
  ['latency_ms', ({ latency_ms: latency }) => latency],
  ['requests', ({ requests }) => requests.join(' ')],
  ['output', ({ output }) => output],
];

/** The first page is read before anything is written: what can't be read is refused, not broken off. */
export async function exportResults(house: House, row: EvalRunRow, format: ExportFormat): Promise<Readable> {
  const first = await listResults(house, row, { limit: PAGE, after: null });
  return Readable.from(write(house, row, { first, format }), { objectMode: false });
}

async function* write(house: House, row: EvalRunRow, { first, format }: { readonly first: readonly EvalResult[]; readonly format: ExportFormat }): AsyncGenerator<Buffer> {
  if (format === 'csv') yield Buffer.from(toLine(columns.map(([name]) => name)), 'utf8');
  for (let page = first; ; page = await listResults(house, row, { limit: PAGE, after: page.at(-1)?.id ?? null })) {
    if (page.length > 0) yield Buffer.from(page.map((result) => (format === 'csv' ? toLine(columns.map(([, value]) => value(result))) : `${JSON.stringify(result)}\n`)).join(''), 'utf8');
    if (page.length < PAGE) return;
  }
}
