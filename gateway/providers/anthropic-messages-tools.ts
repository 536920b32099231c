/** This file maps tools and the choice among them to Anthropic's. */
import type { ChatCompletionRequest, FunctionDefinition, ToolChoice } from '../../generated/client/types.gen.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { ModelRule } from './anthropic-messages-models.ts';
import { cacheControlOf } from './anthropic-messages-parts.ts';
import { fitSchema } from './anthropic-messages-schema.ts';
import type { Warn } from './anthropic-messages-thinking.ts';

/** The tools that are sent, and how the model is to choose. */
export interface ToolPlan {
  readonly tools: readonly JsonObject[];
  readonly choice: JsonObject | null;
  /** The model must call a tool. */
  readonly isForced: boolean;
}

/** Maps tools, also those in the older form (platform.claude.com, "Define tools", read 2026-11). */
export function planTools(body: ChatCompletionRequest, rule: ModelRule, warn: Warn): ToolPlan {
  const asked = body.tool_choice ?? legacyChoice(body);
  const allowed = namesAllowed(asked);
  const tools = gatherTools(body, rule, warn).filter((tool) => allowed === null || allowed.has(tool['name']));
  if (tools.length === 0) {
    if (asked !== null && asked !== 'none' && asked !== 'auto') warn('tool_choice: dropped, there is no tool to choose');
    return { tools, choice: null, isForced: false };
  }
  const mapped = asked === null ? null : toChoice(asked, warn);
  const isForced = mapped !== null && (mapped['type'] === 'any' || mapped['type'] === 'tool');
  if (isForced && !rule.takesForcedTools) warn('tool_choice: sent as auto, this model can\'t be made to call a tool');
  const choice = isForced && !rule.takesForcedTools ? { type: 'auto' } : mapped;
  const single = body.parallel_tool_calls === false && choice?.['type'] !== 'none' ? { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true } : choice;
  return { tools, choice: single, isForced: isForced && rule.takesForcedTools };
}

/** The names a choice limits the model to; null when it may use them all. */
function namesAllowed(asked: ToolChoice | null): ReadonlySet<unknown> | null {
  if (asked === null || typeof asked === 'string' || asked.type !== 'allowed_tools') return null;
  return new Set(asked.allowed_tools.tools.map((tool) => tool.function?.name));
}

function gatherTools(body: ChatCompletionRequest, rule: ModelRule, warn: Warn): JsonObject[] {
  const tools = (body.tools ?? []).flatMap((tool) => {
    if (tool.type === 'function') return [{ ...toTool(tool.function, rule, warn), ...cacheControlOf(tool.function), ...cacheControlOf(tool) }];
    // Searches and containers are charged by the piece, and a custom tool's free text can't be asked for.
    warn(`tools: ${tool.type} dropped, only functions are sent`);
    return [];
  });
  if (!body.functions || body.functions.length === 0) return tools;
  warn('functions: sent as tools, calls come back as tool_calls');
  return [...tools, ...body.functions.map((definition) => toTool(definition, rule, warn))];
}

function toTool(definition: FunctionDefinition, rule: ModelRule, warn: Warn): JsonObject {
  const { name, description, strict } = definition;
  const parameters: JsonObject = { type: 'object', ...(definition.parameters ?? { properties: {} }) };
  const described = typeof description === 'string' && description !== '' ? { description } : {};
  if (strict !== true) return { name, ...described, input_schema: parameters };
  if (!rule.takesSchemas) {
    warn('tools: strict dropped, the model does not take it');
    return { name, ...described, input_schema: parameters };
  }
  const fitted = fitSchema(parameters);
  if (fitted.described.length > 0) warn(`tools: described but not enforced: ${fitted.described.join(', ')}`);
  return { name, ...described, input_schema: fitted.schema, strict: true };
}

function legacyChoice({ function_call: asked }: ChatCompletionRequest): ToolChoice | null {
  if (asked === null || asked === undefined) return null;
  return typeof asked === 'string' ? asked : { type: 'function', function: { name: asked.name } };
}

function toChoice(asked: ToolChoice, warn: Warn): JsonObject | null {
  if (typeof asked === 'string') return { type: asked === 'required' ? 'any' : asked };
  if (asked.type === 'function') return { type: 'tool', name: asked.function.name };
  if (asked.type === 'allowed_tools') return { type: asked.allowed_tools.mode === 'required' ? 'any' : 'auto' };
  warn('tool_choice: custom dropped, only functions are sent');
  return null;
}
