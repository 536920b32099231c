/** This file knows how to make the counting of an answer's input say each of its errors. */
import type { ErrorCode } from '../generated/errors.ts';
import type { OperationId } from '../generated/operations.ts';
import { goodRequestTo } from './good-requests.ts';
import type { Provocation } from './provocation.ts';
import { call } from './raw-client.ts';
import { eventually } from './server-under-test.ts';
import { ask } from './stage.ts';

export const countingOperations: readonly OperationId[] = ['countResponseInputTokens'];

const body = (more: object): object => ({ model: 'sandbox/echo', input: 'Hello', ...more });

/** By code; what every operation with a key says is said elsewhere. */
export const provocationsOfCounting: Partial<Readonly<Record<ErrorCode, Provocation['provoke']>>> = {
  model_not_found: (stage, id) => ask(stage, id, { body: body({ model: 'nobody/nothing' }) }),
  model_not_allowed: (stage, id) => ask(stage, id, { key: stage.keys.sandboxOnly, body: body({ model: 'vllm/any' }) }),
  unsupported_model: (stage, id) => ask(stage, id, { body: body({ model: 'sandbox/embedding' }) }),
  unsupported_field: (stage, id) => ask(stage, id, { body: body({ conversation: 'conv_1' }) }),
  response_not_found: (stage, id) => ask(stage, id, { body: body({ previous_response_id: `resp_${'0'.repeat(32)}` }) }),
  rate_limited: (stage, id) => eventually(async () => {
    const reply = await call(stage.main.url, { ...await goodRequestTo(stage.main, id), key: stage.keys.payers.slow.key });
    return reply.status === 200 ? null : reply;
  }),
};
