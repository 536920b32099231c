/** This file answers the reports operation. */
import { seesOnlyOwn } from '../gateway/access/roles.ts';
import { encodeText } from '../gateway/foundation/byte-text.ts';
import { fail } from '../gateway/foundation/errors.ts';
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import type { House } from '../gateway/relay/house.ts';
import { formatOf } from '../gateway/reporting/report/formats.ts';
import { writeMarkdown } from '../gateway/reporting/report/markdown.ts';
import { PAGE_HEADERS, writePage } from '../gateway/reporting/report/page.ts';
import { makeReport } from '../gateway/reporting/report/report.ts';
import type { ReportView } from '../gateway/reporting/report/report.ts';

/** Gives a report: of the whole workspace for a management key (of a plain member: their own), of itself for any other. */
export async function retrieveReport(call: Call<'retrieveReport'>, house: House): Promise<Reply<'retrieveReport'>> {
  const format = formatOf(call.query.format, String(call.headers['accept'] ?? ''));
  const report = await makeReport({ store: house.store, limits: house.limits, nowMs: house.clock.now() }, call.path.report, { view: viewOf(call), query: call.query });
  if (format === 'html') return { status: 200, bytes: encodeText(writePage(report)), contentType: 'text/html; charset=utf-8', headers: PAGE_HEADERS };
  if (format === 'markdown') return { status: 200, bytes: encodeText(writeMarkdown(report)), contentType: 'text/markdown; charset=utf-8', headers: { vary: 'accept' } };
  return { status: 200, json: report, headers: { vary: 'accept' } };
}

function viewOf({ caller, query }: Call<'retrieveReport'>): ReportView {
  if (!caller) fail('missing_api_key');
  const seesWorkspace = caller.scopes.includes('management');
  if (!seesWorkspace && query.key !== undefined && query.key !== caller.keyId) {
    fail('insufficient_scope', { param: 'key', message: 'This key gets reports of its own requests; a key with the scope management gets those of the whole workspace.' });
  }
  if (query.user !== undefined && query.user !== caller.userId && seesOnlyOwn(caller)) {
    fail('insufficient_role', { param: 'user', message: 'A member gets reports of their own requests.' });
  }
  return { workspaceId: caller.workspaceId, keyId: seesWorkspace ? query.key ?? null : caller.keyId, userId: seesOnlyOwn(caller) ? caller.userId : query.user ?? null };
}
