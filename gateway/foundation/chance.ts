/** This file is where chance comes from, so that tests can hand in their own; never for secrets or ids. */

/** Gives a number from 0 to less than 1. */
export type Chance = () => number;

/** The machine's own. */
export const chance: Chance = () => Math.random();
