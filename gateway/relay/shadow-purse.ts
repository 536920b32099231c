/** This file keeps to what an operator lets the shadow of a rollout cost in a day: money is taken from the store by the handful, and spent here. */
import type { Clock } from '../foundation/clock.ts';
import type { RolloutCalls, ShadowPurse } from '../store/rollout-row.ts';

export interface ShadowMoney {
  /** Sets aside what a shadow call can cost at most; null when the day has no room for it. */
  reserve(rollout: string, nanoUsd: bigint, limit: bigint): Promise<Reserved | null>;
  /** Puts back what is left. */
  close(): Promise<void>;
}

export interface Reserved {
  /** It has cost so much. */
  settle(nanoUsd: bigint): void;
}

export interface PurseParts {
  readonly store: Pick<RolloutCalls, 'takeShadowMoney' | 'returnShadowMoney'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** What was taken for one rollout, and is not spent. */
interface Handful {
  readonly purse: ShadowPurse;
  left: bigint;
}

const DAY_MS = 24 * 60 * 60_000;
/** A handful is so much of the day's limit: what a gateway that dies takes with it. */
const HANDFULS = 100n;

/** Makes the purse of one gateway. However many gateways there are, they take no more out of a day than its limit. */
export function createShadowPurse({ store, clock }: PurseParts): ShadowMoney {
  const handfuls = new Map<string, Handful>();
  const handfulOf = (rollout: string, limit: bigint): Handful => {
    const nowMs = clock.now();
    const dayMs = nowMs - nowMs % DAY_MS;
    const known = handfuls.get(rollout);
    if (known?.purse.dayMs === dayMs && known.purse.limit === limit) return known;
    const made: Handful = { purse: { rollout, dayMs, limit }, left: known?.purse.dayMs === dayMs ? known.left : 0n };
    handfuls.set(rollout, made);
    return made;
  };
  return {
    async reserve(rollout, nanoUsd, limit) {
      const handful = handfulOf(rollout, limit);
      if (handful.left < nanoUsd) {
        const missing = nanoUsd - handful.left;
        const usual = limit / HANDFULS;
        // Towards the end of the day's money there is less than a handful.
        const takes = missing < usual ? [usual, missing] : [missing];
        let taken = 0n;
        for (const amount of takes) {
          if (!await store.takeShadowMoney(handful.purse, amount)) continue;
          taken = amount;
          break;
        }
        handful.left += taken;
        if (handful.left < nanoUsd) return null;
      }
      handful.left -= nanoUsd;
      return { settle(cost) { handful.left += nanoUsd - cost; } };
    },
    async close() {
      const left = [...handfuls.values()];
      handfuls.clear();
      for (const { purse, left: nanoUsd } of left) if (nanoUsd !== 0n) await store.returnShadowMoney(purse, nanoUsd);
    },
  };
}
