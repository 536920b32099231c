import { expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';
import type { RequestMeasure } from './metrics.ts';

const failed = (id: string, code: string): RequestMeasure['failed'][number] => ({ target: { provider: { id } }, code });

function measure(changes: Partial<RequestMeasure> = {}): RequestMeasure {
  return {
    operation: 'createChatCompletion', provider: 'openai', model: 'openai/gpt', route: null, outcome: 'ok', latencyMs: 12, overheadMs: 2, firstByteMs: null, cache: null, promptTokens: 3, completionTokens: 4, nanoUsd: 5n,
    answered: 'ok', failed: [], ...changes,
  };
}

async function linesOf(metrics: ReturnType<typeof createMetrics>): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith('interline_'));
}

test('requests by model, attempts by how they ended, fallbacks, refusals and overhead are counted', async () => {
  const metrics = createMetrics(() => 0, () => []);
  metrics.observe(measure());
  metrics.observe(measure({ provider: 'together', failed: [failed('openai', 'upstream_timeout')] }));
  metrics.observe(measure({ outcome: 'upstream_error', answered: null, failed: [failed('openai', 'upstream_error'), failed('together', 'upstream_error')] }));
  metrics.observe(measure({ model: null, provider: 'none', outcome: 'refused', overheadMs: null, answered: null }));
  metrics.observe(measure({ route: 'cheap', model: 'small', cache: 'miss' }));
  metrics.countRefusal('budget_exhausted');
  metrics.openHolds.count++;
  expect(await linesOf(metrics)).toEqual(expect.arrayContaining([
    'interline_model_requests_total{model="openai/gpt",outcome="ok"} 2',
    'interline_model_requests_total{model="none",outcome="refused"} 1',
    'interline_attempts_total{provider="openai",code="ok"} 2',
    'interline_attempts_total{provider="openai",code="upstream_timeout"} 1',
    'interline_attempts_total{provider="together",code="ok"} 1',
    'interline_attempts_total{provider="together",code="upstream_error"} 1',
    'interline_fallbacks_total{model="openai/gpt",outcome="ok"} 1',
    'interline_fallbacks_total{model="openai/gpt",outcome="upstream_error"} 1',
    'interline_route_requests_total{route="cheap",model="small"} 1',
    'interline_reply_cache_total{operation="createChatCompletion",state="miss"} 1',
    'interline_refusals_total{code="budget_exhausted"} 1',
    'interline_overhead_seconds_bucket{le="0.001"} 0', 'interline_overhead_seconds_bucket{le="0.0025"} 4', 'interline_overhead_seconds_count 4',
    'interline_holds_open 1', 'interline_telemetry_dropped_total 0',
    'interline_request_seconds_bucket{operation="createChatCompletion",provider="openai",outcome="ok",le="0.01"} 0',
    'interline_request_seconds_bucket{operation="createChatCompletion",provider="openai",outcome="ok",le="0.025"} 2',
  ]));
});

test('models after the first thousand are counted together', async () => {
  const metrics = createMetrics(() => 0, () => []);
  for (let index = 0; index < 1200; index++) metrics.observe(measure({ model: `m/${index}` }));
  const models = (await linesOf(metrics)).filter((line) => line.startsWith('interline_model_requests_total'));
  expect(models).toHaveLength(1001);
  expect(models).toContain('interline_model_requests_total{model="other",outcome="ok"} 200');
});
