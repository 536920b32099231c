/** This file hosts the contract in Express, listens, and drains. */
import { ServerResponse, createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import express from 'express';
import { handlers } from '../handlers/index.ts';
import { Refusal, errorBody } from '../gateway/foundation/errors.ts';
import { Roster } from '../gateway/foundation/roster.ts';
import type { House } from '../gateway/relay/house.ts';
import { bearInto } from './born.ts';
import { loadContract } from './contract.ts';
import { createDispatch, isContractPath } from './dispatch.ts';
import type { OpenCalls } from './dispatch.ts';
import { createCallHandler } from './handler-seam.ts';
import { baseHeaders, writeError } from './reply.ts';
import { createRouteTable } from './route-table.ts';
import { createSite } from './site.ts';

export interface RunningServer {
  /** `http://127.0.0.1:3457`, with the port that was really taken. */
  readonly url: string;
  /** Answers 503 on /readyz, lets open calls finish for `drainMs`, cuts what is left, and resolves when all is closed. */
  drain(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** Starts serving one gateway. Rejects when the port can't be taken or the contract can't be loaded. */
export async function startServer(house: House, options: ListenOptions): Promise<RunningServer> {
  const openCalls: OpenCalls = new Roster();
  let isDraining = false;
  const table = createRouteTable(await loadContract(Object.keys(handlers)));
  const dispatch = createDispatch({ house, table, callHandler: createCallHandler(handlers, house), openCalls, isDraining: () => isDraining });
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  // The contract comes before any other middleware: an inference call pays for none it does not need.
  app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (request.headers.host === undefined && request.httpVersionMinor > 0) refuseHostless(house, request, response);
    else if (isContractPath(request.url ?? '')) dispatch(request, response);
    else next();
  });
  app.use(createSite(house, () => isDraining));
  const server = createHttpServer(house, app);
  await listen(server, options);
  return {
    url: urlOf(server, options.host),
    async drain() {
      isDraining = true;
      house.evals.pause();
      // The door stays open while calls do, so that whoever asks hears that this gateway is closing; idle callers are let go.
      server.closeIdleConnections();
      await untilAnswered(house, openCalls);
      const closed = new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
      const cancel = house.clock.after(DRAIN_GRACE_MS, () => { server.closeAllConnections(); });
      await closed;
      cancel();
    },
  };
}

/** For rows to be written and last events to be taken, once calls were told to end, in ms; what still hangs then is cut. */
const DRAIN_GRACE_MS = 1000;
/** Between two looks at the open calls of a draining gateway, in ms. */
const DRAIN_LOOK_MS = 20;

/** Resolves when no call is open and nothing is made in the background, or when those still open after `drainMs` have been told to end and had a moment to do so. */
function untilAnswered(house: House, openCalls: OpenCalls): Promise<void> {
  const { clock, limits } = house;
  const startedAt = clock.monotonic();
  let isTold = false;
  return new Promise((resolve) => {
    const stop = clock.every(DRAIN_LOOK_MS, () => {
      const openMs = clock.monotonic() - startedAt;
      const isQuiet = openCalls.size === 0 && house.background.departures.size === 0;
      if (isQuiet || openMs > limits.drainMs + DRAIN_GRACE_MS) {
        stop();
        resolve();
      } else if (!isTold && openMs > limits.drainMs) {
        isTold = true;
        for (const departure of [...openCalls.present(), ...house.background.departures.present()]) departure.depart('shutdown');
      }
    });
  });
}

function createHttpServer(house: House, app: express.Express): Server {
  const { limits } = house;
  const server = createServer({
    ...bearInto(app),
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.clientHeadersTimeoutMs,
    requestTimeout: limits.clientRequestTimeoutMs,
    connectionsCheckingInterval: limits.connectionsCheckingIntervalMs,
    keepAliveTimeout: limits.clientKeepAliveMs,
    noDelay: true,
    // Node's own answer would have neither our shape nor a request id.
    requireHostHeader: false,
  }, (request: IncomingMessage, response: ServerResponse) => {
    const url = request.url ?? '';
    if (url.charCodeAt(0) !== SLASH) request.url = toOriginForm(url);
    app(request, response);
  });
  server.maxHeadersCount = limits.headersCountMax;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => { answerBrokenRequest(house, error, socket); });
  server.on('connect', (_request, socket: Socket) => { answerBrokenRequest(house, new Error('CONNECT is not served'), socket); });
  // What else a caller expects of us is not a reason to refuse (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => { server.emit('request', request, response); });
  return server;
}

const SLASH = 0x2f;

/** Takes `http://host` off, which a server must accept (RFC 9112, 3.2.2) and nothing here is decided by; what is no path stays none. */
function toOriginForm(url: string): string {
  const [authority] = /^https?:\/\/[^/?]*/i.exec(url) ?? [];
  if (authority === undefined) return `//${url}`;
  const rest = url.slice(authority.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** RFC 9112, 3.2 wants a 400, though nothing here is decided by the host. */
function refuseHostless(house: House, request: IncomingMessage, response: ServerResponse): void {
  const requestId = house.makeId('req');
  const refusal = new Refusal('invalid_request', { param: 'host', message: 'An HTTP/1.1 request needs the header host.' });
  writeError(response, refusal, { headers: baseHeaders(request, requestId), requestId });
}

/** A request Node could not even read still gets an error in our shape. */
function answerBrokenRequest(house: House, error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  if (isAnswering(socket)) {
    // What was written of that answer still goes out.
    socket.destroySoon();
    return;
  }
  const requestId = house.makeId('req');
  const refusal = brokenRequest(error.code);
  const body = JSON.stringify(errorBody(refusal, requestId));
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_TEXT[refusal.status] ?? 'Error'}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** True while a reply is under way on the socket: another answer would land in the middle of it. Node's own default looks at the same field. */
function isAnswering(socket: Socket): boolean {
  const message: unknown = Reflect.get(socket, '_httpMessage');
  return message instanceof ServerResponse && message.headersSent;
}

const STATUS_TEXT: Readonly<Record<number, string>> = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' };

function brokenRequest(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return new Refusal('headers_too_large');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Refusal('request_timeout');
  return new Refusal('invalid_request', { message: 'The request is not valid HTTP/1.1.' });
}

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = isAddress(address) ? address.port : 0;
  const isAny = host === '0.0.0.0' || host === '::';
  return `http://${isAny ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`;
}
