import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Refusal } from '../foundation/errors.ts';
import { loadCatalog } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import { resolve } from './resolve.ts';

const load = (environment: Record<string, string>): Catalog => loadCatalog({ environment, configFile: null }).catalog;
const keyed = load({ OPENAI_API_KEY: 'k', GEMINI_API_KEY: 'k', OPENROUTER_API_KEY: 'k', OLLAMA_BASE_URL: 'http://127.0.0.1:1', VLLM_BASE_URL: 'http://127.0.0.1:2/v1' });
const bare = load({});

function refusalOf(catalog: Catalog, name: string): Refusal {
  try {
    resolve(catalog, name);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  }
  throw new Error(`${name} resolved`);
}

describe('a name that can be called', () => {
  test.each([
    ['a model', 'google/gemini-2.5-flash', 'google/gemini-2.5-flash', ['google/gemini-2.5-flash', 'openrouter/google/gemini-2.5-flash']],
    ['behind Aider\'s prefix', 'openai/google/gemini-2.5-flash', 'google/gemini-2.5-flash', ['google/gemini-2.5-flash', 'openrouter/google/gemini-2.5-flash']],
    ['whose own id begins like the prefix', 'openai/gpt-5-mini', 'openai/gpt-5-mini', ['openai/gpt-5-mini', 'openrouter/openai/gpt-5-mini']],
    ['the same behind the prefix', 'openai/openai/gpt-5-mini', 'openai/gpt-5-mini', ['openai/gpt-5-mini', 'openrouter/openai/gpt-5-mini']],
    ['without its maker', 'gpt-5-mini', 'openai/gpt-5-mini', ['openai/gpt-5-mini', 'openrouter/openai/gpt-5-mini']],
    ['in its maker\'s spelling', 'claude-sonnet-4-5', 'anthropic/claude-sonnet-4.5', ['openrouter/anthropic/claude-sonnet-4.5']],
    ['one target alone', 'openrouter/openai/gpt-5-mini', 'openai/gpt-5-mini', ['openrouter/openai/gpt-5-mini']],
    ['a local server\'s model', 'ollama/llama3.2', 'ollama/llama3.2', ['ollama/llama3.2']],
    ['a local server\'s model with slashes', 'vllm/sandbox/echo?fail_status=500', 'vllm/sandbox/echo?fail_status=500', ['vllm/sandbox/echo?fail_status=500']],
    ['the sandbox', 'sandbox/chat', 'sandbox/chat', ['sandbox/chat']],
  ])('%s: %s', (_what, name, model, targets) => {
    const resolution = resolve(keyed, name);
    expect(resolution).toMatchObject({ asked: name, model, route: null });
    expect(resolution.targets.map((target) => target.id)).toEqual(targets);
  });

  test('a local server is asked for its own name of the model, and a token costs nothing, said outright', () => {
    const [target] = resolve(keyed, 'vllm/sandbox/echo').targets;
    expect(target).toMatchObject({ upstreamModel: 'sandbox/echo', price: { version: 'local', input: 0n, output: 0n } });
    expect(target?.provider.baseUrl).toBe('http://127.0.0.1:2/v1');
  });

  test('options on a sandbox name reach its target and no other request', () => {
    expect(resolve(keyed, 'sandbox/chat?fail_status=503&token_ms=5').targets[0]?.options).toEqual({ fail_status: '503', token_ms: '5' });
    expect(resolve(keyed, 'openai/sandbox/echo?malformed=true').targets[0]?.options).toEqual({ malformed: 'true' });
    expect(resolve(keyed, 'sandbox/chat').targets[0]?.options).toEqual({});
  });

  test('a route or alias is answered by its first model that can be called', () => {
    expect(resolve(keyed, 'fast')).toMatchObject({ model: 'google/gemini-3.5-flash-lite', route: 'cheap-fast' });
    expect(resolve(keyed, 'openai/balanced')).toMatchObject({ model: 'anthropic/claude-sonnet-4.6', route: 'balanced' });
    expect(resolve(bare, 'smart')).toMatchObject({ model: 'sandbox/chat', route: 'best-quality' });
    expect(resolve(load({ XAI_API_KEY: 'k' }), 'balanced')).toMatchObject({ model: 'x-ai/grok-4.6', route: 'balanced' });
  });
});

describe('404 model_not_available', () => {
  test('names each key that would help', () => {
    const refusal = refusalOf(bare, 'openai/gpt-5-mini');
    expect(refusal.code).toBe('model_not_available');
    expect(refusal.message).toMatch(/OPENAI_API_KEY or OPENROUTER_API_KEY/);
    expect(refusalOf(bare, 'vision').message).toMatch(/GEMINI_API_KEY/);
    expect(refusalOf(bare, 'ollama/llama3.2').message).toMatch(/OLLAMA_BASE_URL/);
  });

  test('one target alone needs its own provider\'s key', () => {
    expect(refusalOf(load({ OPENAI_API_KEY: 'k' }), 'openrouter/openai/gpt-5-mini').message).toMatch(/: set OPENROUTER_API_KEY\./);
  });

  test('a retired model names its end and its replacement, whatever keys are set', () => {
    const refusal = refusalOf(load({ DEEPSEEK_API_KEY: 'k' }), 'deepseek-chat');
    expect(refusal.code).toBe('model_not_available');
    expect(refusal.message).toBe('The model "deepseek/deepseek-chat" was retired on 2026-07-24. Use "deepseek/deepseek-v4.1-flash" instead.');
  });
});

describe('404 model_not_found', () => {
  test.each([
    ['googel/gemini-2.5-flash', /Did you mean "google\/gemini-2\.5-flash"\?/],
    ['Anthropic/Claude-Sonnet-4_5', /Did you mean "anthropic\/claude-sonnet-4[.-]5"\?/],
    ['gpt-5-mini?fail_status=503', /GET \/models/],
    ['zzz', /GET \/models/],
    ['', /GET \/models/],
    ['ollama/', /There is no model/],
    ['gpt-oss-120b', /could be any of .*openai\/gpt-oss-120b/],
  ])('%j is nobody\'s name', (name, message) => {
    const refusal = refusalOf(keyed, name);
    expect(refusal.code).toBe('model_not_found');
    expect(refusal.options.param).toBe('model');
    expect(refusal.message).toMatch(message);
  });

  test('a name of any length is refused in a short message', () => {
    expect(refusalOf(keyed, 'x'.repeat(1_000_000)).message.length).toBeLessThan(300);
  });
});

test('whatever is asked, resolve gives targets or a Refusal, and nothing else', () => {
  const names = [...keyed.names.keys()];
  const part = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...names), fc.constantFrom('openai/', 'ollama/', '?', '&', '=', '%', '/', '__proto__', 'constructor'));
  fc.assert(fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
    for (const catalog of [keyed, bare]) {
      try {
        expect(resolve(catalog, parts.join('')).targets.length).toBeGreaterThan(0);
      } catch (thrown) {
        if (!(thrown instanceof Refusal)) throw thrown;
      }
    }
  }), { numRuns: 300 });
});
