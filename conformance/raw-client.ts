/** This file is an HTTP/1.1 client that hides nothing: it sends any bytes and keeps every chunk of the answer as it was framed. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface RawHead {
  readonly status: number;
  /** Lower-case names; a repeated header is joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface RawReply extends RawHead {
  readonly body: Buffer;
  /** The chunks of a chunked body as the server framed them; one piece for other bodies. */
  readonly chunks: readonly Buffer[];
  /** False when the connection ended before the body was complete. */
  readonly isWhole: boolean;
}

export interface RawConnection {
  readonly socket: Socket;
  send(bytes: string | Buffer): void;
  /** The status line and headers of the next answer. Rejects when the connection ends first. */
  head(): Promise<RawHead>;
  /** The next chunk of the body; null when it has ended. Call `head` first. */
  chunk(): Promise<Buffer | null>;
  /** False when the connection ended before the body that was read last was complete. */
  isWhole(): boolean;
  /** The whole next answer. */
  reply(): Promise<RawReply>;
  /** What came and was not read as part of an answer. */
  unread(): string;
  /** Leaves at once. */
  leave(): void;
  readonly closed: Promise<void>;
}

export interface RequestParts {
  readonly method?: string;
  /** Path and query exactly as they are to stand in the request line. */
  readonly path: string;
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** A value is sent as JSON; a string or bytes as they are. */
  readonly body?: unknown;
}

/** Writes a request's bytes; `content-type` and `content-length` are added where a body is and neither is given. */
export function requestBytes(parts: RequestParts): Buffer {
  const { method = parts.body === undefined ? 'GET' : 'POST', path, key = null, headers = {}, body } = parts;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
  const lines: Record<string, string> = { host: '127.0.0.1' };
  if (key !== null) lines['authorization'] = `Bearer ${key}`;
  if (body !== undefined) Object.assign(lines, { 'content-type': 'application/json', 'content-length': String(bytes.length) });
  Object.assign(lines, headers);
  const head = Object.entries(lines).filter(([, value]) => value !== '').map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n`, 'latin1'), bytes]);
}

/** One request on a connection of its own. */
export async function call(url: string, parts: RequestParts): Promise<RawReply> {
  const connection = await open(url, parts.method === 'HEAD');
  try {
    connection.send(requestBytes({ ...parts, headers: { connection: 'close', ...parts.headers } }));
    return await connection.reply();
  } finally {
    connection.leave();
  }
}

/** Sends a request and gives the connection to follow its answer on. */
export async function begin(url: string, parts: RequestParts): Promise<RawConnection> {
  const connection = await open(url, parts.method === 'HEAD');
  connection.send(requestBytes(parts));
  return connection;
}

/** Opens a connection. `isBodiless` says that answers have no body whatever their headers say, as to HEAD. */
export async function open(url: string, isBodiless = false): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const inbox = createInbox(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return followConnection(socket, inbox, isBodiless);
}

interface Inbox {
  /** Bytes up to and including the mark; null when the connection ended before it. */
  until(mark: string): Promise<Buffer | null>;
  /** Exactly so many bytes; fewer only when the connection ended. */
  take(size: number): Promise<Buffer>;
  rest(): Promise<Buffer>;
  /** What is held now, without taking it. */
  peek(): string;
}

function createInbox(socket: Socket): Inbox {
  let held: Buffer = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let isOver = false;
  let wake: (() => void) | null = null;
  const ring = (): void => { wake?.(); wake = null; };
  socket.on('data', (bytes: Buffer) => { parts.push(bytes); ring(); });
  for (const event of ['end', 'close', 'error'] as const) socket.on(event, () => { isOver = true; ring(); });
  const gather = (): void => {
    if (parts.length === 0) return;
    held = Buffer.concat([held, ...parts]);
    parts = [];
  };
  const more = async (): Promise<boolean> => {
    if (parts.length > 0) { gather(); return true; }
    if (isOver) return false;
    await new Promise<void>((resolve) => { wake = resolve; });
    gather();
    return true;
  };
  const cut = (size: number): Buffer => {
    const taken = held.subarray(0, size);
    held = held.subarray(size);
    return taken;
  };
  return {
    async until(mark) {
      for (;;) {
        gather();
        const at = held.indexOf(mark, 0, 'latin1');
        if (at !== -1) return cut(at + mark.length);
        if (!await more()) return null;
      }
    },
    async take(size) {
      gather();
      while (held.length < size && await more());
      return cut(Math.min(size, held.length));
    },
    async rest() {
      while (await more());
      return cut(held.length);
    },
    peek() {
      gather();
      return held.toString('latin1');
    },
  };
}

/** What is left of the body being read. */
type Framing = { kind: 'chunked' } | { kind: 'sized'; left: number } | { kind: 'open' } | { kind: 'none' };

function followConnection(socket: Socket, inbox: Inbox, isBodiless: boolean): RawConnection {
  let framing: Framing = { kind: 'none' };
  let isWhole = true;
  const closed = new Promise<void>((resolve) => { socket.once('close', () => { resolve(); }); });
  const head = async (): Promise<RawHead> => {
    for (;;) {
      const bytes = await inbox.until('\r\n\r\n');
      if (!bytes) throw new Error('the connection ended before an answer');
      const parsed = parseHead(bytes.toString('latin1'));
      if (parsed.status < 200) continue;
      isWhole = true;
      framing = isBodiless ? { kind: 'none' } : framingOf(parsed);
      return parsed;
    }
  };
  const chunk = async (): Promise<Buffer | null> => {
    if (framing.kind === 'none') return null;
    if (framing.kind === 'chunked') {
      const line = await inbox.until('\r\n');
      const size = line ? Number.parseInt(line.toString('latin1'), 16) : Number.NaN;
      const bytes = Number.isNaN(size) ? Buffer.alloc(0) : await inbox.take(size + 2);
      if (Number.isNaN(size) || bytes.length < size + 2) isWhole = false;
      if (!isWhole || size === 0) framing = { kind: 'none' };
      return !isWhole || size === 0 ? null : bytes.subarray(0, size);
    }
    const size = framing.kind === 'sized' ? framing.left : null;
    const bytes = size === null ? await inbox.rest() : await inbox.take(size);
    framing = { kind: 'none' };
    if (size !== null && bytes.length < size) isWhole = false;
    return bytes.length === 0 ? null : bytes;
  };
  return {
    socket,
    send(bytes) { socket.write(bytes); },
    head,
    chunk,
    isWhole: () => isWhole,
    async reply() {
      const got = await head();
      const chunks: Buffer[] = [];
      for (let next = await chunk(); next !== null; next = await chunk()) chunks.push(next);
      return { ...got, chunks, body: Buffer.concat(chunks), isWhole };
    },
    unread: () => inbox.peek(),
    leave() { socket.destroy(); },
    closed,
  };
}

function parseHead(text: string): RawHead {
  const [line = '', ...rest] = text.trimEnd().split('\r\n');
  const headers: Record<string, string> = {};
  for (const header of rest) {
    const colon = header.indexOf(':');
    const name = header.slice(0, colon).toLowerCase();
    const value = header.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return { status: Number(line.split(' ')[1]), headers };
}

function framingOf({ status, headers }: RawHead): Framing {
  if (status === 204 || status === 304) return { kind: 'none' };
  if (headers['transfer-encoding'] === 'chunked') return { kind: 'chunked' };
  const size = headers['content-length'];
  return size === undefined ? { kind: 'open' } : { kind: 'sized', left: Number(size) };
}
