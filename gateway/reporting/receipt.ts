/** This file writes receipts: what one request was charged and why, signed so that nobody can change it afterwards. */
import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { MessageSteps, Receipt, ReceiptKeySet, ReceiptRates } from '../../generated/client/types.gen.ts';
import { fail } from '../foundation/errors.ts';
import { toSeconds } from '../foundation/page.ts';
import type { MediaPrice, Price } from '../foundation/prices.ts';
import type { SettledRequest, Usage } from '../foundation/terms.ts';
import { orUnavailable } from '../store/or-unavailable.ts';
import type { Store } from '../store/store.ts';
import { attemptsOf } from './attempts.ts';
import { toLedgerEntry } from './ledger-list.ts';
import { toMedia } from './usage.ts';

/** Whose requests may be looked at: of one user or one key alone, where these are given. */
export interface ReceiptView {
  readonly workspaceId: string;
  readonly userId: string | null;
  readonly keyId: string | null;
}

export interface ReceiptParts {
  readonly store: Pick<Store, 'findRequest' | 'listTransfersFor'>;
  readonly signer: { readonly kid: string; readonly privateKey: KeyObject };
  /** The price a request was charged at; null when it is no longer known. */
  readonly findPrice: (row: SettledRequest) => Price | null;
}

/** Writes the receipt of a request. Refuses with request_not_found, also for one that may not be looked at. */
export async function writeReceipt(parts: ReceiptParts, view: ReceiptView, id: string): Promise<Receipt> {
  const row = await checkVisible(parts.store, view, id);
  const transfers = await orUnavailable(parts.store.listTransfersFor(view.workspaceId, id));
  const receipt: Omit<Receipt, 'jws'> = {
    id: row.id,
    object: 'receipt',
    workspace: row.workspaceId,
    user: row.userId,
    key: row.keyId,
    operation: row.operation,
    model_asked: row.modelAsked,
    model: row.model,
    provider: row.provider,
    target: row.target,
    outcome: row.outcome,
    basis: row.basis,
    payer: row.payer,
    ...whatItCost(row, parts.findPrice(row)),
    lines: row.settled.lines.map((line) => ({ counter: line.counterId, amount: String(line.amount) })),
    attempts: attemptsOf(row),
    transfers: transfers.map(toLedgerEntry).map(({ id: entry, kind, amount_nano_usd, note, created_at }) => ({ id: entry, kind, amount_nano_usd, note, created_at })),
    created_at: toSeconds(row.startedMs),
    settled_at: toSeconds(row.settled.settledMs),
  };
  return { ...receipt, jws: signCompact(JSON.stringify(receipt), parts.signer) };
}

/** Gives the request. Refuses with request_not_found, also for one that may not be looked at. */
export async function checkVisible(store: Pick<Store, 'findRequest'>, view: ReceiptView, id: string): Promise<SettledRequest> {
  const row = await orUnavailable(store.findRequest(view.workspaceId, id));
  return row && isSeen(row, view) ? row : fail('request_not_found');
}

/** A refund is no request: it is told in the receipt of the one it takes back. */
function isSeen(row: SettledRequest, { userId, keyId }: ReceiptView): boolean {
  return row.outcome !== 'refund' && (userId === null || row.userId === userId) && (keyId === null || row.keyId === keyId);
}

/** Gives the public keys as a JWK set (RFC 7517, RFC 8037). */
export function toKeySet(publicKeys: ReadonlyMap<string, KeyObject>): ReceiptKeySet {
  return {
    keys: [...publicKeys].map(([kid, key]) => ({ kty: 'OKP', crv: 'Ed25519', x: key.export({ format: 'jwk' }).x ?? '', kid, alg: 'EdDSA', use: 'sig' })),
  };
}

function whatItCost(row: SettledRequest, price: Price | null) {
  const { usage, charge, settled } = row;
  return {
    tokens: {
      prompt: usage.promptTokens,
      fresh: usage.promptTokens - usage.cachedTokens - usage.cacheWriteTokens,
      cached: usage.cachedTokens,
      cache_write: usage.cacheWriteTokens,
      completion: usage.completionTokens,
      reasoning: usage.reasoningTokens,
    },
    media: toMedia(usage),
    price: { version: charge.priceVersion, rates: price && toRates(price, usage) },
    messages: stepsOf(row),
    cost_nano_usd: charge.nanoUsd.toString(),
    charged_nano_usd: settled.charged.toString(),
    overrun_nano_usd: settled.overrunNanoUsd.toString(),
    overrun_messages: settled.overrunMessages,
  };
}

/** The formula, step by step: what was counted can be counted again by hand. */
function stepsOf({ usage, charge }: SettledRequest): MessageSteps {
  const discount = Math.floor(usage.cachedTokens / 2);
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    cached_prompt_tokens: usage.cachedTokens,
    cached_discount: discount,
    effective_input: Math.max(0, usage.promptTokens - discount),
    counted_messages: charge.messages,
  };
}

/** The rates that held for a prompt of this length. */
function toRates(price: Price, { promptTokens, media }: Usage): ReceiptRates {
  const rates = price.longPrompts?.findLast((long) => promptTokens > long.abovePromptTokens) ?? price;
  const digits = (rate: bigint | undefined): string | null => (rate === undefined ? null : rate.toString());
  return {
    input: rates.input.toString(), output: rates.output.toString(), cache_read: digits(rates.cacheRead), cache_write: digits(rates.cacheWrite), reasoning: digits(rates.reasoning),
    ...(media ? mediaRates(price.media, media.variant) : { image: null, audio_second: null, video_second: null, mega_characters: null }),
  };
}

/** Of what has no tokens, for the variant that was made. */
function mediaRates(price: MediaPrice | undefined, name: string | null): Pick<ReceiptRates, 'image' | 'audio_second' | 'video_second' | 'mega_characters' | 'mega_audio_tokens' | 'mega_image_tokens'> {
  const variant = name === null ? undefined : price?.variants?.[name];
  const digits = (rate: bigint | undefined): string => (rate ?? 0n).toString();
  return {
    image: digits(variant?.image ?? price?.image), audio_second: digits(price?.audioSecond), video_second: digits(variant?.videoSecond ?? price?.videoSecond),
    mega_characters: digits(price?.megaCharacters),
    ...(price?.megaAudioTokens === undefined ? {} : { mega_audio_tokens: digits(price.megaAudioTokens) }),
    ...(price?.megaImageTokens === undefined ? {} : { mega_image_tokens: digits(price.megaImageTokens) }),
  };
}

/** A compact JWS (RFC 7515) with EdDSA (RFC 8037). */
function signCompact(payload: string, signer: ReceiptParts['signer']): string {
  const header = JSON.stringify({ alg: 'EdDSA', kid: signer.kid });
  const signed = `${toBase64Url(header)}.${toBase64Url(payload)}`;
  return `${signed}.${sign(null, Buffer.from(signed, 'ascii'), signer.privateKey).toString('base64url')}`;
}

function toBase64Url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
