/** This file reads out of a chat what a route chooses by. */
import type { ChatCompletionRequest } from '../../generated/client/types.gen.ts';
import { arrayAt, stringAt } from '../foundation/json-value.ts';
import { guessPrompt } from '../metering/size.ts';
import type { PromptGuess } from '../metering/size.ts';
import type { RequestFacts } from '../routing/request-facts.ts';

/** A longer beginning tells conversations apart no better. */
const BEGINNING_CHARS_MAX = 1024;

/** The facts of a chat; takes some microseconds for a small body. */
export function factsOfChat(body: ChatCompletionRequest, { promptTokens, promptTokensAtLeast }: PromptGuess = guessPrompt(body)): RequestFacts {
  const parts = new Set<string>();
  for (const message of body.messages) for (const part of arrayAt(message, 'content')) parts.add(stringAt(part, 'type') ?? '');
  return {
    hasTools: (body.tools?.length ?? 0) > 0 || (body.functions?.length ?? 0) > 0,
    hasImages: parts.has('image_url'),
    hasAudio: parts.has('input_audio'),
    hasFiles: parts.has('file') || parts.has('document_url'),
    wantsSchema: body.response_format?.type === 'json_schema',
    promptTokens, promptTokensAtLeast,
    affinity: affinityOf(body),
  };
}

/** What the caller says to keep a prompt in a cache, else the user it names, else how the conversation begins: its later turns begin the same. */
function affinityOf({ prompt_cache_key: cacheKey, user, messages }: ChatCompletionRequest): string {
  if (typeof cacheKey === 'string') return `cache:${cacheKey}`;
  if (typeof user === 'string') return `user:${user}`;
  const first = messages.findIndex((message) => stringAt(message, 'role') === 'user');
  let beginning = '';
  for (const message of messages.slice(0, first + 1 || messages.length)) {
    if (beginning.length >= BEGINNING_CHARS_MAX) break;
    beginning += `${stringAt(message, 'role') ?? ''}:${stringAt(message, 'content') ?? arrayAt(message, 'content').map((part) => stringAt(part, 'text') ?? '').join('\n')}\n`;
  }
  return `begins:${beginning.slice(0, BEGINNING_CHARS_MAX)}`;
}
