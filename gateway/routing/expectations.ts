/** This file says in plain words what a schema expected, once for each place. */
import type { ErrorObject } from 'ajv';
import { distanceWithin } from './edit-distance.ts';
import type { Mistake } from './mistake.ts';

/** Near enough to be a slip of the pen. */
const SLIP_MAX = 3;

/** Turns a validator's errors into mistakes. A place where several shapes are possible is told once, at the deepest point that is wrong. */
export function expectations(errors: readonly ErrorObject[], value: unknown): Mistake[] {
  const groups = new Map<string, ErrorObject[]>();
  for (const error of errors.filter((candidate) => candidate.keyword !== 'oneOf' && candidate.keyword !== 'anyOf')) {
    const known = groups.get(error.instancePath);
    if (known) known.push(error);
    else groups.set(error.instancePath, [error]);
  }
  const places = [...groups.keys()];
  return [...groups].flatMap(([place, group]) => {
    const isAroundDeeper = places.some((other) => other.startsWith(`${place}/`));
    const others = group.filter((error) => error.keyword !== 'type');
    // What is deeper or more exact says why no shape fits; that it is not of another type does not help.
    if (others.length === 0 && isAroundDeeper) return [];
    const path = pathOf(place, value);
    return others.length > 0 ? others.map((error) => expect(error, path)) : [{ path, expected: expectedType(group) }];
  });
}

function expect(error: ErrorObject, path: Mistake['path']): Mistake {
  const params: Readonly<Record<string, unknown>> = error.params;
  switch (error.keyword) {
    case 'additionalProperties': {
      const field = String(params['additionalProperty']);
      return { path: [...path, field], expected: `a field that exists${suggest(field, error)}` };
    }
    case 'required':
      return { path, expected: `a field ${String(params['missingProperty'])}` };
    case 'enum':
      return { path, expected: `one of ${[params['allowedValues']].flat().join(', ')}${butFound(error)}` };
    case 'const':
      return { path, expected: `${JSON.stringify(params['allowedValue'])}${butFound(error)}` };
    case 'pattern':
      return { path, expected: `text that matches ${String(params['pattern'])}${butFound(error)}` };
    default:
      return { path, expected: `a value that ${error.message ?? 'fits'}${butFound(error)}` };
  }
}

const WORDS: Readonly<Record<string, string>> = {
  array: 'a list', boolean: 'true or false', integer: 'a whole number', null: 'null', number: 'a number', object: 'a map', string: 'text',
};

function expectedType(group: readonly ErrorObject[]): string {
  const types = [...new Set(group.flatMap((error) => [error.params['type']].flat().map((type) => WORDS[String(type)] ?? String(type))))];
  const first = group[0];
  return `${types.join(' or ')}${first ? butFound(first) : ''}`;
}

function butFound(error: ErrorObject): string {
  const { data: found } = error;
  if (typeof found === 'object' && found !== null) return Array.isArray(found) ? ', not a list' : ', not a map';
  return `, not ${JSON.stringify(found) ?? 'nothing'}`;
}

function suggest(field: string, error: ErrorObject): string {
  const schema: unknown = error.parentSchema?.['properties'];
  const fields = typeof schema === 'object' && schema !== null ? Object.keys(schema) : [];
  const near = fields.find((candidate) => distanceWithin(field.toLowerCase(), candidate.toLowerCase(), SLIP_MAX) <= SLIP_MAX);
  if (near !== undefined) return `; did you mean ${near}?`;
  return fields.length === 0 ? '' : `: ${fields.join(', ')}`;
}

/** A JSON pointer as keys and indexes; digits are an index only where the value has a list. */
function pathOf(pointer: string, value: unknown): (string | number)[] {
  const path: (string | number)[] = [];
  let node = value;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const isItem = Array.isArray(node);
    path.push(isItem ? Number(key) : key);
    if (Array.isArray(node)) node = node[Number(key)];
    else node = typeof node === 'object' && node !== null ? Object.entries(node).find(([name]) => name === key)?.[1] : undefined;
  }
  return path;
}
