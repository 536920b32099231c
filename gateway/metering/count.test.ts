/** This file shows that counting in pieces is close to the tokenizer's own figure, and quick where the tokenizer is not. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { countTexts, pieceEnd } from './count.ts';

const countPiece = (piece: string): number => countTokens(piece, { disallowedSpecial: new Set<string>() });

describe('countTexts', () => {
  test('counts short texts exactly as the tokenizer does, and several together', () => {
    const texts = ['', 'Hello, world!', 'naïve café — 日本語 🎉', '{"a":[1,2,3]}'];
    for (const text of texts) expect(countTexts([text], countPiece)).toBe(countTokens(text));
    expect(countTexts(texts, countPiece)).toBe(texts.reduce((sum, text) => sum + countTokens(text), 0));
  });

  test('is within one percent of the tokenizer on long prose, although it is cut in pieces', () => {
    const prose = 'Interline counts what an upstream did not report. The quick brown fox jumps over the lazy dog, again and again! '.repeat(40);
    const exact = countTokens(prose);
    expect(Math.abs(countTexts([prose], countPiece) - exact)).toBeLessThanOrEqual(exact * 0.01);
  });

  test('no piece of an unbroken run is longer than the tokenizer takes easily', () => {
    const lengths: number[] = [];
    const tokens = countTexts(['好'.repeat(20_000)], (piece) => {
      lengths.push(piece.length);
      return countPiece(piece);
    });
    expect(tokens).toBeGreaterThan(2_000);
    expect(Math.max(...lengths)).toBe(500);
    expect(lengths).toHaveLength(40);
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
