/** This file charges an answer out of the reply cache: the plan's percentage of what a model would have cost. */
import { toNanoUsd } from '../foundation/money.ts';
import type { Charge } from '../foundation/terms.ts';
import { divideUp } from './price.ts';

const HUNDRED = 100;

/** Money and messages, each rounded up; nothing stays nothing. `percent` is a whole number from 0 to 100. */
export function shareOf(charge: Charge, percent: number): Charge {
  return {
    ...charge,
    messages: Math.ceil((charge.messages * percent) / HUNDRED),
    nanoUsd: toNanoUsd(divideUp(charge.nanoUsd * BigInt(percent), BigInt(HUNDRED))),
  };
}
