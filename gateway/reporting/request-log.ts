/** This file lists the request log page by page, and exports it as one stream. */
import { Readable } from 'node:stream';
import type { ExportFormat, ExportRequestsData, RequestLogList } from '../../generated/client/types.gen.ts';
import type { Clock } from '../foundation/clock.ts';
import { codesOfType } from '../foundation/errors.ts';
import { toMs, toSeconds } from '../foundation/page.ts';
import type { SettledRequest } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { FoundRequests, LogPlace, RequestFilter } from '../store/request-log-row.ts';
import type { Store } from '../store/store.ts';
import { exportHead, exportLine, toRequestRow } from './request-row.ts';

/** What is asked of the log, as it stands in a query. */
export type LogQuery = Omit<NonNullable<ExportRequestsData['query']>, 'format'>;

/** Whose requests may be looked at, and since when there are any. */
export interface LogView {
  readonly workspaceId: string;
  readonly keyId: string | null;
  readonly userId: string | null;
  /** Evidence of before is gone, or about to be. */
  readonly keptFromMs: number;
}

type LogStore = Pick<Store, 'listRequests'>;

/** Rows of an export that are in memory at once. */
const EXPORT_ROWS = 500;
/** Rows one page of an export looks at; then others get their turn. */
const EXPORT_LOOKS = 20_000;
/** The greatest amount a store holds. */
const COST_MAX = 2n ** 63n - 1n;

/** What to look for. */
export function toFilter(query: LogQuery, view: LogView): RequestFilter {
  const { from, to, model, route, operation, outcome, status, error_code: code, error_type: type } = query;
  const codes = type === undefined ? null : codesOfType(type);
  return {
    workspaceId: view.workspaceId,
    fromMs: Math.max(from === undefined ? 0 : toMs(from), view.keptFromMs),
    toMs: to === undefined ? null : toMs(to),
    keyId: view.keyId,
    userId: view.userId,
    model: model ?? null,
    route: route ?? null,
    operation: operation ?? null,
    outcome: outcome ?? null,
    errorCodes: code === undefined ? codes : codes === null || codes.includes(code) ? [code] : NOTHING,
    status: status ?? null,
    cache: query.cache ?? null,
    costMin: toCost(query.cost_min_nano_usd),
    costMax: toCost(query.cost_max_nano_usd),
    withRefunds: false,
  };
}

/** No request has this code: for a code and a type that exclude each other. */
const NOTHING: readonly string[] = [''];

function toCost(digits: string | undefined): bigint | null {
  if (digits === undefined) return null;
  const cost = BigInt(digits);
  return cost > COST_MAX ? COST_MAX : cost;
}

/** What to list, and how much to look for it. */
export interface LogListPage {
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly looksMax: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Rows looked at before the time is looked at, and others have had their turn. */
const STEP_LOOKS = 2000;
/** A page is not looked for any longer, in ms: on a machine that is busy with other things it ends earlier. */
const PAGE_MS = 100;

/** Lists one page: until it is full, or enough was looked at, or that took long enough. */
export async function listRequestLog(store: LogStore, filter: RequestFilter, { limit, cursor, looksMax, clock }: LogListPage): Promise<RequestLogList> {
  const startedMs = clock.monotonic();
  const rows: SettledRequest[] = [];
  let next: LogPlace | null = cursor === undefined ? null : readCursor(cursor);
  let looksLeft = looksMax;
  do {
    const found: FoundRequests = await orUnavailable(store.listRequests(filter, { limit: limit - rows.length, after: next, looksMax: Math.min(looksLeft, STEP_LOOKS) }));
    rows.push(...found.rows);
    next = found.next;
    looksLeft -= STEP_LOOKS;
  } while (next && rows.length < limit && looksLeft > 0 && clock.monotonic() - startedMs < PAGE_MS);
  return {
    object: 'list',
    data: rows.map(toRequestRow),
    has_more: next !== null,
    next_cursor: next && `${next.ms}.${next.id}`,
    searched_to: next && Math.min(toSeconds(next.ms), SECONDS_MAX),
  };
}

/** The end of all time, as the contract counts it. */
const SECONDS_MAX = 253_402_300_799;

/** The contract has looked at its form: the time, a point, and the id, or nothing. */
function readCursor(text: string): LogPlace {
  const point = text.indexOf('.');
  return { ms: Number(text.slice(0, point)), id: text.slice(point + 1) };
}

/**
 * Exports everything the filter takes, the newest first, reading on as fast as it is taken: a page of rows is in memory, whatever there is.
 * Resolves once the first page is read, so that what fails at once can still be told. A later failure breaks the stream off.
 */
export async function exportRequestLog(store: LogStore, filter: RequestFilter, format: ExportFormat): Promise<Readable> {
  const read = (after: LogPlace | null): Promise<FoundRequests> => orUnavailable(store.listRequests(filter, { limit: EXPORT_ROWS, after, looksMax: EXPORT_LOOKS }));
  const first = await read(null);
  return Readable.from(writePages(first, read, format), { objectMode: false });
}

async function* writePages(first: FoundRequests, read: (after: LogPlace) => Promise<FoundRequests>, format: ExportFormat): AsyncGenerator<Buffer> {
  const head = exportHead(format);
  if (head !== '') yield Buffer.from(head, 'utf8');
  for (let page = first; ; page = await read(page.next)) {
    if (page.rows.length > 0) yield Buffer.from(page.rows.map((row) => exportLine(row, format)).join(''), 'utf8');
    if (!page.next) return;
  }
}
