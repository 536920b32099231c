/** This file keeps connections to upstreams: a small free-list of undici clients per origin, because a pool looks through all of them for each call. */
import type { Client } from 'undici';
// Only the client: the whole of undici (fetch, WebSocket, mocks) costs 20 MB and 50 ms at the start.
import UndiciClient from 'undici/lib/dispatcher/client.js';
import type { Limits } from '../foundation/limits.ts';
import { connectGuarded } from './connect-guarded.ts';
import type { Guard } from './guard.ts';

/** A connection taken for one exchange. */
export interface Connection {
  readonly client: Client;
  /** True when it has carried an exchange before, so that the far end may have closed it meanwhile. */
  readonly isReused: boolean;
  /** True when it queues behind another exchange on the same connection, whose it stays. */
  readonly isShared: boolean;
}

export interface Connections {
  /** `isGuarded`: the origin is one a workspace has named, so the guard looks at where it leads. */
  take(origin: string, isGuarded: boolean): Connection;
  /** Gives a connection back once its exchange has ended, however it ended. */
  give(origin: string, isGuarded: boolean, connection: Connection): void;
  /** Closes everything; open exchanges are cut. */
  close(): Promise<void>;
}

/** An idle connection to an upstream is closed after this long, in ms, unless the upstream hints at less. */
const IDLE_MS = 30_000;
/** Idle clients kept per origin; beyond it they are closed as they come back. */
const IDLE_CLIENTS_MAX = 256;

/** Origins workspaces have named whose connections are kept; the operator's own are as many as the catalogue has. */
const GUARDED_ORIGINS_MAX = 1000;

/** Connections a workspace has named are its own kind: one that was opened without the guard is never lent to it. */
const GUARDED = 'guarded ';

interface Origin {
  readonly idle: Client[];
  /** All that are open, idle or not; at the limit a further exchange queues behind one of them, in turn. */
  readonly all: Client[];
  next: number;
}

/** Makes the connections of one gateway. */
export function createConnections(limits: Limits, guard: Guard): Connections {
  const origins = new Map<string, Origin>();
  const openClient = (origin: string, isGuarded: boolean): Client => new UndiciClient(origin, {
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    headersTimeout: limits.upstreamFirstByteMs,
    bodyTimeout: limits.upstreamIdleMs,
    connect: isGuarded ? connectGuarded(origin, guard, limits.upstreamConnectMs) : { timeout: limits.upstreamConnectMs },
    maxHeaderSize: limits.headerBytesMax * 4,
  });
  return {
    take(url, isGuarded) {
      const name = isGuarded ? GUARDED + url : url;
      let origin = origins.get(name);
      if (!origin) {
        if (isGuarded) makeRoom(origins);
        origin = { idle: [], all: [], next: 0 };
        origins.set(name, origin);
      }
      const idle = origin.idle.pop();
      if (idle) return { client: idle, isReused: true, isShared: false };
      if (origin.all.length >= limits.upstreamConnectionsMax) {
        const client = origin.all[origin.next++ % origin.all.length];
        if (client) return { client, isReused: true, isShared: true };
      }
      const client = openClient(url, isGuarded);
      origin.all.push(client);
      return { client, isReused: false, isShared: false };
    },
    give(url, isGuarded, { client, isShared }) {
      const origin = origins.get(isGuarded ? GUARDED + url : url);
      if (!origin || isShared) return;
      if (!client.destroyed && origin.idle.length < IDLE_CLIENTS_MAX) {
        origin.idle.push(client);
        return;
      }
      origin.all.splice(origin.all.indexOf(client), 1);
      if (!client.destroyed) void client.close();
    },
    async close() {
      const all = [...origins.values()].flatMap((origin) => origin.all);
      origins.clear();
      await Promise.all(all.map((client) => client.destroy()));
    },
  };
}

/** Forgets the oldest origin of a workspace that nobody is talking to. */
function makeRoom(origins: Map<string, Origin>): void {
  if (origins.size < GUARDED_ORIGINS_MAX) return;
  for (const [name, { idle, all }] of origins) {
    if (!name.startsWith(GUARDED) || idle.length < all.length) continue;
    origins.delete(name);
    for (const client of all) void client.close();
    return;
  }
}
