/** This file writes what a start prints for a person: where the gateway is and a call that works. */
import { liveProviders } from '../gateway/routing/catalog.ts';
import type { Catalog } from '../gateway/routing/catalog.ts';

export interface GreetingFacts {
  readonly url: string;
  /** In full, on the first start only. */
  readonly firstKey: string | null;
  readonly catalog: Catalog;
  readonly dataFolder: string;
}

/** The lines of a start. */
export function greeting(facts: GreetingFacts): string {
  const baseUrl = `${facts.url}/v1`;
  const lines = ['', `Interline is ready at ${facts.url}`, '', `  Base URL   ${baseUrl}`, `  Docs       ${facts.url}/docs`];
  if (facts.firstKey !== null) lines.push(`  Key        ${facts.firstKey}`, `             shown this once; also in ${facts.dataFolder}/first-key`);
  else lines.push(`  Key        the first one is in ${facts.dataFolder}/first-key`);
  const providers = liveProviders(facts.catalog);
  lines.push(`  Providers  ${providers.join(', ')}${providers.length === 1 ? ' (set OPENAI_API_KEY, OPENROUTER_API_KEY, … for real models)' : ''}`);
  const key = facts.firstKey ?? `$(cat ${facts.dataFolder}/first-key)`;
  lines.push('', 'Try it:', '', `  curl ${baseUrl}/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" \\`,
    `    -d '{"model": "sandbox/chat", "messages": [{"role": "user", "content": "Reply with exactly: HELLO_FROM_INTERLINE"}]}'`, '', '');
  return lines.join('\n');
}
