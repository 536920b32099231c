/** This file fetches the price list from npm and trims it to a snapshot that is committed, so that generating needs no network. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SNAPSHOT_FILE } from './snapshot.ts';
import type { Snapshot, SourceCompat, SourceRow } from './snapshot.ts';

const PACKAGE = '@earendil-works/pi-ai';
/** Raise it, run `npm run catalog:fetch`, read the diff. */
const VERSION = '1.5.2';

/** Their name of a provider → ours. Subscriptions, clouds with signed requests and other resellers are left out. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'ant-ling': 'ant-ling', anthropic: 'anthropic', baseten: 'baseten', cerebras: 'cerebras', deepseek: 'deepseek', fireworks: 'fireworks',
  google: 'google', groq: 'groq', huggingface: 'huggingface', minimax: 'minimax', mistral: 'mistral', moonshotai: 'moonshot',
  nvidia: 'nvidia', openai: 'openai', openrouter: 'openrouter', together: 'together', xai: 'xai', xiaomi: 'xiaomi', zai: 'zai',
};

const COMPAT: readonly (keyof SourceCompat)[] = ['maxTokensField', 'supportsDeveloperRole', 'supportsReasoningEffort', 'supportsStore',
  'supportsStrictMode', 'supportsStrictTools', 'supportsTemperature', 'supportsUsageInStreaming'];

type UpstreamRow = SourceRow & { readonly type: string };

/** Downloads the pinned version, trims it and writes the snapshot. Gives what was written. */
export function fetchSnapshot(): Snapshot {
  const folder = mkdtempSync(join(tmpdir(), 'interline-catalog-'));
  try {
    const packed = execFileSync('npm', ['pack', `${PACKAGE}@${VERSION}`, '--json', '--ignore-scripts'], { cwd: folder, encoding: 'utf8' });
    const [tarball] = Object.values(JSON.parse(packed) as Record<string, { filename: string; integrity: string }>);
    if (!tarball) throw new Error(`npm pack gave nothing for ${PACKAGE}@${VERSION}`);
    const [file] = readdirSync(folder);
    execFileSync('tar', ['-xzf', file ?? tarball.filename], { cwd: folder });
    const snapshot = trim(join(folder, 'package'), tarball.integrity);
    writeFileSync(SNAPSHOT_FILE, printSnapshot(snapshot));
    return snapshot;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function trim(folder: string, integrity: string): Snapshot {
  const manifest = readJson(join(folder, 'package.json')) as { version: string; license: string; author: string; repository: { url: string } };
  const lists = join(folder, 'dist', 'providers', 'data');
  const made = readJson(join(lists, '.manifest.json')) as { generatedAt: string };
  const rows = Object.entries(PROVIDERS).flatMap(([theirs, ours]) => {
    const byWire = readJson(join(lists, `${theirs}.json`)) as Record<string, Record<string, UpstreamRow>>;
    return Object.entries(byWire).flatMap(([api, named]) =>
      Object.values(named).filter((row) => row.type === 'chat').map((row) => trimRow(row, { provider: ours, api })));
  });
  rows.sort((a, b) => compare(a.provider, b.provider) || compare(a.id, b.id) || compare(a.api, b.api));
  return {
    package: PACKAGE, version: manifest.version, license: manifest.license, author: manifest.author,
    repository: manifest.repository.url, integrity, generatedAt: made.generatedAt, rows,
  };
}

function trimRow(row: UpstreamRow, place: { provider: string; api: string }): SourceRow {
  const compat = Object.fromEntries(COMPAT.flatMap((key) => (row.compat?.[key] === undefined ? [] : [[key, row.compat[key]]])));
  return {
    provider: place.provider, id: row.id, name: row.name, api: place.api, reasoning: row.reasoning, input: row.input,
    contextWindow: row.contextWindow, maxTokens: row.maxTokens, cost: row.cost,
    ...(Object.keys(compat).length === 0 ? {} : { compat }),
  };
}

/** One row per line, so that a diff of two versions reads as a list of price changes. */
function printSnapshot(snapshot: Snapshot): string {
  const { rows, ...head } = snapshot;
  const opening = JSON.stringify(head, null, 2).replace(/\n\}$/, ',');
  return `${opening}\n  "rows": [\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]\n}\n`;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
