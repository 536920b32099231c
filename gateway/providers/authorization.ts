/** This file says with which header a provider is shown its key. */
import type { Provider } from '../foundation/terms.ts';

/** The header with a provider's credential; none for servers that need none. */
export function authorization(provider: Provider): Readonly<Record<string, string>> {
  if (provider.apiKey === null) return {};
  // https://ai.google.dev/gemini-api/docs/api-key, 2026-11.
  if (provider.wire === 'gemini-content') return { 'x-goog-api-key': provider.apiKey };
  return { authorization: `Bearer ${provider.apiKey}` };
}
