/** This file looks after gateways that died: what they left open is settled, and what they leased is released. */
import type { Clock } from '../foundation/clock.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import type { NodeRow } from '../store/node-row.ts';
import type { Store } from '../store/store.ts';
import type { HostFacts } from './node-process.ts';

export interface RecoveryParts {
  readonly store: Pick<Store, 'listNodes' | 'recoverNode'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly limits: Pick<Limits, 'nodeDeadMs'>;
  readonly log: Log;
  readonly host: HostFacts;
  /** This gateway, which looks. */
  readonly self: { readonly id: string; readonly connectedMs: number };
}

export interface Recovery {
  /** Looks at every other gateway once. Never rejects; a look while another is under way is left out. */
  look(): Promise<void>;
}

/** Another gateway's beats, and how long they have stood still, in ms of the time in which this one had the store. */
interface Watched {
  readonly beats: number;
  readonly stillMs: number;
}

/** Makes the recovery of one gateway. */
export function createRecovery(parts: RecoveryParts): Recovery {
  const { store, log, host, limits, self } = parts;
  let watched = new Map<string, Watched>();
  let lookedMs = 0;
  let isLooking = false;

  const recover = async (node: NodeRow): Promise<void> => {
    const holds = await store.recoverNode(node.id, parts.clock.now());
    log.warn({ nodeId: node.id, holds }, 'a gateway died; what it had open is settled');
  };
  const lookOnce = async (): Promise<void> => {
    const nodes = await store.listNodes();
    const sinceMs = self.connectedMs - lookedMs;
    lookedMs = self.connectedMs;
    const next = new Map<string, Watched>();
    const dead: NodeRow[] = [];
    for (const node of nodes) {
      if (node.id === self.id) continue;
      const before = watched.get(node.id);
      const stillMs = before?.beats === node.beats ? before.stillMs + sinceMs : 0;
      next.set(node.id, { beats: node.beats, stillMs });
      if (host.isGone(node) || stillMs >= limits.nodeDeadMs) dead.push(node);
    }
    watched = next;
    for (const node of dead) await recover(node);
  };
  return {
    async look() {
      if (isLooking) return;
      isLooking = true;
      try {
        await lookOnce();
      } catch (failure) {
        log.warn({ error: failure }, 'other gateways could not be looked at');
      } finally {
        isLooking = false;
      }
    },
  };
}
