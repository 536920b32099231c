/** This file counts what the upstream did not: what was asked of it, and what it was seen to answer. */
import type { Work } from './attempt-outcome.ts';
import type { Ending } from './trail.ts';

/**
 * Completes an ending whose upstream gave no usage. The basis is `counted` when the whole reply was seen, `observed` when
 * it was cut short and the text is only what had come by then. Never rejects: a row without a count is better than none,
 * and than a caller without an answer.
 */
export async function withCount(work: Work, ending: Ending, readText: () => string): Promise<Ending> {
  const { house, call, ask } = work;
  const isWhole = ending.outcome === 'ok';
  try {
    const usage = await ask.count(house.counter, { text: readText(), isWhole });
    return { ...ending, counted: { usage, basis: isWhole ? 'counted' : 'observed' } };
  } catch (error) {
    house.log.error({ requestId: call.requestId, error }, 'usage not counted');
    return ending;
  }
}
