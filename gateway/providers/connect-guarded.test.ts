/** This file shows with real sockets that nothing of what a workspace names is connected to inside, and that what is allowed works. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '../foundation/clock.ts';
import { defaultLimits } from '../foundation/limits.ts';
import type { Provider } from '../foundation/terms.ts';
import { createOpenExchange } from './call.ts';
import { createConnections } from './connections.ts';
import type { Connections } from './connections.ts';
import { createGuard } from './guard.ts';
import type { Guard, ResolveAll } from './guard.ts';
import { forms } from './guarded-forms.ts';

const SECONDS_30 = 30_000;
const limits = { ...defaultLimits, upstreamConnectMs: 2000 };
/** Everything resolves to this machine, whatever it is called. */
const toHere: ResolveAll = (_name, _options, callback) => { callback(null, [{ address: '127.0.0.1', family: 4 }]); };

let server: Server;
let port = 0;
let sockets = 0;
const asked: IncomingMessage[] = [];
const opened: Connections[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request);
    if (request.url === '/v1/away') response.writeHead(302, { location: `http://127.0.0.1:${port}/v1/secret` }).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}');
  });
  server.on('connection', () => { sockets++; });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  port = isAddress(address) ? address.port : 0;
});

afterAll(async () => {
  await Promise.all(opened.map((connections) => connections.close()));
  server.closeAllConnections();
  await new Promise((resolve) => { server.close(resolve); });
});

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

/** The status of GET `path` below a base URL, or the reason there is none. */
function get(guard: Guard, baseUrl: string, path = '/models'): Promise<number | string> {
  const connections = createConnections(limits, guard);
  opened.push(connections);
  const openExchange = createOpenExchange({ connections, clock: systemClock, limits });
  const provider: Provider = { id: 'own', name: 'Own', wire: 'openai-chat', baseUrl, apiKey: 'sk-own', headers: {}, quirks: {}, isGuarded: true };
  return new Promise((resolve) => {
    let status = 0;
    openExchange(provider, { kind: 'http', method: 'GET', path, headers: { authorization: 'Bearer sk-own' }, body: '', warnings: [] }, {
      onHead(code) { status = code; },
      onData: () => true,
      onEnd() { resolve(status); },
      onFailure(failure) { resolve(failure.detail); },
    });
  });
}

describe('a base URL that leads inside', () => {
  test('is not connected to in any of more than 300 forms, even where it was stored before it was refused', async () => {
    sockets = 0;
    const guard = createGuard({ allow: [], ports: [port] });
    const reached = [];
    const urls = forms(port).filter((url) => URL.canParse(url));
    expect(urls.length).toBeGreaterThanOrEqual(300);
    for (const url of urls) {
      const answer = await get(guard, url);
      if (typeof answer === 'number' || !answer.includes('the guard refuses')) reached.push([url, answer]);
    }
    expect(reached).toEqual([]);
    expect(sockets).toBe(0);
  }, SECONDS_30);

  test('behind a public name is not connected to', async () => {
    sockets = 0;
    expect(await get(createGuard({ allow: [], ports: [port] }, toHere), `https://rebound.example.com:${port}/v1`)).toContain('leads to an address that is not a public one');
    expect(sockets).toBe(0);
  });

  test('that slips by both is told by its socket, before a byte is written to it', async () => {
    const before = asked.length;
    const real = createGuard({ allow: [], ports: [] });
    const blind: Guard = { faultOf: () => null, lookup: createGuard({ allow: ['rebound.example.com'], ports: [] }, toHere).lookup, allowsPeer: (host, address) => real.allowsPeer(host, address) };
    expect(await get(blind, `http://rebound.example.com:${port}/v1`)).toContain('the guard refuses');
    expect(asked.length).toBe(before);
  });
});

describe('a base URL that the operator has allowed', () => {
  test.each(['127.0.0.0/8', '127.0.0.1'])('as %s is called', async (allow) => {
    expect(await get(createGuard({ allow: [allow], ports: [] }), `http://127.0.0.1:${port}/v1`)).toBe(200);
    expect(asked.at(-1)).toMatchObject({ url: '/v1/models', headers: { authorization: 'Bearer sk-own' } });
  });

  test('by its name is called wherever it leads', async () => {
    expect(await get(createGuard({ allow: ['llm.internal'], ports: [] }, toHere), `http://llm.internal:${port}/v1`)).toBe(200);
    expect(asked.at(-1)?.headers.host).toBe(`llm.internal:${port}`);
  });

  test('redirects nobody: the answer is the redirect itself', async () => {
    expect(await get(createGuard({ allow: ['127.0.0.1'], ports: [] }), `http://127.0.0.1:${port}/v1`, '/away')).toBe(302);
    expect(asked.at(-1)?.url).toBe('/v1/away');
  });
});

test('a connection that was opened without the guard is never lent to a workspace', () => {
  const connections = createConnections(limits, createGuard({ allow: [], ports: [] }));
  opened.push(connections);
  const origin = `http://127.0.0.1:${port}`;
  const free = connections.take(origin, false);
  connections.give(origin, false, free);
  expect(connections.take(origin, true).client).not.toBe(free.client);
  expect(connections.take(origin, false).client).toBe(free.client);
});

test('of origins that workspaces name only so many are remembered, and none that is in use is forgotten', () => {
  const connections = createConnections(limits, createGuard({ allow: [], ports: [] }));
  opened.push(connections);
  const used = connections.take('https://used.example.com', true);
  for (let index = 0; index < 1500; index++) {
    const origin = `https://host-${index}.example.com`;
    connections.give(origin, true, connections.take(origin, true));
  }
  expect(connections.take('https://host-1499.example.com', true).isReused).toBe(true);
  expect(connections.take('https://host-0.example.com', true).isReused).toBe(false);
  connections.give('https://used.example.com', true, used);
  expect(connections.take('https://used.example.com', true).client).toBe(used.client);
});
