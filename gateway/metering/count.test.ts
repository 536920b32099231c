/** This file shows that counting is close to the tokenizer's own figure, never throws, and lets the event loop breathe. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { countPrompt, countText, FLAT_TOKENS, pieceEnd } from './count.ts';

const prose = 'Interline counts what an upstream did not report. The quick brown fox jumps over the lazy dog, again and again! '.repeat(40);

describe('countText', () => {
  test('counts short texts exactly as the tokenizer does', async () => {
    for (const text of ['', 'Hello, world!', 'naïve café — 日本語 🎉', '{"a":[1,2,3]}']) {
      expect(await countText(text)).toBe(countTokens(text));
    }
  });

  test('is within one percent of the tokenizer on long prose, although it is cut in pieces', async () => {
    const exact = countTokens(prose);
    expect(Math.abs(await countText(prose) - exact)).toBeLessThanOrEqual(exact * 0.01);
  });

  test('control tokens spelled in a text are counted as text', async () => {
    expect(await countText('a <|endoftext|> b')).toBeGreaterThan(5);
  });

  test('twenty thousand times the same character neither throws nor holds the event loop for long', async () => {
    let turns = 0;
    let isOver = false;
    const tick = (): void => { if (!isOver) { turns++; setImmediate(tick); } };
    setImmediate(tick);
    const tokens = await countText('好'.repeat(20_000));
    isOver = true;
    expect(tokens).toBeGreaterThan(2_000);
    // 40 pieces, a turn at least every 6 of them.
    expect(turns).toBeGreaterThanOrEqual(6);
  });

  test('a text past two million characters is extrapolated in proportion', async () => {
    const unit = 'alpha beta gamma delta. ';
    const half = await countText(unit.repeat(1_999_992 / unit.length));
    const whole = await countText(unit.repeat(2 * 1_999_992 / unit.length));
    expect(Math.abs(whole - 2 * half)).toBeLessThanOrEqual(half * 0.001);
  });
});

describe('pieceEnd', () => {
  test('cuts any text into pieces of at most 500 characters that join to the text and split no surrogate pair', () => {
    const texts = fc.array(fc.constantFrom('a', ' ', '好', '😀', 'word ', '\ud800', '\udc00'), { maxLength: 3_000 }).map((bits) => bits.join(''));
    fc.assert(fc.property(texts, (text) => {
      let joined = '';
      for (let start = 0; start < text.length;) {
        const end = pieceEnd(text, start);
        expect(end > start && end - start <= 500).toBe(true);
        const isSplit = /[\ud800-\udbff]/.test(text[end - 1] ?? '') && /[\udc00-\udfff]/.test(text[end] ?? '');
        expect(isSplit).toBe(false);
        joined += text.slice(start, end);
        start = end;
      }
      expect(joined).toBe(text);
    }), { numRuns: 200 });
  });
});

describe('countPrompt', () => {
  test('counts a message as OpenAI documents: three tokens each, its role and text, three for the reply', async () => {
    const messages = [{ role: 'system' as const, content: 'Be brief.' }, { role: 'user' as const, content: 'Hello there' }];
    const words = countTokens('system') + countTokens('Be brief.') + countTokens('user') + countTokens('Hello there');
    expect(await countPrompt({ model: 'm', messages })).toBe(3 + 2 * 3 + words);
    const named = [{ role: 'user' as const, content: 'Hello there', name: 'ada' }];
    expect(await countPrompt({ model: 'm', messages: named })).toBe(3 + 3 + 1 + countTokens('user') + countTokens('Hello there') + countTokens('ada'));
  });

  test('images cost a flat estimate, less in low detail, however large their data', async () => {
    const image = (detail: 'low' | 'high') => ({ type: 'image_url' as const, image_url: { url: `data:image/png;base64,${'A'.repeat(50_000)}`, detail } });
    const plain = await countPrompt({ model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 'Look' }] }] });
    const count = (detail: 'low' | 'high') => countPrompt({ model: 'm', messages: [{ role: 'user', content: [{ type: 'text', text: 'Look' }, image(detail)] }] });
    expect(await count('high')).toBe(plain + FLAT_TOKENS.image);
    expect(await count('low')).toBe(plain + FLAT_TOKENS.imageLowDetail);
  });

  test('tools, tool calls and their results are part of the prompt', async () => {
    const messages = [{ role: 'user' as const, content: 'Weather?' }];
    const bare = await countPrompt({ model: 'm', messages });
    const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }];
    const offered = await countPrompt({ model: 'm', messages, tools });
    expect(offered).toBe(bare + countTokens(JSON.stringify(tools)));
    const called = await countPrompt({
      model: 'm',
      messages: [...messages,
        { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } }] },
        { role: 'tool', tool_call_id: 'call_1', content: '18 degrees' }],
    });
    expect(called).toBeGreaterThan(bare + countTokens('{"city":"Paris"}') + countTokens('18 degrees'));
  });
});
