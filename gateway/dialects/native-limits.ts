/** This file names the fields of native requests whose cost no price of tokens covers, or that lead into an account others share. */
import { arrayAt, isJsonObject, stringAt } from '../foundation/json-value.ts';
import type { JsonObject } from '../foundation/json-value.ts';
import type { NativeForm } from '../foundation/terms.ts';

/** A field that stands in the way of metering. */
export interface UnmeteredField {
  readonly param: string;
  readonly why: string;
}

const FEE = 'it costs more than tokens, and has no price here';
const SHARED = "it leads into the provider's account, which this gateway's workspaces share";
const LATER = 'what it costs is only known after the reply';
const OTHER_MODEL = 'it lets another model answer';

/** Fields by their name without case and marks, whatever their value unless it is null or false. */
const FIELDS: Readonly<Record<NativeForm, Readonly<Record<string, string>>>> = {
  chat: {
    websearchoptions: FEE, plugins: FEE, models: OTHER_MODEL, route: OTHER_MODEL, preset: OTHER_MODEL, fallbacks: OTHER_MODEL, extrabody: OTHER_MODEL, audio: FEE,
  },
  completions: { models: OTHER_MODEL, route: OTHER_MODEL, preset: OTHER_MODEL, plugins: FEE, fallbacks: OTHER_MODEL, extrabody: OTHER_MODEL },
  responses: {
    background: LATER, previousresponseid: SHARED, conversation: SHARED, prompt: SHARED, models: OTHER_MODEL, route: OTHER_MODEL, preset: OTHER_MODEL, plugins: FEE,
    fallbacks: OTHER_MODEL, extrabody: OTHER_MODEL,
  },
  embeddings: { models: OTHER_MODEL, fallbacks: OTHER_MODEL, extrabody: OTHER_MODEL },
  messages: { container: SHARED, speed: FEE, inferencegeo: FEE, fallbacks: OTHER_MODEL, fallback: OTHER_MODEL },
  generate: { cachedcontent: SHARED },
  embed: {},
};

/** Tiers at the price of the list, or below it. */
const PLAIN_TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'standard', 'standard_only', 'flex', 'service_tier_standard', 'service_tier_flex']);

/** Tools the caller runs, or that cost nothing but tokens (price pages of the three vendors, read 2026-11). All others are taken for sold. */
const FREE_TOOLS: Readonly<Record<NativeForm, RegExp>> = {
  chat: /^(?:function|custom)$/,
  completions: /^$/,
  responses: /^(?:function|custom|namespace|apply_patch|local_shell|tool_search)$/,
  embeddings: /^$/,
  messages: /^(?:|custom|bash_\d+|text_editor_\d+|computer_\d+|memory_\d+|tool_search_tool_\w+|web_fetch_\d+)$/,
  generate: /^(?:functionDeclarations|function_declarations|codeExecution|code_execution|urlContext|url_context|computerUse|computer_use)$/,
  embed: /^$/,
};

/** The first field that can't be metered; null when all can. */
export function unmeteredField(form: NativeForm, body: JsonObject): UnmeteredField | null {
  for (const [key, value] of Object.entries(body)) {
    if (value === null || value === false) continue;
    const name = key.toLowerCase().replaceAll(/[_\s-]/g, '');
    const why = Object.hasOwn(FIELDS[form], name) ? FIELDS[form][name] : undefined;
    if (why !== undefined) return { param: key, why };
    if (name === 'servicetier' && !(typeof value === 'string' && PLAIN_TIERS.has(value.toLowerCase()))) return { param: key, why: FEE };
    if (name === 'modalities' && Array.isArray(value) && value.some((each) => each !== 'text')) return { param: key, why: FEE };
  }
  return paidTool(form, body);
}

function paidTool(form: NativeForm, body: JsonObject): UnmeteredField | null {
  for (const [index, tool] of arrayAt(body, 'tools').entries()) {
    const kinds = form === 'generate' ? Object.keys(isJsonObject(tool) ? tool : {}) : [stringAt(tool, 'type') ?? ''];
    const paid = kinds.find((kind) => !FREE_TOOLS[form].test(kind));
    if (paid !== undefined) return { param: `tools[${index}]`, why: paid === '' ? 'its type is not told' : FEE };
  }
  return null;
}
