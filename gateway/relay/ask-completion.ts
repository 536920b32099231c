/** This file is what a legacy completion asks: a chat for each prompt, and their answers told as one completion. */
import type { CompletionRequest } from '../../generated/client/types.gen.ts';
import { chatsOfCompletion, choicesOf, completionsDialect } from '../dialects/completions.ts';
import { fail } from '../foundation/errors.ts';
import type { Limits } from '../foundation/limits.ts';
import type { Call } from '../foundation/operation.ts';
import { DONE_EVENT } from '../foundation/sse.ts';
import type { Usage } from '../foundation/terms.ts';
import type { Counter } from '../metering/counter.ts';
import { longPromptsFrom, sizeTogether } from '../metering/size.ts';
import { seenOf, severalReplies, sumUsages } from '../providers/several-replies.ts';
import type { Part } from '../providers/several-replies.ts';
import type { HttpRequest, ScriptedReply } from '../providers/wire.ts';
import { askChatOf } from './ask-chat.ts';
import { SILENT_EVENTS } from './ask.ts';
import type { Ask, Written } from './ask.ts';
import { AttemptFailed } from './attempt-outcome.ts';
import { notAsAsked } from './strict.ts';

type CompletionLimits = Pick<Limits, 'completionPromptsMax' | 'exchangesAtOnceMax'>;

/**
 * Makes the ask of a completions request. Refuses what no chat can be told with unsupported_field. A target that would not say its log
 * probabilities when they are asked for is passed over: a completion has no way to tell that they are missing.
 */
export function askCompletion({ body }: Call<'createCompletion'>, limits: CompletionLimits): Ask {
  const asks = chatsOfCompletion(body, limits.completionPromptsMax).map(askChatOf);
  const [only] = asks;
  const chat = only && asks.length === 1 ? only : askTogether(asks, body, limits);
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

/** What several chats ask together: an exchange for each, and one answer, one hold, one charge. */
function askTogether(asks: readonly Ask[], body: CompletionRequest, limits: CompletionLimits): Ask {
  /** Of the attempt under way. */
  let parts: readonly Part[] = [];
  return {
    kind: 'chat',
    model: body.model,
    isStream: body.stream === true,
    wantsUsage: body.stream_options?.include_usage === true,
    mayBeEmpty: true,
    isCacheable: true,
    dialect: null,
    doneEvent: DONE_EVENT,
    silentEvents: SILENT_EVENTS * asks.length * choicesOf(body),
    size(input) {
      const size = sizeTogether(asks.map((ask) => ask.size(input)), limits.exchangesAtOnceMax);
      refuseLong(size.promptTokensMost, longPromptsFrom(size.prices));
      return size;
    },
    write(target, context) {
      const written = asks.map((ask) => ask.write(target, context));
      if (!written.every(isOneExchange)) return null;
      parts = written.map(({ wire: side, request }) => ({ request, side, isBegun: false, reply: null, stream: null }));
      const warnings = [...new Set(written.flatMap(({ request }) => request.warnings))];
      return { wire: severalReplies(parts, choicesOf(body)), request: { kind: 'several', parts, isStream: body.stream === true, warnings } };
    },
    count: (counter, { isWhole }) => countParts(counter, { asks, parts, isWhole }),
  };
}

/** From there on every token of a prompt costs more, and one usage can't tell of several prompts which of them it was. */
function refuseLong(promptTokens: number, from: number): void {
  if (promptTokens <= from) return;
  fail('invalid_request', { param: 'prompt', message: `Together these prompts may have more than ${from} tokens, from which this model has another price. Send them in several requests.` });
}

function isOneExchange(written: Written | null): written is Written & { readonly request: HttpRequest | ScriptedReply } {
  return written !== null && written.request.kind !== 'several';
}

/** What was sent: of each its upstream's own word, or else what was seen of it. What was never sent costs nothing. */
async function countParts(counter: Counter, { asks, parts, isWhole }: { readonly asks: readonly Ask[]; readonly parts: readonly Part[]; readonly isWhole: boolean }): Promise<Usage> {
  return sumUsages(await Promise.all(asks.flatMap((ask, at) => {
    const part = parts[at];
    if (part?.isBegun !== true) return [];
    const { usage, text } = seenOf(part);
    return [usage ? Promise.resolve(usage) : ask.count(counter, { text, isWhole })];
  })));
}
