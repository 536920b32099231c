/** This file starts the leases of one gateway on a ledger in memory, for their tests. */
import { setImmediate as turn } from 'node:timers/promises';
import { createManualClock } from '../foundation/clock.ts';
import { createIds } from '../foundation/ids.ts';
import type { Ask, CounterSpec, LedgerOp } from '../foundation/ledger.ts';
import { defaultLimits } from '../foundation/limits.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Lease } from './lease-slice.ts';
import { Leases } from './leases.ts';
import { ModelLedger, ModelStore, messageCounter } from './ledger-model.suite.ts';

export const counter = messageCounter('b:one:all', 16_000n);
export const ROOM = 16_000n;
export const SLICE = 1000n;

export async function start(limits: Partial<Limits> = {}) {
  const clock = createManualClock();
  const ledger = new ModelLedger();
  ledger.nowMs = clock.now();
  const store = new ModelStore(ledger);
  const node = { id: 'node_1', isConnected: () => true };
  await store.registerNode({ id: node.id, host: '', pid: 1, started: '', beats: 0, startedMs: 0 });
  const leases = new Leases({ store, clock, makeId: createIds(clock), limits: { ...defaultLimits, ...limits }, node });
  return { clock, ledger, store, node, leases };
}

export const ask = (amount: bigint, spec: CounterSpec = counter): Ask => ({ counter: spec, amount });

/** Leases with a slice of SLICE. */
export async function sliced(limits: Partial<Limits> = {}) {
  const parts = await start(limits);
  parts.leases.want([ask(1n)], [ROOM]);
  await turn();
  parts.store.ops.length = 0;
  return parts;
}

export function taken({ leases, clock }: Awaited<ReturnType<typeof start>>, amount: bigint): Lease {
  const lease = leases.take(ask(amount), clock.monotonic());
  if (!lease) throw new Error('nothing to take');
  return lease;
}

export const amounts = (ops: readonly LedgerOp[]): bigint[] => ops.map((op) => {
  if (op.kind === 'lease') return op.amount;
  return op.kind === 'give_back' ? -op.changes.reduce((sum, { amount }) => sum + amount, 0n) : 0n;
});
