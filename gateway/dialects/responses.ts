/** This file is the dialect of OpenAI's Responses: items instead of messages, and events for every step of an answer. https://platform.openai.com/docs/api-reference/responses (2026-11). */
import type { ResponseRequest } from '../../generated/client/types.gen.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { arrayAt, isJsonObject, objectAt, parseJson } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Dialect } from './dialect.ts';
import type { ToolNames } from './responses-names.ts';
import { ResponsesStream } from './responses-stream.ts';
import type { Finished, StreamSetup } from './responses-stream.ts';
import type { Thoughts } from './responses-thoughts.ts';

/** What the answer to one request is told with. */
export interface AnswerSetup {
  /** `resp_…` */
  readonly id: string;
  readonly names: ToolNames;
  /** Seals thoughts for this workspace. */
  readonly seal: (thoughts: Thoughts) => string;
  readonly nowSeconds: () => number;
}

/** A dialect that knows the answer it has told last. */
export interface ResponsesDialect extends Dialect {
  /** The whole answer; null until there is one, and for one that failed. */
  finished(): Finished | null;
  /** Tells that the answer is begun before any upstream is asked; every stream that is opened after that goes on from there. */
  begin(): { readonly events: ByteText; readonly resource: JsonObject };
  openStream(): ResponsesStream;
  /** The stream that was opened last; one that has only been begun when there was none. */
  latest(): ResponsesStream;
}

/** Makes the dialect of one request. */
export function responsesDialect(body: ResponseRequest, { id, names, seal, nowSeconds }: AnswerSetup): ResponsesDialect {
  const setup: StreamSetup = {
    frame: { id, body, createdAt: nowSeconds() }, names, nowSeconds,
    seal: (body.include ?? []).includes('reasoning.encrypted_content') ? seal : null,
  };
  let latest: ResponsesStream | null = null;
  let isBegun = false;
  const open = (): ResponsesStream => {
    latest = new ResponsesStream(isBegun ? { ...setup, isBegun } : setup);
    return latest;
  };
  return {
    toReply(completion) {
      const stream = open();
      stream.take(asChunk(parseJson(completion)));
      stream.finish();
      return JSON.stringify(stream.finished?.resource);
    },
    begin() {
      const begun = open().begin();
      isBegun = true;
      return begun;
    },
    openStream: open,
    latest: () => latest ?? open(),
    finished: () => latest?.finished ?? null,
  };
}

/** A whole completion as the only chunk of a stream: both are told by the same steps. */
function asChunk(completion: unknown): unknown {
  if (!isJsonObject(completion)) return completion;
  return { ...completion, choices: arrayAt(completion, 'choices').map((choice) => (isJsonObject(choice) ? { ...choice, delta: objectAt(choice, 'message') } : choice)) };
}
