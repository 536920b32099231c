/** This file tests the client's stream against a real server that behaves, refuses, breaks off and watches for the client's leaving. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createClient } from '../../generated/client/client/index.ts';
import { ChatStreamError, streamChatCompletion } from '../../generated/client/stream.ts';
import type { StreamChatCompletionOptions } from '../../generated/client/stream.ts';

const chunk = (content: string): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;
const failure = { error: { message: 'Slow down.', type: 'rate_limit_error', param: null, code: 'upstream_rate_limited', request_id: 'req_1' } };
const EVENTS = { 'content-type': 'text/event-stream' };

let server: Server;
let requests: IncomingMessage[] = [];

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

async function serve(answer: (reply: ServerResponse, request: IncomingMessage) => void): Promise<StreamChatCompletionOptions> {
  requests = [];
  server = createServer((request, reply) => {
    requests.push(request);
    answer(reply, request);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createClient({ baseUrl: `http://127.0.0.1:${port}/v1`, auth: 'wm_v2.test' });
  return { client, body: { model: 'm', messages: [{ role: 'user', content: 'hi' }] } };
}

async function collect(options: StreamChatCompletionOptions): Promise<{ texts: unknown[]; failure: unknown }> {
  const texts: unknown[] = [];
  try {
    for await (const one of streamChatCompletion(options)) texts.push(one.choices[0]?.delta.content);
    return { texts, failure: null };
  } catch (failure) {
    return { texts, failure };
  }
}

describe('200', () => {
  test('a whole stream is yielded chunk by chunk, without its end mark, and asked for with stream: true and the key', async () => {
    let body: unknown;
    const options = await serve((reply, request) => {
      void json(request).then((sent) => {
        body = sent;
        reply.writeHead(200, EVENTS).end(`: keep-alive\n\n${chunk('a')}${chunk('b')}data: [DONE]\n\n`);
      });
    });
    expect(await collect(options)).toEqual({ texts: ['a', 'b'], failure: null });
    expect(body).toMatchObject({ model: 'm', stream: true });
    expect(requests[0]?.url).toBe('/v1/chat/completions');
    expect(requests[0]?.headers).toMatchObject({ authorization: 'Bearer wm_v2.test', accept: 'text/event-stream' });
  });

  test('an error event is thrown with the error it carries, after the chunks before it', async () => {
    const options = await serve((reply) => reply.writeHead(200, EVENTS).end(`${chunk('a')}data: ${JSON.stringify(failure)}\n\n`));
    const result = await collect(options);
    expect(result.texts).toEqual(['a']);
    expect(result.failure).toBeInstanceOf(ChatStreamError);
    expect(result.failure).toMatchObject({ status: 200, error: failure.error, message: 'Slow down.' });
  });

  test('a stream that ends without its end mark is not taken for a whole one', async () => {
    const options = await serve((reply) => reply.writeHead(200, EVENTS).end(chunk('a')));
    expect(await collect(options)).toMatchObject({ texts: ['a'], failure: { name: 'ChatStreamError', status: 200, error: null } });
  });

  test('a connection that is reset in the middle is thrown, and the request is not sent again', async () => {
    const options = await serve((reply) => {
      reply.writeHead(200, EVENTS);
      reply.write(chunk('a'), () => { setImmediate(() => { reply.destroy(); }); });
    });
    expect(await collect(options)).toMatchObject({ failure: { name: 'ChatStreamError', status: 200, error: null } });
    expect(requests).toHaveLength(1);
  });

  test('leaving the loop early ends the request', async () => {
    let left: Promise<unknown> | undefined;
    const options = await serve((reply) => {
      left = once(reply, 'close');
      reply.writeHead(200, EVENTS).write(chunk('a'));
    });
    for await (const one of streamChatCompletion(options)) {
      expect(one.choices[0]?.delta.content).toBe('a');
      break;
    }
    await left;
  });

  test("the caller's signal ends the stream with its reason", async () => {
    const options = await serve((reply) => reply.writeHead(200, EVENTS).write(chunk('a')));
    const stop = new AbortController();
    const stream = streamChatCompletion({ ...options, signal: stop.signal });
    await stream.next();
    stop.abort(new Error('enough'));
    await expect(stream.next()).rejects.toThrow('enough');
  });
});

describe('429', () => {
  test('a refusal is thrown with its status and error, and the request is sent only once', async () => {
    const options = await serve((reply) => reply.writeHead(429, { 'content-type': 'application/json' }).end(JSON.stringify(failure)));
    expect(await collect(options)).toMatchObject({ texts: [], failure: { name: 'ChatStreamError', status: 429, error: failure.error } });
    expect(requests).toHaveLength(1);
  });
});

describe('502', () => {
  test('a refusal that is not JSON is thrown with its status alone', async () => {
    const options = await serve((reply) => reply.writeHead(502).end('<html>'));
    expect(await collect(options)).toMatchObject({ failure: { message: 'HTTP 502', status: 502, error: null } });
  });
});
