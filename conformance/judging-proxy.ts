/** This file stands between a client and a gateway, hands the bytes on as they are, and has every reply judged by our contract and by OpenAI's. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { operations } from '../generated/operations.ts';
import type { OperationId } from '../generated/operations.ts';
import { faultOfReply } from './judges.ts';
import { faultOfReplyByOpenAi } from './openai-reply-judge.ts';
import { begin } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';

/** One reply that was judged. */
export interface Judged {
  readonly operation: OperationId;
  readonly status: number;
  readonly contentType: string;
  /** The model that was asked for; empty where none was. */
  readonly model: string;
  /** What our contract finds wrong. */
  readonly fault: string | null;
  /** What OpenAI's document finds wrong. */
  readonly openAiFault: string | null;
}

export interface JudgingProxy {
  /** Without `/v1`, like a gateway's own. */
  readonly url: string;
  /** Every reply so far, oldest first. A client may have the last one a moment before it stands here: wait for `settled`. */
  readonly judged: readonly Judged[];
  /** Resolves when every reply that was begun has been judged. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const PREFIX = '/v1';
/** Longest path first, so that a place-holder doesn't take what has a name of its own. */
const patterns = (Object.entries(operations) as [OperationId, { method: string; path: string }][]).map(([id, { method, path }]) => {
  // A model's name has slashes.
  const source = path.replaceAll(/\{[^}]+\}/g, (name) => (name === '{model}' ? '.+' : '[^/]+'));
  return { id, method, path, test: new RegExp(`^${source}$`) };
}).sort((left, right) => right.path.length - left.path.length);

/** Starts a proxy for a gateway on a free port. */
export async function startJudgingProxy(gateway: string): Promise<JudgingProxy> {
  const judged: Judged[] = [];
  const open = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const work = pass({ gateway, request, response }).then((one) => { judged.push(one); }, (error: unknown) => {
      judged.push({ operation: 'listModels', status: 0, contentType: '', model: '', openAiFault: null, fault: `${String(request.method)} ${String(request.url)}: ${String(error)}` });
      response.destroy();
    });
    open.add(work);
    void work.finally(() => { open.delete(work); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    judged,
    async settled() { while (open.size > 0) await Promise.all(open); },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
    },
  };
}

async function pass({ gateway, request, response }: { gateway: string; request: IncomingMessage; response: ServerResponse }): Promise<Judged> {
  const parts: Buffer[] = [];
  for await (const bytes of request) parts.push(bytes as Buffer);
  const body = Buffer.concat(parts);
  const { method = 'GET', url = '/' } = request;
  const headers = withoutHop(request.headers);
  const connection = await begin(gateway, { method, path: url, headers: { ...headers, connection: 'close' }, ...(body.length > 0 ? { body } : {}) });
  try {
    const head = await connection.head();
    response.writeHead(head.status, withoutHop(head.headers));
    response.flushHeaders();
    const chunks: Buffer[] = [];
    for (let chunk = await connection.chunk(); chunk !== null; chunk = await connection.chunk()) {
      chunks.push(chunk);
      response.write(chunk);
    }
    const reply = { ...head, chunks, body: Buffer.concat(chunks), isWhole: connection.isWhole() };
    const judged = judge({ method, path: url, model: modelOf(body) }, reply);
    if (reply.isWhole) response.end();
    else response.destroy();
    return judged;
  } finally {
    connection.leave();
  }
}

/** What belongs to one connection and not to what is said on it. */
const HOP: ReadonlySet<string> = new Set(['transfer-encoding', 'connection', 'keep-alive', 'host', 'content-length']);

function withoutHop(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name)).map(([name, value]) => [name, String(value)]));
}

function judge(asked: { method: string; path: string; model: string }, reply: RawReply): Judged {
  const path = (asked.path.split('?')[0] ?? '').slice(PREFIX.length);
  const method = asked.method.toLowerCase();
  const found = patterns.find((each) => each.method === method && each.test.test(path));
  if (!found) throw new Error('the contract has no such operation');
  const contentType = (reply.headers['content-type'] ?? '').split(';')[0] ?? '';
  return {
    operation: found.id, status: reply.status, contentType, model: asked.model, fault: faultOfReply(found.id, reply, false) ?? faultOfFraming(contentType, reply),
    openAiFault: faultOfReplyByOpenAi({ method, path: found.path }, reply),
  };
}

/** No chunk of a stream ends within an event: what has come can be read at once. */
function faultOfFraming(contentType: string, { chunks }: RawReply): string | null {
  if (contentType !== 'text/event-stream') return null;
  const cut = chunks.map((chunk) => chunk.toString('utf8')).find((chunk) => !chunk.endsWith('\n\n'));
  return cut === undefined ? null : `a chunk ends within an event: ${JSON.stringify(cut.slice(-300))}`;
}

/** The model a body names, in JSON or in a form. */
function modelOf(body: Buffer): string {
  const text = body.toString('latin1');
  return /"model"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? /name="model"\r\n\r\n([^\r]*)/.exec(text)?.[1] ?? '';
}
