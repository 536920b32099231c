/** This file maps tools and the choice among them to those of a Responses request. */
import type { ChatCompletionRequest, CustomToolDefinition, FunctionDefinition, HostedTool, ToolChoice } from '../../generated/client/types.gen.ts';
import { arrayAt, isJsonObject, objectAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { Warn } from './openai-responses-reasoning.ts';

/** Writes `tools`, `tool_choice` and `parallel_tool_calls`, also of requests in the older form (OpenAI's contract, `Tool`, 2026-08). */
export function writeTools(body: ChatCompletionRequest, warn: Warn): JsonObject {
  const tools = [...toolsOf(body, warn), ...functionsOf(body, warn), ...webSearch(body)];
  const asked = body.tool_choice ?? legacyChoice(body);
  if (tools.length === 0) {
    if (asked !== null && asked !== 'none' && asked !== 'auto') warn('tool_choice', 'dropped, there is no tool to choose');
    return {};
  }
  return {
    tools,
    ...(asked === null ? {} : { tool_choice: choiceOf(asked) }),
    ...(typeof body.parallel_tool_calls === 'boolean' ? { parallel_tool_calls: body.parallel_tool_calls } : {}),
  };
}

function toolsOf(body: ChatCompletionRequest, warn: Warn): JsonObject[] {
  return (body.tools ?? []).flatMap((tool) => {
    if (tool.type === 'function') return [functionTool(tool.function)];
    if (tool.type === 'custom') return [customTool(tool.custom)];
    return hostedTool(tool, warn);
  });
}

function functionsOf({ functions }: ChatCompletionRequest, warn: Warn): JsonObject[] {
  if (!functions || functions.length === 0) return [];
  warn('functions', 'sent as tools, calls come back as tool_calls');
  return functions.map(functionTool);
}

/** `strict` is always said: a chat that leaves it out means false, a Responses request true. */
function functionTool({ name, description, parameters, strict }: FunctionDefinition): JsonObject {
  return {
    type: 'function', name,
    ...(typeof description === 'string' ? { description } : {}),
    parameters: parameters ?? { type: 'object', properties: {} },
    strict: strict === true,
  };
}

function customTool({ name, description, format }: CustomToolDefinition): JsonObject {
  const form = format?.type === 'grammar' ? { type: 'grammar', syntax: format.grammar.syntax, definition: format.grammar.definition } : null;
  return { type: 'custom', name, ...(typeof description === 'string' ? { description } : {}), ...(form === null ? {} : { format: form }) };
}

const STORES: ReadonlySet<string> = new Set(['file_search', 'retrieval', 'document_library']);

/** A tool the upstream runs itself goes as it is, unless it reaches what others keep in the operator's account, or waits for what a chat can't say. */
function hostedTool(tool: HostedTool, warn: Warn): JsonObject[] {
  const { type } = tool;
  const given: JsonObject = { ...tool };
  if (STORES.has(type)) warn('tools', `${type} dropped, it would search the files of the operator's account`);
  else if (type === 'code_interpreter' && (typeof given['container'] === 'string' || arrayAt(objectAt(given, 'container'), 'file_ids').length > 0)) {
    warn('tools', 'code_interpreter dropped, it names a container or files of the operator\'s account');
  } else if (type === 'mcp' && given['connector_id'] !== undefined) warn('tools', 'mcp dropped, its connector is one of the operator\'s account');
  else if (type === 'mcp' && given['require_approval'] !== 'never') warn('tools', 'mcp dropped, a chat can\'t approve its calls; require_approval must be never');
  else return [type === 'code_interpreter' && !isJsonObject(given['container']) ? { ...given, container: { type: 'auto' } } : given];
  return [];
}

function webSearch({ web_search_options: options }: ChatCompletionRequest): JsonObject[] {
  if (!options) return [];
  const place = options.user_location?.approximate;
  return [{
    type: 'web_search',
    ...(typeof options.search_context_size === 'string' ? { search_context_size: options.search_context_size } : {}),
    ...(place ? { user_location: { type: 'approximate', ...place } } : {}),
  }];
}

function legacyChoice({ function_call: asked }: ChatCompletionRequest): ToolChoice | null {
  if (asked === null || asked === undefined) return null;
  return typeof asked === 'string' ? asked : { type: 'function', function: { name: asked.name } };
}

function choiceOf(asked: ToolChoice): string | JsonObject {
  if (typeof asked === 'string') return asked;
  if (asked.type === 'function') return { type: 'function', name: asked.function.name };
  if (asked.type === 'custom') return { type: 'custom', name: asked.custom.name };
  const { mode, tools } = asked.allowed_tools;
  return { type: 'allowed_tools', mode, tools: tools.map(({ type, function: named, custom }) => ({ type, ...(named ?? custom) })) };
}
