/** This file looks at what audio costs: by the second, by the token of text and of audio, by the character, and when it goes wrong. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { speech, transcription, wav } from './audio-requests.ts';
import { formRequest } from './form.ts';
import { askJson, balanceOf, makePayer } from './payer.ts';
import type { Payer } from './payer.ts';
import { begin, call } from './raw-client.ts';
import type { RawReply, RequestParts } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { Replay, ReplayUpstream } from './replay-upstream.ts';
import { eventually, startServer, stopServers } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const GRANT = 1_000_000_000n;
const BY_SECOND = { input: 0, output: 0, media: { audio_second: 100_000 } };
const BY_TOKEN = { input: 2_500_000_000, output: 10_000_000_000, media: { mega_audio_tokens: 6_000_000_000 } };
const BY_CHARACTER = { input: 0, output: 0, media: { mega_characters: 15_000_000_000 } };
const BY_SPOKEN_TOKEN = { input: 600_000_000, output: 12_000_000_000 };

let upstream: ReplayUpstream;
let server: ServerUnderTest;
let payer: Payer;

const row = (id: string, kind: string, target: object): object => ({ id, name: id, tier: 'basic', context_window: 16_000, max_output_tokens: null, kinds: [kind], targets: [target] });
const at = (model: string, price: object, more: object = {}): object => ({ provider: 'vllm', model, price, ...more });

beforeAll(async () => {
  upstream = await startReplayUpstream();
  server = await startServer({
    env: { VLLM_BASE_URL: upstream.url },
    config: {
      models: [
        row('test/by-second', 'transcription', at('by-second', BY_SECOND, { quirks: { drop_fields: ['stream'] } })),
        row('test/by-token', 'transcription', at('by-token', BY_TOKEN)),
        row('test/by-character', 'speech', at('by-character', BY_CHARACTER)),
        row('test/by-spoken-token', 'speech', at('by-spoken-token', BY_SPOKEN_TOKEN)),
      ],
    },
  });
  payer = await makePayer(server, { billing: 'balance', nanoUsd: GRANT });
}, 60_000);
afterAll(async () => {
  await upstream.close();
  await stopServers();
});

const json = (body: unknown): Replay => ({ headers: { 'content-type': 'application/json' }, steps: [{ write: JSON.stringify(body) }] });
const events = (...all: unknown[]): Replay => ({ steps: all.map((event) => ({ write: `data: ${JSON.stringify(event)}\n\n` })) });

/** Sends a request and gives the reply, the receipt, and what the balance paid. */
async function pay(parts: RequestParts): Promise<{ reply: RawReply; paid: bigint; receipt: Record<string, unknown> }> {
  const before = await balanceOf(server, payer.key);
  const reply = await call(server.url, { ...parts, key: payer.key });
  const receipt = await askJson({ url: server.url, key: payer.key }, { path: `/v1/requests/${reply.headers['x-request-id'] ?? ''}` });
  return { reply, paid: before - await balanceOf(server, payer.key), receipt };
}

describe('a transcription paid by the second', () => {
  test('costs the seconds its upstream reports', async () => {
    upstream.play('by-second', json({ text: 'hello', usage: { type: 'duration', seconds: 9 } }));
    const { paid, receipt } = await pay(transcription({ model: 'test/by-second' }, wav(8.2)));
    expect(paid).toBe(900_000n);
    expect(receipt).toMatchObject({ basis: 'provider', media: { audio_ms: 9000, characters: 0 }, price: { rates: { audio_second: '100000' } } });
  });

  test('costs the duration of a verbose reply where no usage is told, and the length of the file where nothing is', async () => {
    upstream.play('by-second', json({ text: 'hello', language: 'english', duration: 8.25, segments: [] }));
    expect((await pay(transcription({ model: 'test/by-second', response_format: 'verbose_json' }, wav(8.2)))).paid).toBe(825_000n);
    upstream.play('by-second', { headers: { 'content-type': 'application/x-subrip' }, steps: [{ write: '1\n00:00:00,000 --> 00:00:02,500\nGrüße\n' }] });
    const { reply, paid, receipt } = await pay(transcription({ model: 'test/by-second', response_format: 'srt' }, wav(2.5)));
    expect({ paid, type: reply.headers['content-type'], text: reply.body.toString('utf8') }).toEqual({ paid: 250_000n, type: 'text/plain; charset=utf-8', text: '1\n00:00:00,000 --> 00:00:02,500\nGrüße\n' });
    expect(receipt).toMatchObject({ basis: 'counted', media: { audio_ms: 2500 } });
  });

  test('of a model that does not stream is answered whole, and says so', async () => {
    upstream.play('by-second', json({ text: 'hello', usage: { type: 'duration', seconds: 1 } }));
    const { reply } = await pay(transcription({ model: 'test/by-second', stream: 'true' }));
    expect({ status: reply.status, type: reply.headers['content-type'], warnings: reply.headers['x-interline-warnings'] })
      .toEqual({ status: 200, type: 'application/json', warnings: 'stream: dropped, vllm/by-second does not take it' });
    expect(upstream.requests('by-second').at(-1)?.body).not.toContain('name="stream"');
    const strict = transcription({ model: 'test/by-second', stream: 'true' });
    const refused = await call(server.url, { ...strict, key: payer.key, headers: { ...strict.headers, 'x-interline-strict': 'true' } });
    expect(JSON.parse(refused.body.toString('utf8'))).toMatchObject({ error: { code: 'unsupported_field', param: 'stream' } });
  });

  test('that its caller does not wait for costs its seconds', async () => {
    upstream.play('by-second', { before: [{ waitFor: 'never' }], steps: [] });
    const before = await balanceOf(server, payer.key);
    const open = await begin(server.url, { ...transcription({ model: 'test/by-second' }, wav(3)), key: payer.key });
    await eventually(() => Promise.resolve(upstream.requests('by-second').at(-1)?.bytesWritten === 0 ? true : null));
    open.leave();
    await eventually(async () => (before - await balanceOf(server, payer.key) === 300_000n ? true : null));
  });

  test('that fails costs nothing', async () => {
    upstream.play('by-second', { ...json({ error: { message: 'no' } }), status: 500 });
    expect((await pay(transcription({ model: 'test/by-second' }))).paid).toBe(0n);
  });

  test('is refused when the balance can not pay for the longest it may be', async () => {
    const poor = await makePayer(server, { billing: 'balance', nanoUsd: 299_999n });
    const ask = (seconds: number): Promise<RawReply> => call(server.url, { ...transcription({ model: 'test/by-second' }, wav(seconds)), key: poor.key });
    expect((await ask(2.5)).status).toBe(402);
    upstream.play('by-second', json({ text: 'hello', usage: { type: 'duration', seconds: 2 } }));
    expect((await ask(2)).status).toBe(200);
  });
});

describe('a transcription paid by the token', () => {
  const usage = { type: 'tokens', input_tokens: 110, input_token_details: { text_tokens: 10, audio_tokens: 100 }, output_tokens: 20, total_tokens: 130 };
  const cost = 10n * 2500n + 100n * 6000n + 20n * 10_000n;

  test('costs audio what audio costs and text what text does', async () => {
    upstream.play('by-token', json({ text: 'hello', usage }));
    const { paid, receipt } = await pay(transcription({ model: 'test/by-token', prompt: 'a test' }));
    expect(paid).toBe(cost);
    expect(receipt).toMatchObject({
      basis: 'provider', tokens: { prompt: 110, completion: 20 }, media: { audio_tokens: 100, audio_ms: 2500 }, price: { rates: { input: '2500000000', mega_audio_tokens: '6000000000' } },
    });
  });

  test('costs the same as a stream, whose last event waits for its row', async () => {
    upstream.play('by-token', events({ type: 'transcript.text.delta', delta: 'hello' }, { type: 'transcript.text.done', text: 'hello', usage }));
    const { reply, paid } = await pay(transcription({ model: 'test/by-token', stream: 'true' }));
    expect(paid).toBe(cost);
    expect(reply.body.toString('utf8')).toMatch(/^data: .*delta.*\n\ndata: .*done.*\n\n$/);
  });

  test('that breaks off costs the audio and what came', async () => {
    upstream.play('by-token', { ...events({ type: 'transcript.text.delta', delta: 'hello there' }), ending: 'cut' });
    const { reply, paid, receipt } = await pay(transcription({ model: 'test/by-token', stream: 'true' }));
    expect(reply.body.toString('utf8')).toContain('upstream_stream_failed');
    expect(receipt).toMatchObject({ basis: 'observed', tokens: { prompt: 25, completion: 2 }, media: { audio_tokens: 25 } });
    expect(paid).toBe(25n * 6000n + 2n * 10_000n);
  });

  test('is written anew for its upstream, byte for byte in the file', async () => {
    upstream.play('by-token', json({ text: 'x', usage }));
    const sound = Buffer.concat([wav(0.01), Buffer.from('LIST\x04\x00\x00\x00abcd', 'latin1')]);
    await pay(formRequest('/v1/audio/transcriptions', [
      { name: 'model', value: 'test/by-token' }, { name: 'file', value: sound, fileName: 'blob', type: 'application/octet-stream' }, { name: 'vendor[depth]', value: '3' }, { name: 'include[]', value: 'logprobs' },
    ]));
    const asked = upstream.requests('by-token').at(-1);
    expect(asked?.path).toBe('/v1/audio/transcriptions');
    const form = asked?.body ?? '';
    expect(form).toContain('name="model"\r\n\r\nby-token\r\n');
    expect(form).toContain('name="vendor[depth]"\r\n\r\n3\r\n');
    expect(form).toContain('name="include[]"\r\n\r\nlogprobs\r\n');
    expect(form).toContain('name="file"; filename="blob.wav"\r\ncontent-type: audio/wav\r\n\r\nRIFF');
    expect(form).not.toContain('test/by-token');
  });
});

describe('a speech', () => {
  const mp3 = Buffer.concat(Array.from({ length: 40 }, () => {
    const frame = Buffer.alloc(417);
    frame.writeUInt32BE(0xfffb90c0);
    return frame;
  }));

  test('paid by the character costs those of its text, and its bytes go through', async () => {
    upstream.play('by-character', { headers: { 'content-type': 'application/octet-stream' }, steps: [{ write: mp3.subarray(0, 1000) }, { write: mp3.subarray(1000) }] });
    const { reply, paid, receipt } = await pay(speech({ model: 'test/by-character', input: 'Grüße 👋', response_format: 'mp3', vendor: 1.50 }));
    expect({ paid, type: reply.headers['content-type'], same: reply.body.equals(mp3) }).toEqual({ paid: 7n * 15_000n, type: 'audio/mpeg', same: true });
    expect(receipt).toMatchObject({ basis: 'counted', media: { characters: 7, audio_ms: 1045 }, price: { rates: { mega_characters: '15000000000' } } });
    expect(JSON.parse(upstream.requests('by-character').at(-1)?.body ?? '')).toEqual({ model: 'by-character', input: 'Grüße 👋', voice: 'alloy', response_format: 'mp3', vendor: 1.5 });
  });

  test('paid by the token costs what its stream reports, and the length of the sound where nothing is', async () => {
    const delta = { type: 'speech.audio.delta', audio: mp3.toString('base64') };
    upstream.play('by-spoken-token', events(delta, { type: 'speech.audio.done', usage: { input_tokens: 14, output_tokens: 101, total_tokens: 115 } }));
    expect((await pay(speech({ model: 'test/by-spoken-token', response_format: 'mp3', stream_format: 'sse' }))).paid).toBe(14n * 600n + 101n * 12_000n);
    upstream.play('by-spoken-token', { ...events(delta, delta), ending: 'cut' });
    const { receipt } = await pay(speech({ model: 'test/by-spoken-token', response_format: 'mp3', stream_format: 'sse', input: 'Hello' }));
    // 2.09 seconds of twenty tokens each.
    expect(receipt).toMatchObject({ basis: 'observed', tokens: { prompt: 1, completion: 42 } });
  });

  test('that is no sound is a 502 and costs nothing', async () => {
    upstream.play('by-character', json({ detail: 'still loading' }));
    const { reply, paid } = await pay(speech({ model: 'test/by-character' }));
    expect({ status: reply.status, paid }).toEqual({ status: 502, paid: 0n });
  });
});

describe('an idempotency key', () => {
  test('replays a transcription for one price, and knows another file by its bytes', async () => {
    upstream.play('by-second', json({ text: 'hello', usage: { type: 'duration', seconds: 1 } }));
    const asked = (sound: Buffer): RequestParts => {
      const parts = transcription({ model: 'test/by-second' }, sound);
      return { ...parts, headers: { ...parts.headers, 'idempotency-key': 'audio-once' } };
    };
    const first = await pay(asked(wav(1)));
    const second = await call(server.url, { ...asked(wav(1)), key: payer.key });
    expect({ paid: first.paid, replayed: second.headers['idempotency-replayed'], same: second.body.equals(first.reply.body) }).toEqual({ paid: 100_000n, replayed: 'true', same: true });
    const other = wav(1);
    other[100] = 1;
    expect((await call(server.url, { ...asked(other), key: payer.key })).status).toBe(422);
  });

  test('replays a sound byte for byte', async () => {
    const sound = Buffer.from([0x49, 0x44, 0x33, 0, 1, 0xff, 0, 0x80]);
    upstream.play('by-character', { headers: { 'content-type': 'audio/mpeg' }, steps: [{ write: sound }] });
    const asked: RequestParts = { ...speech({ model: 'test/by-character', input: 'Hi', response_format: 'mp3' }), headers: { 'idempotency-key': 'spoken-once' } };
    const first = await pay(asked);
    const before = await balanceOf(server, payer.key);
    const second = await call(server.url, { ...asked, key: payer.key });
    expect({ paid: first.paid, again: before - await balanceOf(server, payer.key), replayed: second.headers['idempotency-replayed'], type: second.headers['content-type'], same: second.body.equals(sound) })
      .toEqual({ paid: 30_000n, again: 0n, replayed: 'true', type: 'audio/mpeg', same: true });
  });
});
