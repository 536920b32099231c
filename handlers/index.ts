/** This file is the registry of handlers: an operation of the contract that is missing here does not compile. */
import type { Handlers } from '../gateway/foundation/operation.ts';
import type { House } from '../gateway/relay/house.ts';
import * as chatCompletions from './chat-completions.ts';
import * as keys from './keys.ts';
import * as models from './models.ts';
import * as openapi from './openapi.ts';
import * as usage from './usage.ts';

export const handlers = {
  ...chatCompletions,
  ...keys,
  ...models,
  ...openapi,
  ...usage,
} satisfies Handlers<House>;
