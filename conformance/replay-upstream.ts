/** This file is an upstream that plays given bytes over real sockets, cut as told, and remembers what it was asked and when it was left. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What happens in a replay, in order. */
export type ReplayStep =
  | { readonly write: string | Buffer }
  /** Waits so long before the next step. */
  | { readonly waitMs: number }
  /** Waits until the test calls `release` with this name. */
  | { readonly waitFor: string }
  /** Writes this piece again and again, as fast as it is taken, until the far end leaves. */
  | { readonly flood: Buffer };

export interface Replay {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Steps before the status line is sent. */
  readonly before?: readonly ReplayStep[];
  readonly steps: readonly ReplayStep[];
  /**
   * `end` closes the body as HTTP says, `cut` closes the connection before that (all bytes arrive), `reset` resets it (the last may
   * be lost), `hang` stays silent for ever, `drop` closes it without any answer.
   */
  readonly ending?: 'end' | 'cut' | 'reset' | 'hang' | 'drop';
}

/** One request as it came, and how it went. */
export interface Played {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Bytes written so far. */
  bytesWritten: number;
  /** True while the far end does not take what is written. */
  isBlocked: boolean;
  /** When the connection was closed before the replay was over, on `performance.now()`; null while it was not. */
  leftAt: number | null;
  readonly left: Promise<number>;
}

export interface ReplayUpstream {
  /** With `/v1`, as a provider's base URL. */
  readonly url: string;
  /** Says what is answered to requests for an upstream model of this name. */
  readonly play: (model: string, replay: Replay | ((body: string, path: string) => Replay)) => void;
  /** Requests for this upstream model, oldest first. */
  readonly requests: (model: string) => readonly Played[];
  readonly release: (name: string) => void;
  readonly forget: (model: string) => void;
  close(): Promise<void>;
}

interface Gates {
  readonly wait: (name: string) => Promise<void>;
  readonly release: (name: string) => void;
}

/** Starts an upstream on a free port. */
export async function startReplayUpstream(): Promise<ReplayUpstream> {
  const replays = new Map<string, Replay | ((body: string, path: string) => Replay)>();
  const played = new Map<string, Played[]>();
  const gates = createGates();
  const sockets = new Set<Socket>();
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    response.on('error', () => undefined);
    const parts: Buffer[] = [];
    request.on('data', (bytes: Buffer) => { parts.push(bytes); });
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      if (request.method === 'GET' && request.headers.authorization?.includes('sk-refused') === true) {
        response.statusCode = 401;
        response.setHeader('content-type', 'application/json').end('{"error":{"message":"no such key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}');
        return;
      }
      if (request.method === 'GET') {
        response.setHeader('content-type', 'application/json').end('{"object":"list","data":[]}');
        return;
      }
      const model = modelOf(body, request.url ?? '');
      const script = replays.get(model);
      const entry = follow(response, { path: request.url ?? '', headers: request.headers, body });
      played.set(model, [...played.get(model) ?? [], entry]);
      if (script) void perform(response, { replay: typeof script === 'function' ? script(body, request.url ?? '') : script, entry, gates });
      else response.writeHead(404, { 'content-type': 'application/json' }).end(`{"error":{"message":"no replay for ${model}","type":"t","param":null,"code":"no_replay"}}`);
    });
  });
  server.on('connection', (socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    play(model, replay) { replays.set(model, replay); },
    requests: (model) => played.get(model) ?? [],
    release: gates.release,
    forget(model) { replays.delete(model); played.delete(model); },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
    },
  };
}

/** Gemini is told in the path, everybody else in the body: JSON, or a form. */
function modelOf(body: string, path: string): string {
  const named = /\/models\/([^:]+):/.exec(path)?.[1];
  if (named !== undefined) return named;
  try {
    const value = JSON.parse(body) as { model?: unknown };
    return String(value.model);
  } catch {
    return /name="model"\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)/.exec(body)?.[1] ?? '';
  }
}

function createGates(): Gates {
  const open = new Set<string>();
  const waiting = new Map<string, (() => void)[]>();
  return {
    wait: (name) => (open.has(name) ? Promise.resolve() : new Promise((resolve) => { waiting.set(name, [...waiting.get(name) ?? [], resolve]); })),
    release(name) {
      open.add(name);
      for (const go of waiting.get(name) ?? []) go();
      waiting.delete(name);
    },
  };
}

function follow(response: ServerResponse, asked: Pick<Played, 'path' | 'headers' | 'body'>): Played {
  let tell: (at: number) => void = () => undefined;
  const left = new Promise<number>((resolve) => { tell = resolve; });
  const entry: Played = { ...asked, bytesWritten: 0, isBlocked: false, leftAt: null, left };
  response.once('close', () => {
    if (response.writableFinished) return;
    entry.leftAt = performance.now();
    tell(entry.leftAt);
  });
  return entry;
}

interface Performance {
  readonly replay: Replay;
  readonly entry: Played;
  readonly gates: Gates;
}

async function perform(response: ServerResponse, { replay, entry, gates }: Performance): Promise<void> {
  const { status = 200, headers = { 'content-type': 'text/event-stream' }, before = [], steps, ending = 'end' } = replay;
  const stage = { response, entry, gates };
  for (const step of before) await take(step, stage);
  if (ending === 'drop') {
    response.socket?.destroy();
    return;
  }
  response.writeHead(status, headers);
  response.flushHeaders();
  for (const step of steps) {
    if (response.destroyed) return;
    await take(step, stage);
  }
  if (ending === 'end') response.end();
  if (ending === 'cut') response.socket?.end();
  if (ending === 'reset') response.socket?.resetAndDestroy();
}

async function take(step: ReplayStep, stage: { response: ServerResponse; entry: Played; gates: Gates }): Promise<void> {
  const { response, entry, gates } = stage;
  if ('write' in step) await write(response, step.write, entry);
  else if ('waitMs' in step) await new Promise((resolve) => { setTimeout(resolve, step.waitMs); });
  else if ('waitFor' in step) await gates.wait(step.waitFor);
  else while (!response.destroyed) await write(response, step.flood, entry);
}

async function write(response: ServerResponse, piece: string | Buffer, entry: Played): Promise<void> {
  entry.bytesWritten += Buffer.byteLength(piece);
  if (response.write(piece) || response.destroyed) return;
  entry.isBlocked = true;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      response.off('drain', go);
      response.off('close', go);
      resolve();
    };
    response.once('drain', go);
    response.once('close', go);
  });
  entry.isBlocked = false;
}

/** Writes bytes in pieces that end at the given offsets. Each piece becomes an HTTP chunk of its own. */
export function cutAt(bytes: Buffer, offsets: Iterable<number>): ReplayStep[] {
  const steps: ReplayStep[] = [];
  let start = 0;
  for (const end of [...offsets, bytes.length]) {
    if (end <= start || end > bytes.length) continue;
    steps.push({ write: bytes.subarray(start, end) });
    start = end;
  }
  return steps;
}
