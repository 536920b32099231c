/** This file reads legacy text completions as they come: `choices[].text`, whole and as events. https://platform.openai.com/docs/api-reference/completions (2026-11). */
import { decodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt, parseJson, stringAt } from '../foundation/json-value.ts';
import { createEventSplitter, eventPayload } from '../foundation/sse.ts';
import { openRawChatStream } from './openai-chat-stream.ts';
import { readChatReply } from './openai-chat.ts';
import type { StreamOptions, StreamReader } from './wire.ts';

/** Usage, id and finish reason stand where a chat completion has them. */
export const readCompletion = readChatReply;

/** The generated text of a whole reply. */
export function readCompletionText(json: string): string {
  return textOfChoices(parseJson(json));
}

/** Follows a stream of completions as one of chat chunks, but for where the text stands. */
export function completionsReader(options: StreamOptions): StreamReader {
  const inner = openRawChatStream(options);
  const splitter = createEventSplitter();
  let text = '';
  const take = (event: ByteText): void => {
    const payload = eventPayload(event);
    if (payload !== null) text += textOfChoices(parseJson(decodeText(payload)));
  };
  return {
    observe: (chunk) => { splitter.push(chunk, take); },
    read: (event) => inner.read(event),
    get isDone() { return inner.isDone; },
    get isFinished() { return inner.isFinished; },
    get failure() { return inner.failure; },
    facts: () => inner.facts(),
    text: () => text,
  };
}

function textOfChoices(reply: unknown): string {
  return arrayAt(reply, 'choices').map((choice) => stringAt(choice, 'text') ?? '').join('');
}
