/** This file shows that docs/wires.md leaves out no wire: whoever speaks of a kind of call has a column in its table. */
import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { signHs256 } from '../../gateway/foundation/hmac.ts';
import type { Provider, WireName } from '../../gateway/foundation/terms.ts';
import { chatWireOf, embeddingsWireOf, imagesWireOf, speechWireOf, transcriptionWireOf } from '../../gateway/providers/index.ts';
import { createVideoWires } from '../../gateway/providers/video-wires.ts';
import { OTHER_KINDS } from './other-kinds.ts';
import { verdictOf } from './verdicts.ts';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/wires.md', root), 'utf8');
const names = (parse(readFileSync(new URL('spec/schemas/CatalogWire.yaml', root), 'utf8')) as { enum: WireName[] }).enum;
const videoWireOf = createVideoWires({ nowMs: () => 0, newTraceId: () => '', sign: signHs256 });

test.each<[string, (provider: Provider) => unknown]>([
  ['Chats: fields', chatWireOf], ['Chats: messages', chatWireOf], ['Embeddings', embeddingsWireOf], ['Images', imagesWireOf], ['Images of images', imagesWireOf], ['Transcriptions', transcriptionWireOf],
  ['Speech', speechWireOf], ['Videos', videoWireOf],
])('%s: every wire but the sandbox has a column', (title, wireOf) => {
  const speaking = names.filter((wire) => wire !== 'sandbox' && wireOf({ id: 'p', name: 'P', wire, baseUrl: '', apiKey: null, headers: {}, quirks: {} }) !== null);
  const [head = ''] = /^\|.*$/m.exec(page.slice(page.indexOf(`\n## ${title}\n`))) ?? [];
  expect([...head.matchAll(/`([^`]+)`/g)].map(([, wire]) => wire).sort()).toEqual([...speaking].sort());
});

test('every table has each of its fields once', () => {
  expect(OTHER_KINDS).toHaveLength(6);
  for (const { title, rows } of OTHER_KINDS) {
    const section = page.slice(page.indexOf(`\n## ${title}\n`)).split('\n## ')[1] ?? '';
    expect([...section.matchAll(/^\| `(\w+)`/gm)].map(([, field]) => field)).toEqual(Object.keys(rows));
  }
});

test('a verdict is what became of the field, and nothing else', () => {
  const without = { path: '/a', body: { model: 'm' }, warnings: ['n: old'] };
  const verdict = (given: object): string => verdictOf('n', 2, { without, given: { ...without, ...given } });
  expect(verdict({ body: { model: 'm', n: 2 } })).toBe('kept');
  expect(verdict({ body: { model: 'm', n: 3 } })).toBe('→ `n`');
  expect(verdict({ body: { model: 'm', config: { count: 2 } } })).toBe('→ `config.count`');
  expect(verdict({ path: '/b', body: { model: 'm', n: 2 } })).toBe('kept');
  expect(verdict({ path: '/b' })).toBe('→ the path');
  expect(verdict({})).toBe('*read here*');
  expect(verdict({ warnings: ['n: old', 'n: dropped, there is one'] })).toBe('**refused**: there is one');
  expect(verdict({ body: { model: 'm', n: 2 }, warnings: ['n: at most 4'] })).toBe('kept; at most 4');
  expect(verdict({ refusal: 'one at a time' })).toBe('**refused**, the whole request: one at a time');
  expect(verdict({ body: { model: 'm', 'n[]': '2' }, isForm: true })).toBe('kept');
});
