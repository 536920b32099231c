/** This file sends bodies that are meant to hurt, over real sockets: too large, packed, mislabelled, nested. Each is a clear 4xx, and the memory of the server's process stays flat. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { operations } from '../generated/operations.ts';
import type { OperationId } from '../generated/operations.ts';
import { openMemoryGauge } from '../scripts/fuzz/memory.ts';
import type { MemoryGauge } from '../scripts/fuzz/memory.ts';
import { transcription, wav } from './audio-requests.ts';
import { BOUNDARY, formRequest } from './form.ts';
import type { FormPart } from './form.ts';
import { goodRequestTo } from './good-requests.ts';
import { PIXEL, edit, image } from './image-requests.ts';
import { faultOfReply } from './judges.ts';
import { call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const MEGABYTE = 1024 * 1024;
const START_MS_MAX = 20_000;
const TEST_MS_MAX = 60_000;
/** So much may be alive afterwards that was not before, in MB: what is compiled and cached once. */
const GROWTH_MEGABYTES_MAX = 6;
/** Every operation that takes a body of the sizes of media, and one of management. */
const taking = (Object.keys(operations) as OperationId[]).filter((id) => operations[id].maxBody === 'media' || id === 'createKey');
const forms = taking.filter((id) => 'form' in operations[id]);

let server: ServerUnderTest;
let gauge: MemoryGauge;
const paths = new Map<OperationId, string>();
beforeAll(async () => {
  server = await startServer({ env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } });
  gauge = await openMemoryGauge(server);
  for (const id of taking) {
    const good = { ...await goodRequestTo(server, id), key: server.key };
    paths.set(id, good.path);
    // The first of each compiles and caches; the memory of what comes after is its own.
    expect((await call(server.url, good)).status).toBeLessThan(300);
  }
}, START_MS_MAX);
afterAll(async () => {
  gauge.close();
  await stopServers();
});

/** The most that was resident since it was last asked, in MB; the system is told to begin anew. */
function peak(): number {
  const [status, refs] = [`/proc/${server.pid}/status`, `/proc/${server.pid}/clear_refs`];
  if (!existsSync(refs)) return 0;
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1];
  writeFileSync(refs, '5');
  return Number(kilobytes) / 1024;
}

/** Does something several times; what stays, and what was needed at the most, is within bounds (MB). */
async function flat(most: number, times: number, act: () => Promise<void>): Promise<void> {
  await act();
  const before = await gauge.read();
  peak();
  for (let turn = 0; turn < times; turn++) await act();
  const highest = peak();
  const after = await gauge.read();
  expect(after.alive - before.alive).toBeLessThan(GROWTH_MEGABYTES_MAX);
  if (highest > 0) expect(highest - before.resident).toBeLessThan(most);
}

const post = (id: OperationId, parts: Partial<RequestParts>): Promise<RawReply> => call(server.url, { ...parts, method: 'POST', path: paths.get(id) ?? '', key: server.key });

function expectRefusal(id: OperationId, reply: RawReply, expected: { status: number; code?: string; param?: unknown }): void {
  const { error } = JSON.parse(reply.body.toString('utf8')) as { error: { code: string; param: string | null } };
  const { status, ...said } = expected;
  expect({ id, status: reply.status, ...error }).toMatchObject({ id, status, ...said });
  expect(faultOfReply(id, reply)).toBeNull();
  // Whatever was wrong, it is not sent back.
  expect(reply.body.length).toBeLessThan(2000);
}

const chunked = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')]);
const TYPES = { json: 'application/json', form: `multipart/form-data; boundary=${BOUNDARY}` } as const;
const kindsOf = (id: OperationId): (keyof typeof TYPES)[] => [...('takesJson' in operations[id] && operations[id].takesJson === true ? ['json' as const] : []), ...(forms.includes(id) ? ['form' as const] : [])];

describe('50 MB', () => {
  const large = Buffer.alloc(50 * MEGABYTE, ' ');
  const largeFile = (id: OperationId): Buffer => formRequest('', [{ name: id === 'createTranscription' ? 'file' : id === 'createVideo' ? 'input_reference' : 'image', value: large, fileName: 'a.png', type: 'image/png' }]).body;

  test.each(taking)('to %s are a 413, whether their length is said or not', async (id) => {
    expect(kindsOf(id)).not.toEqual([]);
    for (const kind of kindsOf(id)) {
      const body = kind === 'form' ? largeFile(id) : large;
      await flat(100, 1, async () => {
        expectRefusal(id, await post(id, { headers: { 'content-type': TYPES[kind] }, body }), { status: 413, code: 'body_too_large' });
        expectRefusal(id, await post(id, { headers: { 'content-type': TYPES[kind], 'content-length': '', 'transfer-encoding': 'chunked' }, body: chunked(body) }), { status: 413, code: 'body_too_large' });
      });
    }
  }, TEST_MS_MAX);
});

describe('a body that is packed', () => {
  const zeros = Buffer.alloc(100 * MEGABYTE);
  const bombs = { gzip: gzipSync(zeros), deflate: deflateSync(zeros), br: brotliCompressSync(zeros), zstd: zstdCompressSync(zeros), 'gzip, gzip': gzipSync(gzipSync(zeros)), 'x-gzip': gzipSync('{}') };

  test.each(taking)('is refused by %s without being unpacked', async (id) => {
    await flat(30, 2, async () => {
      for (const [encoding, body] of Object.entries(bombs)) {
        for (const kind of kindsOf(id)) expectRefusal(id, await post(id, { headers: { 'content-type': TYPES[kind], 'content-encoding': encoding }, body }), { status: 415, code: 'unsupported_media_type', param: 'content-encoding' });
      }
    });
  }, TEST_MS_MAX);

  test.each(forms)('in a part of a form is no file for %s', async (id) => {
    const parts: FormPart[] = [{ name: 'model', value: 'sandbox/x' }, { name: 'prompt', value: 'A kite.' }];
    const field = id === 'createTranscription' ? 'file' : id === 'createVideo' ? 'input_reference' : 'image';
    await flat(30, 2, async () => {
      const said = formRequest('', [...parts, { name: field, value: bombs.gzip, fileName: 'a.png', type: 'image/png\r\ncontent-encoding: gzip' }]);
      expectRefusal(id, await post(id, said), { status: 400 });
    });
  });
});

describe('a picture that unpacks to more than there is', () => {
  const huge = (side: number): Buffer => {
    const bytes = Buffer.from(PIXEL);
    bytes.writeUInt32BE(side, 16);
    bytes.writeUInt32BE(side, 20);
    return bytes;
  };
  const url = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;

  test.each([65_535, 2 ** 31 - 1])('is refused by its %i pixels a side, which nobody unpacks', async (side) => {
    await flat(30, 2, async () => {
      expectRefusal('createImageEdit', await post('createImageEdit', edit({}, [{ name: 'image', value: huge(side), fileName: 'a.png', type: 'image/png' }])), { status: 400, code: 'invalid_request', param: 'image' });
      for (const body of [{ inputReference: url(huge(side)) }, { referenceImages: [url(huge(side))] }]) {
        expectRefusal('createVideo', await post('createVideo', { body: { model: 'sandbox/video', prompt: 'A kite.', ...body } }), { status: 400, code: 'invalid_request' });
      }
    });
  });
});

describe('a data URL of 10 MB', () => {
  const url = `data:image/png;base64,${'A'.repeat(10 * MEGABYTE)}`;
  const WORDS: Readonly<Record<string, readonly string[]>> = {
    createChatCompletion: ['model', 'user', 'tool_choice'], createCompletion: ['model'], createEmbedding: ['model', 'encoding_format'], createResponse: ['model', 'tool_choice'],
    createImage: ['model', 'prompt', 'size'], createSpeech: ['model', 'input', 'voice'], createVideo: ['model', 'prompt', 'size', 'seconds'], createKey: ['name'],
  };

  test.each(Object.keys(WORDS) as OperationId[])('where %s has a word is refused, and not sent back', async (id) => {
    const { body } = await goodRequestTo(server, id);
    await flat(300, 1, async () => {
      for (const field of WORDS[id] ?? []) {
        const reply = await post(id, { body: { ...body as object, [field]: url } });
        // Videos name models freely, but not at that length; a body of management is never that large.
        expectRefusal(id, reply, { status: id === 'createKey' || (id === 'createVideo' && field === 'model') ? 413 : 400 });
      }
    });
  }, TEST_MS_MAX);

  test('is refused where a video begins with one', async () => {
    await flat(300, 1, async () => {
      expectRefusal('createVideo', await post('createVideo', { body: { model: 'sandbox/video', prompt: 'A kite.', inputReference: url } }), { status: 413, code: 'body_too_large', param: 'inputReference' });
    });
  }, TEST_MS_MAX);

  test('in place of a picture of a conversation is refused, by its path', async () => {
    const parts = { chat: [{ type: 'image_url', image_url: { url } }], response: [{ type: 'input_image', image_url: url }] };
    await flat(300, 3, async () => {
      expectRefusal('createChatCompletion', await post('createChatCompletion', { body: { model: 'sandbox/chat', messages: [{ role: 'user', content: parts.chat }] } }),
        { status: 413, code: 'body_too_large', param: 'messages.0.content.0.image_url.url' });
      expectRefusal('createResponse', await post('createResponse', { body: { model: 'sandbox/chat', store: false, input: [{ role: 'user', content: parts.response }] } }),
        { status: 413, code: 'body_too_large', param: 'input.0.content.0.image_url' });
    });
  }, TEST_MS_MAX);

  test('of 7 MB goes to the model, and nothing of it stays', async () => {
    const shorter = url.slice(0, 7 * MEGABYTE);
    await flat(300, 3, async () => {
      expect((await post('createChatCompletion', { body: { model: 'sandbox/chat', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: shorter } }] }] } })).status).toBe(200);
    });
  }, TEST_MS_MAX);
});

describe('a content type that lies', () => {
  const json = JSON.stringify({ model: 'sandbox/chat', messages: [] });

  test.each(taking)('about the body is told by %s', async (id) => {
    const types = { 'text/plain': 415, 'application/x-www-form-urlencoded': 415, 'application/json; charset=utf-16': 415, 'image/png': 415, 'multipart/mixed; boundary=x': 415 };
    for (const [type, status] of Object.entries(types)) expectRefusal(id, await post(id, { headers: { 'content-type': type }, body: json }), { status, param: 'content-type' });
    // A form that is said to be JSON, and JSON that is said to be a form.
    if (kindsOf(id).includes('json')) expectRefusal(id, await post(id, { headers: { 'content-type': TYPES.json }, body: transcription().body }), { status: 400, code: 'invalid_json' });
    expectRefusal(id, await post(id, { headers: { 'content-type': TYPES.form }, body: json }), kindsOf(id).includes('form') ? { status: 400, code: 'invalid_request' } : { status: 415 });
  });

  test.each<[OperationId, string, Buffer, string]>([
    ['createImageEdit', 'image', wav(0.1), 'image/png'], ['createImageEdit', 'image', Buffer.from('<svg onload="x"/>'), 'image/svg+xml'], ['createImageEdit', 'image', Buffer.from('GIF89a'), 'image/png'],
    ['createTranscription', 'file', PIXEL, 'audio/wav'], ['createTranscription', 'file', Buffer.from('MZ\x90'), 'audio/mpeg'], ['createTranscription', 'file', wav(0.1), 'image/png'],
    ['createVideo', 'input_reference', Buffer.from('<html>'), 'image/png'], ['createVideo', 'input_reference', wav(0.1), 'image/jpeg'], ['createVideo', 'endFrame', Buffer.from('%PDF-1.7'), 'image/png'],
  ])('about a file is told by %s, of %s', async (id, name, value, type) => {
    const model = { createImageEdit: 'sandbox/image', createTranscription: 'sandbox/transcribe', createVideo: 'sandbox/video' }[id as 'createVideo'];
    const reply = await post(id, formRequest('', [{ name: 'model', value: model }, ...(id === 'createTranscription' ? [] : [{ name: 'prompt', value: 'A kite.' }]), { name, value, fileName: 'a.png', type }]));
    expectRefusal(id, reply, { status: 400, code: 'invalid_request', param: name });
  });

  test('about a data URL is told too', async () => {
    const reply = await post('createVideo', { body: { model: 'sandbox/video', prompt: 'A kite.', inputReference: `data:image/png;base64,${Buffer.from('<html>').toString('base64')}` } });
    expectRefusal('createVideo', reply, { status: 400, code: 'invalid_request', param: 'inputReference' });
  });
});

describe('JSON that is nested', () => {
  const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

  test.each(taking.filter((id) => kindsOf(id).includes('json')))('without end is refused by %s', async (id) => {
    await flat(60, 2, async () => {
      for (const body of [deep(400_000), `{"model":${deep(400_000)}}`, '{"a":'.repeat(150_000), '['.repeat(900_000)]) expectRefusal(id, await post(id, { body }), { status: 400, code: 'json_too_deep' });
    });
  }, TEST_MS_MAX);

  test.each(forms)('in a field of a form is refused by %s', async (id) => {
    const sample = { createTranscription: 'chunking_strategy', createImageEdit: 'sandbox', createVideo: 'sandbox' }[id as 'createVideo'];
    await flat(60, 2, async () => {
      for (const [name, value] of [[sample, deep(400_000)], [`${sample}${'[a]'.repeat(1000)}`, 'x'], ['prompt', deep(400_000)]] as const) {
        const reply = await post(id, formRequest('', [{ name: 'model', value: 'sandbox/x' }, { name, value }]));
        expect(reply.status).toBe(400);
        expectRefusal(id, reply, { status: 400 });
      }
    });
  }, TEST_MS_MAX);

  test('a hundred thousand fields, and a million items, are answered in their time', async () => {
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index])));
    const long = JSON.stringify({ model: 'sandbox/embedding', input: Array.from({ length: 1_000_000 }, () => 1) });
    await flat(220, 1, async () => {
      expectRefusal('createChatCompletion', await post('createChatCompletion', { body: wide }), { status: 400, code: 'invalid_request' });
      expectRefusal('createEmbedding', await post('createEmbedding', { body: long }), { status: 400 });
    });
  }, TEST_MS_MAX);
});

test('after all that the server answers as before', async () => {
  expect((await call(server.url, { ...image({ size: '64x64' }), key: server.key })).status).toBe(200);
  expect(server.output()).not.toMatch(/uncaught|unhandled|internal error/i);
});
