/** This file is what a Responses request asks: a chat that goes on from kept answers, and its own answer kept before it is handed out. */
import type { ResponseRequest } from '../../generated/client/types.gen.ts';
import { responsesDialect } from '../dialects/responses.ts';
import type { ResponsesDialect } from '../dialects/responses.ts';
import { chatOfResponse } from '../dialects/responses-request.ts';
import type { WrittenChat } from '../dialects/responses-request.ts';
import { findItem, inputItems, responseOfItem } from '../dialects/responses-state.ts';
import type { KeptTurn } from '../dialects/responses-state.ts';
import type { Finished } from '../dialects/responses-stream.ts';
import { fail } from '../foundation/errors.ts';
import { arrayAt, isJsonObject, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Call } from '../foundation/operation.ts';
import { toSeconds } from '../foundation/page.ts';
import { askChatOf } from './ask-chat.ts';
import type { Ask, Written } from './ask.ts';
import type { House } from './house.ts';

/** Kept answers whose items one request may name. */
const REFERENCES_MAX = 256;

type AskParts = Pick<House, 'responses' | 'makeId' | 'clock'>;

/** A Responses request that was read: what it asks of a model, and what is kept of it. */
export interface ReadResponse {
  readonly workspaceId: string;
  /** `resp_…` of the answer. */
  readonly id: string;
  readonly previousId: string | null;
  readonly input: readonly JsonObject[];
  readonly dialect: ResponsesDialect;
  /** What it asks; its answer is not kept. */
  readonly ask: Ask;
  /** One line for each field that no chat can be told. */
  readonly warnings: readonly string[];
}

/** Makes the ask of a Responses request. Refuses as `readResponse` does. */
export async function askResponse(parts: AskParts, call: Pick<Call<'createResponse'>, 'body' | 'caller'>): Promise<Ask> {
  const { workspaceId, id, previousId, input, dialect, ask } = await readResponse(parts, call);
  if (call.body.store === false) return ask;
  return {
    ...ask,
    async keep(reply) {
      const answer = dialect.finished();
      if (answer) await parts.responses.save(workspaceId, { id, previousId, turn: turnOf(answer, input) });
      return reply;
    },
  };
}

/**
 * Reads a Responses request. Refuses an answer or an item that can't be found with response_not_found, and what the gateway does not do
 * with unsupported_field.
 */
export async function readResponse(parts: AskParts, { body, caller }: Pick<Call<'createResponse'>, 'body' | 'caller'>): Promise<ReadResponse> {
  const { responses, makeId, clock } = parts;
  const { workspaceId } = caller ?? fail('missing_api_key');
  const id = makeId('resp');
  const { written: { chat, names, warnings }, input, previousId } = await readChat(parts, { body, workspaceId, id });
  const nowSeconds = (): number => toSeconds(clock.now());
  const dialect = responsesDialect(body, { id, names, nowSeconds, seal: (thoughts) => responses.sealThoughts(workspaceId, thoughts) });
  const asked = askChatOf(chat);
  const ask: Ask = { ...asked, dialect, isCacheable: isCacheable(body), write: (target, context) => withWarnings(asked.write(target, context), warnings) };
  return { workspaceId, id, previousId, input, dialect, ask, warnings };
}

/** What is kept here, or goes on from what is, is no answer to its request alone. */
function isCacheable(body: ResponseRequest): boolean {
  if (body.store !== false || (body.previous_response_id ?? null) !== null || body.background === true) return false;
  return inputItems(body.input, '').every((item) => !needsKept(item));
}

interface ReadChat {
  readonly written: WrittenChat;
  readonly input: readonly JsonObject[];
  readonly previousId: string | null;
}

/** The chat that stands for a request, with what was said before it. Refuses as `readResponse` does. */
export async function readChat({ responses }: Pick<AskParts, 'responses'>, { body, workspaceId, id }: { readonly body: ResponseRequest; readonly workspaceId: string; readonly id: string }): Promise<ReadChat> {
  const previousId = body.previous_response_id ?? null;
  const history = previousId === null ? [] : await responses.history(workspaceId, previousId);
  const input = await resolveItems(responses, workspaceId, inputItems(body.input, id));
  const written = chatOfResponse(body, input, { history, openThoughts: (sealed) => responses.openThoughts(workspaceId, sealed) });
  return { written, input, previousId };
}

/** What is kept of an answer; what was sealed is kept beside, in the clear of the envelope. */
export function turnOf({ resource, thoughts }: Finished, input: readonly JsonObject[]): KeptTurn {
  return { ...withoutSeals(resource), input, thoughts };
}

function withWarnings(written: Written | null, warnings: readonly string[]): Written | null {
  if (!written || warnings.length === 0) return written;
  return { ...written, request: { ...written.request, warnings: [...warnings, ...written.request.warnings] } };
}

function withoutSeals(resource: JsonObject): Pick<KeptTurn, 'resource' | 'output'> {
  const { output, ...rest } = resource;
  const items = arrayAt({ output }, 'output').filter(isJsonObject).map(({ encrypted_content, ...item }) => (encrypted_content === undefined ? item : { ...item }));
  return { resource: rest, output: items };
}

/** Puts kept items in the place of references to them, and gives thoughts back to reasoning that came without. */
async function resolveItems(responses: AskParts['responses'], workspaceId: string, items: readonly JsonObject[]): Promise<JsonObject[]> {
  const wanted = new Set(items.filter(needsKept).flatMap((item) => responseOfItem(stringAt(item, 'id') ?? '') ?? []));
  if (wanted.size > REFERENCES_MAX) fail('invalid_request', { param: 'input', message: `Items of at most ${REFERENCES_MAX} kept answers can be named in one request.` });
  const turns = new Map<string, KeptTurn | null>();
  for (const id of wanted) turns.set(id, await responses.find(workspaceId, id));
  const given = new Set<string>();
  return items.map((item, at) => {
    if (!needsKept(item)) return item;
    const id = stringAt(item, 'id') ?? '';
    const responseId = responseOfItem(id) ?? '';
    const turn = turns.get(responseId) ?? null;
    const kept = turn && findItem(turn, id);
    if (!turn || !kept) {
      if (item['type'] === 'item_reference') fail('response_not_found', { param: `input[${at}].id`, message: 'There is no such item in this workspace.' });
      return item;
    }
    // The thoughts of one answer are one, however many items tell of them.
    if (kept['type'] !== 'reasoning' || given.has(responseId)) return kept;
    given.add(responseId);
    return { ...kept, encrypted_content: responses.sealThoughts(workspaceId, turn.thoughts) };
  });
}

function needsKept(item: JsonObject): boolean {
  return item['type'] === 'item_reference' || (item['type'] === 'reasoning' && stringAt(item, 'encrypted_content') === null);
}
