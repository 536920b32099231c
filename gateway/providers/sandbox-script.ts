/** This file writes what the sandbox answers with, whatever it was asked: replies, refusals and the failures it was told to have. */
import { readOptions } from './sandbox-options.ts';
import type { Problem, SandboxOptions } from './sandbox-options.ts';
import type { ScriptedReply, ScriptStep, WireRequest } from './wire.ts';

/** A reply of JSON with status 200 and no delay, but for what `parts` says otherwise. */
export function script(parts: Partial<ScriptedReply> & Pick<ScriptedReply, 'steps'>): ScriptedReply {
  return {
    kind: 'script', headDelayMs: 0, status: 200, headers: { 'content-type': 'application/json' }, ending: 'end', warnings: [], ...parts,
  };
}

/** A problem, in OpenAI's words for one. */
export function refusal(problem: Problem, parts: Partial<ScriptedReply>): ScriptedReply {
  const { status, message, type, param, code } = problem;
  return script({ status, ...parts, steps: [{ afterMs: 0, bytes: JSON.stringify({ error: { message, type, param, code } }) }] });
}

/** How the request wants the sandbox to behave; or the whole reply, where it can't be told so or wants a failure. */
export function readBehaviour({ body, target }: Pick<WireRequest<{ readonly sandbox?: unknown }>, 'body' | 'target'>): SandboxOptions | ScriptedReply {
  const options = readOptions(body.sandbox, target.options);
  if ('message' in options) return refusal(options, {});
  return options.failStatus === null ? options : fault(options.failStatus, options);
}

const faults: Readonly<Record<number, readonly [type: string, code: string | null, message: string]>> = {
  400: ['invalid_request_error', 'invalid_value', 'The sandbox was told to refuse this request.'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'],
  403: ['invalid_request_error', 'unsupported_country_region_territory', 'This key may not use this model.'],
  404: ['invalid_request_error', 'model_not_found', 'The model does not exist or you do not have access to it.'],
  408: ['invalid_request_error', 'request_timeout', 'The request took too long to arrive.'],
  413: ['invalid_request_error', 'request_too_large', 'The request is too large.'],
  429: ['requests', 'rate_limit_exceeded', 'Rate limit reached. Please try again later.'],
  503: ['server_error', 'overloaded', 'That model is currently overloaded with other requests.'],
};

const RETRY_AFTER_SECONDS_DEFAULT = 1;

/** The failure the caller asked for, worded as OpenAI words it. */
function fault(status: number, options: SandboxOptions): ScriptedReply {
  const [type, code, message] = faults[status] ?? (status >= 500
    ? ['server_error', null, 'The server had an error while processing your request.']
    : ['invalid_request_error', null, 'The sandbox was told to refuse this request.']);
  const seconds = options.retryAfterSeconds ?? (status === 429 ? RETRY_AFTER_SECONDS_DEFAULT : null);
  const retryAfter: Record<string, string> = seconds === null ? {} : { 'retry-after': String(seconds) };
  return refusal({ status, message, type, param: null, code }, {
    headDelayMs: options.firstTokenMs, headers: { 'content-type': 'application/json', ...retryAfter },
  });
}

/** How many events pass before the connection dies or falls silent; null when it does neither. */
function breakOf({ dieAfterEvents, hangAfterEvents }: SandboxOptions): { after: number; ending: 'reset' | 'hang' } | null {
  if (dieAfterEvents !== null && dieAfterEvents <= (hangAfterEvents ?? Infinity)) return { after: dieAfterEvents, ending: 'reset' };
  return hangAfterEvents === null ? null : { after: hangAfterEvents, ending: 'hang' };
}

export interface WholeReply {
  readonly bytes: string | Buffer;
  /** Each of them is waited for before the reply begins. Absent: none. */
  readonly tokens?: number;
  /** Absent: JSON. */
  readonly contentType?: string;
  /** What it is when it is to be malformed. Absent: half of itself. */
  readonly malformed?: string;
}

/** A whole reply. What would have broken a stream breaks this one in the middle of its body. */
export function replyScript({ bytes, tokens = 0, contentType = 'application/json', malformed }: WholeReply, options: SandboxOptions): ScriptedReply {
  const broken = breakOf(options);
  const half = (): string | Buffer => (typeof bytes === 'string' ? bytes.slice(0, bytes.length / 2) : bytes.subarray(0, bytes.length / 2));
  const told = options.isMalformed ? malformed ?? half() : broken ? half() : bytes;
  return script({
    headDelayMs: options.firstTokenMs + options.tokenMs * tokens,
    headers: { 'content-type': contentType },
    steps: broken?.after === 0 ? [] : [{ afterMs: 0, bytes: told }],
    ending: broken?.ending ?? 'end',
  });
}

export interface StreamedReply {
  /** How many events there are to say. */
  readonly events: number;
  /** Plays no more than so many of them. */
  readonly play: (eventsMax: number) => Iterable<ScriptStep>;
}

/** A stream of events. Told to die later than it has anything left to say, it ends as it should. */
export function streamScript({ events, play }: StreamedReply, options: SandboxOptions): ScriptedReply {
  const broken = breakOf(options);
  const isBroken = broken !== null && broken.after < events;
  return script({
    headDelayMs: options.firstTokenMs,
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    steps: play(isBroken ? broken.after : events),
    ending: isBroken ? broken.ending : 'end',
  });
}
