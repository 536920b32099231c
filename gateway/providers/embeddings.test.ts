/** This file shows that the wires of embeddings ask for vectors and read them, whichever way they are written. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { EmbeddingRequest } from '../../generated/client/types.gen.ts';
import { outlineJson } from '../foundation/json-outline.ts';
import type { Target, WireName } from '../foundation/terms.ts';
import { inEncoding, readEmbeddings, toBase64, withUsage } from './embeddings.ts';
import type { EmbeddingsWire } from './embeddings.ts';
import { geminiEmbeddingsWire } from './gemini-embeddings.ts';
import { openaiEmbeddingsWire } from './openai-embeddings.ts';
import { sandboxEmbeddingsWire } from './sandbox-embeddings.ts';

const targetOf = (wire: WireName, parts: Partial<Target> = {}): Target => ({
  id: 'p/up', provider: { id: 'p', name: 'P', wire, baseUrl: 'http://h', apiKey: 'secret', headers: {}, quirks: {} }, upstreamModel: 'up', price: null, quirks: {}, options: {}, ...parts,
});
function encode(wire: EmbeddingsWire, body: EmbeddingRequest & Record<string, unknown>, target: Target) {
  const bodyText = JSON.stringify(body);
  return wire.encode({ target, body, bodyText, outline: outlineJson(bodyText, 64), files: [], isStream: false, requestId: 'req_1', nowSeconds: 1 });
}
const context = { requestId: 'req_1', upstreamModel: 'up', nowSeconds: 1 };

describe('OpenAI', () => {
  test('is asked with the caller\'s own bytes but for the model, and what it does not take is dropped aloud', () => {
    const request = encode(openaiEmbeddingsWire, { model: 'x/y', input: ['a', 'b'], unknown: { deep: [1] }, user: 'u' }, targetOf('openai-chat', { quirks: { dropFields: ['user'] } }));
    expect(request).toMatchObject({ method: 'POST', path: '/embeddings', warnings: ['user: dropped, p/up does not take it'], headers: { authorization: 'Bearer secret' } });
    expect(JSON.parse(request.kind === 'http' ? String(request.body) : '')).toEqual({ model: 'up', input: ['a', 'b'], unknown: { deep: [1] } });
  });

  test('may be asked without a format it does not know: its vectors are written as asked all the same', () => {
    const request = encode(openaiEmbeddingsWire, { model: 'x/y', input: 'a', encoding_format: 'base64' }, targetOf('openai-chat', { quirks: { dropFields: ['encoding_format'] } }));
    expect(request).toMatchObject({ body: '{"model":"up","input":"a"}', warnings: [] });
  });

  test('is believed about its usage; what is no list of vectors is no reply', () => {
    expect(readEmbeddings(JSON.stringify({ data: [{ embedding: [1] }], model: 'm', usage: { prompt_tokens: 4, total_tokens: 4 } }))).toMatchObject({ usage: { promptTokens: 4, completionTokens: 0 }, upstreamModel: 'm' });
    expect(readEmbeddings('{"data":[{"embedding":"AAAA"},{"embedding":[1]}],"usage":{"total_tokens":5}}')).toMatchObject({ usage: { promptTokens: 5 }, vectors: 2 });
    expect(readEmbeddings('{"data":[{"embedding":[1]}],"usage":{"prompt_tokens":0,"total_tokens":0}}').usage).toMatchObject({ promptTokens: 0 });
    for (const usage of ['', ',"usage":{}', ',"usage":{"prompt_tokens":"5"}', ',"usage":null']) expect(readEmbeddings(`{"data":[{"embedding":"AAAA"}]${usage}}`).usage).toBeNull();
    for (const text of ['null', '[]', '{}', '{"data":[]}', '{"data":[{}]}', '{"data":[{"embedding":null}]}', '{"data":[{"embedding":[]}]}', '{"data":[{"embedding":""}]}', '{"error":{}}']) expect(() => readEmbeddings(text)).toThrow(SyntaxError);
  });
});

describe('Gemini', () => {
  test('is asked for a batch, and its values become a list', () => {
    const request = encode(geminiEmbeddingsWire, { model: 'x', input: ['a', 'b'], dimensions: 3, encoding_format: 'float', user: 'u', odd: 1, gone: null }, targetOf('gemini-content'));
    expect(request).toMatchObject({ path: '/models/up:batchEmbedContents', headers: { 'x-goog-api-key': 'secret' }, warnings: ['user: dropped, Gemini has nothing like it', 'odd: dropped, Gemini has nothing like it'] });
    expect(JSON.parse(request.kind === 'http' ? String(request.body) : '')).toEqual({ requests: ['a', 'b'].map((text) => ({ model: 'models/up', content: { parts: [{ text }] }, outputDimensionality: 3 })) });
    const reply = JSON.stringify({ embeddings: [{ values: [0.5] }, { values: [1] }], usageMetadata: { promptTokenCount: 9 } });
    expect(geminiEmbeddingsWire.readReply(reply)).toMatchObject({ usage: { promptTokens: 9 } });
    expect(JSON.parse(geminiEmbeddingsWire.toReply?.(reply, context) ?? '')).toMatchObject({ object: 'list', model: 'up', data: [{ index: 0, embedding: [0.5] }, { index: 1, embedding: [1] }], usage: { prompt_tokens: 9 } });
    expect(geminiEmbeddingsWire.readReply('{"embeddings":[{"values":[1]}]}').usage).toBeNull();
    for (const text of ['null', '{}', '{"embeddings":[]}', '{"embeddings":[{}]}']) expect(() => geminiEmbeddingsWire.readReply(text)).toThrow(SyntaxError);
  });
});

describe('the way a vector is written', () => {
  const reply = (embedding: unknown, more: object = { model: 'm', usage: { prompt_tokens: 1, total_tokens: 1 } }): string => JSON.stringify({ object: 'list', data: [{ object: 'embedding', index: 0, embedding }], ...more });

  test('is left alone where it is the one that was asked for, and changed where not', () => {
    const wanted = { model: 'fallback' };
    expect(inEncoding(reply([1, 2]), { ...wanted, isBase64: false })).toBe(reply([1, 2]));
    expect(inEncoding(reply('AACAPw=='), { ...wanted, isBase64: true })).toBe(reply('AACAPw=='));
    expect(JSON.parse(inEncoding(reply([1]), { ...wanted, isBase64: true }))).toMatchObject({ data: [{ embedding: 'AACAPw==' }] });
    expect(JSON.parse(inEncoding(reply('AACAPw=='), { ...wanted, isBase64: false }))).toMatchObject({ data: [{ embedding: [1] }] });
    expect(JSON.parse(inEncoding(reply([1], {}), { ...wanted, isBase64: false }))).toMatchObject({ model: 'fallback', usage: { prompt_tokens: 0, total_tokens: 0 } });
    expect(JSON.parse(inEncoding(reply([1], { model: 'm', usage: { total_tokens: 5 } }), { ...wanted, isBase64: false }))).toMatchObject({ usage: { prompt_tokens: 5, total_tokens: 5 } });
    expect(JSON.parse(withUsage(reply([1]), { promptTokens: 7, cachedTokens: 0, cacheWriteTokens: 0, completionTokens: 0, reasoningTokens: 0 }))).toMatchObject({ model: 'm', data: [{ embedding: [1] }], usage: { prompt_tokens: 7, total_tokens: 7 } });
    const swapped = JSON.stringify({ object: 'list', model: 'm', data: [{ index: 1, embedding: [2] }, { index: 0, embedding: [1] }] });
    expect(JSON.parse(inEncoding(swapped, { ...wanted, isBase64: false }))).toMatchObject({ data: [{ object: 'embedding', index: 1, embedding: [2] }, { object: 'embedding', index: 0, embedding: [1] }] });
  });

  test('there and back gives the same 32-bit floats', () => {
    fc.assert(fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 50 }), (vector) => {
      const back = JSON.parse(inEncoding(reply(toBase64(vector)), { isBase64: false, model: 'm' })) as { data: { embedding: number[] }[] };
      expect(Buffer.from(toBase64(back.data[0]?.embedding), 'base64')).toEqual(Buffer.from(toBase64(vector), 'base64'));
    }));
  });
});

describe('the sandbox', () => {
  const vectorsOf = (body: Partial<EmbeddingRequest>): number[][] => {
    const script = encode(sandboxEmbeddingsWire, { model: 'sandbox/embedding', input: 'a', ...body }, targetOf('sandbox', { upstreamModel: 'embedding' }));
    if (script.kind !== 'script') throw new Error('not a script');
    const { data } = JSON.parse([...script.steps].map(({ bytes }) => bytes).join('')) as { data: { embedding: number[] }[] };
    return data.map(({ embedding }) => embedding);
  };
  const dot = (a: readonly number[] = [], b: readonly number[] = []): number => a.reduce((sum, each, at) => sum + each * (b[at] ?? 0), 0);

  test('gives unit vectors that are stable, and close where words are shared', () => {
    const [cat, alsoCat, tax, again] = vectorsOf({ input: ['the cat sat on the mat', 'a cat lay on the mat', 'income tax return form', 'the cat sat on the mat'] });
    for (const vector of [cat, alsoCat, tax]) expect(dot(vector, vector)).toBeCloseTo(1, 4);
    expect(again).toEqual(cat);
    expect(dot(cat, alsoCat)).toBeGreaterThan(dot(cat, tax) + 0.2);
    expect(cat).toHaveLength(1536);
    expect(vectorsOf({ dimensions: 1 })[0]?.map(Math.abs)).toEqual([1]);
    expect(vectorsOf({ input: [[5, 6], [5, 6]] })).toHaveLength(2);
  });

  test('fails when told to', () => {
    const target = targetOf('sandbox', { upstreamModel: 'embedding' });
    expect(encode(sandboxEmbeddingsWire, { model: 'm', input: 'a', sandbox: { fail_status: 503 } }, target)).toMatchObject({ kind: 'script', status: 503 });
    expect(encode(sandboxEmbeddingsWire, { model: 'm', input: 'a', dimensions: 5000 }, target)).toMatchObject({ kind: 'script', status: 400 });
  });
});
