/** This file is what a chat completion asks. */
import { outlineJson } from '../foundation/json-outline.ts';
import type { Call } from '../foundation/operation.ts';
import { DONE_EVENT } from '../foundation/sse.ts';
import type { Usage } from '../foundation/terms.ts';
import type { Counter } from '../metering/counter.ts';
import { NO_USAGE } from '../metering/settle.ts';
import { sizeChat } from '../metering/size.ts';
import { chatWireOf } from '../providers/index.ts';
import type { Ask } from './ask.ts';
import { factsOfChat } from './chat-facts.ts';

/** A chat request, as the caller or a dialect wrote it. */
export type ChatRequest = Pick<Call<'createChatCompletion'>, 'body' | 'bodyText' | 'outline'>;

/** Makes the ask of a chat that a dialect has written. */
export function askChatOf(body: ChatRequest['body']): Ask {
  const bodyText = JSON.stringify(body);
  return askChat({ body, bodyText, outline: outlineJson(bodyText, Number.MAX_SAFE_INTEGER) });
}

/** Makes the ask of a chat completion. */
export function askChat(request: ChatRequest): Ask {
  const { body, bodyText, outline } = request;
  const isStream = body.stream === true;
  return {
    kind: 'chat',
    model: body.model,
    isStream,
    wantsUsage: body.stream_options?.include_usage === true,
    mayBeEmpty: true,
    // What is to be kept upstream is to be kept there; what is said aloud can be referred to there, and not for long.
    isCacheable: body.store !== true && body.modalities?.includes('audio') !== true,
    dialect: null,
    doneEvent: DONE_EVENT,
    facts: () => factsOfChat(body),
    size: ({ prices, maxOutputTokens }) => sizeChat({ body, prices, maxOutputTokens }),
    write(target, context) {
      const wire = chatWireOf(target.provider);
      return wire && { wire, request: wire.encode({ target, body, bodyText, outline, isStream, files: [], ...context }) };
    },
    count: (counter, { text }) => countChat(counter, body, text),
  };
}

async function countChat(counter: Counter, body: ChatRequest['body'], text: string): Promise<Usage> {
  const [promptTokens, completionTokens] = await Promise.all([counter.countPrompt(body), counter.countText(text)]);
  return { ...NO_USAGE, promptTokens, completionTokens };
}
