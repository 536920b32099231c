/** This file holds the reader of forms to its bounds, however a form is cut, broken or lied about. */
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Refusal } from '../gateway/foundation/errors.ts';
import { isFormType, readMultipart } from './read-multipart.ts';
import type { FormPart } from './read-multipart.ts';

const limits = { formFileBytesMax: 1000, formTextBytesMax: 500, formPartsMax: 10, formPartHeaderBytesMax: 400 };
const TYPE = 'multipart/form-data; boundary=b';

function requestOf(chunks: readonly Buffer[], headers: Record<string, string> = { 'content-type': TYPE }): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.headers = headers;
  for (const chunk of chunks) request.push(chunk);
  request.push(null);
  return request;
}

const read = (text: string | Buffer, headers?: Record<string, string>, bytesMax = 5000): Promise<FormPart[]> =>
  readMultipart(requestOf([Buffer.from(text)], headers), { bytesMax, limits });

async function refusalOf(reading: Promise<unknown>): Promise<{ code: string; status: number; param: string | null | undefined; message: string }> {
  const thrown: unknown = await reading.then(() => null, (error: unknown) => error);
  if (!(thrown instanceof Refusal)) throw new Error('not refused');
  return { code: thrown.code, status: thrown.status, param: thrown.options.param, message: thrown.message };
}

const part = (head: string, body: string): string => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
const file = (name: string, body: string, type = 'audio/wav'): string => part(`name="${name}"; filename="a.wav"\r\nContent-Type: ${type}`, body);
const END = '--b--\r\n';
const FORM = `${part('name="model"', 'whisper-1')}${file('file', 'RIFF\r\n--\r\n\u00ff')}${part('name="prompt"', 'Grüße')}${part('name="empty"', '')}${END}`;

describe('a whole form', () => {
  const expected = [
    { kind: 'text', name: 'model', text: 'whisper-1' },
    { kind: 'file', name: 'file', fileName: 'a.wav', contentType: 'audio/wav', bytes: Buffer.from('RIFF\r\n--\r\n\u00ff') },
    { kind: 'text', name: 'prompt', text: 'Grüße' },
    { kind: 'text', name: 'empty', text: '' },
  ];

  test('is read the same wherever it is cut', async () => {
    const bytes = Buffer.from(FORM);
    for (let at = 0; at <= bytes.length; at++) {
      expect(await readMultipart(requestOf([bytes.subarray(0, at), bytes.subarray(at)]), { bytesMax: 5000, limits })).toEqual(expected);
    }
    expect(await readMultipart(requestOf([...bytes].map((byte) => Buffer.of(byte))), { bytesMax: 5000, limits })).toEqual(expected);
  });

  test('may have a preamble, an epilogue, a quoted boundary and no part at all', async () => {
    expect(await read(`before\r\n${FORM}after`)).toEqual(expected);
    expect(await read(FORM, { 'content-type': 'Multipart/Form-Data; charset=utf-8; Boundary="b"' })).toEqual(expected);
    expect(await read(END)).toEqual([]);
  });

  test('is what browsers, the official SDKs and curl make', async () => {
    const form = new FormData();
    form.append('timestamp_granularities[]', 'word');
    form.append('file', new File([new Uint8Array([0, 13, 10, 255])], 'C:\\täp"e\r.wav', { type: 'audio/x-wav; rate=8000' }));
    const made = new Response(form);
    const parts = await read(Buffer.from(await made.arrayBuffer()), { 'content-type': made.headers.get('content-type') ?? '' });
    expect(parts).toEqual([
      { kind: 'text', name: 'timestamp_granularities[]', text: 'word' },
      { kind: 'file', name: 'file', fileName: expect.stringContaining('täp') as unknown, contentType: 'audio/x-wav', bytes: Buffer.of(0, 13, 10, 255) },
    ]);
  });

  test('takes a part of octets for a file even without a name', async () => {
    expect(await read(`${part('name="x"\r\nContent-Type: application/octet-stream', 'abc')}${END}`))
      .toEqual([{ kind: 'file', name: 'x', fileName: '', contentType: 'application/octet-stream', bytes: Buffer.from('abc') }]);
  });
});

describe('400', () => {
  test.each([
    ['a missing boundary', FORM, 'multipart/form-data', 'content-type'],
    ['a boundary that is too long', FORM, `multipart/form-data; boundary=${'b'.repeat(71)}`, 'content-type'],
    ['another boundary', FORM, 'multipart/form-data; boundary=c', null],
    ['an empty body', '', TYPE, null],
    ['no last boundary', FORM.slice(0, -END.length), TYPE, null],
    ['a form cut in a header', FORM.slice(0, 20), TYPE, null],
    ['a form cut in a file', FORM.slice(0, FORM.indexOf('RIFF') + 2), TYPE, null],
    ['JSON', '{"model":"whisper-1"}', TYPE, null],
    ['a part without a name', `${part('filename="a"', 'x')}${END}`, TYPE, null],
    ['text that is no UTF-8', Buffer.from(`${part('name="prompt"', '\u00ff')}${END}`, 'latin1'), TYPE, 'prompt'],
    ['base64', `${part('name="file"; filename="a"\r\nContent-Transfer-Encoding: base64', 'eA==')}${END}`, TYPE, 'file'],
    ['too many parts', `${part('name="x"', '1').repeat(11)}${END}`, TYPE, null],
  ])('%s', async (_name, body, type, param) => {
    expect(await refusalOf(read(body, { 'content-type': type }))).toMatchObject({ code: 'invalid_request', status: 400, param });
  });
});

describe('413', () => {
  test('a file, a text, all texts and the whole body have their bounds', async () => {
    expect(await read(`${file('file', 'x'.repeat(1000))}${END}`)).toHaveLength(1);
    expect(await refusalOf(read(`${file('file', 'x'.repeat(1001))}${END}`))).toMatchObject({ code: 'body_too_large', param: 'file' });
    expect(await refusalOf(read(`${part('name="prompt"', 'x'.repeat(500))}${END}`))).toMatchObject({ code: 'body_too_large', param: 'prompt' });
    expect(await refusalOf(read(`${part('name="p"', 'x'.repeat(180)).repeat(3)}${END}`))).toMatchObject({ code: 'body_too_large', param: 'p' });
    expect(await refusalOf(read(`${file('file', 'x'.repeat(900)).repeat(6)}${END}`))).toMatchObject({ code: 'body_too_large', status: 413 });
  });

  test('a body that says it is too large is not read at all', async () => {
    const request = requestOf([Buffer.from(FORM)], { 'content-type': TYPE, 'content-length': '5001' });
    expect(await refusalOf(readMultipart(request, { bytesMax: 5000, limits }))).toMatchObject({ code: 'body_too_large' });
    expect(request.readableFlowing).toBeNull();
  });

  test('what comes after a refusal is thrown away', async () => {
    const request = requestOf([Buffer.from(file('file', 'x'.repeat(1001))), Buffer.alloc(100_000)]);
    const ended = new Promise((resolve) => { request.once('end', resolve); });
    expect(await refusalOf(readMultipart(request, { bytesMax: 200_000, limits }))).toMatchObject({ code: 'body_too_large', param: 'file' });
    await ended;
  });
});

test('415: a compressed form', async () => {
  expect(await refusalOf(read(FORM, { 'content-type': TYPE, 'content-encoding': 'gzip' }))).toMatchObject({ code: 'unsupported_media_type', status: 415 });
});

test('408: a request that is cut', async () => {
  const request = new IncomingMessage(new Socket());
  request.headers = { 'content-type': TYPE };
  const reading = refusalOf(readMultipart(request, { bytesMax: 5000, limits }));
  request.push(Buffer.from(FORM.slice(0, 50)));
  request.destroy(new Error('aborted'));
  expect(await reading).toMatchObject({ code: 'request_timeout' });
});

test('whatever the bytes, a form is read or refused: it never hangs and never throws anything else', async () => {
  const pieces = fc.constantFrom('--b', '--b--', '\r\n', '\n', '\r', '-', ':', 'Content-Disposition: form-data; name="x"', '; filename="f"', 'Content-Type: a/b', '\r\n\r\n', 'abc', '\u0000', '"', '=');
  await fc.assert(fc.asyncProperty(fc.array(pieces, { maxLength: 24 }), fc.array(fc.nat(200), { maxLength: 3 }), async (tokens, cuts) => {
    const bytes = Buffer.from(tokens.join(''));
    const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
    const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge)).filter((chunk) => chunk.length > 0);
    const outcome: unknown = await readMultipart(requestOf(chunks), { bytesMax: 5000, limits }).catch((error: unknown) => error);
    expect(Array.isArray(outcome) || outcome instanceof Refusal).toBe(true);
  }), { numRuns: 1000 });
});

test.each([['multipart/form-data', true], ['Multipart/Form-Data ; boundary=x', true], ['multipart/form-data2', false], ['multipart/mixed', false], ['', false]])('"%s" is a form: %s', (type, is) => {
  expect(isFormType(type)).toBe(is);
});
