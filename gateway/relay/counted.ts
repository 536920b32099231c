/** This file counts what the upstream did not: the prompt, and the text it was seen to generate. */
import { countPrompt, countText } from '../metering/count.ts';
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import type { CountedUsage } from './trail.ts';

/**
 * Counts the usage of an exchange whose upstream gave none. `counted` when the whole reply was seen, `observed`
 * when it was cut short and the text is only what had come by then.
 */
export async function countUsage(request: ChatCompletionRequest, text: string, isWhole: boolean): Promise<CountedUsage> {
  const promptTokens = await countPrompt(request);
  const completionTokens = text === '' ? 0 : await countText(text);
  return {
    usage: { promptTokens, cachedTokens: 0, cacheWriteTokens: 0, completionTokens, reasoningTokens: 0 },
    basis: isWhole ? 'counted' : 'observed',
  };
}
