/** This file shows what of a chat prompt costs tokens, and how many. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { systemClock } from '../foundation/clock.ts';
import { createLog } from '../foundation/log.ts';
import { createCounter } from './counter.ts';
import { FLAT_TOKENS } from './prompt-texts.ts';

const counter = createCounter({ clock: systemClock, log: createLog('silent') });
afterAll(() => counter.close());

describe('countPrompt', () => {
  test('counts a message as OpenAI documents: three tokens each, its role and text, three for the reply', async () => {
    const messages = [{ role: 'system' as const, content: 'Be brief.' }, { role: 'user' as const, content: 'Hello there' }];
    const words = countTokens('system') + countTokens('Be brief.') + countTokens('user') + countTokens('Hello there');
    expect(await counter.countPrompt({ model: 'm', messages })).toBe(3 + 2 * 3 + words);
    const named = [{ role: 'user' as const, content: 'Hello there', name: 'ada' }];
    expect(await counter.countPrompt({ model: 'm', messages: named })).toBe(3 + 3 + 1 + countTokens('user') + countTokens('Hello there') + countTokens('ada'));
  });

  test('images cost a flat estimate, less in low detail, however large their data', async () => {
    const image = (detail: 'low' | 'high') => ({ type: 'image_url' as const, image_url: { url: `data:image/png;base64,${'A'.repeat(50_000)}`, detail } });
    const plain = await counter.countPrompt({ model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 'Look' }] }] });
    const count = (detail: 'low' | 'high') => counter.countPrompt({ model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 'Look' }, image(detail)] }] });
    expect(await count('high')).toBe(plain + FLAT_TOKENS.image);
    expect(await count('low')).toBe(plain + FLAT_TOKENS.imageLowDetail);
  });

  test('tools, tool calls and their results are part of the prompt', async () => {
    const messages = [{ role: 'user' as const, content: 'Weather?' }];
    const bare = await counter.countPrompt({ model: 'm', messages });
    const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }];
    const offered = await counter.countPrompt({ model: 'm', messages, tools });
    expect(offered).toBe(bare + countTokens(JSON.stringify(tools)));
    const called = await counter.countPrompt({
      model: 'm',
      messages: [...messages,
        { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } }] },
        { role: 'tool', tool_call_id: 'call_1', content: '18 degrees' }],
    });
    expect(called).toBeGreaterThan(bare + countTokens('{"city":"Paris"}') + countTokens('18 degrees'));
  });
});
