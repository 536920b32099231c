/** This file reads how a sandbox model is told to behave: the request's `sandbox` object, and options on the model's name, which win. */
import { isJsonObject } from '../foundation/json-value.ts';

/** What an upstream would answer to a request it refuses. */
export interface Problem {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

export interface SandboxOptions {
  /** Before the reply's status and first byte. */
  readonly firstTokenMs: number;
  /** Between two tokens. */
  readonly tokenMs: number;
  readonly failStatus: number | null;
  readonly retryAfterSeconds: number | null;
  readonly dieAfterEvents: number | null;
  readonly hangAfterEvents: number | null;
  readonly shouldOmitUsage: boolean;
  readonly isMalformed: boolean;
  readonly cachedTokens: number | null;
  readonly reasoningTokens: number | null;
}

type Rule = { readonly kind: 'whole'; readonly min: number; readonly max: number } | { readonly kind: 'flag' };

const whole = (min: number, max: number): Rule => ({ kind: 'whole', min, max });

const rules: Readonly<Record<string, Rule>> = {
  first_token_ms: whole(0, 600_000),
  token_ms: whole(0, 10_000),
  fail_status: whole(400, 599),
  retry_after: whole(0, 86_400),
  die_after_events: whole(0, 100_000),
  hang_after_events: whole(0, 100_000),
  omit_usage: { kind: 'flag' },
  malformed: { kind: 'flag' },
  cached_tokens: whole(0, 10_000_000),
  reasoning_tokens: whole(0, 10_000_000),
};

type Values = Record<string, number | boolean>;

/** Reads both sources. A value out of bounds, or an unknown option on the name, is the caller's mistake and comes back as a problem. */
export function readOptions(fromBody: unknown, fromName: Readonly<Record<string, string>>): SandboxOptions | Problem {
  const values: Values = {};
  const inBody = isJsonObject(fromBody) ? fromBody : {};
  for (const [name, rule] of Object.entries(rules)) {
    const value = inBody[name];
    if (value === undefined || value === null) continue;
    if (!obeys(value, rule)) return badOption(name, rule, `sandbox.${name}`);
    values[name] = value;
  }
  for (const [name, text] of Object.entries(fromName)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) return unknownOption(name);
    const value = readText(text, rule);
    if (value === null || !obeys(value, rule)) return badOption(name, rule, 'model');
    values[name] = value;
  }
  return toOptions(values);
}

function readText(text: string, rule: Rule): number | boolean | null {
  if (rule.kind === 'whole') return /^\d{1,9}$/.test(text) ? Number(text) : null;
  if (text === 'true' || text === '1' || text === '') return true;
  return text === 'false' || text === '0' ? false : null;
}

function obeys(value: unknown, rule: Rule): value is number | boolean {
  if (rule.kind === 'flag') return typeof value === 'boolean';
  return typeof value === 'number' && Number.isInteger(value) && value >= rule.min && value <= rule.max;
}

function toOptions(values: Values): SandboxOptions {
  const count = (name: string): number | null => {
    const value = values[name];
    return typeof value === 'number' ? value : null;
  };
  return {
    firstTokenMs: count('first_token_ms') ?? 0,
    tokenMs: count('token_ms') ?? 0,
    failStatus: count('fail_status'),
    retryAfterSeconds: count('retry_after'),
    dieAfterEvents: count('die_after_events'),
    hangAfterEvents: count('hang_after_events'),
    shouldOmitUsage: values['omit_usage'] === true,
    isMalformed: values['malformed'] === true,
    cachedTokens: count('cached_tokens'),
    reasoningTokens: count('reasoning_tokens'),
  };
}

/** A 400 as an upstream words it. */
export function refuse(message: string, param: string, code: string): Problem {
  return { status: 400, message, type: 'invalid_request_error', param, code };
}

function badOption(name: string, rule: Rule, param: string): Problem {
  const wanted = rule.kind === 'flag' ? 'true or false' : `a whole number from ${rule.min} to ${rule.max}`;
  return refuse(`Sandbox option '${name}' must be ${wanted}.`, param, 'invalid_value');
}

function unknownOption(name: string): Problem {
  const known = Object.keys(rules).join(', ');
  return refuse(`There is no sandbox option '${name}' (there are: ${known}).`, 'model', 'unknown_parameter');
}
