import { describe, expect, test } from '@jest/globals';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import type { Receipt } from '../../generated/client/types.gen.ts';
import type { TransferRow } from '../foundation/ledger.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { Price } from '../foundation/prices.ts';
import type { SettledRequest } from '../foundation/terms.ts';
import { sampleRecord } from '../store/sample-rows.ts';
import { StoreUnavailable } from '../store/store.ts';
import { toKeySet, writeReceipt } from './receipt.ts';
import type { ReceiptParts } from './receipt.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = { kid: 'r1', privateKey };
const price: Price = { version: 'v1', input: toNanoUsd(3_000_000_000), output: toNanoUsd(15_000_000_000), cacheRead: toNanoUsd(300_000_000) };

const settledRow = (changes: Partial<SettledRequest> = {}): SettledRequest => ({
  ...sampleRecord(1, {
    payer: 'balance', attempts: 2, failedAttempts: '[{"target":"a/m","code":"upstream_timeout","latency_ms":60000.5}]',
    usage: { promptTokens: 19_000, cachedTokens: 4000, cacheWriteTokens: 1000, completionTokens: 3000, reasoningTokens: 500 },
    charge: { messages: 2, nanoUsd: toNanoUsd(91_200_000), priceVersion: 'v1', isUnpriced: false },
  }),
  settled: { charged: toNanoUsd(90_000_000), overrunNanoUsd: toNanoUsd(1_200_000), overrunMessages: 0, lines: [{ counterId: 'w:ws_1', amount: 90_000_000n }], settledMs: 1_800_000_001_500 },
  ...changes,
});
const charge: TransferRow = {
  id: 'u:req_00000001', kind: 'usage', workspaceId: 'ws_1', debitAccount: 'w:ws_1', creditAccount: 'sys:revenue', amount: toNanoUsd(90_000_000), reference: 'req_00000001', note: null, createdMs: 1_800_000_001_500,
};
const givenBack: TransferRow = { ...charge, id: 'rf:req_00000001', kind: 'refund', debitAccount: 'sys:revenue', creditAccount: 'w:ws_1', amount: toNanoUsd(5), note: 'sorry' };

function partsOf(row: SettledRequest | null, changes: Partial<ReceiptParts> = {}): ReceiptParts {
  const store = {
    findRequest: (workspaceId: string, id: string) => Promise.resolve(row && row.workspaceId === workspaceId && row.id === id ? row : null),
    listTransfersFor: () => Promise.resolve([charge, givenBack]),
  };
  return { store, signer, findPrice: () => price, ...changes };
}
const everyone = { workspaceId: 'ws_1', userId: null, keyId: null };
const write = (row = settledRow(), changes: Partial<ReceiptParts> = {}): Promise<Receipt> => writeReceipt(partsOf(row, changes), everyone, 'req_00000001');

/** Of a request that made and read text alone. */
const NO_MEDIA_RATES = { image: null, audio_second: null, video_second: null, mega_characters: null };

/** As a customer would, from what the gateway publishes alone. */
function open(jws: string): unknown {
  const [header = '', payload = '', signature = ''] = jws.split('.');
  const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { kid: string; alg: string };
  const jwk = toKeySet(new Map([['r1', publicKey]])).keys.find((key) => key.kid === kid);
  if (!jwk || alg !== 'EdDSA') throw new Error('no such key');
  const isGood = verify(null, Buffer.from(`${header}.${payload}`), createPublicKey({ key: { ...jwk }, format: 'jwk' }), Buffer.from(signature, 'base64url'));
  if (!isGood) throw new Error('not signed by the gateway');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
}

describe('a receipt', () => {
  test('says what was used, at which rates, how messages were counted, who was charged what and what was given back', async () => {
    const { jws, ...receipt } = await write();
    expect(jws).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(receipt).toEqual({
      id: 'req_00000001', object: 'receipt', workspace: 'ws_1', user: 'user_1', key: 'key_1', operation: 'createChatCompletion', model_asked: 'fast',
      model: 'google/gemini-2.5-flash', provider: 'google', target: 'google/gemini-2.5-flash', outcome: 'ok', basis: 'provider', payer: 'balance',
      tokens: { prompt: 19_000, fresh: 14_000, cached: 4000, cache_write: 1000, completion: 3000, reasoning: 500 },
      media: null,
      price: { version: 'v1', rates: { input: '3000000000', output: '15000000000', cache_read: '300000000', cache_write: null, reasoning: null, ...NO_MEDIA_RATES } },
      messages: { prompt_tokens: 19_000, completion_tokens: 3000, cached_prompt_tokens: 4000, cached_discount: 2000, effective_input: 17_000, counted_messages: 2 },
      cost_nano_usd: '91200000', charged_nano_usd: '90000000', overrun_nano_usd: '1200000', overrun_messages: 0,
      lines: [{ counter: 'w:ws_1', amount: '90000000' }],
      attempts: [{ target: 'a/m', code: 'upstream_timeout', latency_ms: 60_000.5 }, { target: 'google/gemini-2.5-flash', code: null, latency_ms: null }],
      transfers: [
        { id: 'u:req_00000001', kind: 'usage', amount_nano_usd: '-90000000', note: null, created_at: 1_800_000_001 },
        { id: 'rf:req_00000001', kind: 'refund', amount_nano_usd: '5', note: 'sorry', created_at: 1_800_000_001 },
      ],
      created_at: 1_800_000_000, settled_at: 1_800_000_001,
    });
  });

  test('has the rates that held for a prompt of its length', async () => {
    const long = { ...price, longPrompts: [{ abovePromptTokens: 18_999, input: toNanoUsd(6n), output: toNanoUsd(22n), reasoning: toNanoUsd(23n) }, { abovePromptTokens: 19_000, input: toNanoUsd(7n), output: toNanoUsd(24n) }] };
    expect((await write(settledRow(), { findPrice: () => long })).price.rates).toEqual({ input: '6', output: '22', cache_read: null, cache_write: null, reasoning: '23', ...NO_MEDIA_RATES });
  });

  test('has the rates of the variant that was made', async () => {
    const row = settledRow();
    const media = { images: 2, audioMs: 0, videoMs: 0, characters: 0, variant: '1024x1024/high' };
    const priced = { ...price, media: { image: toNanoUsd(40n), variants: { '1024x1024/high': { image: toNanoUsd(170n) } } } };
    const receipt = await write({ ...row, usage: { ...row.usage, media } }, { findPrice: () => priced });
    expect(receipt.media).toEqual({ images: 2, audio_ms: 0, video_ms: 0, characters: 0, variant: '1024x1024/high' });
    expect(receipt.price.rates).toMatchObject({ image: '170', audio_second: '0', video_second: '0', mega_characters: '0' });
  });

  test('has no rates where they are no longer known', async () => {
    expect((await write(settledRow(), { findPrice: () => null })).price).toEqual({ version: 'v1', rates: null });
  });

  test.each<[string, Partial<SettledRequest>, unknown]>([
    ['one that answered', { attempts: 1, failedAttempts: null }, [{ target: 'google/gemini-2.5-flash', code: null, latency_ms: 12.345 }]],
    ['one that broke off', { attempts: 1, failedAttempts: null, errorCode: 'upstream_error', outcome: 'upstream_error' }, [{ target: 'google/gemini-2.5-flash', code: 'upstream_error', latency_ms: 12.345 }]],
    ['two that failed before the first byte', { attempts: 2, errorCode: 'upstream_unreachable', failedAttempts: '[{"target":"a/m","code":"x","latency_ms":1},{"target":"b/m","code":"upstream_unreachable","latency_ms":2}]' },
      [{ target: 'a/m', code: 'x', latency_ms: 1 }, { target: 'b/m', code: 'upstream_unreachable', latency_ms: 2 }]],
    ['none', { attempts: 0, failedAttempts: null, target: null }, []],
  ])('tells of its attempts: %s', async (_what, changes, attempts) => {
    expect((await write(settledRow(changes))).attempts).toEqual(attempts);
  });
});

describe('the signature', () => {
  test('can be verified with the published key, and is over the receipt', async () => {
    const { jws, ...receipt } = await write();
    expect(open(jws)).toEqual(receipt);
  });

  test('is broken by any change of the receipt', async () => {
    const { jws, ...receipt } = await write();
    const [header, , signature] = jws.split('.');
    const cheaper = Buffer.from(JSON.stringify({ ...receipt, charged_nano_usd: '1' })).toString('base64url');
    expect(() => open(`${header ?? ''}.${cheaper}.${signature ?? ''}`)).toThrow('not signed');
    const other = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: 'r1', x: 1 })).toString('base64url');
    expect(() => open(`${other}.${jws.split('.')[1] ?? ''}.${signature ?? ''}`)).toThrow('not signed');
  });

  test('of another key is not believed', async () => {
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const { jws } = await write(settledRow(), { signer: { kid: 'r1', privateKey: stranger } });
    expect(() => open(jws)).toThrow('not signed');
  });

  test('keys are published without their secret part', () => {
    const [key] = toKeySet(new Map([['r1', publicKey]])).keys;
    expect(key).toEqual({ kty: 'OKP', crv: 'Ed25519', x: publicKey.export({ format: 'jwk' }).x, kid: 'r1', alg: 'EdDSA', use: 'sig' });
  });
});

describe('who sees it', () => {
  const see = (view: { userId?: string; keyId?: string; workspaceId?: string }, row = settledRow()) => writeReceipt(partsOf(row), { ...everyone, ...view }, 'req_00000001');

  test('its user, its key, and who sees the whole workspace', async () => {
    await expect(see({})).resolves.toBeDefined();
    await expect(see({ userId: 'user_1' })).resolves.toBeDefined();
    await expect(see({ keyId: 'key_1' })).resolves.toBeDefined();
  });

  test.each([['another user', { userId: 'user_2' }], ['another key of the same user', { userId: 'user_1', keyId: 'key_2' }], ['another workspace', { workspaceId: 'ws_2' }]])('%s is told that it is not there', async (_who, view) => {
    await expect(see(view)).rejects.toMatchObject({ code: 'request_not_found', status: 404 });
  });

  test('a refund has no receipt of its own', async () => {
    await expect(see({}, settledRow({ outcome: 'refund' }))).rejects.toMatchObject({ code: 'request_not_found' });
  });

  test('a store that can not be reached is a 503, not a 404', async () => {
    const gone = { findRequest: () => Promise.reject(new StoreUnavailable('closed')), listTransfersFor: () => Promise.resolve([]) };
    await expect(write(settledRow(), { store: gone })).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});
