/** This file is this gateway among others on one store: it signs on, shows that it lives, and looks whether the others do. */
import type { Clock } from '../foundation/clock.ts';
import type { MakeId } from '../foundation/ids.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Log } from '../foundation/log.ts';
import type { LeaseRecall, Store } from '../store/store.ts';
import type { HostFacts } from './node-process.ts';
import { createRecovery } from './recovery.ts';
import type { Recovery } from './recovery.ts';

const BEAT_MS = 250;
/** Between two looks at other gateways, in beats. */
const BEATS_PER_LOOK = 8;
const SWEEP_MS = 60_000;
/** A sign of life this long ago, in ms, and the store is taken for away. */
const CONNECTED_MS = 4 * BEAT_MS;

export interface NodeParts {
  readonly store: Pick<Store, 'registerNode' | 'listNodes' | 'beat' | 'recoverNode' | 'sweep'>;
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly limits: Pick<Limits, 'nodeDeadMs'>;
  readonly log: Log;
  readonly host: HostFacts;
  /** Others want these leases back. */
  readonly onRecall: (recalls: readonly LeaseRecall[]) => void;
  /** This gateway was taken for dead: its holds and leases are gone, and it has a new id. */
  readonly onFenced: () => void;
}

/** Times are monotonic ms. */
export interface GatewayNode {
  readonly id: string;
  /** True when the store answers: new leases may be asked for. */
  isConnected(nowMs: number): boolean;
  /** True when nobody can have taken this gateway for dead yet: what it has leased is its own. */
  isTrusted(nowMs: number): boolean;
  /** Gives no more signs of life. */
  stop(): void;
  /** Removes this gateway from the store; whatever it still holds is settled at what was noted. Never rejects. */
  signOff(): Promise<void>;
}

/** Signs on. Rejects when the store can't take it. */
export async function startNode(parts: NodeParts): Promise<GatewayNode> {
  const { clock } = parts;
  const presence = new Presence(parts);
  await presence.signOn();
  const stopBeating = clock.every(BEAT_MS, () => { presence.beat(); });
  const stopSweeping = clock.every(SWEEP_MS, () => { presence.sweep(); });
  // Others may be waiting for what a gateway held that died before this one started.
  presence.look();
  return {
    get id() { return presence.id; },
    isConnected: (nowMs) => nowMs - presence.aliveAt < CONNECTED_MS,
    isTrusted: (nowMs) => nowMs - presence.aliveAt < presence.trustMs,
    stop() {
      stopBeating();
      stopSweeping();
      presence.stop();
    },
    signOff: () => presence.signOff(),
  };
}

class Presence {
  id = '';
  /** When the last sign of life was sent that the store has taken. */
  aliveAt = Number.NEGATIVE_INFINITY;
  /** Others wait longer before they take it for dead. */
  readonly trustMs: number;
  /** For how long this gateway has had the store, without the times when it had not. */
  connectedMs = 0;
  readonly #parts: NodeParts;
  readonly #recovery: Recovery;
  #beats = 0;
  #isBeating = false;
  #isStopped = false;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.trustMs = parts.limits.nodeDeadMs * 2 / 3;
    this.#recovery = createRecovery({ ...parts, self: this });
  }

  async signOn(): Promise<void> {
    const { store, clock, host, makeId } = this.#parts;
    const sentAt = clock.monotonic();
    const id = makeId('node');
    this.id = id;
    await store.registerNode({ id, host: host.host, pid: host.pid, started: host.started, beats: 0, startedMs: clock.now() });
    this.aliveAt = sentAt;
  }

  beat(): void {
    if (this.#isBeating || this.#isStopped) return;
    this.#isBeating = true;
    const { store, clock, log, onRecall } = this.#parts;
    const { id } = this;
    const sentAt = clock.monotonic();
    store.beat(id, clock.now()).then(
      async ({ isFenced, recalled }) => {
        if (isFenced) {
          await this.#startAnew();
          return;
        }
        const sinceMs = sentAt - this.aliveAt;
        if (sinceMs < CONNECTED_MS) this.connectedMs += sinceMs;
        this.aliveAt = sentAt;
        if (recalled.length > 0) onRecall(recalled);
        if (++this.#beats % BEATS_PER_LOOK === 0) this.look();
      },
    ).catch((failure: unknown) => {
      log.warn({ nodeId: id, error: failure }, 'no sign of life could be given');
    }).finally(() => { this.#isBeating = false; });
  }

  look(): void {
    void this.#recovery.look();
  }

  sweep(): void {
    const { store, clock, log } = this.#parts;
    store.sweep(clock.now()).then(
      (holds) => { if (holds > 0) log.warn({ holds }, 'holds that were never ended have expired'); },
      (failure: unknown) => { log.warn({ error: failure }, 'expired holds could not be looked for'); },
    );
  }

  stop(): void {
    this.#isStopped = true;
  }

  async signOff(): Promise<void> {
    const { store, clock, log } = this.#parts;
    try {
      await store.recoverNode(this.id, clock.now());
    } catch (failure) {
      log.warn({ nodeId: this.id, error: failure }, 'this gateway could not sign off, and others will do it');
    }
  }

  /** Whatever it held was settled by others; it goes on as a gateway that has just started. */
  async #startAnew(): Promise<void> {
    if (this.#isStopped) return;
    const { log, onFenced } = this.#parts;
    log.warn({ nodeId: this.id }, 'this gateway was taken for dead; it signs on anew');
    this.aliveAt = Number.NEGATIVE_INFINITY;
    onFenced();
    await this.signOn();
  }
}
