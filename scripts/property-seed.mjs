/**
 * This file gives property tests one seed, so that a run of the suite says the same twice. `PROPERTY_SEED=random npm test` goes
 * looking for new counterexamples; a number repeats one.
 */
import fc from 'fast-check';

const wanted = process.env.PROPERTY_SEED ?? '20261121';
if (wanted !== 'random') fc.configureGlobal({ seed: Number(wanted) });
