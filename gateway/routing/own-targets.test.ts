/** This file tests what a name means to a workspace with provider keys of its own. */
import { describe, expect, test } from '@jest/globals';
import { Refusal } from '../foundation/errors.ts';
import { loadCatalog } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import { findModel, listModels } from './models.ts';
import type { Owned } from './models.ts';
import { chooseOwn, ownProvider } from './own-targets.ts';
import type { OwnChoice, OwnKey } from './own-targets.ts';
import { findMeaning } from './resolve.ts';

const load = (environment: Record<string, string> = {}): Catalog => loadCatalog({ environment, configFile: null }).catalog;
const bare = load();
const key = (provider: string, changes: Partial<OwnKey> = {}): OwnKey => ({ provider, key: `sk-own-${provider}`, baseUrl: null, ...changes });

function choose(catalog: Catalog, name: string, keys: readonly OwnKey[]): OwnChoice | null {
  const meaning = findMeaning(catalog, name);
  return meaning && chooseOwn(catalog, meaning, keys);
}
const targetIds = (choice: OwnChoice | null): string[] | null => choice && choice.targets.map((target) => target.id);

const owning = (keys: string[]): Owned => ({ keys: new Set(keys), names: [] });

describe('a model', () => {
  test('the operator has no key for is reached by the workspace\'s own', () => {
    const choice = choose(bare, 'openai/gpt-5-mini', [key('openai')]);
    expect(choice?.entry.row.id).toBe('openai/gpt-5-mini');
    expect(choice?.targets).toMatchObject([{
      id: 'openai/gpt-5-mini', upstreamModel: 'gpt-5-mini', quirks: {},
      provider: { id: 'openai', baseUrl: 'https://api.openai.com/v1', apiKey: 'sk-own-openai', headers: {}, isGuarded: false, quirks: { maxTokensField: 'max_completion_tokens' } },
    }]);
    expect(choice?.targets[0]?.price?.input).toBe(250_000_000n);
  });

  test('is asked on the wire of its target, by own keys too', () => {
    expect(choose(bare, 'openai/o3-pro', [key('openai')])?.targets).toMatchObject([{ id: 'openai/o3-pro', provider: { wire: 'openai-responses', apiKey: 'sk-own-openai' } }]);
  });

  test('is served by own keys alone, in the catalogue\'s order, also where the operator has keys', () => {
    const keyed = load({ OPENAI_API_KEY: 'operators', OPENROUTER_API_KEY: 'operators' });
    expect(targetIds(choose(keyed, 'openai/gpt-5-mini', [key('openrouter')]))).toEqual(['openrouter/openai/gpt-5-mini']);
    expect(targetIds(choose(keyed, 'openai/gpt-5-mini', [key('openrouter'), key('openai')]))).toEqual(['openai/gpt-5-mini', 'openrouter/openai/gpt-5-mini']);
    for (const { provider } of choose(keyed, 'gpt-5-mini', [key('openai'), key('openrouter')])?.targets ?? []) expect(provider.apiKey).toBe(`sk-own-${provider.id}`);
  });

  test('no own key reaches is the operator\'s, or nobody\'s', () => {
    expect(choose(load({ OPENAI_API_KEY: 'k' }), 'openai/gpt-5-mini', [key('mistral')])).toBeNull();
    expect(choose(bare, 'openai/gpt-5-mini', [key('mistral')])).toBeNull();
    expect(choose(bare, 'openai/gpt-5-mini', [])).toBeNull();
    expect(choose(bare, 'sandbox/chat?fail_status=503', [key('sandbox'), key('openai')])).toBeNull();
    expect(choose(bare, 'deepseek-chat', [key('deepseek'), key('openrouter')])).toBeNull();
  });

  test.each([[], ['OPENAI_API_KEY'], ['OPENROUTER_API_KEY'], ['OPENAI_API_KEY', 'OPENROUTER_API_KEY']])('named with one provider is that one alone, whatever keys the operator has (%j %j)', (...names) => {
    const catalog = load(Object.fromEntries(names.map((name) => [name, 'k'])));
    expect(choose(catalog, 'openrouter/openai/gpt-5-mini', [key('openai')])).toBeNull();
    expect(targetIds(choose(catalog, 'openrouter/openai/gpt-5-mini', [key('openai'), key('openrouter')]))).toEqual(['openrouter/openai/gpt-5-mini']);
  });
});

describe('a route', () => {
  test('is the first of its models that can be called, by the workspace or by the operator', () => {
    expect(choose(bare, 'balanced', [key('xai')])?.entry.row.id).toBe('x-ai/grok-4.6');
    expect(choose(bare, 'balanced', [key('xai'), key('google')])?.entry.row.id).toBe('google/gemini-3.6-flash');
    expect(choose(bare, 'smart', [key('xai')])?.entry.row.id).toBe('x-ai/grok-4.7');
    expect(choose(load({ OPENAI_API_KEY: 'k' }), 'balanced', [key('xai')])).toBeNull();
    expect(choose(load({ OPENAI_API_KEY: 'k' }), 'balanced', [key('anthropic')])?.entry.row.id).toBe('anthropic/claude-sonnet-4.6');
  });
});

describe('an own key goes', () => {
  test('to the workspace\'s own address, guarded, without the slashes at its end', () => {
    expect(ownProvider(bare, key('openai', { baseUrl: 'https://eu.example.com/v1//' }))).toMatchObject({ baseUrl: 'https://eu.example.com/v1', isGuarded: true });
  });

  test('where the operator sends that provider\'s calls, whether or not the operator has a key', () => {
    const address = { OPENAI_BASE_URL: 'http://127.0.0.1:9/proxy/v1' };
    for (const environment of [address, { ...address, OPENAI_API_KEY: 'k' }]) {
      expect(ownProvider(load(environment), key('openai'))).toMatchObject({ baseUrl: 'http://127.0.0.1:9/proxy/v1', apiKey: 'sk-own-openai', isGuarded: false });
    }
  });

  test('without the operator\'s headers, which may hold a credential', () => {
    expect(ownProvider(load({ OPENROUTER_API_KEY: 'k' }), key('openrouter'))?.headers).toEqual({});
  });

  test('never to a server of the operator\'s that asks for none: made up, it would be served past every limit', () => {
    const local = load({ OLLAMA_BASE_URL: 'http://127.0.0.1:11434' });
    expect(ownProvider(local, key('ollama'))?.baseUrl).toBe('');
    expect(choose(local, 'ollama/llama3.2', [key('ollama')])).toBeNull();
    expect(choose(local, 'ollama/llama3.2', [key('ollama', { baseUrl: 'https://ollama.example.com/v1' })])?.targets).toMatchObject([
      { upstreamModel: 'llama3.2', provider: { baseUrl: 'https://ollama.example.com/v1', isGuarded: true } },
    ]);
  });

  test('to no provider the catalogue does not have, and not to the sandbox', () => {
    for (const id of ['nobody', 'sandbox', '__proto__']) expect(ownProvider(bare, key(id))).toBeNull();
  });
});

test('a key that can\'t be opened is said to be where it is needed, and not replaced by the operator\'s', () => {
  const keyed = load({ OPENAI_API_KEY: 'k', MISTRAL_API_KEY: 'k' });
  const sealed = [key('openai', { key: null })];
  const codeOf = (): string => {
    try {
      choose(keyed, 'openai/gpt-5-mini', sealed);
    } catch (thrown) {
      if (thrown instanceof Refusal) return `${thrown.code}: ${thrown.message}`;
      throw thrown;
    }
    return 'chosen';
  };
  expect(codeOf()).toMatch(/^model_not_available: The key this workspace has stored for OpenAI can't be opened/);
  expect(choose(keyed, 'mistralai/mistral-small-2603', sealed)).toBeNull();
});

describe('the list of models', () => {
  test('has what own keys reach, and says that nothing is missing', () => {
    const rows = listModels(bare, owning(['xai']));
    expect(rows.find((row) => row.id === 'x-ai/grok-4.6')).toMatchObject({ available: true, missing_credentials: [] });
    expect(rows.find((row) => row.id === 'balanced')).toMatchObject({ available: true, missing_credentials: [], resolves_to: 'x-ai/grok-4.6' });
    expect(rows.find((row) => row.id === 'openai/gpt-5-mini')).toBeUndefined();
    expect(listModels(bare).find((row) => row.id === 'x-ai/grok-4.6')).toBeUndefined();
  });

  test('describes a model the same way alone', () => {
    expect(findModel(bare, 'grok-4.6', owning(['openrouter']))).toMatchObject({ available: true, missing_credentials: [] });
    expect(findModel(bare, 'grok-4.6', owning(['openai']))).toMatchObject({ available: false, missing_credentials: ['XAI_API_KEY', 'OPENROUTER_API_KEY'] });
    expect(findModel(bare, 'smart', owning(['xai']))).toMatchObject({ available: true, resolves_to: 'x-ai/grok-4.7' });
    expect(findModel(bare, 'deepseek-chat', owning(['deepseek']))).toMatchObject({ available: false });
  });
});
