/**
 * This file asks a running gateway for a report and prints it or writes it to a file: `npm run report -- --report spend --from 2026-11-01 --to 2026-11-20`.
 * The gateway is at `--base-url` (or INTERLINE_BASE_URL), the key is `--key` (or INTERLINE_KEY).
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const usage = `npm run report -- [--report overview|spend|routes|failures|instability|models] [--from DAY] [--to DAY] [--format text|json|html] [--out FILE]
  [--of-key KEY_ID] [--of-user USER_ID] [--workspace WORKSPACE_ID] [--base-url BASE_URL] [--key KEY]
  DAY is like 2026-11-20 (UTC); the last day is in the report. BASE_URL ends in /v1.`;
const BASE_URL_DEFAULT = 'http://127.0.0.1:3457/v1';
const DAY_SECONDS = 86_400;
const MS_PER_SECOND = 1000;
const TIMEOUT_MS = 60_000;
const SHOWN_CHARACTERS_MAX = 500;
const formats: Readonly<Record<string, string>> = { text: 'markdown', json: 'json', html: 'html' };

/** What is wrong with how the command was called, or with what came back; told without a stack. */
class ReportError extends Error {}

interface Asked {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly out: string | undefined;
}

function readCommand(): Asked {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      report: { type: 'string', default: 'overview' }, from: text, to: text, format: { type: 'string', default: 'text' }, out: text, 'of-key': text, 'of-user': text, workspace: text, 'base-url': text, key: text,
    },
  });
  const key = values.key ?? process.env['INTERLINE_KEY'] ?? '';
  if (key === '') throw new ReportError('there is no key: name one with --key or INTERLINE_KEY');
  const format = formats[values.format];
  if (format === undefined) throw new ReportError(`"${values.format}" is no format; use ${Object.keys(formats).join(', ')}`);
  const url = readUrl(values['base-url'] ?? process.env['INTERLINE_BASE_URL'] ?? BASE_URL_DEFAULT, values.report);
  const query = { format, from: values.from && secondsOf(values.from), to: values.to && secondsOf(values.to, DAY_SECONDS), key: values['of-key'], user: values['of-user'] };
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  return { url, headers: { authorization: `Bearer ${key}`, ...(values.workspace === undefined ? {} : { 'x-writingmate-workspace': values.workspace }) }, out: values.out };
}

function readUrl(base: string, report: string): URL {
  if (!URL.canParse(base)) throw new ReportError(`"${base}" is no URL`);
  return new URL(`${base.replace(/\/+$/, '')}/reports/${encodeURIComponent(report)}`);
}

/** A day's beginning, or with `more` its end. */
function secondsOf(day: string, more = 0): string {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : NaN;
  if (Number.isNaN(ms)) throw new ReportError(`"${day}" is no day like 2026-11-20`);
  return String(ms / MS_PER_SECOND + more);
}

async function ask({ url, headers }: Asked): Promise<string> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((cause: unknown) => {
    throw new ReportError(`no gateway answers at ${url.origin} (${reasonOf(cause)}); is it running, and is --base-url right?`);
  });
  const text = await response.text();
  if (response.status !== 200) throw new ReportError(`the gateway refused it (${response.status}): ${messageOf(text)}`);
  return text;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}

function messageOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string } };
    return error?.message ?? text;
  } catch {
    return text.slice(0, SHOWN_CHARACTERS_MAX);
  }
}

async function main(): Promise<void> {
  const asked = readCommand();
  const text = await ask(asked);
  if (asked.out === undefined) process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  else writeFileSync(asked.out, text);
}

main().catch((error: unknown) => {
  const isOption = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`no report: ${error instanceof Error ? error.message : String(error)}\n${isOption ? `usage: ${usage}\n` : ''}`);
  process.exitCode = 1;
});
