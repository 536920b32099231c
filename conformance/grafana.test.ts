import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { errorCatalogue } from '../generated/errors.ts';
import { jsonOf } from './native-stage.ts';
import { askJson } from './payer.ts';
import { call } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { startServer, stopServers } from './server-under-test.ts';

interface Panel { readonly id: number; readonly type: string; readonly title: string; readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[] }
interface Dashboard { readonly panels: readonly Panel[]; readonly templating: { readonly list: readonly { readonly definition?: string }[] } }

const dashboard = JSON.parse(readFileSync(join(import.meta.dirname, '../docs/grafana/interline.json'), 'utf8')) as Dashboard;
const targets = dashboard.panels.flatMap(({ title, targets: own = [] }) => own.map((target) => ({ title, ...target })));
/** Prometheus adds these when it scrapes. */
const ADDED_LABELS = ['instance', 'job'];

let upstream: ReplayUpstream;
/** Labels of every sample of a running server that has seen something, by name. */
let samples: Map<string, Set<string>>;

beforeAll(async () => {
  upstream = await startReplayUpstream();
  upstream.play('first', jsonOf({ error: { message: 'broken' } }, { status: 500 }));
  upstream.play('second', jsonOf({
    id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  }));
  const two = ['vllm', 'together'].map((provider, index) => ({ provider, model: ['first', 'second'][index], unpriced: true }));
  const server = await startServer({
    env: { VLLM_BASE_URL: upstream.url, TOGETHER_BASE_URL: upstream.url, TOGETHER_API_KEY: 'key' },
    config: { models: [{ id: 'local/two', name: 'two', tier: 'basic', context_window: 1000, max_output_tokens: 100, targets: two }] },
  });
  const chat = (body: object): Promise<unknown> => call(server.url, { path: '/v1/chat/completions', key: server.key, body: { messages: [{ role: 'user', content: 'hi' }], ...body } });
  const { data } = await askJson(server, { path: '/v1/workspaces' }) as { data?: { id: string }[] };
  await askJson(server, { method: 'PATCH', path: `/v1/workspaces/${data?.[0]?.id ?? ''}`, body: { reply_cache: { enabled: true } } });
  await chat({ model: 'local/two' });
  await chat({ model: 'sandbox/echo', stream: true });
  await chat({ model: 'no/such-model' });
  await chat({ model: 'fast' });
  samples = readSamples((await call(server.url, { path: '/metrics' })).body.toString('utf8'));
}, 30_000);
afterAll(async () => {
  await stopServers();
  await upstream.close();
});

function readSamples(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const [, name, labels = ''] = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    const known = found.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
    found.set(name, known);
  }
  return found;
}

function namesIn(expression: string): string[] {
  return [...expression.matchAll(/\b(?:interline|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name);
}

test('every metric of the dashboard is one of a running server', () => {
  expect(targets.length).toBeGreaterThan(30);
  const named = [...targets.map(({ expr }) => expr), ...dashboard.templating.list.map(({ definition = '' }) => definition)].flatMap(namesIn);
  expect(targets.filter(({ expr }) => namesIn(expr).length === 0)).toEqual([]);
  expect([...new Set(named)].filter((name) => !samples.has(name))).toEqual([]);
});

test('every label it sums, filters or names by is one of that metric', () => {
  for (const { title, expr, legendFormat } of targets) {
    const known = new Set([...ADDED_LABELS, ...namesIn(expr).flatMap((name) => [...samples.get(name) ?? []])]);
    const summed = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(',').map((label) => label.trim()));
    const filtered = [...expr.matchAll(/[{,]([a-z_]+)(?:=~|!=|=)"/g)].map(([, label = '']) => label);
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    expect([title, [...summed, ...filtered, ...shown].filter((label) => !known.has(label))]).toEqual([title, []]);
    // What a legend names must be left after summing.
    if (/\bby \(/.test(expr)) expect([title, shown.filter((label) => !summed.includes(label))]).toEqual([title, []]);
  }
});

test('every error code it filters by is one there is', () => {
  const codes = targets.flatMap(({ expr }) => [...expr.matchAll(/code=~"([^"]*)"/g)]).flatMap(([, names = '']) => names.split('|'));
  expect(codes.length).toBeGreaterThan(0);
  expect(codes.filter((code) => !(code in errorCatalogue))).toEqual([]);
});

test('everything this gateway counts is on it', () => {
  const shown = new Set(targets.flatMap(({ expr }) => namesIn(expr)).map((name) => name.replace(/_bucket$/, '')));
  const counted = [...samples.keys()].filter((name) => name.startsWith('interline_')).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  expect([...new Set(counted)].filter((name) => !shown.has(name))).toEqual([]);
});
