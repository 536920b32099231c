/** This file holds the running server to its contract: every operation, every declared status, every event. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errorCatalogue } from '../generated/errors.ts';
import type { ErrorCode } from '../generated/errors.ts';
import { operations } from '../generated/operations.ts';
import type { OperationId } from '../generated/operations.ts';
import { faultByOpenAi, faultOfEvents, faultOfHead, faultOfReply, faultOfSchema, hasOpenAi } from './judges.ts';
import { payloadsOf } from './recorded-streams.ts';
import type { RawReply } from './raw-client.ts';
import { provocations } from './provoke.ts';
import { hello } from './good-requests.ts';
import { ask, openStage } from './stage.ts';
import type { Stage } from './stage.ts';

const operationIds = Object.keys(operations) as OperationId[];
const errorCodes = Object.keys(errorCatalogue) as ErrorCode[];

/** Declared, and still nobody outside can bring it about. */
const OUT_OF_REACH: Partial<Record<OperationId, Readonly<Record<number, string>>>> = {
  createChatCompletion: { 500: 'It reads nothing that can be damaged from outside but the key (503) and the catalogue (checked at the start); a fault of its own would be one.' },
  ...unreachable(['createCompletion', 'createEmbedding'], 'As a chat.'),
  ...unreachable(['createTranscription', 'createSpeech', 'createImage', 'createImageEdit'], 'As a chat.'),
  createVideo: { 409: 'A video and what its key is answered are written at once; nothing is ever under way.', 500: 'As a chat.' },
  ...unreachable(['postNative'], 'As createChatCompletion.'),
  getNative: { 500: 'As createChatCompletion.', 504: 'The upstream of these tests answers at once what it is not told to answer; POST, which goes the same way, is made to wait.' },
  deleteNative: { 500: 'As createChatCompletion.', 504: 'As getNative.' },
  ...unreachable(['retrieveImageContent'], 'The row it reads is one of a kind: what is wrong with it is a 404, and bytes that are gone are a 503.'),
  ...unreachable(['listRoutes', 'retrieveRoute'], 'It reads the catalogue in memory; a route that can’t be read is left out.'),
  listModels: { 500: 'It reads the catalogue, which is checked at the start.' },
  retrieveModel: { 500: 'It reads the catalogue, which is checked at the start.' },
  ...unreachable(['listBudgets', 'retrieveBudget', 'retrieveBalance', 'listLimits'], 'It reads no row but those its key is known by, which fail before (503), and counters.'),
  ...unreachable(['listPlans', 'retrievePlan', 'listModelEntries', 'retrieveModelEntry', 'listProviderEntries', 'retrieveProviderEntry', 'listTargets'], 'It reads the catalogue in memory; a stored entry that can’t be read is left out.'),
  ...unreachable(['createTopup', 'receiveStripeEvent', 'listReceiptKeys'], 'It reads nothing of the store that can be damaged from outside.'),
  ...unreachable(['listLedger', 'getStatement'], 'The checks of its table leave nothing that can’t be read.'),
  ...unreachable(['retrieveCachedReplies'], 'It counts rows, and reads nothing that can be damaged.'),
  ...unreachable(['checkLedger'], 'What it finds is its reply.'),
  getOpenapiYaml: { 500: 'It reads a file of the program itself.' },
  getOpenapiJson: { 500: 'It reads a file of the program itself.' },
};

function unreachable(ids: readonly OperationId[], why: string): Partial<Record<OperationId, Readonly<Record<number, string>>>> {
  return Object.fromEntries(ids.map((id) => [id, { 500: why }]));
}

/** What brings about a success that is not the plain one. */
const CONDITIONS: Readonly<Record<number, Readonly<Record<string, string>>>> = { 206: { range: 'bytes=0-9' }, 304: { 'if-none-match': '*' } };

/** OpenAI's own schema of a successful reply, for the operations that are theirs. */
const OPENAI_REPLIES: Partial<Record<OperationId, string>> = {
  createChatCompletion: 'CreateChatCompletionResponse',
  createCompletion: 'CreateCompletionResponse',
  createEmbedding: 'CreateEmbeddingResponse',
  createTranscription: 'CreateTranscriptionResponseJson',
  createResponse: 'Response',
  retrieveResponse: 'Response',
  cancelResponse: 'Response',
  countResponseInputTokens: 'TokenCountsResource',
  listResponseInputItems: 'ResponseItemList',
  createVideo: 'VideoResource',
  listVideos: 'VideoListResource',
  retrieveVideo: 'VideoResource',
  deleteVideo: 'DeletedVideoResource',
  createImage: 'ImagesResponse',
  createImageEdit: 'ImagesResponse',
  listModels: 'ListModelsResponse',
  retrieveModel: 'Model',
};

/** What brings about a success that is not the usual one. */

let stage: Stage;
beforeAll(async () => { stage = await openStage(); }, 30_000);
afterAll(async () => { await stage.close(); });

function json(reply: RawReply): { error?: { code?: unknown } } {
  return JSON.parse(reply.body.toString('utf8')) as { error?: { code?: unknown } };
}

function codesOf(id: OperationId, status: number): ErrorCode[] {
  return errorCodes.filter((code) => errorCatalogue[code].status === status && provocations[code].by.includes(id));
}

function expectRefusal(id: OperationId, code: ErrorCode, reply: RawReply): void {
  const { isEvent, upstreamCode } = provocations[code];
  if (isEvent) {
    expect(reply.status).toBe(200);
    expect(faultOfReply(id, reply)).toBeNull();
    const last: unknown = JSON.parse(payloadsOf(reply.body.toString('utf8')).at(-1) ?? 'null');
    expect(faultOfSchema('ErrorResponse', last)).toBeNull();
    expect(last).toMatchObject({ error: { code, request_id: reply.headers['x-request-id'] } });
    return;
  }
  expect({ status: reply.status, code: json(reply).error?.code }).toEqual({ status: errorCatalogue[code].status, code: upstreamCode ?? code });
  expect(faultOfReply(id, reply)).toBeNull();
  if (id in OPENAI_REPLIES) expect(faultByOpenAi('ErrorResponse', json(reply))).toBeNull();
}

describe.each(operationIds)('%s', (id) => {
  const { statuses } = operations[id];

  const successes = statuses.filter((status) => status < 400);
  // Of what never succeeds there is nothing to look at.
  if (successes.length > 0) test.each(successes)('keeps its contract when it answers %i', async (status) => {
    const headers = CONDITIONS[status];
    const reply = await ask(stage, id, headers ? { headers } : {});
    expect({ status: reply.status, fault: faultOfReply(id, reply) }).toEqual({ status, fault: null });
    const schema = OPENAI_REPLIES[id];
    if (schema) expect(faultByOpenAi(schema, json(reply))).toBeNull();
  });

  const refusals = statuses.flatMap((status) => codesOf(id, status).map((code) => ({ status, code })));
  test.each(refusals)('can be made to answer $status $code, and keeps its contract', async ({ code }) => {
    expectRefusal(id, code, await provocations[code].provoke(stage, id));
  }, 30_000);

  test('declares no status that nobody can provoke, but those said to be out of reach', () => {
    const silent = statuses.filter((status) => status >= 400 && codesOf(id, status).every((code) => provocations[code].isEvent));
    expect(silent).toEqual(Object.keys(OUT_OF_REACH[id] ?? {}).map(Number));
  });

  test('declares every status it can be provoked to', () => {
    const said = errorCodes.filter((code) => provocations[code].by.includes(id)).map((code) => errorCatalogue[code].status);
    expect(said.filter((status) => !statuses.includes(status))).toEqual([]);
  });
});

describe('outside of all operations', () => {
  test('an unknown URL is answered in the shape of every error', async () => {
    const reply = await provocations.unknown_url.provoke(stage, 'listModels');
    expect(reply.status).toBe(404);
    expect(faultOfSchema('ErrorResponse', json(reply))).toBeNull();
    expect(json(reply)).toMatchObject({ error: { code: 'unknown_url', type: errorCatalogue.unknown_url.type, request_id: reply.headers['x-request-id'] } });
  });
});

describe('replies of the sandbox keep our contract and OpenAI’s', () => {
  const tool = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } };
  const schema = { type: 'object', properties: { celsius: { type: 'number' }, sky: { enum: ['clear', 'grey'] } }, required: ['celsius', 'sky'], additionalProperties: false };
  const cases: [string, Record<string, unknown>][] = [
    ['plain', {}],
    ['three choices', { n: 3 }],
    ['a stop sequence', { stop: ['l'] }],
    ['cut by max_tokens', { max_tokens: 1 }],
    ['cut by max_completion_tokens', { max_completion_tokens: 1 }],
    ['logprobs', { logprobs: true, top_logprobs: 2 }],
    ['a forced tool', { tools: [tool], tool_choice: 'required' }],
    ['a named tool', { tools: [tool], tool_choice: { type: 'function', function: { name: 'get_weather' } } }],
    ['a custom tool', { tools: [{ type: 'custom', custom: { name: 'note' } }], tool_choice: { type: 'custom', custom: { name: 'note' } } }],
    ['a JSON schema', { response_format: { type: 'json_schema', json_schema: { name: 'weather', strict: true, schema } } }],
    ['a JSON object', { response_format: { type: 'json_object' } }],
    ['cached and reasoning tokens', { sandbox: { cached_tokens: 3, reasoning_tokens: 5 } }],
    ['no usage', { sandbox: { omit_usage: true } }],
  ];

  test.each(cases)('%s, whole', async (_name, more) => {
    const reply = await ask(stage, 'createChatCompletion', { body: hello({ model: 'sandbox/chat', ...more }) });
    expect({ status: reply.status, fault: faultOfReply('createChatCompletion', reply) }).toEqual({ status: 200, fault: null });
    expect(faultByOpenAi('CreateChatCompletionResponse', json(reply))).toBeNull();
  });

  test.each(cases)('%s, as events', async (_name, more) => {
    for (const include_usage of [true, false]) {
      const body = hello({ model: 'sandbox/chat', stream: true, stream_options: { include_usage }, ...more });
      const reply = await ask(stage, 'createChatCompletion', { body });
      expect({ status: reply.status, type: reply.headers['content-type'], head: faultOfHead('createChatCompletion', reply) })
        .toEqual({ status: 200, type: 'text/event-stream; charset=utf-8', head: null });
      const text = reply.body.toString('utf8');
      expect(faultOfEvents(text)).toBeNull();
      expect(payloadsOf(text).at(-1)).toBe('[DONE]');
    }
  });

  test.each([['an error event', { die_after_events: 2 }], ['silence', { hang_after_events: 2 }]])('a stream that ends in %s ends with a typed error', async (_name, sandbox) => {
    const reply = await ask(stage, 'createChatCompletion', { body: hello({ stream: true, sandbox }) });
    const text = reply.body.toString('utf8');
    expect(faultOfEvents(text)).toBeNull();
    expect(text).not.toContain('[DONE]');
  });

  test('OpenAI’s contract was asked where it is at hand', () => {
    expect(hasOpenAi ? faultByOpenAi('CreateChatCompletionResponse', {}) : 'not at hand').not.toBeNull();
  });
});
