/** This file reads from a form's schema how the door has to read each of its fields. */
import { nameOf, pick } from './contract.ts';
import type { Contract, Schema } from './contract.ts';

type Read = 'file' | 'object' | 'string' | 'number' | 'boolean';

interface FormField {
  reads: Read[];
  items?: FormField;
  fields?: Record<string, FormField>;
}

/** A form's fields may nest this deep before they are read as JSON alone; schemas that refer to themselves end here. */
const NESTING_MAX = 4;
const ORDER: readonly Read[] = ['file', 'object', 'string', 'number', 'boolean'];

/** The fields of a form's schema, by name. Throws when the form is no object. */
export function formFieldsOf(contract: Contract, schema: Schema): Record<string, FormField> {
  const { fields } = fieldOf(contract, schema, 0);
  if (!fields) throw new Error('the schema of a form must be an object with properties');
  return fields;
}

/** All a schema allows, whichever branch of a union it stands in. */
function fieldOf(contract: Contract, schema: Schema, depth: number): FormField {
  const field: FormField = { reads: [] };
  for (const branch of branchesOf(contract, schema)) {
    for (const type of typesOf(branch)) {
      const read = readOf(type, branch);
      if (read && !field.reads.includes(read)) field.reads.push(read);
    }
    if (branch.items && depth < NESTING_MAX) field.items ??= fieldOf(contract, branch.items, depth + 1);
    for (const [name, property] of Object.entries((depth < NESTING_MAX && branch.properties) || {})) {
      field.fields ??= {};
      field.fields[name] ??= fieldOf(contract, property, depth + 1);
    }
  }
  field.reads.sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
  return field;
}

function branchesOf(contract: Contract, schema: Schema): Schema[] {
  const resolved = schema.$ref ? pick(contract.components.schemas, nameOf(schema.$ref)) : schema;
  const inner = [...(resolved.oneOf ?? []), ...(resolved.anyOf ?? []), ...(resolved.allOf ?? [])];
  return [resolved, ...inner.flatMap((branch) => branchesOf(contract, branch))];
}

function typesOf({ type, properties, const: fixed, enum: values }: Schema): string[] {
  if (type !== undefined) return [type].flat();
  if (properties) return ['object'];
  return [...(fixed === undefined ? [] : [fixed]), ...(values ?? [])].map((value) => typeof value);
}

function readOf(type: string, schema: Schema): Read | null {
  switch (type) {
    case 'string': return schema.format === 'binary' ? 'file' : 'string';
    case 'integer': case 'number': return 'number';
    case 'boolean': case 'object': return type;
    // A list is read by its items; a form can't say null.
    default: return null;
  }
}
