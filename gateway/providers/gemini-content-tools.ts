/** This file writes tools and the choice among them for Gemini. */
import { arrayAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Warn } from './gemini-content-media.ts';

interface Choice {
  readonly mode: 'AUTO' | 'ANY' | 'NONE';
  /** The only tools that may be called; null for all. */
  readonly names: readonly string[] | null;
}

const AUTO: Choice = { mode: 'AUTO', names: null };

/**
 * Writes `tools` and `toolConfig`. Parameters go as the JSON Schema they are (`parametersJsonSchema`,
 * https://ai.google.dev/api/caching#FunctionDeclaration, 2026-11).
 */
export function writeTools(body: unknown, warn: Warn): JsonObject {
  const functions = [...arrayAt(body, 'tools').flatMap((tool) => functionOf(tool, warn)), ...arrayAt(body, 'functions')];
  if (arrayAt(body, 'functions').length > 0) warn('functions', 'sent as tools; calls come back as tool_calls');
  const choice = choiceOf(body, warn);
  // Gemini narrows forced calls by name only; for a free choice the other tools are left out.
  const offered = choice.mode === 'AUTO' && choice.names ? functions.filter((tool) => choice.names?.includes(stringAt(tool, 'name') ?? '')) : functions;
  if (offered.length === 0) return {};
  const isStrict = offered.some((tool) => isJsonObject(tool) && tool['strict'] === true);
  // VALIDATED holds calls to their schemas as OpenAI's `strict` does (https://ai.google.dev/gemini-api/docs/function-calling, 2026-11); ANY always does.
  const mode = choice.mode === 'AUTO' && isStrict ? 'VALIDATED' : choice.mode;
  const names = mode === 'ANY' && choice.names ? { allowedFunctionNames: choice.names } : {};
  return {
    tools: [{ functionDeclarations: offered.map(declarationOf) }],
    ...(mode === 'AUTO' ? {} : { toolConfig: { functionCallingConfig: { mode, ...names } } }),
  };
}

function functionOf(tool: unknown, warn: Warn): JsonObject[] {
  const definition = stringAt(tool, 'type') === 'function' ? objectAt(tool, 'function') : null;
  if (definition) return [definition];
  warn('tools', `a tool of type ${(stringAt(tool, 'type') ?? 'none').slice(0, 64)} is dropped, this wire takes functions only`);
  return [];
}

function declarationOf(definition: unknown): JsonObject {
  const parameters = objectAt(definition, 'parameters');
  const description = stringAt(definition, 'description');
  return {
    name: stringAt(definition, 'name'),
    ...(description === null ? {} : { description }),
    ...(parameters && Object.keys(parameters).length > 0 ? { parametersJsonSchema: parameters } : {}),
  };
}

function choiceOf(body: unknown, warn: Warn): Choice {
  if (!isJsonObject(body)) return AUTO;
  const said = body['tool_choice'] ?? body['function_call'];
  if (said === 'none') return { mode: 'NONE', names: null };
  if (said === 'required') return { mode: 'ANY', names: null };
  if (!isJsonObject(said)) return AUTO;
  const allowed = objectAt(said, 'allowed_tools');
  if (allowed) {
    const names = arrayAt(allowed, 'tools').flatMap((tool) => stringAt(objectAt(tool, 'function') ?? tool, 'name') ?? []);
    return { mode: stringAt(allowed, 'mode') === 'required' ? 'ANY' : 'AUTO', names };
  }
  // The older `function_call` has the name itself.
  const name = stringAt(objectAt(said, 'function') ?? said, 'name');
  if (name !== null) return { mode: 'ANY', names: [name] };
  warn('tool_choice', 'dropped, Gemini can only be made to call functions');
  return AUTO;
}
