/** This file is the one seam where an untyped, validated call becomes a typed one. */
import type { Handlers } from '../gateway/foundation/operation.ts';
import type { House } from '../gateway/relay/house.ts';
import type { CallHandler, UntypedCall } from './dispatch.ts';
import type { AnyReply } from './reply.ts';

type UntypedHandler = (call: UntypedCall, house: House) => Promise<AnyReply>;

/** The contract's validators have just checked what a handler's type says of its call; the compiler can't see that. */
function isHandler(value: unknown): value is UntypedHandler {
  return typeof value === 'function';
}

/** Makes the function that hands validated calls to their handlers. */
export function createCallHandler(handlers: Handlers<House>, house: House): CallHandler {
  const table = new Map<string, UntypedHandler>();
  for (const [operationId, handler] of Object.entries(handlers)) {
    if (isHandler(handler)) table.set(operationId, handler);
  }
  return (operationId, call) => {
    const handler = table.get(operationId);
    if (!handler) throw new Error(`no handler for ${operationId}`);
    return handler(call, house);
  };
}
