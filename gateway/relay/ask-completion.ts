/** This file is what a legacy completion asks: a chat, and its answer told as a completion. */
import { chatOfCompletion, completionsDialect } from '../dialects/completions.ts';
import type { Call } from '../foundation/operation.ts';
import { askChatOf } from './ask-chat.ts';
import type { Ask } from './ask.ts';
import { AttemptFailed } from './attempt-outcome.ts';
import { notAsAsked } from './strict.ts';

/**
 * Makes the ask of a completions request. Refuses what no chat can be told with unsupported_field. A target that would not say its log
 * probabilities when they are asked for is passed over: a completion has no way to tell that they are missing.
 */
export function askCompletion({ body }: Call<'createCompletion'>): Ask {
  const chat = askChatOf(chatOfCompletion(body));
  return {
    ...chat,
    dialect: completionsDialect(body),
    write(target, context) {
      const written = chat.write(target, context);
      const missing = typeof body.logprobs === 'number' ? written?.request.warnings.filter(isOfLogprobs) ?? [] : [];
      if (missing.length > 0) throw new AttemptFailed(notAsAsked(missing));
      return written;
    },
  };
}

function isOfLogprobs(warning: string): boolean {
  return warning.startsWith('logprobs:');
}
