/**
 * This file runs an eval set through a running gateway and tells who is better:
 * `npm run eval -- --set prompts.jsonl --contenders fast,smart --budget 0.50`. docs/evals.md has the flags.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import type { AddedEvalItems, EvalRun, EvalSet, EvalSummary } from '../generated/client/types.gen.ts';
import { missed, progressLine, readRequirement, table, usd } from './eval-report.ts';

const NANO_USD_PER_USD = 1_000_000_000n;
const POLL_MS = 500;
/** Where nobody watches, a line is written so often, in ms. */
const LINE_MS = 5000;
/** Lines of one request: a body is a megabyte at most. */
const CHUNK_CHARACTERS = 500_000;
const ENDED: readonly EvalRun['state'][] = ['completed', 'cancelled', 'stopped_by_budget', 'failed'];

/** Ended well; a requirement was missed; it has not come to its end. */
const EXIT = { good: 0, missed: 1, broken: 2 } as const;

const { values } = parseArgs({
  options: {
    set: { type: 'string' }, eval: { type: 'string' }, name: { type: 'string' }, contenders: { type: 'string' }, budget: { type: 'string' }, repetitions: { type: 'string' },
    concurrency: { type: 'string' }, temperature: { type: 'string' }, seed: { type: 'string' }, 'max-tokens': { type: 'string' }, judge: { type: 'string' }, rubric: { type: 'string' },
    'pass-mark': { type: 'string' }, resume: { type: 'string' }, csv: { type: 'string' }, jsonl: { type: 'string' }, json: { type: 'string' },
    require: { type: 'string', multiple: true, default: [] }, 'base-url': { type: 'string' }, key: { type: 'string' },
  },
});

const USAGE = `usage: npm run eval -- --set FILE.jsonl --contenders A,B --budget USD [--repetitions N] [--judge MODEL --rubric TEXT] [--require 'pass_rate>=0.9'] [--csv FILE] [--json FILE]
   or: npm run eval -- --resume EVAL/RUN [--budget USD]
A gateway must be running (npm start); --base-url or INTERLINE_BASE_URL says where (http://127.0.0.1:3457/v1 when left out), --key or INTERLINE_KEY with which key.`;

async function main(): Promise<number> {
  const requirements = values.require.map(readRequirement);
  const { set, run } = values.resume === undefined ? await begin() : await resume(values.resume);
  print(`run ${set}/${run} (if this command is stopped, the run goes on: npm run eval -- --resume ${set}/${run})`);
  const ended = await follow(`/evals/${set}/runs/${run}`);
  const summary = await ask<EvalSummary>(`/evals/${set}/runs/${run}/summary`);
  print(`\n${table(summary)}\n\n${summary.conclusion.join('\n')}`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(summary, null, 2)}\n`);
  for (const format of ['csv', 'jsonl'] as const) {
    const file = values[format];
    if (file !== undefined) writeFileSync(file, await (await request(`/evals/${set}/runs/${run}/export?format=${format}`)).text());
  }
  return exitOf(ended, missed(summary, requirements));
}

function exitOf({ id, eval: set, state, error, budget_nano_usd: budget }: EvalRun, faults: readonly string[]): number {
  for (const fault of faults) print(`MISSED ${fault}`);
  if (state !== 'completed') {
    const more = state === 'stopped_by_budget' ? ` --budget MORE (it was ${usd(budget)})` : '';
    print(`the run is not complete: ${state}${error ? `, ${error.message}` : ''}. Go on with: npm run eval -- --resume ${set}/${id}${more}`);
    return EXIT.broken;
  }
  return faults.length > 0 ? EXIT.missed : EXIT.good;
}

interface Begun {
  readonly set: string;
  readonly run: string;
}

async function begin(): Promise<Begun> {
  const contenders = (values.contenders ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  if (contenders.length < 2 || values.budget === undefined || (values.set === undefined) === (values.eval === undefined)) throw new Error(USAGE);
  const set = values.eval ?? await makeSet(values.set ?? '');
  const run = await ask<EvalRun>(`/evals/${set}/runs`, {
    contenders: contenders.map((model) => ({ model })),
    budget_nano_usd: nanoUsd(values.budget),
    ...numbers({ repetitions: values.repetitions, concurrency: values.concurrency, temperature: values.temperature, seed: values.seed, max_completion_tokens: values['max-tokens'] }),
  });
  return { set, run: run.id };
}

async function makeSet(file: string): Promise<string> {
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new Error(`${file} has no prompts`);
  const { judge, rubric } = values;
  const made = await ask<EvalSet>('/evals', {
    name: values.name ?? basename(file),
    ...(judge === undefined ? {} : { judge: { model: judge, ...numbers({ pass_mark: values['pass-mark'] }) } }),
    ...(rubric === undefined ? {} : { checks: [{ type: 'judge', rubric }] }),
  });
  let [added, chunk] = [0, ''];
  for (const [at, line] of [...lines, null].entries()) {
    if (chunk !== '' && (line === null || chunk.length + line.length > CHUNK_CHARACTERS || at % 1000 === 0)) {
      const { skipped, ids } = await ask<AddedEvalItems>(`/evals/${made.id}/items`, { jsonl: chunk });
      for (const { source, reason } of skipped) print(`skipped ${source} of ${file}: ${reason}`);
      added += ids.length;
      chunk = '';
    }
    if (line !== null) chunk += `${line}\n`;
  }
  print(`set ${made.id}: ${added} prompts of ${file}`);
  return made.id;
}

/** Goes on with one that was stopped; one that still goes on is followed. */
async function resume(text: string): Promise<Begun> {
  const [set = '', run = ''] = text.split('/');
  const { state } = await ask<EvalRun>(`/evals/${set}/runs/${run}`);
  if (state !== 'completed' && ENDED.includes(state)) {
    await ask(`/evals/${set}/runs/${run}/resume`, values.budget === undefined ? {} : { budget_nano_usd: nanoUsd(values.budget) });
  }
  return { set, run };
}

async function follow(path: string): Promise<EvalRun> {
  const isWatched = process.stdout.isTTY;
  let lineAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    const run = await ask<EvalRun>(path);
    const isEnded = ENDED.includes(run.state);
    const now = performance.now();
    if (isWatched) process.stdout.write(`\r\u001b[K${progressLine(run)}${isEnded ? '\n' : ''}`);
    else if (isEnded || now - lineAt >= LINE_MS) {
      lineAt = now;
      print(progressLine(run));
    }
    if (isEnded) return run;
    await new Promise((resolve) => { setTimeout(resolve, POLL_MS); });
  }
}

/** Dollars as whole nano-USD, exactly. */
function nanoUsd(dollars: string): string {
  const [, whole, fraction = ''] = /^(\d{1,9})(?:\.(\d{1,9}))?$/.exec(dollars) ?? [];
  const amount = whole === undefined ? 0n : BigInt(whole) * NANO_USD_PER_USD + BigInt(fraction.padEnd(9, '0'));
  if (amount <= 0n) throw new Error(`--budget ${dollars}: an amount in USD of more than nothing, like 0.50`);
  return String(amount);
}

function numbers(given: Readonly<Record<string, string | undefined>>): Record<string, number> {
  const all = Object.entries(given).flatMap(([name, text]): [string, number][] => (text === undefined ? [] : [[name, Number(text)]]));
  for (const [name, value] of all) if (!Number.isFinite(value)) throw new Error(`${name} must be a number`);
  return Object.fromEntries(all);
}

async function ask<Answer>(path: string, body?: unknown): Promise<Answer> {
  return await (await request(path, body)).json() as Answer;
}

async function request(path: string, body?: unknown): Promise<Response> {
  const base = (values['base-url'] ?? process.env['INTERLINE_BASE_URL'] ?? 'http://127.0.0.1:3457/v1').replace(/\/$/, '');
  const key = values.key ?? process.env['INTERLINE_KEY'];
  if (key === undefined) throw new Error(`No key is given.\n${USAGE}`);
  const reply = await fetch(base + path, {
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  }).catch((cause: unknown) => { throw new Error(`No gateway answers at ${base}: start one (npm start), or say where it is with --base-url.`, { cause }); });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${(await reply.text()).slice(0, 1000)}`);
  return reply;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  (code) => { process.exitCode = code; },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT.broken;
  },
);
