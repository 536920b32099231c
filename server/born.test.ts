import { createServer, get } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { bearInto } from './born.ts';

describe('bearInto', () => {
  test('Express finds its prototypes in place and still has all its methods', async () => {
    const app = express();
    const server = createServer(bearInto(app));
    const seen: boolean[] = [];
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const before: unknown[] = [Object.getPrototypeOf(request), Object.getPrototypeOf(response)];
      app(request, response);
      seen.push(before[0] === app.request, before[1] === app.response, Object.getPrototypeOf(request) === before[0]);
    });
    app.get('/', (request, response) => { response.set('x-app', String(request.app === app && response.app === app)).json({ host: request.get('host') !== undefined }); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const { port } = server.address() as AddressInfo;
    const reply = await new Promise<{ header: unknown; body: string }>((resolve) => {
      get({ port, host: '127.0.0.1', path: '/' }, (response) => {
        let body = '';
        response.on('data', (chunk) => { body += String(chunk); });
        response.on('end', () => { resolve({ header: response.headers['x-app'], body }); });
      });
    });
    await new Promise((resolve) => { server.close(resolve); });
    expect(reply).toEqual({ header: 'true', body: '{"host":true}' });
    expect(seen).toEqual([true, true, true]);
  });
});
