/** This file looks at the memory of a running gateway from outside: what the system has given it, and what is left of that once it is collected. */
import { existsSync, readFileSync } from 'node:fs';
import type { ServerUnderTest } from '../../conformance/server-under-test.ts';

const MEGABYTE = 1024 * 1024;

/** In MB. */
export interface Memory {
  /** Resident, whatever for: garbage, what the allocator keeps, and pages of files. */
  readonly resident: number;
  /** Alive after a collection, on the heap and in buffers. This is what a leak makes grow. */
  readonly alive: number;
}

export interface MemoryGauge {
  read(): Promise<Memory>;
  close(): void;
}

interface Answer {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/** Looks at a server that was started with `--inspect=127.0.0.1:0`. Rejects when nobody listens. */
export async function openMemoryGauge(server: ServerUnderTest): Promise<MemoryGauge> {
  const address = /Debugger listening on (ws:\S+)/.exec(server.output())?.[1];
  if (address === undefined) throw new Error('the server was not started with an inspector');
  const socket = new WebSocket(address);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => { resolve(); });
    socket.addEventListener('error', () => { reject(new Error(`no inspector at ${address}`)); });
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    waiting.get(answer.id ?? 0)?.(answer);
    waiting.delete(answer.id ?? 0);
  });
  const ask = (method: string, params: object = {}): Promise<Answer> => new Promise((resolve) => {
    waiting.set(++last, resolve);
    socket.send(JSON.stringify({ id: last, method, params }));
  });
  return {
    async read() {
      await ask('HeapProfiler.collectGarbage');
      // Buffers are let go only in the turn after their last reader's.
      await ask('HeapProfiler.collectGarbage');
      const expression = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())';
      const { result } = await ask('Runtime.evaluate', { expression, returnByValue: true });
      return { resident: residentBytes(server.pid) / MEGABYTE, alive: Number(result?.result?.value ?? 0) / MEGABYTE };
    },
    close() { socket.close(); },
  };
}

/** Resident memory of a process, in bytes; 0 where the system has no /proc. */
export function residentBytes(pid: number): number {
  const file = `/proc/${pid}/status`;
  const kilobytes = existsSync(file) ? /VmRSS:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  return Number(kilobytes ?? 0) * 1024;
}
