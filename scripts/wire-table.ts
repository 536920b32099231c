/** This file writes docs/wires.md, what each chat wire keeps, changes and refuses, from what the wires write; with `--check` it fails when the page is stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { outlineJson } from '../gateway/foundation/json-outline.ts';
import { isJsonObject, parseJson } from '../gateway/foundation/json-value.ts';
import type { JsonObject } from '../gateway/foundation/json-value.ts';
import type { WireName } from '../gateway/foundation/terms.ts';
import { chatWireOf } from '../gateway/providers/index.ts';
import type { ChatCompletionRequest } from '../generated/client/types.gen.ts';
import { BASE, FIELD_CASES, MESSAGE_CASES } from './wires/cases.ts';
import type { MessageCase } from './wires/cases.ts';

const page = path.resolve(import.meta.dirname, '../docs/wires.md');
const DEPTH_MAX = 64;

/** The model each wire is asked for: what a wire sends may depend on it. */
const MODELS = {
  'openai-chat': 'gpt-5-mini', 'anthropic-messages': 'claude-sonnet-4-5', 'gemini-content': 'gemini-3-pro', 'openai-responses': 'gpt-5-pro',
} as const satisfies Partial<Record<WireName, string>>;
type ChatWireName = keyof typeof MODELS;
const WIRES: readonly ChatWireName[] = ['openai-chat', 'anthropic-messages', 'gemini-content', 'openai-responses'];

const OPENING = `# What each wire keeps

A wire writes a chat request in the words of an upstream. This page says, for each field of the request, what becomes of it: **kept** under its own name, sent
as something else (→ with the place), or **refused**, which means dropped and named in \`x-interline-warnings\`; a request with \`x-interline-strict: true\` is
refused as a whole instead, before any upstream is called. What comes after a semicolon is sent, and said in the warnings all the same. A value that asks for nothing
(\`n: 1\`, \`store: false\`) is never worth a warning. *Read here* means that the gateway itself sees to it,
and *not sent* that something is left out without a warning, because it means nothing to the upstream.

The wire \`openai-chat\` hands the caller's bytes through, unknown fields too, but for the model's name and what the catalogue says the provider or the model does
differently (\`quirks\`). The others write a request of their own; what they send may depend on the model, which was here ${WIRES.filter((wire) => wire !== 'openai-chat').map((wire) => `\`${MODELS[wire]}\` for \`${wire}\``).join(', ')}.

This page is written by \`npm run generate\`: each cell is what the wire made of one good request (\`scripts/wires/cases.ts\`).
`;

interface Written {
  readonly path: string;
  readonly body: JsonObject;
  readonly warnings: readonly string[];
}

/** Has a wire write a request, as relay would. */
function write(wire: ChatWireName, body: ChatCompletionRequest): Written {
  const model = MODELS[wire];
  const bodyText = JSON.stringify(body);
  const provider = { id: 'provider', name: 'Provider', wire, baseUrl: '', apiKey: null, headers: {}, quirks: {} };
  const request = chatWireOf(provider)?.encode({
    target: { id: `provider/${model}`, provider, upstreamModel: model, price: null, quirks: {}, options: {} },
    body, bodyText, outline: outlineJson(bodyText, DEPTH_MAX), files: [], isStream: body.stream === true, requestId: 'req_1', nowSeconds: 0,
  });
  const sent = request?.kind === 'http' ? parseJson(String(request.body)) : null;
  if (request?.kind !== 'http' || !isJsonObject(sent)) throw new Error(`${wire} wrote no request`);
  return { path: request.path, body: sent, warnings: request.warnings };
}

/** The places that differ between two bodies, as deep as objects go, but no deeper than a place and a field in it. */
function differences(before: JsonObject, after: JsonObject, prefix = ''): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const [old, now] = [before[key], after[key]];
    if (isDeepStrictEqual(old, now)) return [];
    const isInner = prefix === '' && [old, now].every((value) => value === undefined || isJsonObject(value));
    const inner = isInner ? differences(isJsonObject(old) ? old : {}, isJsonObject(now) ? now : {}, `${key}.`) : [];
    return inner.length > 0 ? inner : [prefix + key];
  });
}

/** What became of a field. */
function verdictOf(wire: ChatWireName, field: keyof typeof FIELD_CASES): string {
  const { value, beside = {} } = FIELD_CASES[field];
  const without = write(wire, { ...BASE, ...beside });
  const given = write(wire, { ...BASE, ...beside, ...value });
  const warnings = given.warnings.filter((line) => !without.warnings.includes(line));
  const places = [...(given.path === without.path ? [] : ['the path']), ...differences(without.body, given.body)];
  if (places.length === 0) return warnings.length === 0 ? '*read here*' : `**refused**: ${reasons(field, warnings)}`;
  const isKept = isDeepStrictEqual(given.body[field], value[field]);
  const sent = isKept ? 'kept' : `→ ${places.map((place) => (place === 'the path' ? place : `\`${place}\``)).join(', ')}`;
  return warnings.length === 0 ? sent : `${sent}; ${reasons(field, warnings)}`;
}

/** Warnings without the name of the field, and without the word that the column says already. */
function reasons(field: string, warnings: readonly string[]): string {
  return warnings.map((line) => line.replace(new RegExp(`^${field}: `), '').replace(/^dropped, /, '')).join('; ');
}

/** What became of something in the messages: it is looked for in what is sent. */
function messageVerdict(wire: ChatWireName, { messages, mark }: MessageCase): string {
  const { body, warnings } = write(wire, { ...BASE, messages });
  const isSent = JSON.stringify(body).includes(mark);
  if (warnings.length === 0) return isSent ? 'kept' : 'not sent';
  return isSent ? `kept; ${reasons('messages', warnings)}` : `**refused**: ${reasons('messages', warnings)}`;
}

function renderTable(heading: string, rows: readonly (readonly string[])[]): string {
  const lines = [[heading, ...WIRES.map((wire) => `\`${wire}\``)], ['---', ...WIRES.map(() => '---')], ...rows].map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function renderPage(): string {
  const fields = Object.keys(FIELD_CASES).filter(isField).map((field) => [`\`${field}\``, ...WIRES.map((wire) => verdictOf(wire, field))]);
  const contents = Object.entries(MESSAGE_CASES).map(([name, held]) => [name, ...WIRES.map((wire) => messageVerdict(wire, held))]);
  return `${OPENING}\n## Fields\n\n${renderTable('Field', fields)}\n## Messages\n\n${renderTable('What a message holds', contents)}`;
}

function isField(name: string): name is keyof typeof FIELD_CASES {
  return Object.hasOwn(FIELD_CASES, name);
}

const isStale = (): boolean => {
  try {
    return readFileSync(page, 'utf8') !== renderPage();
  } catch {
    return true;
  }
};

if (!process.argv.includes('--check')) {
  writeFileSync(page, renderPage());
} else if (isStale()) {
  console.error('docs/wires.md is stale, run npm run generate');
  process.exitCode = 1;
}
