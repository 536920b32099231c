/** This file keeps connections to upstreams: a small free-list of undici clients per origin, because a pool looks through all of them for each call. */
import type { Client } from 'undici';
// Only the client: the whole of undici (fetch, WebSocket, mocks) costs 20 MB and 50 ms at the start.
import UndiciClient from 'undici/lib/dispatcher/client.js';
import type { Limits } from '../foundation/limits.ts';

/** A connection taken for one exchange. */
export interface Connection {
  readonly client: Client;
  /** True when it has carried an exchange before, so that the far end may have closed it meanwhile. */
  readonly isReused: boolean;
}

export interface Connections {
  take(origin: string): Connection;
  /** Gives a connection back once its exchange has ended, however it ended. */
  give(origin: string, client: Client): void;
  /** Closes everything; open exchanges are cut. */
  close(): Promise<void>;
}

/** An idle connection to an upstream is closed after this long, in ms, unless the upstream hints at less. */
const IDLE_MS = 30_000;
/** Idle clients kept per origin; beyond it they are closed as they come back. */
const IDLE_CLIENTS_MAX = 256;

interface Origin {
  readonly idle: Client[];
  /** In use, oldest first; at the limit a further exchange queues behind the oldest of them. */
  readonly busy: Set<Client>;
}

/** Makes the connections of one gateway. */
export function createConnections(limits: Limits): Connections {
  const origins = new Map<string, Origin>();
  const openClient = (origin: string): Client => new UndiciClient(origin, {
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    headersTimeout: limits.upstreamFirstByteMs,
    bodyTimeout: limits.upstreamIdleMs,
    connect: { timeout: limits.upstreamConnectMs },
    maxHeaderSize: limits.headerBytesMax * 4,
  });
  return {
    take(name) {
      let origin = origins.get(name);
      if (!origin) {
        origin = { idle: [], busy: new Set() };
        origins.set(name, origin);
      }
      const idle = origin.idle.pop();
      if (idle) {
        origin.busy.add(idle);
        return { client: idle, isReused: true };
      }
      if (origin.busy.size >= limits.upstreamConnectionsMax) {
        const [oldest] = origin.busy;
        if (oldest) return { client: oldest, isReused: true };
      }
      const client = openClient(name);
      origin.busy.add(client);
      return { client, isReused: false };
    },
    give(name, client) {
      const origin = origins.get(name);
      if (!origin?.busy.delete(client) || client.destroyed) return;
      if (origin.idle.length < IDLE_CLIENTS_MAX) origin.idle.push(client);
      else void client.close();
    },
    async close() {
      const all = [...origins.values()].flatMap((origin) => [...origin.idle, ...origin.busy]);
      origins.clear();
      await Promise.all(all.map((client) => client.destroy()));
    },
  };
}
