/** This file reads how a sandbox video is told to behave: the request's `sandbox` object, and options on the model's name, which win. */
import { isJsonObject } from '../foundation/json-value.ts';
import { refuse } from './sandbox-options.ts';
import type { Problem } from './sandbox-options.ts';

export interface SandboxVideoOptions {
  /** Between two of the five steps from queued to completed. */
  readonly stepMs: number;
  /** How the job fails after its third step; null when it does not. */
  readonly fail: 'moderation' | 'error' | null;
  /** What the start is answered with in place of a job. */
  readonly failStatus: number | null;
  readonly retryAfterSeconds: number | null;
  /** What polls are answered with until the third step. */
  readonly pollStatus: number | null;
  /** The start's reply is cut in half. */
  readonly isMalformed: boolean;
  /** The start's connection is reset before an answer, though the job is taken. */
  readonly isLost: boolean;
}

const STEP_MS_DEFAULT = 400;

type Rule = (text: string) => number | string | boolean | null;

const whole = (min: number, max: number): Rule => (text) => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : null;
};
const word = (...words: readonly string[]): Rule => (text) => (words.includes(text) ? text : null);
const flag: Rule = (text) => (['true', '1', ''].includes(text) ? true : ['false', '0'].includes(text) ? false : null);

const RULES: ReadonlyMap<string, readonly [wanted: string, rule: Rule]> = new Map([
  ['step_ms', ['a whole number from 0 to 60000', whole(0, 60_000)]],
  ['fail', ["'moderation' or 'error'", word('moderation', 'error')]],
  ['fail_status', ['a whole number from 400 to 599', whole(400, 599)]],
  ['retry_after', ['a whole number from 0 to 86400', whole(0, 86_400)]],
  ['poll_status', ['a whole number from 400 to 599', whole(400, 599)]],
  ['malformed', ['true or false', flag]],
  ['lost', ['true or false', flag]],
]);

/** Reads both sources. A value out of bounds, or an unknown option on the name, is the caller's mistake and comes back as a problem. */
export function readVideoOptions(fromBody: unknown, fromName: Readonly<Record<string, string>>): SandboxVideoOptions | Problem {
  const values = new Map<string, number | string | boolean>();
  const inBody = isJsonObject(fromBody) ? Object.entries(fromBody).filter(([name, value]) => RULES.has(name) && value !== null && value !== undefined) : [];
  const texts = [
    ...inBody.map(([name, value]) => ({ name, text: typeof value === 'string' ? value : JSON.stringify(value), param: `sandbox.${name}` })),
    ...Object.entries(fromName).map(([name, text]) => ({ name, text, param: 'model' })),
  ];
  for (const { name, text, param } of texts) {
    const known = RULES.get(name);
    if (!known) return refuse(`There is no sandbox option '${name}' (there are: ${[...RULES.keys()].join(', ')}).`, param, 'unknown_parameter');
    const value = known[1](text);
    if (value === null) return refuse(`Sandbox option '${name}' must be ${known[0]}.`, param, 'invalid_value');
    values.set(name, value);
  }
  return toOptions(values);
}

function toOptions(values: ReadonlyMap<string, number | string | boolean>): SandboxVideoOptions {
  const count = (name: string): number | null => {
    const value = values.get(name);
    return typeof value === 'number' ? value : null;
  };
  const fail = values.get('fail');
  return {
    stepMs: count('step_ms') ?? STEP_MS_DEFAULT,
    fail: fail === 'moderation' || fail === 'error' ? fail : null,
    failStatus: count('fail_status'),
    retryAfterSeconds: count('retry_after'),
    pollStatus: count('poll_status'),
    isMalformed: values.get('malformed') === true,
    isLost: values.get('lost') === true,
  };
}
