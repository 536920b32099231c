/** This file brings the catalogue's providers to life: base URLs and credentials come from the environment. */
import type { CatalogMediaPrice, CatalogPrice, CatalogProvider, CatalogQuirks, CatalogVariantPrice } from '../../generated/catalog-types.ts';
import type { Environment } from '../foundation/config.ts';
import { toNanoUsd } from '../foundation/money.ts';
import type { MediaPrice, Price } from '../foundation/prices.ts';
import type { Provider, Quirks, WireName } from '../foundation/terms.ts';

/** A provider as it stands here and now. */
export interface ProviderState {
  readonly row: CatalogProvider;
  /** Null when it can't be called, because what `missing` names is not set. */
  readonly provider: Provider | null;
  /** Where it is reached from here, whether or not it can be called. No trailing slash. */
  readonly baseUrl: string;
  /** The environment variables, one of which would bring it to life. */
  readonly missing: readonly string[];
}

/** Thrown for an environment variable that can't be used; the message names it. */
export class EnvironmentMistake extends Error {}

/** Resolves one provider's row against the environment. Throws an EnvironmentMistake for a base URL that is none. */
export function resolveProvider(row: CatalogProvider, environment: Environment): ProviderState {
  const names = row.key_env ?? [];
  const [apiKey = null, ...otherKeys] = readKeys(names.map((name) => read(environment, name)).find((value) => value !== null) ?? '');
  const override = row.base_url_env === null ? null : readBaseUrl(row, environment);
  const { headers, missing: missingInHeaders } = fillHeaders(row.headers ?? {}, environment);
  const missing = [
    ...(row.key_required && apiKey === null ? names : []),
    // A local server of ours is known only once its address is.
    ...(row.discover && row.base_url_env !== null && override === null ? [row.base_url_env] : []),
    ...missingInHeaders,
  ];
  const baseUrl = override ?? row.base_url;
  if (missing.length > 0) return { row, provider: null, baseUrl, missing };
  return {
    row,
    provider: { id: row.id, name: row.name, wire: row.wire, ...(row.wires ? { wires: row.wires } : {}), baseUrl, apiKey, ...(otherKeys.length > 0 ? { otherKeys } : {}), headers, quirks: toQuirks(row.quirks) },
    baseUrl,
    missing: [],
  };
}

/** The provider as one of its targets is asked, which may name another wire than its provider's; it holds for every kind of call. */
export function onWire(provider: Provider, wire: WireName | undefined): Provider {
  return wire === undefined ? provider : { ...provider, wire, wires: {} };
}

/** The catalogue's quirks in the house's words. */
export function toQuirks(quirks: CatalogQuirks | undefined): Quirks {
  if (!quirks) return NO_QUIRKS;
  return {
    ...(quirks.max_tokens_field === undefined ? {} : { maxTokensField: quirks.max_tokens_field }),
    ...(quirks.developer_role === undefined ? {} : { developerRole: quirks.developer_role }),
    ...(quirks.stream_options === undefined ? {} : { streamOptions: quirks.stream_options }),
    ...(quirks.drop_fields === undefined ? {} : { dropFields: quirks.drop_fields }),
  };
}

const NO_QUIRKS: Quirks = {};

/** The catalogue's price in whole nano-USD; a price nobody named is the operator's. */
export function toPrice(price: CatalogPrice): Price {
  const longPrompts = (price.long_prompts ?? []).map((long) => ({ abovePromptTokens: long.above_prompt_tokens, ...toRates(long) }))
    .sort((a, b) => a.abovePromptTokens - b.abovePromptTokens);
  return { version: price.version ?? 'operator', ...toRates(price), ...(longPrompts.length === 0 ? {} : { longPrompts }), ...(price.media ? { media: toMediaPrice(price.media) } : {}) };
}

function toMediaPrice({ image, audio_second: audioSecond, video_second: videoSecond, mega_characters: megaCharacters, mega_audio_tokens: megaAudioTokens, mega_image_tokens: megaImageTokens, variants }: CatalogMediaPrice): MediaPrice {
  const toVariant = (each: CatalogVariantPrice) => ({
    ...(each.image === undefined ? {} : { image: toNanoUsd(each.image) }), ...(each.video_second === undefined ? {} : { videoSecond: toNanoUsd(each.video_second) }),
  });
  return {
    ...(image === undefined ? {} : { image: toNanoUsd(image) }),
    ...(audioSecond === undefined ? {} : { audioSecond: toNanoUsd(audioSecond) }),
    ...(videoSecond === undefined ? {} : { videoSecond: toNanoUsd(videoSecond) }),
    ...(megaCharacters === undefined ? {} : { megaCharacters: toNanoUsd(megaCharacters) }),
    ...(megaAudioTokens === undefined ? {} : { megaAudioTokens: toNanoUsd(megaAudioTokens) }),
    ...(megaImageTokens === undefined ? {} : { megaImageTokens: toNanoUsd(megaImageTokens) }),
    ...(variants ? { variants: Object.fromEntries(Object.entries(variants).map(([name, each]) => [name, toVariant(each)])) } : {}),
  };
}

function toRates(price: Pick<CatalogPrice, 'input' | 'output' | 'cache_read' | 'cache_write' | 'reasoning'>): Omit<Price, 'version' | 'longPrompts'> {
  return {
    input: toNanoUsd(price.input),
    output: toNanoUsd(price.output),
    ...(price.cache_read === undefined ? {} : { cacheRead: toNanoUsd(price.cache_read) }),
    ...(price.cache_write === undefined ? {} : { cacheWrite: toNanoUsd(price.cache_write) }),
    ...(price.reasoning === undefined ? {} : { reasoning: toNanoUsd(price.reasoning) }),
  };
}

/** Several credentials stand in one variable, with commas between, which no provider's keys have. */
function readKeys(value: string): string[] {
  return [...new Set(value.split(',').map((key) => key.trim()).filter((key) => key !== ''))];
}

/** An empty variable is as good as none. */
function read(environment: Environment, name: string): string | null {
  const value = environment[name]?.trim();
  return value === undefined || value === '' ? null : value;
}

function readBaseUrl(row: CatalogProvider, environment: Environment): string | null {
  const name = row.base_url_env;
  const value = name === null ? null : read(environment, name);
  if (name === null || value === null) return null;
  const url = URL.canParse(value) ? new URL(value) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new EnvironmentMistake(`${name}: expected a URL that begins with http:// or https://, not "${value}"`);
  // Ollama, vLLM, llama.cpp and LM Studio all serve this wire below /v1, and people give the address alone.
  if (row.discover && url.pathname === '/') return `${url.origin}/v1`;
  return value.replace(/\/+$/, '');
}

/** Headers may hold `${NAME}`, which stands for an environment variable. */
function fillHeaders(headers: Readonly<Record<string, string>>, environment: Environment): { headers: Record<string, string>; missing: string[] } {
  const missing: string[] = [];
  const filled = Object.entries(headers).map(([header, text]) => [header, text.replace(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_whole, name: string) => {
    const value = read(environment, name);
    if (value === null && !missing.includes(name)) missing.push(name);
    return value ?? '';
  })] as const);
  return { headers: Object.fromEntries(filled), missing };
}
