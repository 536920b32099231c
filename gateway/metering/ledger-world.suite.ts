/** This file is a small world of gateways on one ledger in memory, for the tests of the money room. */
import { setImmediate as turn } from 'node:timers/promises';
import { createManualClock } from '../foundation/clock.ts';
import type { ManualClock } from '../foundation/clock.ts';
import { createIds } from '../foundation/ids.ts';
import type { Ask, CounterSpec, IdempotencyClaim, LedgerOp } from '../foundation/ledger.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { createLog } from '../foundation/log.ts';
import type { Ledger, Placed, Placing } from './ledger.ts';
import { ModelLedger, ModelStore, messageCounter, usedMessages } from './ledger-model.suite.ts';
import { createLedger } from './ledger-room.ts';
import type { HostFacts } from './node-process.ts';

const log = createLog('silent');
export const large = messageCounter('q:ws_1:basic:2026-11-21', 1_600_000n);
export const one = (counter: CounterSpec): Ask[] => [{ counter, amount: 1n }];
export const claim: IdempotencyClaim = { scope: 'ws_1:createChatCompletion', key: 'k', bodyHash: 'h', expiresMs: 1 };

/** A gateway in a process of its own; `isAlive` says what its neighbours see. */
export function hostOf(pid: number, isAlive: (pid: number) => boolean = () => true): HostFacts {
  return { host: 'here', pid, started: `${pid}`, isGone: (node) => node.host === 'here' && !isAlive(node.pid) };
}

export interface Gateway {
  readonly store: ModelStore;
  readonly room: Ledger;
}

export class World {
  readonly clock: ManualClock = createManualClock();
  readonly ledger = new ModelLedger();
  readonly makeId = createIds(this.clock);

  constructor() {
    this.ledger.nowMs = this.clock.now();
  }

  async start(host: HostFacts = hostOf(1)): Promise<Gateway> {
    const store = new ModelStore(this.ledger);
    const room = await createLedger({ store, clock: this.clock, makeId: this.makeId, limits: defaultLimits, log, host });
    await turn();
    return { store, room };
  }

  async stop({ room }: Gateway): Promise<void> {
    const closed = room.close();
    await this.pass(50);
    await closed;
  }

  /** Lets time pass, so that everything due happens in its turn. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(50);
      this.ledger.nowMs = this.clock.now();
      await turn();
    }
  }
}

let requests = 0;
export function place({ room }: Gateway, asks: readonly Ask[], idempotency: IdempotencyClaim | null = null): Placed | Promise<Placed> {
  const requestId = `req_${++requests}`;
  return room.place({ requestId, options: [asks], idempotency, makeDraft: () => usedMessages(requestId, 0) });
}

export async function placed(gateway: Gateway, asks: readonly Ask[], idempotency: IdempotencyClaim | null = null): Promise<Placing> {
  const answer = await place(gateway, asks, idempotency);
  if (answer.kind !== 'placed') throw new Error(answer.kind);
  return answer.placing;
}

export function placedAtOnce(gateway: Gateway, asks: readonly Ask[]): Placing {
  const answer = place(gateway, asks);
  if (answer instanceof Promise || answer.kind !== 'placed') throw new Error('not at once');
  return answer.placing;
}

export function settle({ room }: Gateway, placing: Placing, messages: number): Promise<void> {
  return new Promise((resolve, reject) => {
    room.settle(placing, { record: usedMessages(placing.requestId, messages), reply: null }, (failure) => {
      if (failure) reject(failure);
      else resolve();
    });
  });
}

export const kinds = (ops: readonly LedgerOp[]): string[] => ops.map(({ kind }) => kind);

/** A gateway that has leased a slice of the counter. */
export async function leasing(world: World, counter: CounterSpec = large): Promise<Gateway> {
  const gateway = await world.start();
  await settle(gateway, await placed(gateway, one(counter)), 1);
  await turn();
  gateway.store.ops.length = 0;
  return gateway;
}
