/** This file reads the operator's YAML and finds, for every mistake in it, the line where it stands. */
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import type { CatalogFile } from '../../generated/catalog-types.ts';
import { checkCatalogFile } from './catalog-schema.ts';
import type { Mistake } from './mistake.ts';

export type ParsedYaml =
  | { readonly file: CatalogFile; readonly locate: (mistake: Mistake) => string }
  | { readonly file: null; readonly mistakes: readonly string[] };

// Loading the parser takes as long as everything else in this room together, and most starts have no file to parse.
const load: (name: 'yaml') => typeof Yaml = createRequire(import.meta.url);

/** Parses and validates the text. Each mistake is one line: `file:line:column: path: expected …`. */
export function parseOperatorYaml(text: string, file: string): ParsedYaml {
  const yaml = load('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    return { file: null, mistakes: document.errors.map((error) => `${file}:${at(lines, error.pos[0])}: ${error.message}`) };
  }
  const locate = (mistake: Mistake): string => `${file}:${at(lines, offsetOf(document, mistake.path))}: ${mistake.path.join('.')}${mistake.path.length === 0 ? '' : ': '}expected ${mistake.expected}`;
  let value: unknown;
  try {
    // An empty file, or one of comments alone, changes nothing.
    value = document.toJS() ?? {};
  } catch (error) {
    return { file: null, mistakes: [`${file}:1:1: ${String(error).replace(/^Error: /, '')}`] };
  }
  const checked = checkCatalogFile(value);
  return checked.file === null ? { file: null, mistakes: checked.mistakes.map(locate) } : { file: checked.file, locate };
}

function at(lines: Yaml.LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${Math.max(line, 1)}:${Math.max(col, 1)}`;
}

/** Where a path stands; where its end is missing, where the nearest thing around it does. A key is pointed at, not its value's insides. */
function offsetOf(document: Yaml.Document.Parsed, path: Mistake['path']): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    const [place, inner] = stepInto(node, step);
    if (inner === undefined) break;
    offset = place ?? startOf(inner) ?? offset;
    node = inner;
  }
  return offset;
}

/** The offset of the key, or of the item, and what is below it. */
function stepInto(node: unknown, step: string | number): [number | undefined, unknown] {
  const { isMap, isNode, isPair, isScalar } = load('yaml');
  if (isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step));
    return pair ? [startOf(pair.key), pair.value ?? pair.key] : [undefined, undefined];
  }
  const items: unknown = isNode(node) && 'items' in node ? node.items : undefined;
  const item: unknown = Array.isArray(items) && typeof step === 'number' ? items[step] : undefined;
  return [startOf(item), item];
}

function startOf(node: unknown): number | undefined {
  return load('yaml').isNode(node) && node.range ? node.range[0] : undefined;
}
