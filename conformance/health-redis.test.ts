/** This file shows that gateways with nothing in common but a Redis and their secrets leave alone within a second what another saw fail. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { jsonOf } from './native-stage.ts';
import { askJson } from './payer.ts';
import { call } from './raw-client.ts';
import type { RawReply } from './raw-client.ts';
import { startReplayUpstream } from './replay-upstream.ts';
import type { ReplayUpstream } from './replay-upstream.ts';
import { eventually, makeFolder, startServer, stopServers } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
const answer = jsonOf({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }], usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 } });
const limited = jsonOf({ error: { message: 'wait' } }, { status: 429, headers: { 'content-type': 'application/json', 'retry-after': '30' } });

let upstream: ReplayUpstream;
let redis: ChildProcess | null = null;
let one: ServerUnderTest;
let other: ServerUnderTest;

const model = (name: string): object => ({
  id: `local/${name}`, name, tier: 'basic', context_window: 1000, max_output_tokens: 100,
  targets: [{ provider: 'vllm', model: `${name}-first`, unpriced: true }, { provider: 'together', model: `${name}-second`, unpriced: true }],
});
const ask = (at: ServerUnderTest, name: string): Promise<RawReply> => call(at.url, { path: '/v1/chat/completions', key: at.key, body: { model: `local/${name}`, messages: [{ role: 'user', content: 'hi' }] } });
const stateAt = async (at: ServerUnderTest, target: string): Promise<unknown> => {
  const { data } = await askJson(at, { path: '/v1/admin/targets', key: at.key }) as { data: Record<string, unknown>[] };
  return data.find((each) => each['target'] === target)?.['state'];
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  return port;
}

/** How many gateways hear the others: what is told before is lost here. */
async function listeners(port: number): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('error', reject);
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('utf8');
      if (text.endsWith('\r\n')) resolve(text);
    });
    socket.write('CLIENT LIST\r\n');
  });
  socket.destroy();
  return said.split('\n').filter((line) => line.includes(' sub=1 ')).length;
}

(hasRedis ? describe : describe.skip)('gateways on one Redis', () => {
  beforeAll(async () => {
    upstream = await startReplayUpstream();
    const port = await freePort();
    redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
    const options: ServerOptions = {
      env: { VLLM_BASE_URL: upstream.url, TOGETHER_BASE_URL: upstream.url, TOGETHER_API_KEY: 'key', INTERLINE_REDIS_URL: `redis://127.0.0.1:${port}` },
      config: { models: [model('told'), model('alone')] },
    };
    one = await startServer(options);
    const dataFolder = makeFolder();
    copyFileSync(join(one.dataFolder, 'secrets.json'), join(dataFolder, 'secrets.json'));
    other = await startServer({ ...options, dataFolder });
    await eventually(async () => (await listeners(port) === 2 ? true : null));
    for (const name of ['told', 'alone']) upstream.play(`${name}-second`, answer);
  }, 30_000);
  afterAll(async () => {
    redis?.kill('SIGKILL');
    await stopServers();
    await upstream.close();
  });

  test('what one is refused the other does not ask, within a second', async () => {
    upstream.play('told-first', limited);
    expect((await ask(one, 'told')).status).toBe(200);
    const toldAt = performance.now();
    await eventually(async () => (await stateAt(other, 'vllm/told-first') === 'open' ? true : null));
    expect(performance.now() - toldAt).toBeLessThan(1000);
    expect((await ask(other, 'told')).headers['x-interline-target']).toBe('together/told-second');
    expect(upstream.requests('told-first')).toHaveLength(1);
  });

  test('without Redis every request is answered as before, and each finds out for itself', async () => {
    redis?.kill('SIGKILL');
    upstream.play('alone-first', limited);
    for (const gateway of [one, other]) {
      const reply = await ask(gateway, 'alone');
      expect([reply.status, reply.headers['x-interline-target']]).toEqual([200, 'together/alone-second']);
    }
    expect(upstream.requests('alone-first')).toHaveLength(2);
  });
});
