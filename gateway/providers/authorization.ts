/** This file says how each wire's providers are shown their key. */
import type { Provider, WireName } from '../foundation/terms.ts';

/** The version of Anthropic's API that is spoken (platform.claude.com, "Versions", read 2026-11). */
const ANTHROPIC_VERSION = '2023-06-01';

/**
 * The headers that carry a provider's key, and what its API wants beside it; a server that takes no key is sent none. `wire` is the one
 * that is spoken, where that is not the provider's own.
 */
export function authorization(provider: Provider, wire: WireName = provider.wire): Record<string, string> {
  const { apiKey } = provider;
  switch (wire) {
    case 'anthropic-messages': return { 'anthropic-version': ANTHROPIC_VERSION, ...withKey('x-api-key', apiKey) };
    // https://ai.google.dev/gemini-api/docs/api-key, read 2026-11.
    case 'gemini-content': return withKey('x-goog-api-key', apiKey);
    // https://docs.platform.pixverse.ai/how-to-get-api-key-882968m0, read 2026-11.
    case 'pixverse-videos': return withKey('api-key', apiKey);
    case 'openai-chat':
    case 'openai-responses':
    case 'openrouter-videos':
    case 'kling-videos':
    case 'seedance-videos':
    case 'sandbox': return bearer(provider);
    default: return wire satisfies never;
  }
}

/** The key as most upstreams want it. */
export function bearer({ apiKey }: Provider): Record<string, string> {
  return withKey('authorization', apiKey === null ? null : `Bearer ${apiKey}`);
}

function withKey(header: string, value: string | null): Record<string, string> {
  return value === null ? {} : { [header]: value };
}
