/** This file puts a function call's arguments together from the pieces Gemini streams them in. */
import { arrayAt, isJsonObject, stringAt } from '../foundation/json-value.ts';

type Fields = Record<string, unknown>;
type Step = string | number;

/** Paths deeper than this, and the pieces they name, are ignored. */
const STEPS_MAX = 64;

/**
 * The arguments of one call, as they grow. Gemini names the place of every piece by a JSON path and sends strings in several pieces
 * (`partialArgs` of FunctionCall, https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling, 2026-08;
 * seen in the recorded google-stream-tool-call-arguments streams).
 */
export class GrowingArguments {
  /** Without a prototype: an argument may have any name. */
  readonly #root: Fields = fields();
  /** The path of the string that goes on with the next piece. */
  #openPath: string | null = null;

  /** Takes what one `functionCall` part adds: whole arguments or pieces. */
  add(call: unknown): void {
    const args: unknown = isJsonObject(call) ? call['args'] : null;
    if (isJsonObject(args)) for (const [key, value] of Object.entries(args)) this.#root[key] = value;
    for (const piece of arrayAt(call, 'partialArgs')) this.#addPiece(piece);
  }

  /** The arguments as JSON text. */
  json(): string {
    return JSON.stringify(this.#root);
  }

  #addPiece(piece: unknown): void {
    if (!isJsonObject(piece)) return;
    const path = stringAt(piece, 'jsonPath') ?? '';
    const steps = stepsOf(path);
    if (steps.length === 0 || steps.length > STEPS_MAX) return;
    const text = stringAt(piece, 'stringValue');
    const isMore = text !== null && path === this.#openPath;
    put(this.#root, steps, (before) => {
      if (text === null) return piece['numberValue'] ?? piece['boolValue'] ?? null;
      return isMore && typeof before === 'string' ? before + text : text;
    });
    this.#openPath = piece['willContinue'] === true ? path : null;
  }
}

function fields(): Fields {
  const empty: unknown = Object.create(null);
  return isFields(empty) ? empty : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `$.recipe.steps[0]` and `$['odd name']` as their steps; nothing for what is no such path. */
function stepsOf(path: string): Step[] {
  const steps: Step[] = [];
  const pattern = /\.([^.[\]]+)|\[(\d{1,6})\]|\[(['"])(.*?)\3\]/gy;
  pattern.lastIndex = path.startsWith('$') ? 1 : 0;
  let end = pattern.lastIndex;
  for (let match = pattern.exec(path); match !== null; match = pattern.exec(path)) {
    end = pattern.lastIndex;
    steps.push(match[2] === undefined ? match[1] ?? match[4] ?? '' : Number(match[2]));
  }
  return end === path.length ? steps : [];
}

/** Sets the value at a path, making objects and lists on the way. A list only grows by its next place. */
function put(root: Fields, steps: readonly Step[], change: (before: unknown) => unknown): void {
  let at: Fields | unknown[] = root;
  for (const [index, step] of steps.entries()) {
    const next = steps[index + 1];
    const before: unknown = read(at, step);
    const isNested = next !== undefined;
    let value: unknown = before;
    if (!isNested) value = change(before);
    else if (typeof next === 'number') value = Array.isArray(before) ? before : [];
    else if (!isFields(before)) value = fields();
    if (!write(at, step, value) || !isNested) return;
    if (Array.isArray(value)) at = value;
    else if (isFields(value)) at = value;
    else return;
  }
}

function read(at: Fields | unknown[], step: Step): unknown {
  if (Array.isArray(at)) return typeof step === 'number' ? at[step] : undefined;
  return at[String(step)];
}

function write(at: Fields | unknown[], step: Step, value: unknown): boolean {
  if (!Array.isArray(at)) {
    at[String(step)] = value;
    return true;
  }
  if (typeof step !== 'number' || step > at.length) return false;
  at[step] = value;
  return true;
}
