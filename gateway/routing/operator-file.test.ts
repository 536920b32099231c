import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { CatalogError, loadCatalog } from './catalog.ts';
import type { LoadedCatalog } from './catalog.ts';
import { findModel, listModels } from './models.ts';
import { resolve } from './resolve.ts';

const folder = mkdtempSync(join(tmpdir(), 'interline-test-'));
const file = join(folder, 'interline.yaml');
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

function load(yaml: string, environment: Record<string, string> = {}): LoadedCatalog {
  writeFileSync(file, yaml);
  return loadCatalog({ environment, configFile: file });
}

function mistakesOf(yaml: string): string[] {
  try {
    load(yaml);
  } catch (thrown) {
    if (thrown instanceof CatalogError) return thrown.mistakes.map((mistake) => mistake.replace(`${file}:`, ''));
    throw thrown;
  }
  return [];
}

const OFFICE = `
providers:
  - id: office
    base_url: http://10.0.0.7:8000/v1
    key_env: [OFFICE_KEY]
    headers: { X-Team: "team \${TEAM}" }
models:
  - id: office/large
    context_window: 32000
    targets:
      - provider: office
        model: big-one
        price: { input: 2000000000, output: 4000000000 }
`;

describe('what the operator adds', () => {
  test('a provider with its key and headers from the environment, and a model of it with its price', () => {
    const { catalog } = load(OFFICE, { OFFICE_KEY: 'secret', TEAM: 'blue' });
    const [target] = resolve(catalog, 'office/large').targets;
    expect(target).toMatchObject({ upstreamModel: 'big-one', price: { version: 'operator', input: 2_000_000_000n } });
    expect(target?.provider).toMatchObject({ baseUrl: 'http://10.0.0.7:8000/v1', apiKey: 'secret', headers: { 'X-Team': 'team blue' }, wire: 'openai-chat' });
    expect(findModel(catalog, 'office/large')).toMatchObject({ owned_by: 'office', tier: 'pro', context_window: 32000, available: true });
  });

  test('whatever of it is not in the environment is missing', () => {
    const { catalog } = load(OFFICE, {});
    expect(findModel(catalog, 'office/large')).toMatchObject({ available: false, missing_credentials: ['OFFICE_KEY', 'TEAM'] });
  });

  test('a server that names its own models', () => {
    const { catalog } = load('providers: [{ id: den, base_url: http://10.0.0.8:8000/v1, discover: true }]');
    expect(resolve(catalog, 'den/any/model').targets[0]).toMatchObject({ upstreamModel: 'any/model', price: { version: 'local' } });
  });

  test('aliases and routes, also to models of local servers', () => {
    const { catalog } = load('aliases:\n  gpt-4: [ollama/llama3.2, sandbox/echo]\nroutes:\n  - { id: mine, description: Mine., targets: [sandbox/echo] }\n');
    expect(resolve(catalog, 'gpt-4')).toMatchObject({ model: 'sandbox/echo' });
    expect(resolve(catalog, 'mine')).toMatchObject({ model: 'sandbox/echo', route: 'mine' });
  });
});

describe('what the operator overrides', () => {
  test('only the fields that are given change', () => {
    const { catalog } = load('models: [{ id: openai/gpt-5-mini, tier: ultimate }]\nproviders: [{ id: openai, base_url: "http://10.0.0.9/v1" }]', { OPENAI_API_KEY: 'k' });
    expect(findModel(catalog, 'openai/gpt-5-mini')).toMatchObject({ tier: 'ultimate', name: 'GPT-5 Mini' });
    expect(resolve(catalog, 'openai/gpt-5-mini').targets[0]?.provider).toMatchObject({ baseUrl: 'http://10.0.0.9/v1', apiKey: 'k' });
  });

  test('an alias takes the place of a built-in route or alias, and null takes it away', () => {
    const { catalog } = load('aliases: { balanced: sandbox/echo, fast: sandbox/echo, smart: null, code: null }');
    expect(resolve(catalog, 'balanced')).toMatchObject({ model: 'sandbox/echo', route: null });
    expect(resolve(catalog, 'fast')).toMatchObject({ model: 'sandbox/echo' });
    expect(listModels(catalog).map((model) => model.id)).not.toEqual(expect.arrayContaining(['smart']));
    expect(() => resolve(catalog, 'code')).toThrow(/There is no model/);
  });

  test('a retired model is no longer listed', () => {
    const { catalog } = load('models: [{ id: sandbox/echo, status: retired }]');
    expect(listModels(catalog).map((model) => model.id)).not.toContain('sandbox/echo');
  });

  test('limits; what is left out keeps its default', () => {
    const { limits } = load('limits: { drainMs: 5 }');
    expect(limits).toMatchObject({ drainMs: 5, jsonDepthMax: 64 });
  });

  test('an empty file changes nothing', () => {
    expect(load('# nothing yet\n').catalog.models.size).toBe(loadCatalog({ environment: {}, configFile: null }).catalog.models.size);
  });
});

describe('mistakes', () => {
  test('of shape are all told, with line, column, path and what was expected', () => {
    expect(mistakesOf([
      'providers:',
      '  - id: office',
      '    base_urll: http://x/v1',
      'models:',
      '  - id: my/model',
      '    tier: gold',
      '    targets:',
      '      - provider: openai',
      '        model: m',
      '        price: { input: 0.3, output: 100 }',
      'aliases:',
      '  a: 5',
      'limits: { drainMs: -1 }',
    ].join('\n'))).toEqual([
      '3:5: providers.0.base_urll: expected a field that exists; did you mean base_url?',
      '6:5: models.0.tier: expected one of basic, pro, ultimate, not "gold"',
      '10:18: models.0.targets.0.price.input: expected a whole number, not 0.3',
      '12:3: aliases.a: expected text or a list or null, not 5',
      '13:11: limits.drainMs: expected a value that must be >= 1, not -1',
    ]);
  });

  test('of meaning are all told: unknown names, missing prices, missing fields, ids twice', () => {
    expect(mistakesOf([
      'providers:',
      '  - { id: office, name: Office }',
      'models:',
      '  - id: my/model',
      '    targets: [{ provider: offfice, model: m, unpriced: true }]',
      '  - id: my/other',
      '    targets: [{ provider: openai, model: m }]',
      '  - { id: openai/gpt-5, replacement: no/such }',
      '  - { id: my/third }',
      'aliases: { b: no/such, openai/gpt-5: sandbox/echo }',
      'routes:',
      '  - { id: r, description: R., targets: [sandbox/echo, no/way] }',
      '  - { id: r, description: R., targets: [sandbox/echo] }',
    ].join('\n')).sort()).toEqual([
      '10:12: aliases.b: expected an existing model or route, not no/such',
      '10:24: aliases.openai/gpt-5: expected a name that no model and no route has, not openai/gpt-5',
      '13:7: routes.1.id: expected each id once, not r again',
      '2:5: providers.0: expected a base_url, because office is not a built-in provider',
      '5:17: models.0.targets.0.provider: expected an existing provider, not offfice',
      '7:15: models.1.targets.0: expected a price, or unpriced: true',
      '8:25: models.2.replacement: expected an existing model, not no/such',
      '9:5: models.3: expected targets, because my/third is not a built-in model',
    ].sort());
  });

  test('a wire is one the provider can speak: the sandbox has no address, and others have nothing to play it with', () => {
    expect(mistakesOf([
      'models:',
      '  - id: my/model',
      '    targets:',
      '      - { provider: openai, model: a, unpriced: true, wire: sandbox }',
      '      - { provider: sandbox, model: b, unpriced: true, wire: openai-chat }',
      '      - { provider: openai, model: c, unpriced: true, wire: openai-responses }',
    ].join('\n'))).toEqual([
      '4:55: models.0.targets.0.wire: expected a wire that openai can speak, not sandbox',
      '5:56: models.0.targets.1.wire: expected a wire that sandbox can speak, not openai-chat',
    ]);
    expect(mistakesOf('models: [{ id: a, targets: [{ provider: openai, model: d, unpriced: true, wire: morse }] }]')[0]).toContain('models.0.targets.0.wire: expected one of openai-chat,');
  });

  test('of YAML are told with their line', () => {
    expect(mistakesOf('models:\n  - id: a\n  id: [b\n')[0]).toMatch(/^\d+:\d+: /);
    expect(mistakesOf('limits: {}\nlimits: {}\n')[0]).toMatch(/^2:1: Map keys must be unique/);
  });

  test('a file that is not there is a mistake too', () => {
    expect(() => loadCatalog({ environment: {}, configFile: join(folder, 'none.yaml') })).toThrow(/none\.yaml: the configuration can't be read: ENOENT/);
  });
});
