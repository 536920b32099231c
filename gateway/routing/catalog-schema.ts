/** This file checks what operators write, in their file or over the API, against the catalogue's schema. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { CatalogFile } from '../../generated/catalog-types.ts';
import { isJsonObject } from '../foundation/json-value.ts';
import { expectations } from './expectations.ts';
import type { Mistake } from './mistake.ts';

/** What the schema says of a value. */
export type CheckedFile =
  | { readonly file: CatalogFile; readonly mistakes: readonly never[] }
  | { readonly file: null; readonly mistakes: readonly Mistake[] };

const SCHEMA = new URL('../../generated/catalog.schema.json', import.meta.url);

/** Mistakes told at once; after so many, more of them help nobody. */
const MISTAKES_MAX = 50;

let compiled: ValidateFunction | null = null;

/** Checks a value. The first call compiles the schema, which takes some milliseconds. */
export function checkCatalogFile(value: unknown): CheckedFile {
  const errors: ErrorObject[] = [];
  if (isCatalogFile(value, errors)) return { file: value, mistakes: [] };
  return { file: null, mistakes: expectations(errors, value).slice(0, MISTAKES_MAX) };
}

function isCatalogFile(value: unknown, errors: ErrorObject[]): value is CatalogFile {
  compiled ??= compile();
  const isValid = compiled(value) === true;
  errors.push(...compiled.errors ?? []);
  return isValid;
}

function compile(): ValidateFunction {
  const schema: unknown = JSON.parse(readFileSync(SCHEMA, 'utf8'));
  if (!isJsonObject(schema)) throw new Error('generated/catalog.schema.json is not a schema; run npm run generate');
  const ajv = new Ajv2020({ allErrors: true, strict: false, verbose: true });
  addFormats.default(ajv);
  return ajv.compile(schema);
}
