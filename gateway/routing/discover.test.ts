import { describe, expect, test } from '@jest/globals';
import { createManualClock } from '../foundation/clock.ts';
import type { Provider } from '../foundation/terms.ts';
import { loadCatalog } from './catalog.ts';
import { startDiscovery } from './discover.ts';
import { listModels } from './models.ts';

const load = (): ReturnType<typeof loadCatalog>['catalog'] => loadCatalog({ environment: { OLLAMA_BASE_URL: 'http://127.0.0.1:9' }, configFile: null }).catalog;
const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

describe('startDiscovery', () => {
  test('lists what local servers say they have, at once and again every minute', async () => {
    const catalog = load();
    const clock = createManualClock();
    const asked: string[] = [];
    const answers = [['a', 'b', 'a'], ['c']];
    const stop = startDiscovery({
      catalog, clock, onFailure: () => undefined,
      askModels: (provider: Provider) => { asked.push(provider.id); return Promise.resolve(answers.shift() ?? []); },
    });
    await settled();
    expect(listModels(catalog).filter((model) => model.owned_by === 'ollama').map((model) => model.id)).toEqual(['ollama/a', 'ollama/b']);
    clock.advance(60_000);
    await settled();
    expect(catalog.discovered.get('ollama')).toEqual(['c']);
    stop();
    clock.advance(600_000);
    await settled();
    expect(asked).toEqual(['ollama', 'ollama']);
  });

  test('a server that can\'t be asked has no models, and the failure is told', async () => {
    const catalog = load();
    catalog.discovered.set('ollama', ['old']);
    const failures: unknown[] = [];
    startDiscovery({ catalog, clock: createManualClock(), askModels: () => Promise.reject(new Error('refused')), onFailure: (provider, error) => failures.push([provider, String(error)]) });
    await settled();
    expect(catalog.discovered.has('ollama')).toBe(false);
    expect(failures).toEqual([['ollama', 'Error: refused']]);
  });

  test('a slow server is not asked twice at once', async () => {
    const clock = createManualClock();
    let asked = 0;
    let answer: (models: string[]) => void = () => undefined;
    startDiscovery({
      catalog: load(), clock, onFailure: () => undefined,
      askModels: () => { asked++; return new Promise((resolve) => { answer = resolve; }); },
    });
    clock.advance(180_000);
    expect(asked).toBe(1);
    answer(['a']);
    await settled();
    clock.advance(60_000);
    expect(asked).toBe(2);
  });
});
