import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadContract } from './contract.ts';
import { createRouteTable } from './route-table.ts';

const routes = await loadContract([]);
const table = createRouteTable(routes);

describe('the route table', () => {
  test.each(['/v1', '/api/openai/v1'])('%s serves every operation of the contract', (base) => {
    for (const route of routes) {
      const match = table.match(base + route.path + (route.parameter === null ? '' : 'x') + (route.rest === null ? '' : route.middle === '' ? '/a/b' : `${route.middle}/a`) + route.suffix);
      expect([...match?.entry.methods.values() ?? []].map((found) => found.operationId)).toContain(route.operationId);
    }
  });

  test('a model id with slashes is the same raw and percent-encoded', () => {
    expect(table.match('/v1/models/google/gemini-2.5-flash')?.parameter).toBe('google/gemini-2.5-flash');
    expect(table.match('/v1/models/google%2Fgemini-2.5-flash?x=1')).toMatchObject({ parameter: 'google/gemini-2.5-flash', queryText: 'x=1' });
  });

  test('what follows a provider is one parameter, slashes and all, decoded once', () => {
    expect(table.match('/v1/native/sandbox/v1/chat/completions?x=1')).toMatchObject({ parameter: 'sandbox', rest: 'v1/chat/completions', queryText: 'x=1' });
    expect(table.match('/v1/native/sandbox/chat%2Fcompletions')).toMatchObject({ parameter: 'sandbox', rest: 'chat/completions' });
    expect(table.match('/v1/native/sandbox/%252e%252e')).toMatchObject({ rest: '%2e%2e' });
    expect(table.match('/v1/native/sandbox/%zz')).toMatchObject({ rest: undefined });
    for (const path of ['/v1/native/sandbox', '/v1/native/sandbox/', '/v1/native//models', '/v1/native/']) expect(table.match(path)).toBeNull();
  });

  test('of two parameters with a word between them neither holds a slash', () => {
    expect(table.match('/v1/evals/a/runs/b/cancel')).toMatchObject({ parameter: 'a', rest: 'b' });
    expect(table.match('/v1/evals/a/runs/b')).toMatchObject({ parameter: 'a', rest: 'b' });
    for (const path of ['/v1/evals/a/runs/b/c/cancel', '/v1/evals/a/c/runs/b', '/v1/evals//runs/b', '/v1/evals/a/runs//cancel', '/v1/evals/a/other/b']) expect(table.match(path)).toBeNull();
  });

  test('a key id holds no slash', () => {
    expect(table.match('/v1/keys/a/b')).toBeNull();
  });

  test('broken percent-encoding is told apart from an unknown path', () => {
    expect(table.match('/v1/models/%zz')).toMatchObject({ parameter: undefined });
  });

  test('nothing is served beside the contract, and no path throws', () => {
    for (const path of ['', '/', '/v1', '/v1/', '/v1/models/', '/v1/chat', '/v1/chat/completions/', '/v2/models', '//v1/models']) expect(table.match(path)).toBeNull();
    fc.assert(fc.property(fc.webPath(), fc.string(), (path, tail) => { table.match(`/v1${path}${tail}`); }));
  });

  test('405 has what to allow', () => {
    expect(table.match('/v1/models')?.entry.allow).toBe('GET, HEAD, OPTIONS');
  });
});
