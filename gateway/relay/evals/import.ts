/** This file takes prompts for eval sets out of lines of JSONL, and out of the log of requests. What can't be taken is told, and skipped. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { EvalCheck, EvalPrompt, LoggedRequestFilter, NewEvalItem, SkippedEvalItem } from '../../../generated/client/types.gen.ts';
import { Refusal } from '../../foundation/errors.ts';
import { isJsonObject, parseJson } from '../../foundation/json-value.ts';
import { toMs } from '../../foundation/page.ts';
import { asStoreRefusal } from '../../store/or-unavailable.ts';
import type { FoundRequests, LogPlace, RequestFilter } from '../../store/request-log-row.ts';
import { isPrompt } from './plan.ts';
import { toAdd } from './sets.ts';
import type { ItemToAdd } from './sets.ts';
import type { House } from '../house.ts';

/** What was found to add, and what was not. */
export interface Picked {
  readonly items: readonly ItemToAdd[];
  readonly skipped: readonly SkippedEvalItem[];
}

/** Whose requests may be picked; null: everybody's of the workspace. */
export interface PickView {
  readonly workspaceId: string;
  readonly userId: string | null;
}

const CONTRACT = new URL('../../../generated/openapi.json', import.meta.url);
const PICKED_OPERATION = 'createChatCompletion';
const FILTER_LIMIT = 100;
const REASON_MAX = 500;
/** What of a chat request is part of a prompt: all that an EvalPrompt may have. */
const PROMPT_FIELDS = [
  'messages', 'max_completion_tokens', 'max_tokens', 'temperature', 'top_p', 'stop', 'seed', 'tools', 'tool_choice', 'parallel_tool_calls', 'response_format', 'reasoning_effort',
  'verbosity', 'sandbox',
];

/** Reads lines, each a NewEvalItem; empty ones are none. `checks` are of those that have none. */
export function readLines(jsonl: string, checks: readonly EvalCheck[] | null): Picked {
  const items: ItemToAdd[] = [];
  const skipped: SkippedEvalItem[] = [];
  for (const [at, line] of jsonl.split('\n').entries()) {
    if (line.trim() === '') continue;
    const item = readLine(line);
    if (typeof item === 'string') skipped.push({ source: `line ${at + 1}`, reason: item.slice(0, REASON_MAX) });
    else items.push(withChecks(item, checks));
  }
  return { items, skipped };
}

/** Takes chat requests whose bodies are kept in full. */
export async function pickRequests(house: Pick<House, 'store' | 'bodies'>, view: PickView, { ids, checks }: { readonly ids: readonly string[]; readonly checks: readonly EvalCheck[] | null }): Promise<Picked> {
  const items: ItemToAdd[] = [];
  const skipped: SkippedEvalItem[] = [];
  for (const id of ids) {
    const picked = await pickRequest(house, view, id);
    if (typeof picked === 'string') skipped.push({ source: id, reason: picked });
    else items.push({ name: null, sourceRequest: id, terms: { request: picked, checks: checks && [...checks] } });
  }
  return { items, skipped };
}

/** The ids of the newest chat requests a filter takes. */
export async function findLogged({ store }: Pick<House, 'store'>, { workspaceId, userId }: PickView, { filter, looksMax }: { readonly filter: LoggedRequestFilter; readonly looksMax: number }): Promise<string[]> {
  const wanted = filter.limit ?? FILTER_LIMIT;
  const asked: RequestFilter = {
    workspaceId, userId,
    fromMs: filter.from === undefined ? null : toMs(filter.from),
    toMs: filter.to === undefined ? null : toMs(filter.to),
    keyId: filter.key ?? null,
    model: filter.model ?? null,
    route: filter.route ?? null,
    operation: PICKED_OPERATION,
    outcome: filter.outcome ?? null,
    cache: null, errorCodes: null, status: null, costMin: null, costMax: null, withRefunds: false,
  };
  const ids: string[] = [];
  for (let after: LogPlace | null = null; ;) {
    const { rows, next }: FoundRequests = await store.listRequests(asked, { limit: wanted - ids.length, after, looksMax }).catch(asStoreRefusal);
    // What an eval has asked is no request of anybody's.
    ids.push(...rows.filter(({ evalRun }) => evalRun === null).map(({ id }) => id));
    if (ids.length >= wanted || !next) return ids;
    after = next;
  }
}

/** The prompt of a request, or why there is none. */
async function pickRequest({ store, bodies }: Pick<House, 'store' | 'bodies'>, { workspaceId, userId }: PickView, id: string): Promise<EvalPrompt | string> {
  const row = await store.findRequest(workspaceId, id).catch(asStoreRefusal);
  if (!row || (userId !== null && row.userId !== userId)) return 'There is no such request.';
  if (row.operation !== PICKED_OPERATION) return 'It is no chat.';
  const kept = await bodies.find(workspaceId, id);
  if (!kept) return 'Nothing is kept of its body.';
  if (kept.kept !== 'full') return 'What it says was not kept: the workspace keeps bodies redacted.';
  if (kept.request.truncated || kept.request.text === null) return 'Only the beginning of its body is kept.';
  const body: unknown = parseJson(kept.request.text);
  // Optional fields may be null, which is the same as leaving them out.
  const prompt = isJsonObject(body) ? Object.fromEntries(PROMPT_FIELDS.flatMap((name) => (body[name] === undefined || body[name] === null ? [] : [[name, body[name]]]))) : null;
  return isPrompt(prompt) ? prompt : 'Its body can not be read.';
}

function withChecks(item: ItemToAdd, checks: readonly EvalCheck[] | null): ItemToAdd {
  return item.terms.checks || !checks ? item : { ...item, terms: { ...item.terms, checks } };
}

/** An item, or why there is none. */
function readLine(line: string): ItemToAdd | string {
  const value: unknown = parseJson(line);
  if (value === null) return 'It is no JSON.';
  const faults: string[] = [];
  if (!isNewItem(value, faults)) return faults.join('; ');
  try {
    return toAdd(value, 'jsonl');
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.message;
    throw thrown;
  }
}

let compiled: ValidateFunction | null = null;

/** Held to the contract, as an item of a body is. */
function isNewItem(value: unknown, faults: string[]): value is NewEvalItem {
  compiled ??= compile();
  const isValid = compiled(value) === true;
  for (const { instancePath, message } of compiled.errors ?? []) faults.push(`${instancePath === '' ? 'the line' : instancePath.slice(1).replaceAll('/', '.')} ${message ?? 'is wrong'}`);
  return isValid;
}

/** Takes some tens of milliseconds, at the first line that is read. */
function compile(): ValidateFunction {
  const contract: unknown = JSON.parse(readFileSync(CONTRACT, 'utf8'));
  if (!isJsonObject(contract)) throw new Error('generated/openapi.json is no contract; run npm run generate');
  const ajv = new Ajv2020({ strict: false, logger: false, validateSchema: false });
  addFormats.default(ajv);
  ajv.addSchema(contract, 'contract');
  return ajv.compile({ $ref: 'contract#/components/schemas/NewEvalItem' });
}
