/** This file pins what is kept out of logs: a line that disappears here is the change under review. */
import { expect, test } from '@jest/globals';
import { redactions } from '../../generated/redactions.ts';

test('exactly these paths of bodies, replies and events are never logged', () => {
  const marked = Object.entries(redactions).flatMap(([operationId, { body, replies }]) => [
    ...body.map((path) => `${operationId} body ${path}`),
    ...replies.map((path) => `${operationId} replies ${path}`),
  ]);
  expect(marked).toEqual([
    'createChatCompletion body messages.*.content',
    'createChatCompletion body messages.*.function_call.arguments',
    'createChatCompletion body messages.*.refusal',
    'createChatCompletion body messages.*.tool_calls.*.custom.input',
    'createChatCompletion body messages.*.tool_calls.*.function.arguments',
    'createChatCompletion body prediction.content',
    'createChatCompletion body safety_identifier',
    'createChatCompletion body user',
    'createChatCompletion replies choices.*.delta.content',
    'createChatCompletion replies choices.*.delta.function_call.arguments',
    'createChatCompletion replies choices.*.delta.reasoning',
    'createChatCompletion replies choices.*.delta.reasoning_content',
    'createChatCompletion replies choices.*.delta.refusal',
    'createChatCompletion replies choices.*.delta.tool_calls.*.custom.input',
    'createChatCompletion replies choices.*.delta.tool_calls.*.function.arguments',
    'createChatCompletion replies choices.*.logprobs.content.*.token',
    'createChatCompletion replies choices.*.logprobs.content.*.top_logprobs.*.token',
    'createChatCompletion replies choices.*.logprobs.refusal.*.token',
    'createChatCompletion replies choices.*.logprobs.refusal.*.top_logprobs.*.token',
    'createChatCompletion replies choices.*.message.audio.data',
    'createChatCompletion replies choices.*.message.audio.transcript',
    'createChatCompletion replies choices.*.message.content',
    'createChatCompletion replies choices.*.message.function_call.arguments',
    'createChatCompletion replies choices.*.message.reasoning',
    'createChatCompletion replies choices.*.message.reasoning_content',
    'createChatCompletion replies choices.*.message.refusal',
    'createChatCompletion replies choices.*.message.tool_calls.*.custom.input',
    'createChatCompletion replies choices.*.message.tool_calls.*.function.arguments',
    'createKey replies secret',
    'createProviderKey body key',
    'createUserKey replies secret',
  ]);
});
