/** This file holds the values we tell a collector against those the conventions' own package lists; the names are held against it where they are received. */
import { expect, test } from '@jest/globals';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { requestAttributes, operationOf, providerOf } from './genai.ts';
import { ZERO_NANO_USD } from './money.ts';
import type { RequestStory } from './story.ts';

function valuesOf(attribute: string): Set<unknown> {
  const values = new Set<unknown>(Object.entries(incubating).filter(([name]) => name.startsWith(`${attribute}_VALUE_`)).map(([, value]) => value));
  if (values.size === 0) throw new Error(`the package has no values of ${attribute}`);
  return values;
}

function story(operation: string): RequestStory {
  return {
    attempts: [], endedAt: 0, traceparent: undefined, tracestate: undefined,
    record: {
      id: 'req_1', workspaceId: 'ws_1', keyId: 'key_1', userId: 'user_1', operation, modelAsked: 'a/b', model: 'a/b', upstreamModel: null, provider: null, target: null, attempts: 0,
      isStream: false, status: 200, outcome: 'ok', errorCode: null, finishReason: null, upstreamId: null, usage: { promptTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 },
      basis: 'none', charge: { messages: 0, nanoUsd: ZERO_NANO_USD, priceVersion: 'none', isUnpriced: false }, payer: 'none', failedAttempts: null, lastAttemptMs: null, route: null, isDegraded: false, rollout: null, cache: null, evalRun: null,
      startedMs: 0, latencyMs: 5, firstByteMs: null,
    },
  };
}

test('a provider the conventions have a name for is told by that name', () => {
  const known = valuesOf('GEN_AI_PROVIDER_NAME');
  for (const id of ['openai', 'anthropic', 'google', 'mistral', 'groq', 'deepseek', 'xai', 'perplexity', 'cohere']) expect([...known]).toContain(providerOf(id));
  expect([providerOf(null), providerOf('vllm')]).toEqual(['interline', 'vllm']);
});

test.each([
  'createChatCompletion', 'createResponse', 'createCompletion', 'createEmbedding', 'createImage', 'createImageEdit', 'createSpeech', 'createTranscription', 'createVideo', 'postNative',
])('%s has an operation, and an output, that the conventions know', (operation) => {
  const { record } = story(operation);
  expect([...valuesOf('GEN_AI_OPERATION_NAME')]).toContain(operationOf(record));
  const { 'gen_ai.output.type': output } = requestAttributes(story(operation));
  // The conventions know no video: what has no well-known value may have another (1.45.0).
  if (output !== undefined && output !== 'video') expect([...valuesOf('GEN_AI_OUTPUT_TYPE')]).toContain(output);
});
