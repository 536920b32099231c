/** This file is what a legacy completion asks: a chat, and its answer told as a completion. */
import { chatOfCompletion, completionsDialect } from '../dialects/completions.ts';
import type { Call } from '../foundation/operation.ts';
import { askChatOf } from './ask-chat.ts';
import type { Ask } from './ask.ts';

/** Makes the ask of a completions request. Refuses what no chat can be told with unsupported_field. */
export function askCompletion({ body }: Call<'createCompletion'>): Ask {
  return { ...askChatOf(chatOfCompletion(body)), dialect: completionsDialect(body) };
}
