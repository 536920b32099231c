/** This file starts a Redis of its own for tests; null where no redis-server is installed. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface RedisUnderTest {
  readonly url: string;
  /** It keeps its connections, but answers nothing until `resume`. */
  pause(): void;
  resume(): void;
  /** Kills it; what it held is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
}

/** Whether Redis can be tested with on this machine. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** Starts Redis on a free port. */
export async function startRedis(): Promise<RedisUnderTest> {
  const port = await freePort();
  let child: ChildProcess | null = null;
  const redis: RedisUnderTest = {
    url: `redis://127.0.0.1:${port}`,
    pause: () => { child?.kill('SIGSTOP'); },
    resume: () => { child?.kill('SIGCONT'); },
    async kill() {
      if (!child) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      child = null;
      await ended;
    },
    async start() {
      child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
      await untilListening(port);
    },
  };
  await redis.start();
  return redis;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await delay(10);
  }
  throw new Error('redis-server did not start');
}
