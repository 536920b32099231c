/** This file tests how the sides of a rollout are told: what counts as a success, which times are measured, and what a useful answer costs. */
import { expect, test } from '@jest/globals';
import type { RolloutCall } from '../store/rollout-row.ts';
import { compareRollout, describeSide } from './rollout.ts';

const call = (changes: Partial<RolloutCall> = {}): RolloutCall => ({
  outcome: 'ok', errorCode: null, latencyMs: 10, firstByteMs: null, promptTokens: 5, completionTokens: 7, nanoUsd: 30n, failedAttempts: null, ...changes,
});

test('failures count against a side, callers who left do not, and what failed is paid for by what did not', () => {
  const calls = [
    ...Array.from({ length: 18 }, (_, at) => call({ latencyMs: at + 1, firstByteMs: at % 2 === 0 ? at : null })),
    call({ outcome: 'timeout', errorCode: 'upstream_timeout', latencyMs: 60_000, nanoUsd: 0n }), call({ outcome: 'client_gone', latencyMs: 900 }),
  ];
  const fallbacks = [
    call({ latencyMs: 5000, failedAttempts: '[{"target":"a","code":"upstream_error","latency_ms":1}]', nanoUsd: 1000n }), call({ failedAttempts: null }),
  ];
  expect(describeSide({ calls, fallbacks, sampleMax: 100 })).toEqual({
    requests: 22, complete: true, successes: 18, success_rate: 18 / 21, fallbacks: 2,
    errors: [{ code: 'client_gone', count: 1 }, { code: 'resting', count: 1 }, { code: 'upstream_error', count: 1 }, { code: 'upstream_timeout', count: 1 }],
    latency_ms: { p50: 9, p95: 18 }, first_byte_ms: { p50: 8, p95: 16 }, prompt_tokens: 100, completion_tokens: 140,
    cost_nano_usd: '570', cost_per_success_nano_usd: '31',
  });
});

test('a side without requests has no rate, no times and no price', () => {
  expect(describeSide({ calls: [], fallbacks: [], sampleMax: 1 })).toMatchObject({ requests: 0, complete: true, success_rate: null, latency_ms: { p50: null, p95: null }, cost_nano_usd: '0', cost_per_success_nano_usd: null });
});

test('of more requests than are looked at the newest are, and it is said', async () => {
  const asked: [string, number][] = [];
  const seen = await compareRollout({
    listRolloutCalls: (part, { limit }) => { asked.push([part, limit]); return Promise.resolve(part.endsWith('baseline') ? [call({ latencyMs: 1 }), call({ latencyMs: 2 }), call({ latencyMs: 3 })] : []); },
    listShadowCalls: () => Promise.resolve([]),
  }, { id: 'roll_1', fromMs: 1000, toMs: 2000, sampleMax: 2, shadowDropped: 4 });
  expect(asked).toEqual([['roll_1/baseline', 3], ['roll_1/candidate', 3], ['roll_1/fallback', 3]]);
  expect(seen).toMatchObject({ from: 1, to: 2, shadow_dropped: 4, baseline: { requests: 2, complete: false, latency_ms: { p50: 1, p95: 2 } } });
});
