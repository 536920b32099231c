/** This file is what sandbox models say: exact replies, echoes, sums, counting, and a friendly word about themselves. */
import { parseJson, isJsonObject } from '../foundation/json-value.ts';
import { makeInstance } from './sandbox-instance.ts';
import type { Ask } from './sandbox-request.ts';

/** `Reply with exactly: X`, `Say exactly: X`, `Repeat this text exactly, nothing else: X`. */
const EXACTLY = /\b(?:reply|respond|answer|say|repeat)\b[^:\n]{0,60}?\bexactly\b[^:\n]{0,40}?:/i;
/** `reply with exactly "X"`. */
const EXACTLY_QUOTED = /\b(?:reply|respond|answer|say)\b[^:\n"“`]{0,40}?\bexactly\b[^:\n"“`]{0,30}(?:"([^"]+)"|“([^”]+)”|`([^`]+)`)/i;
const WHOLLY_QUOTED = /^(?:"([^"]*)"|“([^”]*)”|'([^']*)'|`([^`]*)`)[.!]?$/;

// Wishes are looked for at the start of the text only; what is asked for exactly may go on to its end.
const WISH_CHARS_MAX = 4_000;

/** The text the user wants back word for word, without blanks and quotes around it; null when there is no such wish. */
export function findExact(text: string): string | null {
  const start = text.slice(0, WISH_CHARS_MAX);
  const match = EXACTLY.exec(start);
  if (match) {
    const wish = text.slice(match.index + match[0].length).trim();
    const inner = WHOLLY_QUOTED.exec(wish)?.slice(1).find((group) => group !== undefined);
    return inner ?? (wish === '' ? null : wish);
  }
  return EXACTLY_QUOTED.exec(start)?.slice(1).find((group) => group !== undefined) ?? null;
}

/**
 * Makes the writer of an ask's content, before stop sequences and caps: it takes a choice's index, and choices differ
 * by it, but for exact replies.
 */
export function createContentWriter(ask: Ask): (index: number) => string {
  const { format, text } = ask;
  if (format.kind === 'json_schema') {
    return (index) => JSON.stringify(makeInstance(format.schema, { text, variant: index, shares: ask.choices }));
  }
  const exact = findExact(text) ?? ask.besideTexts.map(findExact).findLast((wish) => wish !== null) ?? null;
  if (format.kind === 'json_object') return createObjectWriter(ask, exact);
  if (exact !== null) return () => exact;
  const base = writeText(ask);
  return (index) => (index === 0 ? base : `${base} (choice ${index + 1})`);
}

function createObjectWriter(ask: Ask, exact: string | null): (index: number) => string {
  if (exact !== null && isJsonObject(parseJson(exact))) return () => exact;
  const said = exact ?? writeText(ask);
  return (index) => JSON.stringify({ [ask.isEcho ? 'echo' : 'answer']: said, ...(index === 0 ? {} : { choice: index + 1 }) });
}

function writeText(ask: Ask): string {
  if (ask.toolResult) return `The tool ${ask.toolResult.name} answered: ${ask.toolResult.text}`;
  if (!ask.isEcho) return chat(ask);
  return ask.text === '' ? describe(ask) : ask.text;
}

function chat(ask: Ask): string {
  const text = ask.text.slice(0, WISH_CHARS_MAX);
  const answer = addUp(text) ?? count(text) ?? recall(ask, text) ?? tell(text) ?? greet(text) ?? describe(ask);
  return ask.attachments.length > 0 && !answer.includes('I see') ? `${answer} ${see(ask)}` : answer;
}

function see(ask: Ask): string {
  return `I see ${ask.attachments.join(' and ')}.`;
}

const SUM = /(?<![\w.])(-?\d{1,12}(?:\.\d{1,6})?)\s{0,3}([+\-*/×÷]|plus|minus|times)\s{0,3}(-?\d{1,12}(?:\.\d{1,6})?)(?!\.?\w)/i;

/** `What is 17 * 3?` */
function addUp(text: string): string | null {
  const [, left, sign, right] = SUM.exec(text) ?? [];
  if (left === undefined || sign === undefined || right === undefined) return null;
  const result = calculate(Number(left), sign.toLowerCase(), Number(right));
  if (!Number.isFinite(result)) return null;
  const shown = String(Math.round(result * 1e6) / 1e6);
  return /\b(?:only|just)\b/i.test(text) ? shown : `${left} ${sign} ${right} = ${shown}`;
}

function calculate(left: number, sign: string, right: number): number {
  switch (sign) {
    case '+': case 'plus': return left + right;
    case '-': case 'minus': return left - right;
    case '*': case '×': case 'times': return left * right;
    default: return left / right;
  }
}

const COUNTED_MAX = 1_000;

/** `Count from 1 to 5.` */
function count(text: string): string | null {
  const match = /\bcount\s+(?:from\s+(\d{1,9})\s+)?(?:up\s+)?to\s+(\d{1,9})\b/i.exec(text);
  if (!match) return null;
  const from = Number(match[1] ?? 1);
  const length = Math.min(Math.max(Number(match[2]) - from + 1, 1), COUNTED_MAX);
  return Array.from({ length }, (_, offset) => String(from + offset)).join(', ');
}

/** `What is my name?`, if an earlier message said so: shows that the whole conversation arrives. */
function recall(ask: Ask, text: string): string | null {
  if (!/\bwhat(?:'s| is) my name\b/i.test(text)) return null;
  const name = ask.earlierTexts.map((earlier) => /\bmy name is ([\p{L}\p{N}'’-]{1,60})/iu.exec(earlier)?.[1]).findLast((found) => found !== undefined);
  if (name === undefined) return 'You have not told me your name.';
  return /\b(?:only|just)\b/i.test(text) ? name : `Your name is ${name}.`;
}

const TALE = [
  'The sea was calm on the morning the gateway opened.',
  'Requests came in like boats, each with a key at its mast and a question in its hold.',
  'The harbour master read every flag, found the shortest way to the right quay, and wrote the toll in a book that nobody could erase.',
  'Some quays were slow, some were closed, and once a rope broke in the middle of unloading.',
  'The harbour master never pretended otherwise: what had arrived was counted, what had not was never charged.',
  'By evening every boat had its answer, and the book added up to the last coin.',
];
const TALE_ROUNDS = 3;

/** A long answer, for those who test long streams. */
function tell(text: string): string | null {
  if (!/\b(?:essay|story|poem|at length|long text|in detail)\b/i.test(text)) return null;
  return Array.from({ length: TALE_ROUNDS }, (_, round) => `${round + 1}. ${TALE.join(' ')}`).join('\n\n');
}

function greet(text: string): string | null {
  if (!/^\W*(?:hi|hello|hey|good (?:morning|evening|day)|say (?:hi|hello))\b/i.test(text) || text.length > 80) return null;
  return 'Hello! I am the sandbox model built into Interline. Ask me anything: I always give the same answer to the same question.';
}

const QUOTED_POINTS_MAX = 200;

function describe(ask: Ask): string {
  const points = [...ask.text.slice(0, 2 * QUOTED_POINTS_MAX)];
  const quoted = points.slice(0, QUOTED_POINTS_MAX).join('') + (ask.text.length > QUOTED_POINTS_MAX ? '…' : '');
  const heard = ask.text.trim() === '' ? 'You sent no text.' : `You said: “${quoted}”`;
  const turn = ask.messageCount > 1 ? ` This is message ${ask.messageCount} of our conversation.` : '';
  const seen = ask.attachments.length > 0 ? ` ${see(ask)}` : '';
  return `${heard}${seen}${turn} I am the sandbox model built into Interline, so this answer is free and always the same. `
    + 'Try “Reply with exactly: pong”, “Count to 20”, “What is 17 * 3?”, or offer me a tool and say “call” and its name.';
}
