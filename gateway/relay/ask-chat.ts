/** This file is what a chat completion asks. */
import { outlineJson } from '../foundation/json-outline.ts';
import type { Call } from '../foundation/operation.ts';
import { DONE_EVENT } from '../foundation/sse.ts';
import type { Usage } from '../foundation/terms.ts';
import type { Counter } from '../metering/counter.ts';
import { NO_USAGE } from '../metering/settle.ts';
import { guessPrompt, sizeChat } from '../metering/size.ts';
import type { PromptGuess } from '../metering/size.ts';
import { chatWireOf } from '../providers/index.ts';
import type { Ask, OutputLimit } from './ask.ts';
import { factsOfChat } from './chat-facts.ts';

/** A chat request, as the caller or a dialect wrote it. */
export type ChatRequest = Pick<Call<'createChatCompletion'>, 'body' | 'bodyText' | 'outline'>;

const OUTPUT_FIELDS = ['max_tokens', 'max_completion_tokens'] as const;

/** Makes the ask of a chat that a dialect has written. */
export function askChatOf(body: ChatRequest['body']): Ask {
  return askChat(chatRequestOf(body));
}

function chatRequestOf(body: ChatRequest['body']): ChatRequest {
  const bodyText = JSON.stringify(body);
  return { body, bodyText, outline: outlineJson(bodyText, Number.MAX_SAFE_INTEGER) };
}

/** Makes the ask of a chat completion. */
export function askChat(request: ChatRequest): Ask {
  const { body, bodyText, outline } = request;
  const isStream = body.stream === true;
  // A route looks at it before it is sized.
  let guessed: PromptGuess | null = null;
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
    facts: () => factsOfChat(body, guessed ??= guessPrompt(body)),
    size: (input) => sizeChat({ body, ...input, prompt: guessed ??= guessPrompt(body) }),
    write(target, context) {
      const wire = chatWireOf(target.provider);
      if (!wire) return null;
      if (!context.outputLimit) return { wire, request: wire.encode({ target, body, bodyText, outline, isStream, files: [], ...context }) };
      const { body: limited, warnings } = limitOutput(body, context.outputLimit);
      return { wire, request: warned(wire.encode({ target, ...chatRequestOf(limited), isStream, files: [], ...context }), warnings) };
    },
    count: (counter, { text }) => countChat(counter, body, text),
  };
}

/** What is asked beyond the limit is lowered to it; where nothing is asked it is said, unless the model could not say more anyway. */
function limitOutput(body: ChatRequest['body'], { most, isFelt }: OutputLimit): { readonly body: ChatRequest['body']; readonly warnings: readonly string[] } {
  const asked = OUTPUT_FIELDS.filter((field) => typeof body[field] === 'number');
  if (asked.length === 0) return { body: isFelt ? { ...body, max_tokens: most } : body, warnings: [] };
  const over = asked.filter((field) => (body[field] ?? 0) > most);
  return {
    body: { ...body, ...Object.fromEntries(over.map((field) => [field, most])) },
    warnings: over.map((field) => `${field}: sent as ${most}, the most the route allows`),
  };
}

function warned<Request extends { readonly warnings: readonly string[] }>(request: Request, warnings: readonly string[]): Request {
  return warnings.length === 0 ? request : { ...request, warnings: [...warnings, ...request.warnings] };
}

async function countChat(counter: Counter, body: ChatRequest['body'], text: string): Promise<Usage> {
  const [promptTokens, completionTokens] = await Promise.all([counter.countPrompt(body), counter.countText(text)]);
  return { ...NO_USAGE, promptTokens, completionTokens };
}
