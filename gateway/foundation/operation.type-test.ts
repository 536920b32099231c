/** This file is compiled and never run: each line under an expected error is a mistake the compiler has to catch. */
import type { ErrorCode } from './errors.ts';
import { fail } from './errors.ts';
import type { Call, Handler, Handlers, JsonReply } from './operation.ts';
import { operations } from '../../generated/operations.ts';
import type { DeletedKey, ErrorResponse, ModelList } from '../../generated/client/types.gen.ts';

declare const handlers: Handlers;
declare const withoutListModels: Omit<Handlers, 'listModels'>;
declare const models: ModelList;
declare const deleted: DeletedKey;
declare const error: ErrorResponse;
declare const chat: Call<'createChatCompletion'>;

/** What is right compiles. */
export const total: Handlers = handlers;
export const restored: Handlers = { ...withoutListModels, listModels: handlers.listModels };
export const rightBody: Handler<'listModels'> = () => Promise.resolve({ status: 200, json: models });
export const rightError: JsonReply<'deleteKey'> = { status: 409, json: error };
export const rightCode: ErrorCode = 'model_not_found';

// @ts-expect-error an operation of the contract has no handler
export const gap: Handlers = withoutListModels;

// @ts-expect-error a handler stands in for another operation's
export const swapped: Handlers = { ...handlers, listModels: handlers.listKeys };

// @ts-expect-error the body is another operation's
export const wrongBody: Handler<'listModels'> = () => Promise.resolve({ status: 200, json: deleted });

// @ts-expect-error the body misses a required field
export const partialBody: Handler<'listModels'> = () => Promise.resolve({ status: 200, json: { object: 'list' } });

// @ts-expect-error the body belongs to another status
export const wrongStatusBody: JsonReply<'deleteKey'> = { status: 409, json: deleted };

// @ts-expect-error the contract declares no such status for the operation
export const undeclaredStatus: JsonReply<'listModels'> = { status: 404, json: error };

// @ts-expect-error the operation does not exist
export type NoSuchOperation = Handler<'listPizzas'>;

// @ts-expect-error the table has no such operation
export const noSuchEntry: unknown = operations.listPizzas;

// @ts-expect-error the error code does not exist
export const wrongCode: ErrorCode = 'no_such_code';

// @ts-expect-error the error code does not exist
export const wrongFailure = (): never => fail('no_such_code');

// @ts-expect-error the role does not exist
export const wrongRole = chat.body.messages.some((message) => message.role === 'robot');

// @ts-expect-error the operation takes no such parameter
export type WrongPath = Call<'retrieveModel'>['path']['nope'];
