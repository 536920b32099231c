/** This file writes a JSON text in one way, so that texts that say the same are the same text, and those that do not are not. */
import { stringEnd } from './json-outline.ts';

/** A decimal of so many characters is exact to its last digit when it is read and written as a double, which holds 15 of them. */
const EXACT_LENGTH_MAX = 15;
const DECIMAL = /^-?\d+(\.\d+)?$/;

/**
 * Writes it without blanks, the fields of objects in the order of their names, strings with the fewest escapes, and numbers as short as they go. Two
 * numbers are only taken for one where that is certain: nothing is rounded. A field that is given twice stays twice. The text must be valid
 * JSON; it nests as deep as the stack allows, so bound it before.
 */
export function canonicalJson(text: string): string {
  let at = 0;
  const skip = (): void => {
    while (text.charCodeAt(at) <= SPACE) at++;
  };
  const readString = (): string => {
    const start = at;
    at = stringEnd(text, at);
    const raw = text.slice(start, at);
    // Other escapes are the only way to write what they stand for.
    return raw.includes('\\u') || raw.includes('\\/') ? JSON.stringify(JSON.parse(raw)) : raw;
  };
  /** A number, true, false or null. */
  const readWord = (): string => {
    const start = at;
    while (at < text.length && !isEnd(text.charCodeAt(at))) at++;
    return shortest(text.slice(start, at));
  };
  /** Reads what stands between two brackets, one after the other. */
  const readItems = (readItem: () => void, close: number): void => {
    at++;
    skip();
    while (at < text.length && text.charCodeAt(at) !== close) {
      readItem();
      skip();
      if (text.charCodeAt(at) === COMMA) at++;
      skip();
    }
    at++;
  };
  const readValue = (): string => {
    skip();
    switch (text.charCodeAt(at)) {
      case QUOTE: return readString();
      case OPEN_BRACKET: {
        const items: string[] = [];
        readItems(() => { items.push(readValue()); }, CLOSE_BRACKET);
        return `[${together(items)}]`;
      }
      case OPEN_BRACE: {
        const fields: (readonly [name: string, value: string])[] = [];
        readItems(() => {
          const name = readString();
          skip();
          at++;
          fields.push([name, readValue()]);
        }, CLOSE_BRACE);
        return `{${together(fields.sort(byName).map(([name, value]) => `${name}:${value}`))}}`;
      }
      default: return readWord();
    }
  };
  return readValue();
}

/** With commas between them. Texts that are added are copied once, in the end; joined ones with every level. */
function together(texts: readonly string[]): string {
  let all = '';
  for (const text of texts) all += all === '' ? text : `,${text}`;
  return all;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function isEnd(code: number): boolean {
  return code <= SPACE || code === COMMA || code === CLOSE_BRACKET || code === CLOSE_BRACE;
}

/** Fields of the same name keep their order: which of them counts is the reader's. */
function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** `1.50` is `1.5`. What is longer, or has an exponent, may be more than a double holds, and stays as it is. */
function shortest(word: string): string {
  return word.length <= EXACT_LENGTH_MAX && DECIMAL.test(word) ? String(Number(word)) : word;
}
