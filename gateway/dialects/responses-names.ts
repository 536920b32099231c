/** This file gives the tools of a Responses request the names a chat knows them by, and finds what a called name stood for. */
import { fail } from '../foundation/errors.ts';

/** What the caller calls a tool. */
export interface ToolIdentity {
  readonly kind: 'function' | 'custom';
  readonly namespace: string | null;
  readonly name: string;
}

/** The names of one request's tools, as the chat has them. */
export type ToolNames = ReadonlyMap<string, ToolIdentity>;

/** OpenAI's bound for the name of a function, in characters. */
const NAME_MAX = 64;
const DIGEST_LENGTH = 8;

/** The name a chat knows a tool by: `namespace__name`. One that would be too long is cut, and told apart by a digest. */
export function flatName(namespace: string | null, name: string): string {
  const flat = namespace === null ? name : `${namespace}__${name}`;
  if (namespace === null || flat.length <= NAME_MAX) return flat;
  return `${flat.slice(0, NAME_MAX - DIGEST_LENGTH - 1)}_${digest(flat)}`;
}

/** FNV-1a, 32 bits: only to tell long names of one request apart. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(16).padStart(DIGEST_LENGTH, '0');
}

/** Adds a tool. Refuses a name that another tool has already with invalid_request. */
export function addName(names: Map<string, ToolIdentity>, tool: ToolIdentity, param: string): string {
  const flat = flatName(tool.namespace, tool.name);
  if (names.has(flat)) fail('invalid_request', { param, message: `Two tools are called ${flat}; a namespace counts as a part of its tools' names.` });
  names.set(flat, tool);
  return flat;
}

/** What a called name stood for; a name nobody gave is a function's. */
export function identityOf(names: ToolNames, flat: string): ToolIdentity {
  return names.get(flat) ?? { kind: 'function', namespace: null, name: flat };
}
