/** This file tests what reports say of known requests, and that no sentence says what its figures do not. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Report, ReportFinding, ReportName } from '../../../generated/client/types.gen.ts';
import type { RequestRecord } from '../../foundation/terms.ts';
import { makeReport, spanOf } from './report.ts';
import { evalOf, limits, requestsOf, storeOf } from './store-of-rows.ts';
import type { SampleEval } from './store-of-rows.ts';

const DAY_MS = 86_400_000;
const TO_MS = Date.UTC(2026, 10, 21);
const FROM_MS = TO_MS - 10 * DAY_MS;
const now = { fromMs: FROM_MS, toMs: TO_MS };
const before = { fromMs: FROM_MS - 10 * DAY_MS, toMs: FROM_MS };
const names: readonly ReportName[] = ['overview', 'spend', 'routes', 'failures', 'instability', 'models'];

function reportOf(name: ReportName, rows: readonly RequestRecord[], more: { keyId?: string; keyNames?: Record<string, string>; sampleRows?: number; evals?: readonly SampleEval[] } = {}): Promise<Report> {
  const view = { workspaceId: 'ws_1', keyId: more.keyId ?? null, userId: null };
  return makeReport(
    { store: storeOf(rows, more.keyNames, more.evals), limits: { ...limits, reportSampleRowsMax: more.sampleRows ?? limits.reportSampleRowsMax }, nowMs: TO_MS + 5000 },
    name, { view, query: { from: FROM_MS / 1000, to: TO_MS / 1000 } },
  );
}

const sentences = ({ findings }: Report): string[] => findings.map(({ sentence }) => sentence);
const codes = ({ findings }: Report): string[] => findings.map(({ code }) => code);

describe('spending', () => {
  test('is told in all, against the time before, by who spent the most and on which day', async () => {
    const rows = [
      ...requestsOf(200, now, { keyId: 'key_a', model: 'm/dear', modelAsked: 'm/dear', nanoUsd: 50_000_000, route: 'best' }),
      ...requestsOf(100, now, { keyId: 'key_b', model: 'm/cheap', modelAsked: 'm/cheap', nanoUsd: 10_000_000 }),
      ...requestsOf(60, { fromMs: TO_MS - DAY_MS, toMs: TO_MS }, { keyId: 'key_b', model: 'm/cheap', nanoUsd: 50_000_001 }),
      ...requestsOf(7, now, { keyId: 'key_b', model: 'm/new', nanoUsd: 0, unpriced: true }),
      ...requestsOf(100, before, { nanoUsd: 70_000_000 }),
      ...requestsOf(900, now, { workspaceId: 'ws_2', nanoUsd: 1 }),
    ];
    expect(sentences(await reportOf('spend', rows, { keyNames: { key_a: 'Anna’s' } }))).toEqual([
      'Spent 14.00000006 USD on 367 requests from 2026-11-11 to 2026-11-20.',
      'That is 100.0 % more than in the 10 days before (7.00 USD): requests went from 100 to 367, and the cost of one from 0.07 USD to 0.038147139 USD.',
      'Of the keys, “Anna’s” (“key_a”) cost the most: 10.00 USD, 71.4 % of all, for 200 requests.',
      'Of the models, “m/dear” cost the most: 10.00 USD, 71.4 % of all, for 200 requests.',
      'Of the routes, “best” cost the most: 10.00 USD, 71.4 % of all, for 200 requests.',
      'The dearest day was 2026-11-20 with 4.10000006 USD, 3.7 times the median day (1.10 USD).',
      'There is no price for 7 requests, which no sum of money here has in it.',
    ]);
  });

  test('before that is too little to compare with is not compared with', async () => {
    const rows = [...requestsOf(50, now), ...requestsOf(49, before)];
    expect(sentences(await reportOf('spend', rows))).toContain('The 10 days before had 49 requests and cost 0.000049 USD; that is too little to compare with.');
    expect(codes(await reportOf('spend', requestsOf(49, now)))).not.toContain('spend_change');
  });

  test('of nothing is told as nothing, in every report', async () => {
    for (const name of names) {
      const report = await reportOf(name, []);
      expect(report.findings).toHaveLength(1);
      expect(report.totals).toMatchObject({ requests: 0, cost_nano_usd: '0', cost_per_answer_nano_usd: null });
    }
    expect(sentences(await reportOf('overview', []))).toEqual(['There were no requests from 2026-11-11 to 2026-11-20.']);
  });

  test('has every day in its table, and sums to the nano-USD', async () => {
    const rows = [...requestsOf(3, { fromMs: FROM_MS, toMs: FROM_MS + DAY_MS }, { nanoUsd: 9_007_199_254_740_991 }), ...requestsOf(1, { fromMs: FROM_MS, toMs: FROM_MS + 1 }, { nanoUsd: 2, keyId: 'key_9' })];
    const { tables, totals } = await reportOf('spend', rows);
    const days = tables.find(({ name }) => name === 'by_day')?.lines ?? [];
    expect(days.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, at) => `2026-11-${11 + at}`));
    expect(days[0]?.cost_nano_usd).toBe('27021597764222975');
    expect(totals.cost_nano_usd).toBe('27021597764222975');
  });
});

describe('a route', () => {
  const others = requestsOf(300, now, { model: 'm/cheap', nanoUsd: 1000 });

  test('that is expensive is told with its ratio and its causes', async () => {
    const rows = [
      ...others,
      ...requestsOf(180, now, { route: 'best', model: 'm/dear', nanoUsd: 9000, attempts: 2, usage: { promptTokens: 100, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 80, reasoningTokens: 0 }, failedAttempts: '[{"target":"x/y","code":"upstream_timeout","latency_ms":1}]' }),
      ...requestsOf(60, now, { route: 'best', model: 'm/cheap', nanoUsd: 1000, isDegraded: true }),
      ...requestsOf(40, now, { route: 'best', model: null, target: null, nanoUsd: 3000, errorCode: 'upstream_stream_failed', outcome: 'upstream_error' }),
    ];
    expect(sentences(await reportOf('routes', rows))).toEqual([
      'Route “best” costs 0.0000075 USD for each answer, 7.5 times what other requests for the same operations cost (0.000001 USD), over 240 answers.',
      '90.0 % of what “best” costs is for “m/dear”, its dearest model, which gives 75.0 % of its answers at 0.000009 USD each; its cheapest, “m/cheap”, answers at 0.000001 USD.',
      'Answers of “best” are 3.4 times as long as others: 68.33 tokens against 20.00.',
      '“best” takes 1.64 attempts for a request; others take 1.00.',
      '14.3 % of the requests to “best” fail (40 of 280), and leave their cost to fewer answers; of others it is 0.0 %.',
      'Of its 280 requests, 6.7 % of the cost of “best” (0.00012 USD of 0.0018 USD) was for requests that failed after they had begun to answer.',
      'Of its 280 requests, 21.4 % (60) were answered by less than “best” would have chosen.',
    ]);
  });

  test('that costs a quarter more is expensive, and one that costs less more is not', async () => {
    expect(codes(await reportOf('routes', [...others, ...requestsOf(60, now, { route: 'r', nanoUsd: 1250 })]))).toContain('route_expensive');
    expect(codes(await reportOf('routes', [...others, ...requestsOf(60, now, { route: 'r', nanoUsd: 1249 })]))).toEqual(['routes_alike']);
  });

  test('with too few answers, or nothing to compare with, is not judged', async () => {
    expect(codes(await reportOf('routes', [...others, ...requestsOf(49, now, { route: 'r', nanoUsd: 1_000_000 })]))).toEqual(['routes_too_few']);
    expect(codes(await reportOf('routes', [...others, ...requestsOf(90, now, { route: 'r', nanoUsd: 1_000_000, operation: 'createEmbedding' })]))).toEqual(['routes_too_few']);
  });
});

describe('failures', () => {
  const good = requestsOf(400, now, { keyId: 'key_good', modelAsked: 'a', target: 'p/good' });

  test('are told by where they are more frequent, by error, and since when', async () => {
    const since = TO_MS - 3 * DAY_MS;
    const rows = [
      ...good,
      ...requestsOf(60, now, { keyId: 'key_bad', modelAsked: 'b', route: 'code', target: 'p/bad' }),
      ...requestsOf(30, { fromMs: since, toMs: TO_MS }, { keyId: 'key_bad', modelAsked: 'b', route: 'code', target: 'p/bad', model: null, errorCode: 'upstream_timeout', outcome: 'timeout' }),
      ...requestsOf(300, before, { errorCode: null }),
    ];
    expect(sentences(await reportOf('failures', rows, { keyNames: { key_bad: 'night jobs' } }))).toEqual([
      '6.1 % of all requests failed: 30 of 490.',
      'That is clearly more than in the 10 days before: 0.0 % (0 of 300).',
      'Calls of upstream “p/bad” fail more: 33.3 % (30 of 90 calls), against 0.0 % of all other calls.',
      'Requests to route “code” fail more: 33.3 % (30 of 90), against 0.0 % of all others.',
      'Requests that ask for “b” fail more: 33.3 % (30 of 90), against 0.0 % of all others.',
      'Requests of key “night jobs” (“key_bad”) fail more: 33.3 % (30 of 90), against 0.0 % of all others.',
      '100.0 % of all failures are “upstream_timeout” (30 of 30), most of them after calls of “p/bad” (30 failed calls).',
      '“upstream_timeout” is new: it was never seen before 2026-11-18 00:00 UTC, and last within ten minutes of 2026-11-20 21:30 UTC, in 30 spans of ten minutes.',
    ]);
  });

  test('that are spread evenly are said to be', async () => {
    const failing = { model: null, errorCode: 'upstream_error', outcome: 'upstream_error' } as const;
    const rows = ['key_1', 'key_2'].flatMap((keyId) => [...requestsOf(100, now, { keyId, target: `p/${keyId}` }), ...requestsOf(10, now, { ...failing, keyId, target: `p/${keyId}` })]);
    expect(codes(await reportOf('failures', rows))).toEqual(['failures_total', 'failures_even', 'failures_error']);
    expect(codes(await reportOf('failures', rows.slice(0, 10)))).toEqual(['failures_none']);
    expect(codes(await reportOf('failures', requestsOf(20, now, failing)))).toEqual(['failures_total', 'failures_too_few', 'failures_error']);
  });

  test('that a fallback made good are told of their upstream, and what the caller did wrong is not', async () => {
    const mended = { attempts: 2, failedAttempts: '[{"target":"p/bad","code":"upstream_error","latency_ms":5}]', lastAttemptMs: 9, target: 'p/good' };
    const rows = [...good, ...requestsOf(60, now, mended), ...requestsOf(60, now, { target: 'p/strict', errorCode: 'upstream_rejected', outcome: 'refused', attempts: 1 })];
    expect(sentences(await reportOf('failures', rows)).filter((sentence) => sentence.startsWith('Calls'))).toEqual(['Calls of upstream “p/bad” fail more: 100.0 % (60 of 60 calls), against 0.0 % of all other calls.']);
  });
});

describe('models', () => {
  test('of one job are compared by failures, cost and latency', async () => {
    const rows = [
      ...requestsOf(100, now, { model: 'm/a', target: 'p/a', nanoUsd: 100 }),
      ...requestsOf(100, now, { model: 'm/b', target: 'p/b', nanoUsd: 300 }).map((row) => ({ ...row, latencyMs: row.latencyMs + 400 })),
      ...requestsOf(100, now, { model: 'm/c', target: 'p/c', nanoUsd: 10 }),
      ...requestsOf(60, now, { model: null, target: 'p/c', nanoUsd: 0, errorCode: 'upstream_error', outcome: 'upstream_error' }),
    ];
    expect(sentences(await reportOf('models', rows))).toEqual([
      'For “chat”, “m/c” fails clearly more than others: 37.5 % of 160 calls, against 0.0 % of 100 calls of “m/b”.',
      'For “chat”, “m/a” costs least of those that fail no more than others: 0.0000001 USD for each of 100 answers; the next, “m/b”, costs 0.0000003 USD.',
      'For “chat”, “m/a” is the quickest of those that fail no more than others: half of its answers took 103 ms or less; the next, “m/b”, took 503 ms.',
    ]);
  });

  test('that are alike are said to be, and few are not compared', async () => {
    const rows = (count: number) => ['a', 'b'].flatMap((name) => requestsOf(count, now, { model: `m/${name}`, target: `p/${name}` }));
    expect(codes(await reportOf('models', rows(50)))).toEqual(['job_no_clear_difference']);
    expect(codes(await reportOf('models', rows(49)))).toEqual(['jobs_too_few']);
  });

  test('without a price are not called cheap', async () => {
    const rows = [...requestsOf(60, now, { model: 'm/a', target: 'p/a', nanoUsd: 0, unpriced: true }), ...requestsOf(60, now, { model: 'm/b', target: 'p/b', nanoUsd: 500 })];
    expect(codes(await reportOf('models', rows))).not.toContain('job_costs_least');
  });
});

describe('evals', () => {
  const passing = (count: number, of: number): boolean[][] => Array.from({ length: of }, (_, at) => [at < count]);

  test('say who is the best, or that nobody is, and who of the good ones costs least for a useful answer', async () => {
    const evals = [
      evalOf('support', TO_MS - 5, { verdicts: { 'm/a': passing(29, 30), 'm/b': passing(12, 30) } }),
      evalOf('code', TO_MS - 9, { verdicts: { 'm/a': passing(20, 30), 'm/b': passing(18, 30), 'm/c': passing(2, 30) }, nanoUsd: { 'm/a': 5_000_000n, 'm/b': 900_000n, 'm/c': 1n } }),
      evalOf('support', TO_MS - 99, { verdicts: { 'm/a': passing(0, 30), 'm/b': passing(30, 30) } }),
      evalOf('old', FROM_MS - 1, { verdicts: { 'm/a': passing(0, 30), 'm/b': passing(30, 30) } }),
      evalOf('alone', TO_MS - 9, { verdicts: { 'm/a': passing(30, 30) } }),
    ];
    const report = await reportOf('models', [], { evals });
    expect(sentences(report)).toEqual([
      'In eval “support”, “m/a” is clearly the best: 96.7 % of its answers passed (29 of 30); of the next, “m/b”, 40.0 % (12 of 30).',
      'In eval “code” there is no clear difference in quality between the best: of “m/a”, 66.7 % of the answers passed (20 of 30), of “m/b”, 60.0 % (18 of 30).',
      'Of those that are not clearly worse in eval “code”, “m/b” costs least: 0.0015 USD for each answer that passed, failed ones counted in; the next, “m/a”, 0.0075 USD.',
    ]);
    expect(report.tables.find(({ name }) => name === 'by_eval_and_model')?.lines).toHaveLength(6);
    expect(codes(await reportOf('overview', requestsOf(1, now), { evals }))).toEqual(expect.arrayContaining(['eval_best', 'eval_costs_least']));
  });

  test('say which prompts are answered now well and now badly', async () => {
    const mixed = [[true, false, true], [true, true, true], [false, true, true], [false, false, false]];
    const steady = [[true, false, true], [true, true, true], [true, true, true], [true, true, true]];
    const report = await reportOf('instability', [], { evals: [evalOf('support', TO_MS - 5, { verdicts: { 'm/a': mixed, 'm/b': steady } })] });
    expect(sentences(report)).toEqual([
      'In eval “support”, the prompt “the first” (“evitem_0”) is unstable with 2 of 2 contenders: asked again, some answers passed and others did not.',
      'In eval “support”, the prompt “evitem_2” is unstable with 1 of 2 contenders: asked again, some answers passed and others did not.',
      'In eval “support”, “m/a” is unstable at 50.0 % of the prompts it was asked more than once.',
      'In eval “support”, “m/b” is unstable at 25.0 % of the prompts it was asked more than once.',
    ]);
    expect(report.tables[0]?.lines.map((line) => line.unstable_percent)).toEqual([50, 25]);
  });

  test('that can’t tell are said not to, and none are shown of a part of a workspace', async () => {
    const once = [evalOf('support', TO_MS - 5, { verdicts: { 'm/a': passing(1, 2), 'm/b': passing(1, 2) } })];
    const same = [evalOf('support', TO_MS - 5, { verdicts: { 'm/a': [[true, true]], 'm/b': [[false, false]] } })];
    expect(codes(await reportOf('instability', []))).toEqual(['evals_none']);
    expect(codes(await reportOf('instability', [], { evals: once }))).toEqual(['evals_asked_once']);
    expect(codes(await reportOf('instability', [], { evals: same }))).toEqual(['prompts_stable']);
    expect(codes(await reportOf('instability', [], { evals: same, keyId: 'key_1' }))).toEqual(['evals_not_shown']);
    expect(codes(await reportOf('models', [], { evals: once, keyId: 'key_1' }))).toEqual(['jobs_too_few']);
  });

  test('whose summary an older program wrote are read as far as it goes', async () => {
    const { run, results } = evalOf('support', TO_MS - 5, { verdicts: { 'm/a': [[true]], 'm/b': [[false]] } });
    for (const summary of ['', 'null', '[]', '{"contenders":[{},null,3,{"model":"m"}],"winner":7}']) {
      expect((await reportOf('models', [], { evals: [{ run: { ...run, summary }, results }] })).findings.map(({ code }) => code)).toEqual(['jobs_too_few']);
    }
  });
});

describe('the days of a report', () => {
  const noon = Date.UTC(2026, 10, 21, 12);
  test.each([
    [{}, [Date.UTC(2026, 9, 23), Date.UTC(2026, 10, 22)]],
    [{ from: noon / 1000 }, [Date.UTC(2026, 10, 21), Date.UTC(2026, 10, 22)]],
    [{ from: noon / 1000 - 86_400, to: noon / 1000 }, [Date.UTC(2026, 10, 20), Date.UTC(2026, 10, 22)]],
    [{ from: noon / 1000, to: noon / 1000 + 1 }, [Date.UTC(2026, 10, 21), Date.UTC(2026, 10, 22)]],
    [{ to: Date.UTC(2026, 10, 21) / 1000 }, [Date.UTC(2026, 9, 22), Date.UTC(2026, 10, 21)]],
    [{ to: 5 }, [0, DAY_MS]],
  ])('%j are whole', (query, [fromMs, toMs]) => {
    expect(spanOf(query, noon, limits)).toMatchObject({ fromMs, toMs });
  });

  test.each([[{ from: noon / 1000 + 90_000 }, 'from'], [{ from: 86_400 * 3, to: 86_400 }, 'from'], [{ from: 0 }, 'from'], [{ to: 0 }, 'to']])('%j are refused', (query, param) => {
    expect(() => spanOf(query, noon, limits)).toThrow(expect.objectContaining({ code: 'invalid_request', options: expect.objectContaining({ param }) }));
  });
});

const anyName = fc.oneof(fc.constantFrom('fast', 'best', 'a 99.9 % b', '“x” 7', '<b>1</b>', '', '12', '\u202e31\n4'), fc.string({ maxLength: 12 }));
const anyRow = fc.record({
  keyId: anyName, modelAsked: anyName, model: fc.option(anyName), target: fc.option(anyName), route: fc.option(anyName), nanoUsd: fc.nat({ max: 4_000_000_000 }), unpriced: fc.boolean(),
  errorCode: fc.option(fc.constantFrom('upstream_error', 'invalid_request', 'upstream_timeout')), attempts: fc.nat({ max: 3 }), isDegraded: fc.boolean(), count: fc.integer({ min: 1, max: 90 }), early: fc.boolean(),
});

const anyEvals = fc.array(fc.record({ name: anyName, verdicts: fc.dictionary(anyName, fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }), { maxLength: 6 }), { maxKeys: 4 }) }), { maxLength: 3 })
  .map((all) => all.map(({ name, verdicts }) => evalOf(name, TO_MS - 5, { verdicts })));

/** A figure's value as its unit writes it. */
function written({ unit, value, text }: ReportFinding['figures'][number]): boolean {
  switch (unit) {
    case 'name': return text.startsWith('“') && text.endsWith('”');
    case 'nano_usd': return BigInt(text.replace(/[ USD,]/g, '').replace(/^(-?\d+)\.(\d+)$/, (_, whole: string, part: string) => whole + part.padEnd(9, '0'))) === BigInt(value);
    case 'count': return text.replaceAll(',', '').split(' ')[0] === value;
    case 'percent': return /^(?:over |under )?(-?\d+\.\d) %$/.exec(text.replaceAll(',', ''))?.[1] === value;
    case 'times': return text === `${value} times`;
    case 'mean': return text.replaceAll(',', '') === value;
    case 'day': return text === value;
    case 'ms': return text.replaceAll(',', '') === `${value} ms`;
    case 'time': return `${text.slice(0, 10)}T${text.slice(11, 16)}` === value.slice(0, 16);
  }
}

/** What is left of a sentence without its figures. */
function bare({ sentence, figures }: ReportFinding): string {
  let rest = sentence;
  let left = '';
  for (const { text } of figures) {
    const at = rest.indexOf(text);
    expect(at).toBeGreaterThanOrEqual(0);
    left += rest.slice(0, at);
    rest = rest.slice(at + text.length);
  }
  return left + rest;
}

describe('of any requests', () => {
  test('every number in a sentence is one of its figures, exactly, and money adds up', async () => {
    await fc.assert(fc.asyncProperty(fc.array(anyRow, { maxLength: 8 }), fc.constantFrom(...names), fc.constantFrom(20, 5000), anyEvals, async (kinds, name, sampleRows, evals) => {
      const rows = kinds.flatMap(({ count, early, ...changes }) => requestsOf(count, early ? before : now, changes));
      const report = await reportOf(name, rows, { sampleRows, evals });
      for (const finding of report.findings) {
        expect(bare(finding)).not.toMatch(/\d/);
        for (const figure of finding.figures) expect({ figure, isWritten: written(figure) }).toEqual({ figure, isWritten: true });
        expect(new Set(finding.figures.map((figure) => figure.name)).size).toBe(finding.figures.length);
      }
      const spent = rows.filter(({ startedMs }) => startedMs >= FROM_MS).reduce((sum, { charge }) => sum + charge.nanoUsd, 0n);
      expect(report.totals.cost_nano_usd).toBe(String(spent));
      for (const table of report.tables.filter(({ name: of, has_more: more }) => ['by_day', 'by_key', 'by_model'].includes(of) && !more && name === 'spend')) {
        expect(table.lines.reduce((sum, line) => sum + BigInt(line.cost_nano_usd ?? 0), 0n)).toBe(spent);
      }
    }), { numRuns: 150 });
  }, 60_000);
});
