/** This file makes the requests of the bench: the same bytes for every gateway, and what a right answer to them is. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkloadName } from './options.ts';

/** Where to send requests to a gateway, and with which headers besides content type and length. */
export interface Door {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The workloads of the plan, and the one for memory: streams that stop after two events and stay open. */
export type RequestKind = WorkloadName | 'held';

/** What the upstream streams when the caller does not ask for usage: role, 100 × content, finish. */
export const eventsPerStream = 102;
const expectedText = 'The quick brown fox jumps over the lazy dog.';
const paragraph =
  'A gateway stands between many callers and many models: it knows who may call, what a call costs and where it should go, and it adds as ' +
  'little to the time of an answer as it can. Say in one sentence what follows from that for its design, and name the sentence above that made you think so. ';

function messagesOf(count: number, textLength: number): { role: string; content: string }[] {
  const text = paragraph.repeat(Math.ceil(textLength / paragraph.length)).slice(0, textLength);
  const turns = Array.from({ length: count }, (_, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content: `${at}: ${text}` }));
  return [{ role: 'system', content: 'You are a careful and terse assistant.' }, ...turns];
}

/** The JSON body of a request: about 0.8 KB, or 20 KB for the large one. Streams don't ask for usage, as most callers don't. */
export function bodyOf(kind: RequestKind, model: string): string {
  const messages = kind === 'large' ? messagesOf(20, 960) : messagesOf(1, 570);
  const settings = { temperature: 0.7, max_tokens: 256, top_p: 1, user: 'bench' };
  if (kind === 'small' || kind === 'large') return JSON.stringify({ model, messages, ...settings });
  const user = { stream: 'bench', paced: 'bench-slow', held: 'bench-hold' }[kind];
  return JSON.stringify({ model, messages, ...settings, user, stream: true });
}

/** Writes the whole HTTP request for the probe; returns the file's path. */
export function writeRequest(folder: string, door: Door, body: string): string {
  const headers = { host: `127.0.0.1:${door.port}`, ...door.headers, 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const path = join(folder, 'request.http');
  writeFileSync(path, `POST ${door.path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
  return path;
}

/** Writes the Lua script that makes wrk send this request and print its counts as JSON; returns the file's path. */
export function writeScript(folder: string, door: Door, body: string): string {
  // A JSON string of ASCII text is a Lua string, too.
  const headers = Object.entries({ ...door.headers, 'content-type': 'application/json' });
  const path = join(folder, 'wrk.lua');
  writeFileSync(path, `wrk.method = "POST"
wrk.body = ${JSON.stringify(body)}
${headers.map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`).join('\n')}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"durationUs":%d,"p50Us":%d,"p99Us":%d,"failed":%d,"cut":%d}\\n', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))
end
`);
  return path;
}

async function post(door: Door, body: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${door.port}${door.path}`, {
    method: 'POST', headers: { ...door.headers, 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, text: await response.text() };
}

/** @throws Error unless the gateway gives the upstream's answer, JSON and stream, whole and unchanged in meaning. */
export async function proveAnswers(name: string, doors: { readonly json: Door; readonly stream: Door }, model: string): Promise<void> {
  const json = await post(doors.json, bodyOf('small', model));
  const isRight = json.status === 200 && json.text.includes(JSON.stringify(expectedText)) && /"total_tokens":\s*280/.test(json.text);
  if (!isRight) throw new Error(`${name} does not give the upstream's JSON: ${json.status} ${json.text.slice(0, 1000)}`);
  const stream = await post(doors.stream, bodyOf('stream', model));
  const events = stream.text.match(/^data: ?\{.*"object":\s*"chat\.completion\.chunk".*\}$/gm)?.length;
  const isWhole = stream.status === 200 && events === eventsPerStream && stream.text.includes(' word99') && /^data: ?\[DONE\]$/m.test(stream.text);
  if (!isWhole) throw new Error(`${name} does not give the upstream's stream: ${stream.status}, ${events} events: ${stream.text.slice(-1000)}`);
}

/** @throws Error unless the gateway refuses a call without a key by 401, and a body that breaks the contract by 400. */
export async function proveGuards(name: string, door: Door, model: string): Promise<void> {
  const keyless = await post({ ...door, headers: {} }, bodyOf('small', model));
  if (keyless.status !== 401) throw new Error(`${name} answers ${keyless.status} to a call without a key.`);
  const invalid = await post(door, JSON.stringify({ model, messages: [{ role: 'user', content: 7 }] }));
  if (invalid.status !== 400) throw new Error(`${name} answers ${invalid.status} to an invalid body: ${invalid.text.slice(0, 500)}`);
}
