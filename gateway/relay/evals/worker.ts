/** This file runs, in a thread of its own, what other people wrote and may never end: regular expressions and JSON schemas. */
import { parentPort } from 'node:worker_threads';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** What is asked of the thread; without a text only whether it can be used. */
export type EvalTask =
  | { readonly kind: 'regex'; readonly pattern: string; readonly flags: string; readonly text: string | null }
  | { readonly kind: 'schema'; readonly schema: object; readonly text: string | null };

/** `fault`: the pattern or the schema can't be used. */
export type EvalTaskAnswer = { readonly isMatch: boolean; readonly detail: string | null } | { readonly fault: string };

const FAULTS_MAX = 3;

/** Answers one task. */
export function answerTask(task: EvalTask): EvalTaskAnswer {
  try {
    return task.kind === 'regex' ? matchRegex(task) : matchSchema(task);
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function matchRegex({ pattern, flags, text }: Extract<EvalTask, { kind: 'regex' }>): EvalTaskAnswer {
  const regex = new RegExp(pattern, flags);
  return { isMatch: text === null || regex.test(text), detail: null };
}

function matchSchema({ schema, text }: Extract<EvalTask, { kind: 'schema' }>): EvalTaskAnswer {
  const ajv = new Ajv2020({ allErrors: true, strict: false, logger: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  if (text === null) return { isMatch: true, detail: null };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { isMatch: false, detail: 'The answer is no JSON.' };
  }
  const isMatch = validate(value);
  const faults = (validate.errors ?? []).slice(0, FAULTS_MAX).map(({ instancePath, message }) => `${instancePath === '' ? 'It' : instancePath} ${message ?? 'is wrong'}`);
  return { isMatch, detail: isMatch ? null : faults.join('; ') };
}

parentPort?.on('message', (task: EvalTask) => { parentPort?.postMessage(answerTask(task)); });
