/** This file holds the making of a body from a form: types, lists, objects, files, and what is refused. */
import { describe, expect, test } from '@jest/globals';
import { Refusal } from '../gateway/foundation/errors.ts';
import type { FormField } from '../generated/operations.ts';
import { bodyOfForm } from './form-body.ts';
import type { FormPart } from './read-multipart.ts';

const text: FormField = { reads: ['string'] };
const fields: Record<string, FormField> = {
  file: { reads: ['file'] },
  image: { reads: ['file'], items: { reads: ['file'] } },
  input_reference: { reads: ['file', 'object'], fields: { image_url: text } },
  model: text,
  temperature: { reads: ['number'] },
  stream: { reads: ['boolean'] },
  seconds: { reads: ['string', 'number'] },
  include: { reads: [], items: text },
  chunking: { reads: ['object', 'string'], fields: { type: text, padding_ms: { reads: ['number'] }, on: { reads: ['boolean'] } } },
  tags: { reads: [], items: { reads: ['object'], fields: { key: text, n: { reads: ['number'] } } } },
};
const depths = { formNameDepthMax: 4, jsonDepthMax: 8 };

const t = (name: string, value: string): FormPart => ({ kind: 'text', name, text: value });
const f = (name: string, fileName = 'a.wav', bytes = 'x'): FormPart => ({ kind: 'file', name, fileName, contentType: 'audio/wav', bytes: Buffer.from(bytes) });
const bodyOf = (...parts: FormPart[]): Record<string, unknown> => bodyOfForm(parts, fields, depths).value;

function refused(...parts: FormPart[]): { code: string; param: string | null | undefined; message: string } {
  try {
    bodyOf(...parts);
  } catch (thrown) {
    if (thrown instanceof Refusal) return { code: thrown.code, param: thrown.options.param, message: thrown.message };
  }
  throw new Error('not refused');
}

describe('texts', () => {
  test('become what the contract says they are, and stay text where they are not', () => {
    expect(bodyOf(t('model', '1'), t('temperature', '0.5'), t('stream', 'true'), t('seconds', '8'))).toEqual({ model: '1', temperature: 0.5, stream: true, seconds: '8' });
    for (const wrong of ['', ' 1', '0x10', 'NaN', 'Infinity', '1e999', '1,5']) expect(bodyOf(t('temperature', wrong))).toEqual({ temperature: wrong });
    for (const wrong of ['', 'True', '1', 'yes']) expect(bodyOf(t('stream', wrong))).toEqual({ stream: wrong });
    expect(bodyOf(t('temperature', '-1.5e-3'), t('stream', 'false'))).toEqual({ temperature: -0.0015, stream: false });
  });

  test('the contract does not know are kept as they are', () => {
    expect(bodyOf(t('vendor', '1'), t('more[a][b]', 'true'), t('list[]', '1'), t('again', 'x'), t('again', 'y'))).toEqual({ vendor: '1', more: { a: { b: 'true' } }, list: ['1'], again: ['x', 'y'] });
  });

  test('of any name make own fields and nothing else', () => {
    const body = bodyOf(t('__proto__', 'x'), t('constructor[prototype]', 'y'), t('toString', 'z'));
    expect(Object.keys(body)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
    expect(JSON.stringify(body)).toBe('{"__proto__":"x","constructor":{"prototype":"y"},"toString":"z"}');
  });

  test.each(['[]', 'a[', 'a]', '[a]', 'a[b]c', ''])('with the name "%s" stand under it whole', (name) => {
    expect(bodyOf(t(name, 'x'))).toEqual({ [name]: 'x' });
  });
});

describe('lists', () => {
  test.each([
    ['brackets', [t('include[]', 'a'), t('include[]', 'b')]],
    ['numbers', [t('include[0]', 'a'), t('include[1]', 'b')]],
    ['repetition', [t('include', 'a'), t('include', 'b')]],
    ['JSON', [t('include', '["a","b"]')]],
  ])('come by %s', (_name, parts) => {
    expect(bodyOf(...parts)).toEqual({ include: ['a', 'b'] });
  });

  test('of one item are lists only where nothing else is meant', () => {
    expect(bodyOf(t('include', 'a'))).toEqual({ include: ['a'] });
    expect(bodyOf(f('image'))).toEqual({ image: 'a.wav' });
    expect(bodyOf(f('image[]'))).toEqual({ image: ['a.wav'] });
  });

  test('of objects', () => {
    expect(bodyOf(t('tags[0][key]', 'a'), t('tags[0][n]', '1'), t('tags[1][key]', 'b'))).toEqual({ tags: [{ key: 'a', n: 1 }, { key: 'b' }] });
  });
});

describe('objects', () => {
  test.each([
    ['brackets', [t('chunking[type]', 'server_vad'), t('chunking[padding_ms]', '300'), t('chunking[on]', 'true')]],
    ['JSON', [t('chunking', ' {"type":"server_vad","padding_ms":300,"on":true}')]],
  ])('come by %s', (_name, parts) => {
    expect(bodyOf(...parts)).toEqual({ chunking: { type: 'server_vad', padding_ms: 300, on: true } });
  });

  test('are not seen in a text that is none', () => {
    expect(bodyOf(t('chunking', 'auto'), t('model', '{"a":1}'))).toEqual({ chunking: 'auto', model: '{"a":1}' });
    expect(bodyOf(t('chunking', '{broken'))).toEqual({ chunking: '{broken' });
  });
});

describe('files', () => {
  test('stand in the body as their names, and aside with their bytes', () => {
    const { value, files } = bodyOfForm([f('file', 'tape.mp3', 'bytes'), f('image[]', '1.png'), f('image[]', '2.png')], fields, depths);
    expect(value).toEqual({ file: 'tape.mp3', image: ['1.png', '2.png'] });
    expect(files).toEqual([
      { field: 'file', name: 'tape.mp3', contentType: 'audio/wav', bytes: Buffer.from('bytes') },
      { field: 'image', name: '1.png', contentType: 'audio/wav', bytes: Buffer.from('x') },
      { field: 'image', name: '2.png', contentType: 'audio/wav', bytes: Buffer.from('x') },
    ]);
  });

  test('share a field with an object', () => {
    expect(bodyOf(f('input_reference'))).toEqual({ input_reference: 'a.wav' });
    expect(bodyOf(t('input_reference[image_url]', 'https://a.example/b.png'))).toEqual({ input_reference: { image_url: 'https://a.example/b.png' } });
  });
});

describe('400', () => {
  test.each([
    ['a text where a file belongs', [t('file', 'abc')], 'file', 'must be a file'],
    ['a text where a file or an object belongs', [t('input_reference', 'abc')], 'input_reference', 'must be a file'],
    ['a file where a text belongs', [f('model')], 'model', 'takes no file'],
    ['a file nobody knows', [f('vendor')], 'vendor', 'not known here'],
    ['a file deep in a name nobody knows', [f('vendor[a][]')], 'vendor.a[0]', 'not known here'],
    ['an empty file', [f('file', 'a.wav', '')], 'file', 'is empty'],
    ['a field given twice', [t('model', 'a'), t('model', 'b')], 'model', 'given 2 times'],
    ['a file given twice', [f('file'), f('file')], 'file', 'given 2 times'],
    ['a field given in two ways', [t('include', 'a'), t('include[]', 'b')], 'include', 'with and without brackets'],
    ['brackets where one value belongs', [f('file[]')], 'file', 'without brackets'],
    ['an object where one value belongs', [t('model[a]', 'x')], 'model', 'without brackets'],
    ['a name that nests too deep', [t('a[b][c][d][e]', 'x')], 'a', 'nests deeper than 4'],
  ])('%s', (_name, parts, param, message) => {
    const refusal = refused(...parts);
    expect(refusal).toMatchObject({ code: 'invalid_request', param });
    expect(refusal.message).toContain(message);
  });

  test('JSON that nests too deep', () => {
    expect(refused(t('chunking', `${'{"a":'.repeat(20)}1${'}'.repeat(20)}`))).toMatchObject({ code: 'json_too_deep', param: 'chunking' });
  });
});
