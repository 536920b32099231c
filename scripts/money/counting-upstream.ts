/** This file is an upstream that answers with a usage of its choice, fails as told, and keeps its own count of what it did. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** How one request goes; `deliver` is the plain way. */
export type Fault = 'none' | 'refuse' | 'busy' | 'server_error' | 'drop' | 'reset_before_end' | 'no_usage' | 'empty' | 'not_json';

export interface Work {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly fault: Fault;
  /** Before the first byte, in ms. */
  readonly delayMs: number;
  /** Between the events of a stream, in ms. */
  readonly paceMs: number;
  /** Events with content in a stream. */
  readonly events?: number;
}

/** What it did for one request, by the caller's own tag. */
export interface Done {
  readonly work: Work;
  /** True once every byte of a reply with usage had been handed over. */
  isDelivered: boolean;
  times: number;
}

export interface CountingUpstream {
  readonly url: string;
  /** What was done, by the tag in the request's `user` field. */
  readonly done: ReadonlyMap<string, Done>;
  close(): Promise<void>;
}

/** Starts an upstream; `choose` decides by the tag how a request goes, so that a seed repeats it. */
export async function startCountingUpstream(choose: (tag: string) => Work): Promise<CountingUpstream> {
  const done = new Map<string, Done>();
  const sockets = new Set<Socket>();
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    response.on('error', () => undefined);
    void readBody(request).then((text) => {
      if (request.method === 'GET') {
        response.setHeader('content-type', 'application/json').end('{"object":"list","data":[]}');
        return;
      }
      const body = JSON.parse(text) as { user?: string; stream?: boolean };
      const tag = body.user ?? '';
      const entry = done.get(tag) ?? { work: choose(tag), isDelivered: false, times: 0 };
      done.set(tag, entry);
      entry.times++;
      setTimeout(() => { void answer(response, entry, body.stream === true); }, entry.work.delayMs);
    }).catch(() => { response.destroy(); });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => { sockets.delete(socket); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    done,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

async function answer(response: ServerResponse, entry: Done, isStream: boolean): Promise<void> {
  const { work } = entry;
  switch (work.fault) {
    case 'refuse': refuse(response, 400, 'invalid_request_error'); return;
    case 'busy': refuse(response.setHeader('retry-after', '1'), 429, 'rate_limit_error'); return;
    case 'server_error': refuse(response, 500, 'server_error'); return;
    case 'drop': response.destroy(); return;
    case 'not_json': response.setHeader('content-type', 'text/html').end('<html>welcome</html>'); return;
    default: break;
  }
  if (isStream) await stream(response, entry);
  else whole(response, entry);
}

function refuse(response: ServerResponse, status: number, type: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ error: { message: 'no', type, param: null, code: null } }));
}

function usageOf({ promptTokens, cachedTokens, completionTokens }: Work) {
  return {
    prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

function whole(response: ServerResponse, entry: Done): void {
  const { work } = entry;
  const isEmpty = work.fault === 'empty';
  const reply = {
    id: 'c', object: 'chat.completion', created: 1, model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: isEmpty ? '' : 'hello', refusal: null }, logprobs: null, finish_reason: 'stop' }],
    ...(work.fault === 'no_usage' ? {} : { usage: isEmpty ? { ...usageOf({ ...work, completionTokens: 0 }) } : usageOf(work) }),
  };
  const bytes = Buffer.from(JSON.stringify(reply));
  response.setHeader('content-type', 'application/json').setHeader('content-length', bytes.length);
  if (work.fault === 'reset_before_end') {
    response.write(bytes.subarray(0, bytes.length - 5), () => { response.destroy(); });
    return;
  }
  entry.isDelivered = true;
  response.end(bytes);
}

const EVENTS_DEFAULT = 5;

async function stream(response: ServerResponse, entry: Done): Promise<void> {
  const { work } = entry;
  response.setHeader('content-type', 'text/event-stream');
  const chunk = (delta: object, finish: string | null): string => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })}\n\n`;
  response.write(chunk({ role: 'assistant', content: '' }, null));
  for (let index = 0; index < (work.events ?? EVENTS_DEFAULT) && work.fault !== 'empty'; index++) {
    if (work.paceMs > 0) await new Promise((resolve) => { setTimeout(resolve, work.paceMs); });
    if (response.destroyed) return;
    if (work.fault === 'reset_before_end' && index === 2) {
      response.destroy();
      return;
    }
    response.write(chunk({ content: 'word ' }, null));
  }
  response.write(chunk({}, 'stop'));
  if (work.fault !== 'no_usage') {
    const usage = work.fault === 'empty' ? usageOf({ ...work, completionTokens: 0 }) : usageOf(work);
    response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage })}\n\n`);
  }
  entry.isDelivered = true;
  response.end('data: [DONE]\n\n');
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    request.on('data', (bytes: Buffer) => { parts.push(bytes); });
    request.on('error', reject);
    request.on('end', () => { resolve(Buffer.concat(parts).toString('utf8')); });
  });
}
