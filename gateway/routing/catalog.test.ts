import { describe, expect, test } from '@jest/globals';
import { CatalogError, liveProviders, loadCatalog } from './catalog.ts';

const load = (environment: Record<string, string>): ReturnType<typeof loadCatalog>['catalog'] => loadCatalog({ environment, configFile: null }).catalog;

describe('loadCatalog', () => {
  test('without any key only the sandbox is alive', () => {
    expect(liveProviders(load({}))).toEqual(['sandbox']);
  });

  test.each([
    ['OPENAI_API_KEY', 'openai'], ['ANTHROPIC_API_KEY', 'anthropic'], ['GEMINI_API_KEY', 'google'], ['OPENROUTER_API_KEY', 'openrouter'],
    ['MISTRAL_API_KEY', 'mistral'], ['GROQ_API_KEY', 'groq'], ['DEEPSEEK_API_KEY', 'deepseek'], ['XAI_API_KEY', 'xai'], ['TOGETHER_API_KEY', 'together'],
    ['OLLAMA_BASE_URL', 'ollama'], ['VLLM_BASE_URL', 'vllm'], ['LLAMACPP_BASE_URL', 'llamacpp'], ['LMSTUDIO_BASE_URL', 'lmstudio'],
  ])('%s brings %s to life', (name, provider) => {
    expect(liveProviders(load({ [name]: 'http://127.0.0.1:9/v1' }))).toEqual(['sandbox', provider]);
  });

  test('an empty variable is none, and the first of several that is set wins', () => {
    expect(liveProviders(load({ OPENAI_API_KEY: '  ' }))).toEqual(['sandbox']);
    expect(load({ GEMINI_API_KEY: '', GOOGLE_API_KEY: 'second' }).providers.get('google')?.provider?.apiKey).toBe('second');
    expect(load({ GEMINI_API_KEY: 'first', GOOGLE_API_KEY: 'second' }).providers.get('google')?.provider?.apiKey).toBe('first');
  });

  test('several credentials stand in one variable, with commas between', () => {
    expect(load({ OPENAI_API_KEY: ' one, two,,one ,three' }).providers.get('openai')?.provider).toMatchObject({ apiKey: 'one', otherKeys: ['two', 'three'] });
    expect(load({ OPENAI_API_KEY: 'one' }).providers.get('openai')?.provider).not.toHaveProperty('otherKeys');
  });

  test('a base URL from the environment takes the place of the built-in one, without a slash at its end', () => {
    const { providers } = load({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://127.0.0.1:9/here/v1/', OLLAMA_BASE_URL: 'http://127.0.0.1:11434' });
    expect(providers.get('openai')?.provider?.baseUrl).toBe('http://127.0.0.1:9/here/v1');
    expect(providers.get('ollama')?.provider).toMatchObject({ baseUrl: 'http://127.0.0.1:11434/v1', apiKey: null });
    expect(load({ OPENAI_API_KEY: 'k' }).providers.get('openai')?.provider?.baseUrl).toBe('https://api.openai.com/v1');
  });

  test('base URLs that are none stop the start, all named at once', () => {
    const start = (): unknown => load({ OPENAI_BASE_URL: 'localhost:80', OLLAMA_BASE_URL: 'ftp://x' });
    expect(start).toThrow(CatalogError);
    expect(start).toThrow(/OPENAI_BASE_URL: expected a URL[\s\S]*OLLAMA_BASE_URL: expected a URL/);
  });

  test('quirks of providers and targets come in the house\'s words', () => {
    const catalog = load({ OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k', DEEPSEEK_API_KEY: 'k' });
    expect(catalog.providers.get('openai')?.provider?.quirks).toEqual({ maxTokensField: 'max_completion_tokens' });
    expect(catalog.providers.get('deepseek')?.provider?.quirks).toEqual({ maxTokensField: 'max_tokens', developerRole: false, dropFields: ['store'] });
    expect(catalog.models.get('anthropic/claude-opus-5')?.targets[0]?.quirks).toEqual({ dropFields: ['temperature', 'top_k', 'top_p'] });
  });

  test('a target may be asked on another wire than its provider\'s', () => {
    const catalog = load({ OPENAI_API_KEY: 'k', XAI_API_KEY: 'k', OPENROUTER_API_KEY: 'k' });
    const wiresOf = (id: string) => catalog.models.get(id)?.targets.map((target) => `${target.provider.id}: ${target.provider.wire}`);
    expect(wiresOf('openai/gpt-5-pro')).toEqual(['openai: openai-responses', 'openrouter: openai-chat']);
    expect(wiresOf('openai/gpt-5.3-codex')).toEqual(['openai: openai-responses', 'openrouter: openai-chat']);
    expect(wiresOf('x-ai/grok-4.7')).toEqual(['xai: openai-chat', 'openrouter: openai-chat']);
    expect(wiresOf('openai/gpt-5-mini')).toEqual(['openai: openai-chat', 'openrouter: openai-chat']);
    const target = catalog.models.get('openai/gpt-5-pro')?.targets[0];
    expect(target?.provider).toEqual({ ...catalog.providers.get('openai')?.provider, wire: 'openai-responses', wires: {} });
  });

  test('prices are bigint nano-USD, with those of long prompts', () => {
    const target = load({ GEMINI_API_KEY: 'k' }).models.get('google/gemini-2.5-pro')?.targets[0];
    expect(target?.price).toEqual({
      version: 'pi-ai@1.5.2', input: 1_250_000_000n, output: 10_000_000_000n, cacheRead: 125_000_000n,
      longPrompts: [{ abovePromptTokens: 200_000, input: 2_500_000_000n, output: 15_000_000_000n, cacheRead: 250_000_000n }],
    });
  });
});
