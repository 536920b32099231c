/** This file is what a native call asks: a path of a provider's own API, metered where its usage can be read, and refused where nobody would pay. */
import type { CatalogProvider } from '../../generated/catalog-types.ts';
import { isModelAllowed } from '../access/allowed-models.ts';
import { gatherNativePrompt } from '../dialects/native-prompt.ts';
import type { NativePrompt } from '../dialects/native-prompt.ts';
import { readNativeRequest } from '../dialects/native-body.ts';
import type { NativeRequest } from '../dialects/native-body.ts';
import { isUnmetered, meteredPath, readNativePath, safeReplyHeaders, safeRequestHeaders, writeNativeQuery } from '../dialects/native.ts';
import type { MeteredPath, NativeMethod } from '../dialects/native.ts';
import { NO_BYTES } from '../foundation/byte-text.ts';
import { fail } from '../foundation/errors.ts';
import { isJsonObject } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Caller } from '../foundation/terms.ts';
import type { Counter } from '../metering/counter.ts';
import { NO_USAGE } from '../metering/settle.ts';
import { sizeCall } from '../metering/size.ts';
import type { CallSize } from '../metering/size.ts';
import { extraBytesOf, guessTokens, guessTokensAtLeast } from '../metering/text-size.ts';
import { nativeReplySide, unmeteredReplySide } from '../providers/native.ts';
import { findNativeEntry, findNativeProvider } from '../routing/native-targets.ts';
import type { Ask, RawReplies } from './ask.ts';
import { failUnknown } from './choose-native.ts';
import type { House } from './house.ts';
import { nativeDialect } from './native-stream.ts';
import { writeMetered, writeUnmetered } from './write-native.ts';
import type { NativeAsk, NativeCall } from './write-native.ts';

/** No model generates more: what is set aside where neither the caller nor the catalogue says how much. */
const OUTPUT_TOKENS_MAX = 262_144;
const NAME_CHARS_MAX = 200;

/**
 * Makes the ask of a native call. Throws a Refusal: provider_not_found; invalid_request for a path, query or body that could be read in two
 * ways; model_not_found for a model without a known price; native_path_not_metered for what nobody has agreed to pay.
 */
export function askNative(house: House, call: NativeCall, method: NativeMethod): Ask {
  const caller = call.caller ?? fail('missing_api_key');
  const state = findNativeProvider(house.catalog, call.path.provider);
  const { row } = state;
  const wire = row.wires?.chat ?? row.wire;
  const path = readNativePath(call.path.path, { wire, baseUrl: row.wire === 'sandbox' ? '' : state.baseUrl });
  const metered = meteredPath(wire, method, path);
  const hasOwnKey = caller.account.ownKeys.some(({ provider }) => provider === row.id);
  const query = writeNativeQuery(call.query, metered);
  const ask: NativeAsk = { method, path, query, headers: safeRequestHeaders(call.headers, metered !== null), call };
  const request = metered && call.bodyText !== '' ? readMetered(house, caller, { call, row, metered, hasOwnKey }) : null;
  if (request) return askMetered(ask, row, request);
  const isFree = metered === null && isUnmetered(row.native?.unmetered_paths ?? [], method, path);
  if (!isFree && !hasOwnKey) {
    fail('native_path_not_metered', {
      param: 'path',
      message: `The usage of ${method} /${path.slice(0, NAME_CHARS_MAX)} can't be read, so the operator of this gateway would have to allow it for ${row.id} (native.unmetered_paths), or the workspace to store its own key.`,
    });
  }
  return askUnmetered(ask, row, isFree);
}

interface Metered {
  readonly call: NativeCall;
  readonly row: CatalogProvider;
  readonly metered: MeteredPath;
  readonly hasOwnKey: boolean;
}

/** Null: it can't be metered, and the workspace's own key pays for it. */
function readMetered(house: House, caller: Caller, { call, row, metered, hasOwnKey }: Metered): NativeRequest | null {
  const request = readNativeRequest(metered, bodyOf(call), call.outline);
  const named = { provider: row.id, model: request.model };
  const isKnown = findNativeEntry(house.catalog, named, (model) => isModelAllowed(caller.models, model)) !== null;
  if (isKnown && !request.unmetered) return request;
  if (hasOwnKey) return isKnown ? request : null;
  if (!isKnown) failUnknown(named);
  return fail('native_path_not_metered', {
    param: request.unmetered?.param ?? 'path',
    message: `Field '${request.unmetered?.param ?? ''}' can't be paid for by this gateway: ${request.unmetered?.why ?? ''}. Leave it out, or store a key of the workspace's own.`,
  });
}

function bodyOf(call: NativeCall): JsonObject {
  return isJsonObject(call.body) ? call.body : {};
}

function rawReplies(): RawReplies {
  return {
    // What a provider says of the key that was used is not for the caller, unless it is the workspace's own: only then `isGuarded` is set.
    handsOn: (failure, { provider }) => failure.code !== 'upstream_auth_failed' || provider.isGuarded !== undefined,
    headersOf: safeReplyHeaders,
  };
}

function askMetered(ask: NativeAsk, row: CatalogProvider, request: NativeRequest): Ask {
  const { form, model, isStream } = request;
  const side = nativeReplySide(form);
  const body = bodyOf(ask.call);
  let gathered: NativePrompt | null = null;
  const prompt = (): NativePrompt => gathered ??= gatherNativePrompt(body);
  const isEmbedding = form === 'embeddings' || form === 'embed';
  return {
    kind: isEmbedding ? 'embeddings' : 'chat',
    model: `${row.id}/${model}`.slice(0, NAME_CHARS_MAX),
    isStream,
    wantsUsage: request.wantsUsage,
    mayBeEmpty: !isEmbedding,
    dialect: isStream ? nativeDialect(form, side) : null,
    doneEvent: NO_BYTES,
    native: { provider: row.id, model, isUnmetered: false, needsOwnKey: request.unmetered !== null },
    raw: rawReplies(),
    size: ({ prices, maxOutputTokens }) => sizeNative(prompt(), { prices, choices: request.choices, outputTokens: request.outputTokens ?? maxOutputTokens ?? OUTPUT_TOKENS_MAX }),
    write: (target, context) => ({ wire: side, request: writeMetered(target, { ask, request, body, context }) }),
    count: (counter, { text }) => countNative(counter, prompt(), text),
  };
}

function askUnmetered(ask: NativeAsk, row: CatalogProvider, isFree: boolean): Ask {
  return {
    kind: 'chat',
    model: `${row.id}/${ask.path}`.slice(0, NAME_CHARS_MAX),
    isStream: false,
    wantsUsage: false,
    // Nothing is known of what it used, so nothing is charged.
    mayBeEmpty: true,
    dialect: null,
    doneEvent: NO_BYTES,
    native: { provider: row.id, model: null, isUnmetered: isFree, needsOwnKey: false },
    raw: rawReplies(),
    size: ({ prices }) => sizeCall({ promptTokens: 0, promptTokensAtLeast: 0, outputTokens: 0, choices: 1, prices }),
    write: (target) => ({ wire: unmeteredReplySide, request: writeUnmetered(target, ask) }),
    count: () => Promise.resolve(NO_USAGE),
  };
}

function sizeNative(prompt: NativePrompt, call: Pick<CallSize, 'prices' | 'choices' | 'outputTokens'>): CallSize {
  let promptTokens = prompt.tokens + prompt.structureTokens;
  let promptTokensAtLeast = 0;
  for (const text of prompt.texts) {
    const extraBytes = extraBytesOf(text);
    promptTokens += guessTokens(text, extraBytes, prompt.texts.length);
    promptTokensAtLeast += guessTokensAtLeast(text, extraBytes);
  }
  return sizeCall({ promptTokens, promptTokensAtLeast, ...call });
}

async function countNative(counter: Counter, prompt: NativePrompt, text: string): ReturnType<Ask['count']> {
  const [asked, completionTokens] = await Promise.all([counter.countText(prompt.texts.join('\n')), counter.countText(text)]);
  return { ...NO_USAGE, promptTokens: prompt.tokens + asked, completionTokens };
}
