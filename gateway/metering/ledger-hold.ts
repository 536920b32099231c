/** This file places a hold in the store, for a request that does not fit into leases, and waits for gateways that have leased what it needs. */
import type { Clock } from '../foundation/clock.ts';
import type { Denial, HoldAnswer, LedgerAnswer, LedgerOp } from '../foundation/ledger.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Store } from '../store/store.ts';
import type { Leases, Spares } from './leases.ts';
import type { PlaceRequest, Placed } from './ledger.ts';
import { OpenPlacing } from './ledger-placing.ts';

/** Between two questions for what other gateways were told to give back, in ms, for each WAITING_SHARE requests that wait for it. */
const ASK_AGAIN_MS = 50;
const WAITING_SHARE = 64;

export interface HoldDesk {
  readonly store: Pick<Store, 'apply'>;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'holdMs' | 'contendedMs'>;
  readonly leases: Leases;
  readonly node: { readonly id: string };
  /** Requests that wait for other gateways. */
  waiting: number;
}

/** Places the hold of one request. Rejects with StoreUnavailable when the store can't say. */
export async function placeHold(desk: HoldDesk, request: PlaceRequest): Promise<Placed> {
  const { clock, limits, leases } = desk;
  const asks = request.options.flat();
  const draft = request.makeDraft();
  const deadline = clock.monotonic() + limits.contendedMs;
  let isWhole = false;
  for (;;) {
    const spares = leases.spare(asks, isWhole);
    const answer = await ask(desk, spares, {
      kind: 'hold', id: request.requestId, nodeId: desk.node.id, options: request.options,
      giveBack: spares.taken.map(({ change }) => change), draft,
      nowMs: clock.now(), expiresMs: clock.now() + limits.holdMs, idempotency: request.idempotency,
    });
    if (answer.kind !== 'denied' && answer.kind !== 'contended') return conclude(desk, request, answer);
    // What this gateway has leased itself is no reason to refuse.
    isWhole = true;
    if (!spares.isExact) continue;
    if (answer.kind === 'denied' || clock.monotonic() >= deadline) return { kind: 'denied', denials: answer.denials };
    await pause(desk);
  }
}

async function ask(desk: HoldDesk, spares: Spares, op: LedgerOp): Promise<HoldAnswer> {
  try {
    const answer = await apply(desk.store, op);
    if (answer.kind === 'leased' || answer.kind === 'done') throw new Error(`a hold was answered with ${answer.kind}`);
    return answer;
  } catch (failure) {
    desk.leases.restore(spares);
    throw failure;
  }
}

function conclude(desk: HoldDesk, request: PlaceRequest, answer: Exclude<HoldAnswer, { readonly denials: readonly Denial[] }>): Placed {
  if (answer.kind === 'duplicate') throw new Error(`the id ${request.requestId} was held before`);
  if (answer.kind !== 'granted') return answer;
  const asks = request.options[answer.option];
  if (!asks) throw new Error(`the store took option ${answer.option} of ${request.options.length}`);
  // Requests of another option go to the store anyway: the first is always tried first.
  if (answer.option === 0) desk.leases.want(asks, answer.rooms);
  return { kind: 'placed', placing: new OpenPlacing(request, { option: answer.option, asks, leases: null }, desk.clock.monotonic()) };
}

function apply(store: Pick<Store, 'apply'>, op: LedgerOp): Promise<LedgerAnswer> {
  return new Promise((resolve, reject) => {
    store.apply(op, (failure, answer) => {
      if (answer) resolve(answer);
      else reject(failure ?? new Error('the store gave no answer'));
    });
  });
}

/** The more wait, the longer each of them: what they ask for together stays bounded. */
function pause(desk: HoldDesk): Promise<void> {
  desk.waiting++;
  const ms = ASK_AGAIN_MS * Math.ceil(desk.waiting / WAITING_SHARE);
  return new Promise((resolve) => {
    desk.clock.after(ms, () => {
      desk.waiting--;
      resolve();
    });
  });
}
