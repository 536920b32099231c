import { mkdtempSync, readFileSync, copyFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { CatalogData } from '../generated/catalog-types.ts';
import { findBrokenReferences, namesOf } from '../gateway/routing/references.ts';
import { nameOf } from '../gateway/routing/route-terms.ts';
import { buildCatalog, generateCatalog } from './catalog.ts';
import { findNewDisagreements } from './catalog/disagreements.ts';
import { makeModels } from './catalog/models.ts';
import { matchesAny } from './catalog/overlay.ts';
import type { Overlay } from './catalog/overlay.ts';
import type { SourceRow } from './catalog/snapshot.ts';

const generated = join(import.meta.dirname, '..', 'generated');
const catalog = buildCatalog();
const model = (id: string): CatalogData['models'][number] | undefined => catalog.models.find((row) => row.id === id);

const nothing: Overlay = { leave_out: [], same_as: {}, free: [], unpriced: [], wires: [], prices: [], changes: [], models: [] };
const row: SourceRow = {
  provider: 'openrouter', id: 'maker/one-1.5', name: 'Maker: One 1.5', api: 'openai-completions', reasoning: true, input: ['text'],
  contextWindow: 1000, maxTokens: 100, cost: { input: 1, output: 2, cacheRead: 0.1, cacheWrite: 0 },
};
const makeFrom = (rows: readonly SourceRow[], overlay: Partial<Overlay> = {}): CatalogData['models'] =>
  makeModels(rows, { overlay: { ...nothing, ...overlay }, providers: new Map(), version: 'list@1' }, 0);

describe('the shipped catalogue', () => {
  test('is what the committed sources give, byte for byte', () => {
    const folder = mkdtempSync(join(tmpdir(), 'interline-test-'));
    try {
      copyFileSync(join(generated, 'catalog.schema.json'), join(folder, 'catalog.schema.json'));
      generateCatalog(folder);
      expect(readFileSync(join(folder, 'catalog.json'), 'utf8') === readFileSync(join(generated, 'catalog.json'), 'utf8')).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('has at least 250 text models that can be called, over at least 12 providers', () => {
    const callable = catalog.models.filter((one) => one.status !== 'retired' && one.output_modalities.includes('text'));
    expect(callable.length).toBeGreaterThanOrEqual(250);
    expect(new Set(callable.flatMap((one) => one.targets.map((target) => target.provider))).size).toBeGreaterThanOrEqual(12);
  });

  test('has the models of the seeds, each at its maker first and at OpenRouter second', () => {
    const places = ['google/gemini-2.5-flash', 'google/gemini-2.5-pro', 'openai/gpt-5-mini', 'anthropic/claude-sonnet-4.5']
      .map((id) => model(id)?.targets.map((target) => `${target.provider}:${target.model}`));
    expect(places).toEqual([
      ['google:gemini-2.5-flash', 'openrouter:google/gemini-2.5-flash'],
      ['google:gemini-2.5-pro', 'openrouter:google/gemini-2.5-pro'],
      ['openai:gpt-5-mini', 'openrouter:openai/gpt-5-mini'],
      ['anthropic:claude-sonnet-4-5', 'openrouter:anthropic/claude-sonnet-4.5'],
    ]);
  });

  test('every target has a price in whole nano-USD, or says that it is unpriced; 0 is never a price nobody gave', () => {
    for (const { target, isChat } of catalog.models.flatMap((one) => one.targets.map((target) => ({ target, isChat: one.kinds?.includes('chat') !== false })))) {
      if (!target.price) {
        expect(target.unpriced).toBe(true);
        continue;
      }
      const { version, input, output, cache_read: read, cache_write: write, long_prompts: long } = target.price;
      const rates = [input, output, read ?? 0, write ?? 0, ...(long ?? []).flatMap((one) => [one.input, one.output, one.cache_read ?? 0, one.cache_write ?? 0])];
      expect(rates.every((rate) => Number.isSafeInteger(rate) && rate >= 0)).toBe(true);
      const media = Object.values(target.price.media ?? {}).length;
      // What makes no text has no price for it; but something of it has one.
      if (isChat ? input === 0 || output === 0 : input === 0 && output === 0 && media === 0) expect(version).toMatch(/:free$|^sandbox$/);
    }
  });

  test('target ids are unique', () => {
    const ids = catalog.models.flatMap((one) => one.targets.map((target) => `${target.provider}/${target.model}`));
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test('every name in it leads somewhere, and routes only to models that are not retired', () => {
    expect(findBrokenReferences(catalog)).toEqual([]);
    const routed = [...catalog.routes.flatMap((route) => route.targets.map(nameOf)), ...Object.values(catalog.aliases).flatMap(namesOf)];
    expect(routed.filter((name) => model(name)?.status === 'retired')).toEqual([]);
  });

  test('the names that callers are promised exist, and work without any key', () => {
    const names = [...catalog.routes.map((route) => route.id), ...Object.keys(catalog.aliases)];
    expect(names).toEqual(expect.arrayContaining(['fast', 'balanced', 'smart', 'cheap-fast', 'best-quality', 'long-context', 'code', 'research', 'vision', 'fallback']));
    for (const route of catalog.routes.filter((one) => one.id !== 'vision')) expect(route.targets.at(-1)).toBe('sandbox/chat');
  });

  test('the vision route names only models that see', () => {
    const blind = catalog.routes.find((route) => route.id === 'vision')?.targets.map(nameOf).filter((id) => !model(id)?.input_modalities.includes('image'));
    expect(blind).toEqual([]);
  });

  test('says what is deprecated and retired, when, and what to use instead', () => {
    expect(model('google/gemini-2.5-flash')).toMatchObject({ status: 'deprecated', shutdown_at: '2026-12-01', replacement: 'google/gemini-3.5-flash-lite' });
    expect(model('deepseek/deepseek-chat')).toMatchObject({ status: 'retired', shutdown_at: '2026-07-24', replacement: 'deepseek/deepseek-v4.1-flash' });
  });
});

describe('generating from a price list', () => {
  test('a row without a price, with an impossible one, or no longer free stops the generator', () => {
    expect(() => makeFrom([{ ...row, cost: { ...row.cost, input: 0 } }])).toThrow(/openrouter\/maker\/one-1\.5 has no price/);
    expect(() => makeFrom([{ ...row, cost: { ...row.cost, output: 17 } }])).toThrow(/cannot cost 1 in and 17 out/);
    expect(() => makeFrom([row], { free: ['openrouter/*'] })).toThrow(/not free any more/);
  });

  test('a kind the list has no price for is left out, and long prompts keep their own prices', () => {
    const tier = { inputTokensAbove: 200, input: 2, output: 4, cacheRead: 0, cacheWrite: 0 };
    const [made] = makeFrom([{ ...row, cost: { ...row.cost, tiers: [tier] } }]);
    expect(made?.targets).toEqual([{
      provider: 'openrouter', model: 'maker/one-1.5',
      price: {
        version: 'list@1', input: 1_000_000_000, output: 2_000_000_000, cache_read: 100_000_000,
        long_prompts: [{ above_prompt_tokens: 200, input: 2_000_000_000, output: 4_000_000_000 }],
      },
    }]);
  });

  test('a maker\'s own name of a model is recognised, a host\'s copy is a model of its own', () => {
    const slug = { ...row, id: 'anthropic/claude-x-1.5' };
    const made = makeFrom([slug, { ...row, provider: 'anthropic', id: 'claude-x-1-5' }, { ...row, provider: 'groq', id: 'anthropic/claude-x-1.5' }]);
    expect(made.map((one) => [one.id, one.owned_by, one.targets.map((target) => target.provider)])).toEqual([
      ['anthropic/claude-x-1.5', 'anthropic', ['anthropic', 'openrouter']],
      ['groq/anthropic/claude-x-1.5', 'anthropic', ['groq']],
    ]);
  });

  test('a price that newly disagrees with the second list is named', () => {
    const dearer = catalog.models.map((one) => (one.id !== 'openai/gpt-5-mini' ? one
      : { ...one, targets: one.targets.map((target) => ({ ...target, price: target.price && { ...target.price, input: target.price.input * 2 } })) }));
    expect(findNewDisagreements(catalog)).toEqual([]);
    expect(findNewDisagreements({ ...catalog, models: dearer })).toEqual([
      expect.stringContaining('openai/gpt-5-mini input: ours 0.5, theirs 0.25'),
      expect.stringContaining('openrouter/openai/gpt-5-mini input: ours 0.5, theirs 0.25'),
    ]);
  });

  test('a star in a pattern stands for anything, and nothing else is special', () => {
    expect(matchesAny(['a/*:batch', 'b.c'], 'a/x/y:batch')).toBe(true);
    expect(matchesAny(['a/*:batch', 'b.c'], 'bxc')).toBe(false);
  });
});
