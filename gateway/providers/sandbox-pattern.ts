/** This file writes a text that matches a regular expression, by reading the expression and never by running it. */

type Node =
  | { readonly kind: 'set'; readonly chars: readonly string[] }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number };

interface Reader {
  readonly pattern: string;
  at: number;
  depth: number;
}

const PATTERN_CHARS_MAX = 1_000;
const DEPTH_MAX = 40;
const REPEAT_MAX = 1_000;
const SET_CHARS_MAX = 64;
const TEXT_CHARS_MAX = 4_000;

const LOWER = [...'abcdefghijklmnopqrstuvwxyz'];
const DIGITS = [...'1234567890'];
const ANYTHING = [...'aA0 -_.:/@#'];
const NOTHING: Node = { kind: 'sequence', items: [] };

export interface PatternOptions {
  readonly minLength: number;
  /** Different variants give different texts where the pattern leaves a choice. */
  readonly variant: number;
}

/**
 * Writes a short text matching `pattern` (ECMAScript), best effort: look-arounds and back references are passed over.
 * Repetitions stay at their minimum unless `minLength` asks for more.
 */
export function writePattern(pattern: string, { minLength, variant }: PatternOptions): string {
  const node = readChoice({ pattern: pattern.slice(0, PATTERN_CHARS_MAX), at: 0, depth: 0 });
  const short = write(node, { missing: 0, variant, left: TEXT_CHARS_MAX });
  const missing = minLength - [...short].length;
  return missing <= 0 ? short : write(node, { missing, variant, left: TEXT_CHARS_MAX });
}

interface Writer {
  /** Characters still wanted beyond the shortest match. */
  missing: number;
  left: number;
  readonly variant: number;
}

function write(node: Node, writer: Writer): string {
  if (writer.left <= 0) return '';
  switch (node.kind) {
    case 'set':
      writer.left--;
      return node.chars[writer.variant % node.chars.length] ?? '';
    case 'sequence':
      return node.items.map((item) => write(item, writer)).join('');
    case 'choice': {
      const option = node.options[writer.variant % node.options.length];
      return option ? write(option, writer) : '';
    }
    case 'repeat': {
      let text = '';
      for (let count = 0; count < node.max && writer.left > 0; count++) {
        if (count >= node.min) {
          if (writer.missing <= 0) break;
          const more = write(node.item, writer);
          if (more === '') break;
          writer.missing -= more.length;
          text += more;
        } else text += write(node.item, writer);
      }
      return text;
    }
    default:
      return node satisfies never;
  }
}

function readChoice(reader: Reader): Node {
  if (++reader.depth > DEPTH_MAX) return NOTHING;
  const options = [readSequence(reader)];
  while (reader.pattern[reader.at] === '|') {
    reader.at++;
    options.push(readSequence(reader));
  }
  reader.depth--;
  return options.length === 1 ? options[0] ?? NOTHING : { kind: 'choice', options };
}

function readSequence(reader: Reader): Node {
  const items: Node[] = [];
  while (reader.at < reader.pattern.length && reader.pattern[reader.at] !== '|' && reader.pattern[reader.at] !== ')') {
    items.push(readRepeat(readAtom(reader), reader));
  }
  return items.length === 1 ? items[0] ?? NOTHING : { kind: 'sequence', items };
}

function readRepeat(item: Node, reader: Reader): Node {
  const [min, max] = readBounds(reader);
  if (min === 1 && max === 1) return item;
  if (reader.pattern[reader.at] === '?') reader.at++;
  return { kind: 'repeat', item, min: Math.min(min, REPEAT_MAX), max: Math.min(max, REPEAT_MAX) };
}

function readBounds(reader: Reader): [number, number] {
  const mark = reader.pattern[reader.at];
  if (mark === '*' || mark === '+' || mark === '?') {
    reader.at++;
    return [mark === '+' ? 1 : 0, mark === '?' ? 1 : REPEAT_MAX];
  }
  const braces = /^\{(\d+)(?:(,)(\d*))?\}/.exec(reader.pattern.slice(reader.at, reader.at + 24));
  if (!braces) return [1, 1];
  reader.at += braces[0].length;
  const min = Number(braces[1]);
  if (braces[2] === undefined) return [min, min];
  return [min, braces[3] === '' ? REPEAT_MAX : Number(braces[3])];
}

function readAtom(reader: Reader): Node {
  const char = String.fromCodePoint(reader.pattern.codePointAt(reader.at) ?? 0);
  reader.at += char.length;
  if (char === '^' || char === '$') return NOTHING;
  if (char === '.') return { kind: 'set', chars: LOWER };
  if (char === '(') return readGroup(reader);
  if (char === '[') return { kind: 'set', chars: readClass(reader) };
  if (char !== '\\') return { kind: 'set', chars: [char] };
  const escape = readEscape(reader);
  return escape.length === 0 ? NOTHING : { kind: 'set', chars: escape };
}

function readGroup(reader: Reader): Node {
  const lookaround = /^\?(?:[=!]|<[=!])/.exec(reader.pattern.slice(reader.at, reader.at + 3));
  const prefix = /^\?(?:[:=!]|<[=!]|<[^>]*>)/.exec(reader.pattern.slice(reader.at, reader.at + 64));
  reader.at += prefix?.[0].length ?? 0;
  const inner = readChoice(reader);
  if (reader.pattern[reader.at] === ')') reader.at++;
  return lookaround ? NOTHING : inner;
}

/** The characters an escape may stand for; none for what takes no room. */
function readEscape(reader: Reader): readonly string[] {
  const letter = reader.pattern[reader.at] ?? '';
  reader.at++;
  const ahead = reader.pattern.slice(reader.at);
  const take = (match: RegExpExecArray | null): string => {
    reader.at += match?.[0].length ?? 0;
    return match?.[1] ?? '';
  };
  switch (letter) {
    case 'd': return DIGITS;
    case 'w': return LOWER;
    case 's': return [' '];
    case 'D': case 'S': return LOWER;
    case 'W': return ['-', ' ', '.'];
    case 'n': return ['\n'];
    case 'r': return ['\r'];
    case 't': return ['\t'];
    case 'b': case 'B': return [];
    case 'p': return propertyChars(take(/^\{([^}]*)\}/.exec(ahead)));
    case 'P': take(/^\{([^}]*)\}/.exec(ahead)); return ['-', ' ', '.'];
    case 'k': take(/^<([^>]*)>/.exec(ahead)); return [];
    case 'x': return [String.fromCharCode(Number.parseInt(take(/^([0-9a-fA-F]{2})/.exec(ahead)) || '78', 16))];
    case 'u': return [codePoint(take(/^(?:\{)?([0-9a-fA-F]{1,6})\}?/.exec(ahead.startsWith('{') ? ahead : ahead.slice(0, 4))))];
    default: return /[1-9]/.test(letter) ? [] : [letter];
  }
}

function propertyChars(name: string): readonly string[] {
  if (name === 'Lu') return LOWER.map((letter) => letter.toUpperCase());
  return name.startsWith('N') ? DIGITS : LOWER;
}

function codePoint(hex: string): string {
  const code = Number.parseInt(hex || '75', 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : 'u';
}

function readClass(reader: Reader): readonly string[] {
  const isNegated = reader.pattern[reader.at] === '^';
  if (isNegated) reader.at++;
  const chars: string[] = [];
  const ranges: [string, string][] = [];
  while (reader.at < reader.pattern.length && reader.pattern[reader.at] !== ']') {
    const from = readMember(reader);
    if (from.length === 1 && reader.pattern[reader.at] === '-' && reader.pattern[reader.at + 1] !== ']') {
      reader.at++;
      const to = readMember(reader);
      ranges.push([from[0] ?? '', to[0] ?? '']);
    } else chars.push(...from);
  }
  reader.at++;
  if (isNegated) return [...ANYTHING, ...LOWER].filter((char) => !chars.includes(char) && !ranges.some(([from, to]) => char >= from && char <= to));
  return [...ranges.flatMap(([from, to]) => expand(from, to)), ...chars];
}

function readMember(reader: Reader): readonly string[] {
  const char = String.fromCodePoint(reader.pattern.codePointAt(reader.at) ?? 0);
  reader.at += char.length;
  if (char !== '\\') return [char];
  if (reader.pattern[reader.at] === 'b') {
    reader.at++;
    return ['\b'];
  }
  return readEscape(reader);
}

function expand(from: string, to: string): readonly string[] {
  const first = from.codePointAt(0) ?? 0;
  const last = Math.min(to.codePointAt(0) ?? first, first + SET_CHARS_MAX - 1);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, offset) => String.fromCodePoint(first + offset));
}
