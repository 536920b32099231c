/** This file is the vendored snapshot of the price list: its shape, and how it is read back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Prices in decimal USD per million tokens; above a prompt size the whole request is charged at a tier's rates. */
export interface SourceCost {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly tiers?: readonly (Omit<SourceCost, 'tiers'> & { readonly inputTokensAbove: number })[];
}

/** What the list says one upstream does differently on OpenAI's wire. */
export interface SourceCompat {
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  readonly supportsDeveloperRole?: boolean;
  readonly supportsReasoningEffort?: boolean;
  readonly supportsStore?: boolean;
  readonly supportsStrictMode?: boolean;
  readonly supportsStrictTools?: boolean;
  readonly supportsTemperature?: boolean;
  readonly supportsUsageInStreaming?: boolean;
}

/** One model at one provider, with the fields we use and no others. */
export interface SourceRow {
  readonly provider: string;
  readonly id: string;
  readonly name: string;
  /** Which wire the list's own client speaks to it. */
  readonly api: string;
  readonly reasoning: boolean;
  readonly input: readonly ('text' | 'image')[];
  readonly contextWindow: number;
  readonly maxTokens: number;
  readonly cost: SourceCost;
  readonly compat?: SourceCompat;
}

/** The trimmed list and where it came from. */
export interface Snapshot {
  readonly package: string;
  readonly version: string;
  readonly license: string;
  readonly author: string;
  readonly repository: string;
  /** The registry's own hash of the tarball. */
  readonly integrity: string;
  /** When the list was made, as it says itself. */
  readonly generatedAt: string;
  readonly rows: readonly SourceRow[];
}

const repository = join(import.meta.dirname, '..', '..');

/** The snapshot the catalogue is generated from; `catalog:fetch` writes it, `git diff` shows what changed. */
export const SNAPSHOT_FILE = join(repository, 'catalog', 'source', 'pi-ai.json');

/** Reads the committed snapshot. */
export function readSnapshot(): Snapshot {
  return JSON.parse(readFileSync(SNAPSHOT_FILE, 'utf8')) as Snapshot;
}
