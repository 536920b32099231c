import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { loadCatalog } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import { findModel, listModels } from './models.ts';

const load = (environment: Record<string, string>): Catalog => loadCatalog({ environment, configFile: null }).catalog;
const states = [...load({}).providers.values()];
const everything = load(Object.fromEntries(states.flatMap(({ row }) => [
  ...(row.key_env ?? []).map((name) => [name, 'k'] as const),
  ...(row.discover && row.base_url_env !== null ? [[row.base_url_env, 'http://127.0.0.1:9/v1'] as const] : []),
])));

const contract = JSON.parse(readFileSync(new URL('../../generated/openapi.json', import.meta.url), 'utf8')) as object;
const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
ajv.addSchema(contract, 'contract');
const isModelList = ajv.compile({ $ref: 'contract#/components/schemas/ModelList' });

describe('listModels', () => {
  test('every row keeps the contract, and ids are unique and in order', () => {
    everything.discovered.set('ollama', ['llama3.2', 'qwen3:8b']);
    const rows = listModels(everything);
    isModelList({ object: 'list', data: rows });
    expect(isModelList.errors ?? []).toEqual([]);
    const ids = rows.map((row) => row.id);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids).toEqual(expect.arrayContaining(['google/gemini-2.5-flash', 'fast', 'balanced', 'sandbox/echo', 'ollama/qwen3:8b']));
  });

  test('lists only what can be called now', () => {
    const rows = listModels(load({ GROQ_API_KEY: 'k' }));
    expect(rows.every((row) => row.available && row.missing_credentials.length === 0)).toBe(true);
    expect(new Set(rows.flatMap((row) => row.providers))).toEqual(new Set(['groq', 'sandbox']));
  });

  test('without a key the sandbox and the names that lead to it are listed', () => {
    const rows = listModels(load({}));
    expect(rows.filter((row) => row.resolves_to === null).map((row) => row.id)).toEqual(['sandbox/chat', 'sandbox/echo']);
    expect(rows.find((row) => row.id === 'fast')).toMatchObject({ resolves_to: 'sandbox/chat', available: true });
  });
});

describe('findModel', () => {
  test('tells what a model can do and what it costs, in whole nano-USD', () => {
    expect(findModel(load({ GEMINI_API_KEY: 'k' }), 'google/gemini-2.5-flash')).toMatchObject({
      context_window: 1_048_576, context_length: 1_048_576, max_output_tokens: 65_536, tier: 'basic', status: 'deprecated', aliases: ['gemini-2.5-flash'],
      capabilities: { tools: true, structured_output: true, reasoning: true, vision: true, audio_input: true, streaming: true },
      pricing: { currency: 'USD', version: 'pi-ai@1.5.2', input: '300000000', output: '2500000000', cache_read: '30000000', cache_write: null, unpriced: false },
      available: true, providers: ['google', 'openrouter'], resolves_to: null,
    });
  });

  test('a model that can\'t be reached says which keys are missing', () => {
    expect(findModel(load({}), 'openai/gpt-5-mini')).toMatchObject({ available: false, missing_credentials: ['OPENAI_API_KEY', 'OPENROUTER_API_KEY'] });
  });

  test('any other name of a model gives the model itself', () => {
    for (const name of ['gpt-5-mini', 'openai/openai/gpt-5-mini', 'openrouter/openai/gpt-5-mini']) expect(findModel(everything, name).id).toBe('openai/gpt-5-mini');
    expect(findModel(everything, 'sandbox/echo?fail_status=500').id).toBe('sandbox/echo');
  });

  test('an unpriced model says so instead of 0', () => {
    expect(findModel(everything, 'perplexity/sonar').pricing).toMatchObject({ unpriced: true, input: null, output: null, version: null });
  });

  test('a retired model is described, with its replacement', () => {
    expect(findModel(everything, 'deepseek/deepseek-chat')).toMatchObject({ status: 'retired', available: false, missing_credentials: [], replacement: 'deepseek/deepseek-v4.1-flash' });
  });

  test('prices are those of the target that would answer', () => {
    const direct = findModel(load({ DEEPSEEK_API_KEY: 'k' }), 'deepseek/deepseek-v4-pro').pricing;
    const resold = findModel(load({ OPENROUTER_API_KEY: 'k' }), 'deepseek/deepseek-v4-pro').pricing;
    expect([direct?.input, resold?.input]).toEqual(['1320000000', '955260000']);
  });
});
