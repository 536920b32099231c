/** This file shows how far a guess of tokens may be off, against two tokenizers in use. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countTokens as countCl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { countTokens as countO200k } from 'gpt-tokenizer/encoding/o200k_base';
import { extraBytesOf, guessTokens, guessTokensAtLeast } from './text-size.ts';

const random = (length: number, alphabet: string): string => {
  let state = 12_345;
  let text = '';
  while (text.length < length) text += alphabet[(state = state * 1_103_515_245 % 2 ** 31 + 12_345) % alphabet.length] ?? '';
  return text;
};
const english = 'The gateway sets money aside before any upstream is called, and settles what was used when the reply has ended. ';
const texts: Record<string, string> = {
  'English prose': english.repeat(20),
  'TypeScript': 'export function readRate({ scope: { limits }, aheadMs }: Standing): Reading | null {\n  const limit = limits.requestsPerMinute;\n  return limit;\n}\n'.repeat(10),
  'JSON': JSON.stringify(Array.from({ length: 40 }, (_, index) => ({ id: `item_${index}`, name: 'Blue chair', price: 12.5 + index, tags: ['home', 'wood'] }))),
  'figures': random(900, '0123456789'),
  'figures with commas': '1,2,3,4,5,6,7,8,9\n'.repeat(50),
  'hexadecimal': random(600, '0123456789abcdef'),
  'German': 'Der Benutzer schickt eine Anfrage an das Modell und erhält eine Antwort. Übermäßige Größe ist unzulässig. '.repeat(8),
  'Russian': 'Пользователь отправил запрос к модели и получил ответ, но деньги были списаны только один раз. '.repeat(8),
  'Chinese': '用户向模型发送请求并获得答复。今天的天气很好,我们一起去公园散步吧。'.repeat(8),
  'Japanese': 'ユーザーはモデルにリクエストを送信し、応答を受け取ります。今日はとても良い天気です。'.repeat(8),
  'Arabic': 'أرسل المستخدم طلبا إلى النموذج وحصل على الرد في ثانية واحدة. '.repeat(8),
};

describe('guessTokens', () => {
  test.each(Object.keys(texts))('of %s is at most a tenth below both tokenizers, and not absurd', (name) => {
    const text = texts[name] ?? '';
    const guess = guessTokens(text, extraBytesOf(text));
    expect(guess * 1.1).toBeGreaterThanOrEqual(Math.max(countCl100k(text), countO200k(text)));
    expect(guess).toBeLessThan(4 * countO200k(text));
  });

  test.each(Object.keys(texts))('of a long conversation in %s is as near, though each of its texts is looked at less', (name) => {
    const whole = (texts[name] ?? '').repeat(10);
    const parts = Array.from({ length: 40 }, (_, at) => whole.slice(at * 97 % 400, at * 97 % 400 + 300 + at * 53 % 700));
    const guess = parts.reduce((sum, text) => sum + guessTokens(text, extraBytesOf(text), parts.length), 0);
    const counted = (count: (text: string) => number): number => parts.reduce((sum, text) => sum + count(text), 0);
    expect(guess * 1.1).toBeGreaterThanOrEqual(Math.max(counted(countCl100k), counted(countO200k)));
    expect(guess).toBeLessThan(4 * counted(countO200k));
  });

  test('base64 may have half as many again, no more', () => {
    const text = random(4_000, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
    expect(guessTokens(text, 0) * 1.6).toBeGreaterThan(countCl100k(text));
  });

  test('is a whole number for any text, at least a quarter of its characters, and never less than what is certain', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 2_000 }), fc.string({ maxLength: 2_000 })), (text) => {
      const guess = guessTokens(text, extraBytesOf(text));
      expect(Number.isSafeInteger(guess) && guess >= text.length / 4).toBe(true);
      expect(guessTokensAtLeast(text, extraBytesOf(text)) <= guess).toBe(true);
    }), { numRuns: 500 });
  });
});

describe('guessTokensAtLeast', () => {
  test.each(Object.keys(texts))('of %s is not above what either tokenizer counts', (name) => {
    const text = texts[name] ?? '';
    expect(guessTokensAtLeast(text, extraBytesOf(text))).toBeLessThanOrEqual(Math.min(countCl100k(text), countO200k(text)));
  });
});
