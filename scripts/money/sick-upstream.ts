/** This file is an upstream of three servers: one well, one well but slow, and one that is sick in a way that can be chosen. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** `refuse` is a port at which nobody listens; `hang_in_body` says half a reply, or half an event, and `hang_after_byte` a word of a stream. */
export const SICKNESSES = ['refuse', 'reset', 'rate_limited', 'server_error', 'hang', 'hang_in_body', 'malformed', 'dead_stream', 'hang_after_byte'] as const;
export type Sickness = (typeof SICKNESSES)[number];

export interface SickUpstream {
  readonly wellUrl: string;
  readonly slowUrl: string;
  sickUrl(sickness: Sickness): string;
  /** Requests that reached the one that is sick in this way. */
  asked(sickness: Sickness): number;
  close(): Promise<void>;
}

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const ABOUT = { id: 'c', created: 1, model: 'm' };

/** Starts them on free ports. Latencies in ms. */
export async function startSickUpstream({ wellMs, slowMs }: { readonly wellMs: number; readonly slowMs: number }): Promise<SickUpstream> {
  const counts = new Map<string, number>();
  const well = await listen((request, response) => { setTimeout(() => { answer(request, response); }, wellMs); });
  const slow = await listen((request, response) => { setTimeout(() => { answer(request, response); }, slowMs); });
  const sick = await listen((request, response) => {
    const sickness = SICKNESSES.find((each) => request.url?.startsWith(`/${each}/`) === true) ?? 'server_error';
    counts.set(sickness, (counts.get(sickness) ?? 0) + 1);
    fail(sickness, wantsStream(request), response);
  });
  const nobody = await listen(() => undefined);
  await nobody.close();
  return {
    wellUrl: `${well.url}/v1`,
    slowUrl: `${slow.url}/v1`,
    sickUrl: (sickness) => (sickness === 'refuse' ? `${nobody.url}/v1` : `${sick.url}/${sickness}/v1`),
    asked: (sickness) => counts.get(sickness) ?? 0,
    async close() { await Promise.all([well, slow, sick].map((each) => each.close())); },
  };
}

const HALF = '{"id":"c","object":"chat.com';

function fail(sickness: Sickness, isStream: boolean, response: ServerResponse): void {
  const type = { 'content-type': isStream ? 'text/event-stream' : 'application/json' };
  switch (sickness) {
    case 'refuse': case 'reset': response.socket?.resetAndDestroy(); return;
    case 'rate_limited': response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '2' }).end('{"error":{"message":"slow down"}}'); return;
    case 'server_error': response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"broken"}}'); return;
    case 'hang': return;
    case 'hang_in_body': response.writeHead(200, type).write(isStream ? `data: ${HALF}` : HALF); return;
    case 'malformed': response.writeHead(200, type).end(isStream ? `data: ${HALF}\n\ndata: [DONE]\n\n` : HALF); return;
    case 'dead_stream': response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing comes\n\n'); return;
    case 'hang_after_byte': response.writeHead(200, type).write(chunkOf([{ index: 0, delta: { role: 'assistant', content: 'sick' }, finish_reason: null }])); return;
    default: sickness satisfies never;
  }
}

function wantsStream({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/event-stream') === true;
}

function chunkOf(choices: object[], more: object = {}): string {
  return `data: ${JSON.stringify({ ...ABOUT, object: 'chat.completion.chunk', choices, ...more })}\n\n`;
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (wantsStream(request)) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`${chunkOf([{ index: 0, delta: { role: 'assistant', content: 'well' }, finish_reason: null }])}${chunkOf([{ index: 0, delta: {}, finish_reason: 'stop' }])}${chunkOf([], { usage: USAGE })}data: [DONE]\n\n`);
    return;
  }
  const choices = [{ index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' }];
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...ABOUT, object: 'chat.completion', choices, usage: USAGE }));
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ readonly url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    request.resume();
    request.on('end', () => { handle(request, response); });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
    },
  };
}
