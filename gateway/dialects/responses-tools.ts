/** This file turns the tools of a Responses request into a chat's: namespaces are flattened, custom tools become functions of one text, and what an upstream would have to run itself is left out with a warning. */
import type { ChatCompletionRequest, FunctionTool, ResponseRequest, ToolChoice } from '../../generated/client/types.gen.ts';
import { fail } from '../foundation/errors.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import { addName, flatName } from './responses-names.ts';
import type { ToolIdentity, ToolNames } from './responses-names.ts';

/** Takes one line for each thing that was changed or dropped: the field, a colon, and what became of it. */
export type Warn = (line: string) => void;

/** What a chat is given in place of the tools, and the names to read its calls by. */
export interface ChatTools {
  readonly fields: Pick<ChatCompletionRequest, 'tools' | 'tool_choice' | 'parallel_tool_calls'>;
  readonly names: ToolNames;
}

/** Translates `tools`, `tool_choice` and `parallel_tool_calls`. */
export function toolsOf(body: ResponseRequest, warn: Warn): ChatTools {
  const names = new Map<string, ToolIdentity>();
  const all = arrayAt(body, 'tools').flatMap((tool, at) => chatTools(tool, { names, namespace: null, param: `tools[${at}]`, warn }));
  const { tools, choice } = chosenOf(body.tool_choice ?? null, all, warn);
  if (tools.length === 0) return { fields: {}, names };
  const isParallel = body.parallel_tool_calls ?? null;
  return { fields: { tools, ...(choice === null ? {} : { tool_choice: choice }), ...(isParallel === null ? {} : { parallel_tool_calls: isParallel }) }, names };
}

interface Place {
  readonly names: Map<string, ToolIdentity>;
  readonly namespace: string | null;
  readonly param: string;
  readonly warn: Warn;
}

function chatTools(tool: unknown, place: Place): FunctionTool[] {
  const type = stringAt(tool, 'type') ?? '';
  const name = stringAt(tool, 'name') ?? '';
  const { namespace, param, warn } = place;
  switch (type) {
    case 'function':
      return [{ type: 'function', function: functionOf(tool, addName(place.names, { kind: 'function', namespace, name }, `${param}.name`)) }];
    case 'custom':
      return [{ type: 'function', function: customOf(tool, addName(place.names, { kind: 'custom', namespace, name }, `${param}.name`)) }];
    case 'namespace':
      if (namespace !== null) fail('invalid_request', { param: `${param}.type`, message: 'A namespace can\'t hold another.' });
      return arrayAt(tool, 'tools').flatMap((inner, at) => chatTools(inner, { ...place, namespace: name, param: `${param}.tools[${at}]` }));
    default:
      warn(`${param}: ${type} dropped, no upstream is asked to run tools itself`);
      return [];
  }
}

function functionOf(tool: unknown, name: string): FunctionTool['function'] {
  const strict = isJsonObject(tool) ? tool['strict'] : null;
  const description = stringAt(tool, 'description');
  const parameters = objectAt(tool, 'parameters');
  return {
    name,
    ...(description === null ? {} : { description }),
    ...(parameters === null ? {} : { parameters }),
    // Left out, it is true for Responses and false for a chat; what a chat does by itself suits every schema.
    ...(typeof strict === 'boolean' ? { strict } : {}),
  };
}

/** A grammar can't be held to everywhere: the model is told it. */
function customOf(tool: unknown, name: string): FunctionTool['function'] {
  const format = objectAt(tool, 'format');
  const grammar = objectAt(format, 'grammar') ?? format;
  const definition = stringAt(grammar, 'definition');
  const told = [stringAt(tool, 'description'), definition === null ? null : `The input must follow this ${stringAt(grammar, 'syntax') ?? ''} grammar:\n${definition}`];
  const description = told.filter((line) => line !== null).join('\n\n');
  return {
    name,
    ...(description === '' ? {} : { description }),
    parameters: { type: 'object', properties: { input: { type: 'string', description: 'The whole input of the tool, as plain text.' } }, required: ['input'], additionalProperties: false },
  };
}

interface Chosen {
  readonly tools: FunctionTool[];
  readonly choice: ToolChoice | null;
}

function chosenOf(choice: unknown, tools: FunctionTool[], warn: Warn): Chosen {
  if (choice === 'none' || choice === 'auto' || choice === 'required') {
    if (choice === 'required' && tools.length === 0) warn('tool_choice: required dropped, no tool is left');
    return { tools, choice };
  }
  if (!isJsonObject(choice)) return { tools, choice: null };
  if (choice['type'] === 'allowed_tools') return allowedOf(choice, tools, warn);
  const name = chosenName(choice);
  if (name === null) {
    warn(`tool_choice: ${stringAt(choice, 'type') ?? ''} dropped, no upstream is asked to run tools itself`);
    return { tools, choice: null };
  }
  if (!tools.some((tool) => tool.function.name === name)) fail('invalid_request', { param: 'tool_choice', message: `There is no tool called ${name}.` });
  return { tools, choice: { type: 'function', function: { name } } };
}

/** Every chat knows fewer tools; only some know which of them are allowed. */
function allowedOf(choice: JsonObject, tools: FunctionTool[], warn: Warn): Chosen {
  const allowed = new Set(arrayAt(choice, 'tools').map(chosenName));
  const left = tools.filter((tool) => allowed.has(tool.function.name));
  if (left.length === 0) warn('tool_choice: no allowed tool is left');
  return { tools: left, choice: choice['mode'] === 'required' ? 'required' : 'auto' };
}

function chosenName(choice: unknown): string | null {
  const type = stringAt(choice, 'type');
  const name = stringAt(choice, 'name');
  if (name === null || (type !== 'function' && type !== 'custom')) return null;
  return flatName(stringAt(choice, 'namespace'), name);
}
