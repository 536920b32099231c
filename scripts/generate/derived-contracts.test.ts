/** This file tests the two contracts that are derived from ours: the one for old SDK generators and the one for the mock. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import type { Contract } from './contract.ts';
import { listOperations, runRedocly } from './contract.ts';
import { renderMockContract } from './mock-contract.ts';
import { downgradeContract } from './openapi-3.0.ts';
import { findStale, publish, writeText } from './output.ts';

const root = path.resolve(import.meta.dirname, '../..');
const contract = JSON.parse(readFileSync(path.join(root, 'generated', 'openapi.json'), 'utf8')) as Contract;

test('the 3.0 contract has the structure of OpenAPI 3.0 in the eyes of Redocly', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'interline-3.0-'));
  try {
    writeFileSync(path.join(folder, 'openapi.json'), JSON.stringify(downgradeContract(contract)));
    writeFileSync(path.join(folder, 'redocly.yaml'), "telemetry: 'off'\nextends: [spec]\nrules: { struct: error, no-unresolved-refs: error, no-schema-type-mismatch: error, no-invalid-media-type-examples: off }\n");
    expect(() => { runRedocly(root, ['lint', path.join(folder, 'openapi.json'), '--config', path.join(folder, 'redocly.yaml')]); }).not.toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the 3.0 contract says null, one value and one type in the words of 3.0', () => {
  const { components } = downgradeContract(contract) as unknown as { components: { schemas: Record<string, { properties: unknown }> } };
  expect(components.schemas['AssistantMessage']?.properties).toMatchObject({
    role: { type: 'string', enum: ['assistant'] },
    content: { allOf: [{ $ref: '#/components/schemas/AssistantContent' }] },
    audio: { type: 'object', nullable: true, allOf: [{ $ref: '#/components/schemas/AudioReference' }] },
    refusal: { type: 'string', nullable: true },
  });
  expect(JSON.stringify(components.schemas)).not.toMatch(/"type":\[|"const":|"type":"null"/);
});

test("the mock's stream is the very bytes of a stream, its end mark included", () => {
  const { paths } = renderMockContract(contract);
  const media = paths['/chat/completions']?.post?.responses['200']?.content?.['text/event-stream'];
  const events = String(media?.examples?.['stream']?.value).split('\n\n');
  expect(events.at(-1)).toBe('');
  expect(events.at(-2)).toBe('data: [DONE]');
  for (const event of events.slice(0, -2)) expect(JSON.parse(event.replace(/^data: /, ''))).toMatchObject({ object: 'chat.completion.chunk' });
});

test('the mock declares no 422, with which Prism would answer every request that is a 400 here', () => {
  const declared = (from: Contract): string[] => listOperations(from).flatMap(({ operation }) => Object.keys(operation.responses));
  expect(declared(contract)).toContain('422');
  expect(declared(renderMockContract(contract))).not.toContain('422');
});

test('missing, changed and left over files are stale, and none is after publishing', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'interline-output-'));
  try {
    const [out, target] = [path.join(folder, 'out'), path.join(folder, 'target')];
    for (const name of ['same.ts', 'changed.ts', 'client/missing.ts']) writeText(out, name, 'new');
    writeText(target, 'same.ts', 'new');
    writeText(target, 'changed.ts', 'old');
    writeText(target, 'client/left-over.ts', 'old');
    expect(findStale(out, target)).toEqual(['changed.ts', 'client/left-over.ts', 'client/missing.ts']);
    publish(out, target);
    expect(findStale(out, target)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
