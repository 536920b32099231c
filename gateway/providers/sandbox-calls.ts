/** This file decides which tools a sandbox model calls, and with what. */
import { makeInstance } from './sandbox-instance.ts';
import type { Ask } from './sandbox-request.ts';
import type { OfferedTool } from './sandbox-tool-choice.ts';
import { hexOf } from './sandbox-tokens.ts';

export interface SandboxCall {
  readonly id: string;
  readonly kind: 'function' | 'custom';
  readonly name: string;
  /** JSON arguments of a function, free text for a custom tool. */
  readonly input: string;
}

const CALLS_MAX = 16;

// Wishes are looked for at the start of the text only: a long text among a thousand tools must not hold anybody up.
const WISH_CHARS_MAX = 4_000;

/**
 * The tools that are called, in order; the same for every choice. A tool is called when the request forces one, or when
 * the user spoke last and says `call NAME` or `use the NAME tool`; two are called when the user asks for both, two, or
 * twice, and several are allowed.
 */
export function chooseTools(ask: Ask): readonly OfferedTool[] {
  const { mode, tools, mayCallSeveral } = ask.toolChoice;
  if (mode === 'none' || tools.length === 0 || (mode === 'auto' && ask.toolResult !== null)) return [];
  const text = ask.text.slice(0, WISH_CHARS_MAX);
  const named = findNamed(text, tools);
  if (mode === 'auto' && named.length === 0) return [];
  const wanted = named.length > 0 ? named : tools.slice(0, 1);
  return mayCallSeveral ? addSecond(text, { wanted, tools }).slice(0, CALLS_MAX) : wanted.slice(0, 1);
}

/** The calls of one choice: ids and inputs depend on the choice's index, and on how often a tool is called. */
export function makeCalls(ask: Ask, chosen: readonly OfferedTool[], index: number): readonly SandboxCall[] {
  const seen = new Map<string, number>();
  return chosen.map((tool, position) => {
    const repeat = seen.get(tool.name) ?? 0;
    seen.set(tool.name, repeat + 1);
    return makeCall(ask, tool, { position, variant: index + repeat, index, shares: ask.choices * chosen.length });
  });
}

/** Once one tool is asked for by name, others named in the text are asked for too (`call a and b`). */
function findNamed(text: string, tools: readonly OfferedTool[]): readonly OfferedTool[] {
  const sayings = tools.map((tool) => ({ tool, name: tool.name.replace(/[^\w]/g, '\\$&') }));
  const isAsked = sayings.some(({ name }) => new RegExp(
    `\\b(?:call|invoke|run|use)\\s+(?:the\\s+)?["'\`]?${name}(?![\\w-])`, 'i').test(text));
  if (!isAsked) return [];
  return sayings.filter(({ name }) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'i').test(text)).map(({ tool }) => tool);
}

const ASKS_FOR_TWO = /\b(?:twice|in parallel|both|two)\b/i;
const ASKS_FOR_TWO_CALLS = /\b(?:twice|in parallel|(?:both|two)\b[^.?!\n]{0,40}\b(?:tools?|calls?|functions?|times|cities))\b/i;

function addSecond(text: string, { wanted, tools }: { wanted: readonly OfferedTool[]; tools: readonly OfferedTool[] }): readonly OfferedTool[] {
  if (wanted.length > 1 || !ASKS_FOR_TWO.test(text) || !ASKS_FOR_TWO_CALLS.test(text)) return wanted;
  const other = /\btwice\b/i.test(text) ? undefined : tools.find((tool) => tool !== wanted[0]);
  const second = other ?? wanted[0];
  return second ? [...wanted, second] : wanted;
}

function makeCall(ask: Ask, tool: OfferedTool, at: { position: number; variant: number; index: number; shares: number }): SandboxCall {
  const { text } = ask;
  const instance = tool.kind === 'custom' ? null : makeInstance(tool.schema, { text, variant: at.variant, shares: at.shares });
  const input = tool.kind === 'custom' ? writeInput(text, at.variant) : JSON.stringify(isObject(instance) ? instance : {});
  return { id: `call_${hexOf(`${ask.messageCount}|${at.index}|${at.position}|${tool.name}|${input}`)}`, kind: tool.kind, name: tool.name, input };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A custom tool is given what stands after `with` or `:`, or else the whole text. */
function writeInput(text: string, variant: number): string {
  const said = /\b(?:input|with)\s*:?\s*["'`]([^"'`]+)["'`]/i.exec(text.slice(0, WISH_CHARS_MAX))?.[1] ?? text.slice(0, 500).trim();
  const input = said === '' ? 'sandbox input' : said;
  return variant === 0 ? input : `${input} (${variant + 1})`;
}
