/** This file serves the contract's own examples: Prism on a private port, and a small front that makes OpenAI's SDKs work against it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync } from 'node:fs';
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { errorCatalogue } from '../generated/errors.ts';
import type { ErrorCode } from '../generated/errors.ts';
import type { Contract } from './generate/contract.ts';

const BASE_PATH = /^\/(?:api\/openai\/)?v1(?=\/)/;
/** A form that asks for a stream. */
const STREAM_PART = /name="stream"\r\n\r\ntrue\r\n/;
const soundTypes: Readonly<Record<string, string>> = { mp3: 'audio/mpeg', opus: 'audio/ogg', aac: 'audio/aac', flac: 'audio/flac', wav: 'audio/wav', pcm: 'audio/pcm' };
const MODEL_PATH = /^\/models\/([^?]+)/;
const PRISM_START_MS = 60_000;
const POLL_MS = 100;

const root = path.resolve(import.meta.dirname, '..');
const contractFile = path.join(root, 'generated', 'openapi.mock.json');
const exampleOfModel = readModelExamples();
const port = Number(process.env['MOCK_PORT'] ?? 4010);

const prismPort = await findFreePort();
const prism = startPrism(prismPort);
await waitForPrism(prismPort);

const front = http.createServer((request, reply) => {
  relay(request, reply).catch((error: unknown) => {
    if (reply.headersSent) reply.destroy();
    else refuse(reply, 'internal_error', error instanceof Error ? error.message : undefined);
  });
});
front.listen(port, '127.0.0.1', () => {
  const { port: bound } = front.address() as AddressInfo;
  console.log(`The mock answers at http://127.0.0.1:${bound}/v1 with any key. Prefer: code=429 makes it fail.`);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
prism.once('exit', stop);

/** Hands one request to Prism in the form Prism understands, and its reply back. */
async function relay(request: IncomingMessage, reply: ServerResponse): Promise<void> {
  const url = request.url ?? '/';
  if (!BASE_PATH.test(url)) return refuse(reply, 'unknown_url');
  const body = await buffer(request);
  const isForm = request.headers['content-type']?.startsWith('multipart/form-data') === true;
  const parsed = body.length === 0 ? null : isForm ? { stream: STREAM_PART.test(body.toString('latin1')) } : parseBody(body.toString('utf8'));
  if (parsed === undefined) return refuse(reply, 'invalid_json');
  const headers: http.OutgoingHttpHeaders = { ...request.headers, host: `127.0.0.1:${prismPort}` };
  const prefer = preferOf(url);
  if (prefer) headers['prefer'] ??= prefer;
  headers['accept'] = wantsStream(parsed) ? 'text/event-stream' : acceptOf(url, parsed);
  const upstream = http.request({ port: prismPort, host: '127.0.0.1', method: request.method, path: encodeModel(url.replace(BASE_PATH, '')), headers });
  upstream.end(body);
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
  reply.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.pipe(reply);
}

/** The parsed body; undefined when it is not JSON. */
function parseBody(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

function wantsStream(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return ('stream' in body && body.stream === true) || ('stream_format' in body && body.stream_format === 'sse');
}

function acceptOf(url: string, body: unknown): string {
  if (url.endsWith('/audio/speech')) return soundTypes[String(typeof body === 'object' && body !== null && 'response_format' in body ? body.response_format : 'mp3')] ?? 'audio/mpeg';
  if (/\/videos\/[^/]+\/content/.test(url)) return 'video/mp4';
  return url.endsWith('.yaml') ? 'application/yaml' : 'application/json';
}

/** Prism would give its first example for every model: name the asked one's, or the error that there is none. */
function preferOf(url: string): string | null {
  const asked = MODEL_PATH.exec(url.replace(BASE_PATH, ''))?.[1];
  if (asked === undefined) return null;
  const example = exampleOfModel.get(asked.replaceAll(/%2F/gi, '/'));
  return example === undefined ? 'code=404, example=model_not_found' : `code=200, example=${example}`;
}

function readModelExamples(): Map<string, string> {
  const contract = JSON.parse(readFileSync(contractFile, 'utf8')) as Contract;
  const examples = contract.paths['/models/{model}']?.get?.responses['200']?.content?.['application/json']?.examples ?? {};
  return new Map(Object.entries(examples).map(([name, { value }]) => [(value as { id: string }).id, name]));
}

/** Prism knows no slashes inside a segment. */
function encodeModel(url: string): string {
  return url.replace(MODEL_PATH, (_, model: string) => `/models/${model.replaceAll('/', '%2F')}`);
}

function refuse(reply: ServerResponse, code: ErrorCode, detail?: string): void {
  const { status, type, message } = errorCatalogue[code];
  const requestId = `req_${'0'.repeat(32)}`;
  reply.writeHead(status, { 'content-type': 'application/json', 'x-request-id': requestId });
  reply.end(JSON.stringify({ error: { message: detail ?? message, type, param: null, code, request_id: requestId } }));
}

function startPrism(privatePort: number): ChildProcess {
  const bin = realpathSync(path.join(root, 'node_modules', '.bin', 'prism'));
  return spawn(process.execPath, [bin, 'mock', contractFile, '--port', String(privatePort), '--host', '127.0.0.1'], {
    stdio: ['ignore', process.env['MOCK_DEBUG'] ? 'inherit' : 'ignore', 'inherit'],
  });
}

async function waitForPrism(privatePort: number): Promise<void> {
  const until = Date.now() + PRISM_START_MS;
  while (Date.now() < until) {
    const isUp = await fetch(`http://127.0.0.1:${privatePort}/models`).then(() => true, () => false);
    if (isUp) return;
    if (prism.exitCode !== null) throw new Error('Prism did not start');
    await wait(POLL_MS);
  }
  throw new Error(`Prism did not answer within ${PRISM_START_MS} ms`);
}

async function findFreePort(): Promise<number> {
  const probe = http.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address() as AddressInfo;
  probe.close();
  return free;
}

function stop(): void {
  prism.kill();
  front.close();
  front.closeAllConnections();
}
