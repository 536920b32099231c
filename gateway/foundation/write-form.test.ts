/** This file reads back the forms that are written, by Node's own parser. */
import { expect, test } from '@jest/globals';
import { writeForm } from './write-form.ts';

test('a form is read as it was meant', async () => {
  const { contentType, body } = writeForm({
    fields: { model: 'whisper-1', temperature: 0.5, stream: false, none: null, include: ['a', 'b'], chunking: { type: 'vad', list: [1] }, 'odd"\r\n': 'ü' },
    files: [
      { field: 'file', name: 'a"b.wav', contentType: 'audio/wav', bytes: Buffer.of(0, 255, 13, 10) },
      { field: 'image', name: '1.png', contentType: 'image/png', bytes: Buffer.from('1') },
      { field: 'image', name: '2.png', contentType: 'image/png', bytes: Buffer.from('2') },
    ],
    secret: 'req_1',
  });
  const form = await new Response(Buffer.from(body), { headers: { 'content-type': contentType } }).formData();
  const texts = [...form].filter(([, value]) => typeof value === 'string');
  expect(texts).toEqual([
    ['model', 'whisper-1'], ['temperature', '0.5'], ['stream', 'false'], ['include[]', 'a'], ['include[]', 'b'], ['chunking[type]', 'vad'], ['chunking[list][]', '1'], ['odd"\r\n', 'ü'],
  ]);
  const files = await Promise.all([...form].map(async ([name, value]) => (value instanceof File ? [name, value.name, value.type, [...new Uint8Array(await value.arrayBuffer())]] : null)));
  expect(files.filter(Boolean)).toEqual([
    ['file', 'a"b.wav', 'audio/wav', [0, 255, 13, 10]], ['image[]', '1.png', 'image/png', [49]], ['image[]', '2.png', 'image/png', [50]],
  ]);
});
