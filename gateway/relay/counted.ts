/** This file counts what the upstream did not: the prompt, and the text it was seen to generate. */
import type { Work } from './attempt-outcome.ts';
import type { Ending } from './trail.ts';

/**
 * Completes an ending whose upstream gave no usage. The basis is `counted` when the whole reply was seen, `observed` when
 * it was cut short and the text is only what had come by then. Never rejects: a row without a count is better than none,
 * and than a caller without an answer.
 */
export async function withCount(work: Work, ending: Ending, readText: () => string): Promise<Ending> {
  const { house, call } = work;
  try {
    const [promptTokens, completionTokens] = await Promise.all([house.counter.countPrompt(call.body), house.counter.countText(readText())]);
    return {
      ...ending,
      counted: {
        usage: { promptTokens, cachedTokens: 0, cacheWriteTokens: 0, completionTokens, reasoningTokens: 0 },
        basis: ending.outcome === 'ok' ? 'counted' : 'observed',
      },
    };
  } catch (error) {
    house.log.error({ requestId: call.requestId, error }, 'usage not counted');
    return ending;
  }
}
