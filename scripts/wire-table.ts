/** This file writes docs/wires.md, what each wire keeps, changes and refuses, from what the wires write; with `--check` it fails when the page is stale. */
import { outlineJson } from '../gateway/foundation/json-outline.ts';
import { isJsonObject, parseJson } from '../gateway/foundation/json-value.ts';
import type { WireName } from '../gateway/foundation/terms.ts';
import { chatWireOf } from '../gateway/providers/index.ts';
import type { ChatCompletionRequest } from '../generated/client/types.gen.ts';
import { BASE, FIELD_CASES, MESSAGE_CASES } from './wires/cases.ts';
import type { MessageCase } from './wires/cases.ts';
import { OTHER_KINDS } from './wires/other-kinds.ts';
import { reasonsOf, verdictOf } from './wires/verdicts.ts';
import type { Written } from './wires/verdicts.ts';
import { writePage } from './write-page.ts';

const DEPTH_MAX = 64;

/** The model each wire is asked for: what a wire sends may depend on it. */
const MODELS = {
  'openai-chat': 'gpt-5-mini', 'anthropic-messages': 'claude-sonnet-4-5', 'gemini-content': 'gemini-3-pro', 'openai-responses': 'gpt-5-pro',
} as const satisfies Partial<Record<WireName, string>>;
type ChatWireName = keyof typeof MODELS;
const WIRES: readonly ChatWireName[] = ['openai-chat', 'anthropic-messages', 'gemini-content', 'openai-responses'];

const OPENING = `# What each wire keeps

A wire writes a request in the words of an upstream. This page says, for each field of the request, what becomes of it: **kept** under its own name, sent
as something else (→ with the place), or **refused**, which means dropped and named in \`x-interline-warnings\`; a request with \`x-interline-strict: true\` is
refused as a whole instead, before any upstream is called. What comes after a semicolon is sent, and said in the warnings all the same. A value that asks for nothing
(\`n: 1\`, \`store: false\`) is never worth a warning. *Read here* means that the gateway itself sees to it,
and *not sent* that something is left out without a warning, because it means nothing to the upstream.

The wire \`openai-chat\` hands the caller's bytes through, unknown fields too, but for the model's name and what the catalogue says the provider or the model does
differently (\`quirks\`). The others write a request of their own; what they send may depend on the model, which was here ${WIRES.filter((wire) => wire !== 'openai-chat').map((wire) => `\`${MODELS[wire]}\` for \`${wire}\``).join(', ')}.

This page is written by \`npm run generate\`, and CI fails when it is stale: each cell is what the wire made of one good request (\`scripts/wires/\`). Completions and
responses are sent as chats, so their fields end where those of a chat do; a provider's own API, by the native bypass, is sent as it came (\`docs/native.md\`).
`;

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

/** What became of a field of a chat. */
function fieldVerdict(wire: ChatWireName, field: keyof typeof FIELD_CASES): string {
  const { value, beside = {} } = FIELD_CASES[field];
  return verdictOf(field, value[field], { without: write(wire, { ...BASE, ...beside }), given: write(wire, { ...BASE, ...beside, ...value }) });
}

/** What became of something in the messages: it is looked for in what is sent. */
function messageVerdict(wire: ChatWireName, { messages, mark }: MessageCase): string {
  const { body, warnings } = write(wire, { ...BASE, messages });
  const isSent = JSON.stringify(body).includes(mark);
  if (warnings.length === 0) return isSent ? 'kept' : 'not sent';
  return isSent ? `kept; ${reasonsOf('messages', warnings)}` : `**refused**: ${reasonsOf('messages', warnings)}`;
}

function renderTable(heading: string, wires: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [[heading, ...wires.map((wire) => `\`${wire}\``)], ['---', ...wires.map(() => '---')], ...rows].map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function renderPage(): string {
  const fields = Object.keys(FIELD_CASES).filter(isField).map((field) => [`\`${field}\``, ...WIRES.map((wire) => fieldVerdict(wire, field))]);
  const contents = Object.entries(MESSAGE_CASES).map(([name, held]) => [name, ...WIRES.map((wire) => messageVerdict(wire, held))]);
  const others = OTHER_KINDS.map(({ title, about, columns, rows }) => {
    const cells = Object.entries(rows).map(([field, row]) => [`\`${field}\``, ...columns.map(({ write: writeTo }) => verdictOf(field, row.value[field], { without: writeTo(row.without), given: writeTo(row.value) }))]);
    return `## ${title}\n\n${about}\n\n${renderTable('Field', columns.map(({ name }) => name), cells)}`;
  });
  return `${OPENING}\n## Chats: fields\n\n${renderTable('Field', WIRES, fields)}\n## Chats: messages\n\n${renderTable('What a message holds', WIRES, contents)}\n${others.join('\n')}`;
}

function isField(name: string): name is keyof typeof FIELD_CASES {
  return Object.hasOwn(FIELD_CASES, name);
}

writePage('wires.md', renderPage());
