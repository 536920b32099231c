/** This file reads which tools a request offers and whether one must be called, in all the forms OpenAI's API has had. */
import { arrayAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { refuse } from './sandbox-options.ts';
import type { Problem } from './sandbox-options.ts';

export interface OfferedTool {
  readonly kind: 'function' | 'custom';
  readonly name: string;
  /** JSON schema of a function's arguments; `{}` when it declares none. */
  readonly schema: unknown;
}

export interface ToolChoice {
  /** `legacy`: the request uses `functions`, and a call is answered in `function_call`. */
  readonly style: 'tools' | 'legacy';
  readonly mode: 'none' | 'auto' | 'required';
  /** The tools that may be called. */
  readonly tools: readonly OfferedTool[];
  readonly mayCallSeveral: boolean;
}

/** Reads `tools` and `tool_choice`, or `functions` and `function_call`. Naming a tool that is not offered is a problem. */
export function readToolChoice(body: JsonObject): ToolChoice | Problem {
  const functions = arrayAt(body, 'functions');
  if (functions.length > 0 && arrayAt(body, 'tools').length === 0) return readLegacy(functions, body['function_call']);
  const tools = arrayAt(body, 'tools').flatMap(readTool);
  const open: ToolChoice = { style: 'tools', mode: 'auto', tools, mayCallSeveral: body['parallel_tool_calls'] !== false };
  const choice = body['tool_choice'];
  if (choice === 'none') return { ...open, mode: 'none', tools: [] };
  if (choice === 'required') return demand(open, tools);
  if (!isJsonObject(choice)) return open;
  if (choice['type'] === 'allowed_tools') {
    const allowed = objectAt(choice, 'allowed_tools') ?? choice;
    const names = arrayAt(allowed, 'tools').map(nameOf);
    const left = tools.filter((tool) => names.includes(tool.name));
    return allowed['mode'] === 'required' ? demand(open, left) : { ...open, tools: left };
  }
  const name = nameOf(choice);
  return demand(open, tools.filter((tool) => tool.name === name));
}

function demand(open: ToolChoice, tools: readonly OfferedTool[]): ToolChoice | Problem {
  if (tools.length === 0) return refuse('\'tool_choice\' asks for a tool that is not in \'tools\'.', 'tool_choice', 'invalid_value');
  return { ...open, mode: 'required', tools };
}

function readLegacy(functions: readonly unknown[], choice: unknown): ToolChoice | Problem {
  const tools = functions.flatMap((definition) => readFunction(definition));
  const open: ToolChoice = { style: 'legacy', mode: 'auto', tools, mayCallSeveral: false };
  if (choice === 'none') return { ...open, mode: 'none', tools: [] };
  const name = stringAt(choice, 'name');
  if (name === null) return open;
  const wanted = tools.filter((tool) => tool.name === name);
  if (wanted.length === 0) return refuse(`'function_call' names '${name}', which is not in 'functions'.`, 'function_call', 'invalid_value');
  return { ...open, mode: 'required', tools: wanted };
}

function readTool(tool: unknown): OfferedTool[] {
  const custom = stringAt(objectAt(tool, 'custom'), 'name');
  if (custom !== null) return [{ kind: 'custom', name: custom, schema: {} }];
  return readFunction(objectAt(tool, 'function'));
}

function readFunction(definition: unknown): OfferedTool[] {
  const name = stringAt(definition, 'name');
  return name === null ? [] : [{ kind: 'function', name, schema: objectAt(definition, 'parameters') ?? {} }];
}

function nameOf(reference: unknown): string | null {
  return stringAt(objectAt(reference, 'function') ?? objectAt(reference, 'custom') ?? reference, 'name');
}
