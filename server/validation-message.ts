/** This file says in one line what a request field should have been. */
import type { ErrorObject } from 'ajv';

export interface FieldComplaint {
  /** OpenAI's way of naming a field: `messages[0].content`; null for the body itself. */
  readonly param: string | null;
  readonly message: string;
}

const VALUES_SHOWN_MAX = 12;

/** Turns the first of Ajv's errors into a complaint. The document validated is `{path, query, requestBody}`. */
export function complaintOf(errors: readonly ErrorObject[]): FieldComplaint {
  const error = mostTelling(errors);
  if (!error) return { param: null, message: 'The request is not valid.' };
  const segments = error.instancePath.split('/').slice(1).map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  const place = segments.shift() ?? '';
  const missing = stringParam(error, 'missingProperty');
  const extra = stringParam(error, 'additionalProperty');
  const tag = error.keyword === 'discriminator' ? stringParam(error, 'tag') : null;
  const last = missing ?? extra ?? tag;
  if (last !== null) segments.push(last);
  const param = segments.length === 0 ? null : pathOf(segments);
  const where = place === 'query' ? 'Query parameter' : place === 'path' ? 'Path parameter' : 'Field';
  const subject = param === null ? 'The body' : `${where} '${param}'`;
  return { param, message: `${subject} ${expectation(error)}.` };
}

/** A failed union reports every branch; the branch that got furthest says most. */
function mostTelling(errors: readonly ErrorObject[]): ErrorObject | undefined {
  const telling = errors.filter((error) => error.keyword !== 'oneOf' && error.keyword !== 'anyOf' && error.keyword !== 'if');
  const depth = (error: ErrorObject): number => error.instancePath.split('/').length;
  const deepest = Math.max(...telling.map(depth));
  const candidates = telling.filter((error) => depth(error) === deepest);
  const types = candidates.filter((error) => error.keyword === 'type');
  if (types.length > 1 && types.length === candidates.length) {
    const [first] = types;
    const wanted = [...new Set(types.map((error) => String(error.params['type'])))].join(' or ');
    return first ? { ...first, params: { type: wanted } } : first;
  }
  return candidates.find((error) => error.keyword !== 'type') ?? candidates[0] ?? errors[0];
}

function pathOf(segments: readonly string[]): string {
  let path = '';
  for (const segment of segments) {
    if (/^\d+$/.test(segment) && path !== '') path += `[${segment}]`;
    else path += path === '' ? segment : `.${segment}`;
  }
  return path;
}

function stringParam(error: ErrorObject, name: string): string | null {
  const value: unknown = error.params[name];
  return typeof value === 'string' ? value : null;
}

function expectation(error: ErrorObject): string {
  const { params } = error;
  switch (error.keyword) {
    case 'required': return 'is required';
    case 'additionalProperties': return 'is not known here; remove it';
    case 'type': return `must be ${article(String(params['type']))}`;
    case 'enum': return `must be one of ${listOf(params['allowedValues'])}`;
    case 'const': return `must be ${JSON.stringify(params['allowedValue'])}`;
    case 'discriminator': return discriminatorExpectation(error);
    case 'minLength': return `must have at least ${count(params['limit'], 'character')}`;
    case 'maxLength': return `must have at most ${count(params['limit'], 'character')}`;
    case 'minItems': return `must have at least ${count(params['limit'], 'item')}`;
    case 'maxItems': return `must have at most ${count(params['limit'], 'item')}`;
    case 'minProperties': return `must have at least ${count(params['limit'], 'field')}`;
    case 'maxProperties': return `must have at most ${count(params['limit'], 'field')}`;
    case 'minimum': case 'exclusiveMinimum': case 'maximum': case 'exclusiveMaximum':
      return `must be ${String(params['comparison'])} ${String(params['limit'])}`;
    case 'pattern': return `must match ${String(params['pattern'])}`;
    case 'format': return `must be a valid ${String(params['format'])}`;
    default: return error.message ?? 'is not valid';
  }
}

function discriminatorExpectation(error: ErrorObject): string {
  const value: unknown = error.params['tagValue'];
  return value === undefined ? 'is required' : `has a value that is not known: ${JSON.stringify(value).slice(0, 80)}`;
}

function article(types: string): string {
  return types.replaceAll(',', ' or ');
}

function count(limit: unknown, noun: string): string {
  return `${String(limit)} ${noun}${limit === 1 ? '' : 's'}`;
}

function listOf(values: unknown): string {
  if (!Array.isArray(values)) return 'the allowed values';
  const shown = values.slice(0, VALUES_SHOWN_MAX).map((value) => JSON.stringify(value)).join(', ');
  return values.length > VALUES_SHOWN_MAX ? `${shown} …` : shown;
}
