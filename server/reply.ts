/** This file writes replies: JSON, bytes or events, with exact content types and back-pressure. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { encodeText } from '../gateway/foundation/byte-text.ts';
import type { ByteText } from '../gateway/foundation/byte-text.ts';
import { errorBody } from '../gateway/foundation/errors.ts';
import type { Refusal } from '../gateway/foundation/errors.ts';
import type { BytesReply, EventsReply, StreamReply } from '../gateway/foundation/operation.ts';
import type { House } from '../gateway/relay/house.ts';
import { createEventSink, watchStall } from './event-sink.ts';

/** A reply of any operation, once its types have been checked against the contract. */
export type AnyReply = BytesReply | StreamReply | EventsReply | { readonly status: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> };

type Headers = Record<string, string | number>;

const EXPOSED = [
  'x-request-id', 'retry-after', 'x-interline-warnings', 'x-interline-route', 'x-interline-target', 'x-interline-attempts', 'x-interline-degraded',
  'x-interline-cache', 'x-interline-cache-age',
  'idempotency-replayed',
  ...['limit', 'remaining', 'reset'].flatMap((what) => [`x-ratelimit-${what}-requests`, `x-ratelimit-${what}-tokens`]),
].join(', ');

/** Headers of every reply; CORS only where a browser asks. */
export function baseHeaders(request: IncomingMessage, requestId: string): Headers {
  const headers: Headers = { 'x-request-id': requestId };
  if (request.headers.origin !== undefined) {
    headers['access-control-allow-origin'] = '*';
    headers['access-control-expose-headers'] = EXPOSED;
  }
  return headers;
}

/** Writes a handler's reply. */
export function writeReply(response: ServerResponse, reply: AnyReply, extra: { headers: Headers; house: House }): void {
  const { headers, house } = extra;
  if (reply.headers) Object.assign(headers, reply.headers);
  if ('events' in reply) {
    writeEvents(response, reply, extra);
    return;
  }
  if ('stream' in reply) {
    writeStream(response, reply, extra);
    return;
  }
  if ('json' in reply) {
    headers['content-type'] = 'application/json';
    writeBytes(response, { status: reply.status, headers, body: encodeText(JSON.stringify(reply.json)) });
  } else {
    headers['content-type'] = reply.contentType;
    writeBytes(response, { status: reply.status, headers, body: reply.bytes });
  }
  watchStall(response, house);
}

/** Writes an error in OpenAI's shape. */
export function writeError(response: ServerResponse, refusal: Refusal, context: { headers: Headers; requestId: string }): void {
  const { headers, requestId } = context;
  if (response.destroyed) return;
  const body = JSON.stringify(errorBody(refusal, requestId));
  Object.assign(headers, refusal.options.headers, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.writeHead(refusal.status, headers);
  if (response.req.complete || response.req.method === 'HEAD') {
    response.end(body);
    return;
  }
  response.write(body);
  discardRest(response.req, () => { response.end(); });
}

/** Of a refused body so much is read and thrown away, in bytes. */
const DISCARDED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Takes the rest of a refused request before its connection may close: closing at once would reset it, and a caller who is
 * still sending would never see why. Bounded in time by the request's own deadline.
 */
function discardRest(request: IncomingMessage, done: () => void): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DISCARDED_BYTES_MAX) request.destroy();
  });
  request.once('end', done);
  request.once('close', done);
}

const NOT_MODIFIED = 304;

function writeBytes(response: ServerResponse, reply: { status: number; headers: Headers; body: ByteText | Uint8Array }): void {
  if (response.destroyed) return;
  const { status, headers, body } = reply;
  // What was not modified has a length and a type, but not these.
  if (status === NOT_MODIFIED) delete headers['content-type'];
  else headers['content-length'] = body.length;
  response.writeHead(status, headers);
  // Node writes a head and a body that are both text in one piece; bytes would make it two.
  if (typeof body === 'string') response.end(body, 'latin1');
  else response.end(body);
}

/** Reads no faster than the caller does; a caller that takes nothing for too long is cut, and so is one whose bytes fail to come. */
function writeStream(response: ServerResponse, reply: StreamReply, extra: { headers: Headers; house: House }): void {
  const { headers, house } = extra;
  const { stream } = reply;
  if (response.destroyed) {
    stream.destroy();
    return;
  }
  headers['content-type'] = reply.contentType;
  if (reply.bytesCount !== null) headers['content-length'] = reply.bytesCount;
  response.writeHead(reply.status, headers);
  if (response.req.method === 'HEAD') {
    stream.destroy();
    response.end();
    return;
  }
  let cancel = (): void => undefined;
  stream.on('data', (chunk: Uint8Array) => {
    if (response.write(chunk)) return;
    stream.pause();
    cancel();
    cancel = house.clock.after(house.limits.stalledWriteMs, () => { response.destroy(); });
  });
  response.on('drain', () => {
    cancel();
    stream.resume();
  });
  stream.once('end', () => {
    response.end();
    watchStall(response, house);
  });
  stream.once('error', (error) => {
    house.log.warn({ error }, 'kept bytes could not be read');
    response.destroy();
  });
  response.once('close', () => {
    cancel();
    stream.destroy();
  });
}

function writeEvents(response: ServerResponse, reply: EventsReply, extra: { headers: Headers; house: House }): void {
  if (response.destroyed) return;
  const { headers, house } = extra;
  headers['content-type'] = 'text/event-stream; charset=utf-8';
  headers['cache-control'] = 'no-cache, no-transform';
  // nginx and its kind would otherwise hold events back.
  headers['x-accel-buffering'] = 'no';
  response.writeHead(200, headers);
  house.metrics.openStreams.inc();
  response.once('close', () => { house.metrics.openStreams.dec(); });
  reply.events.start(createEventSink(response, house));
}
