/** This file reads the generated contract for those who ask for it. */
import { readFileSync } from 'node:fs';

const folder = new URL('../../generated/', import.meta.url);

/** The contract document as YAML. */
export function contractYaml(): Buffer {
  return readFileSync(new URL('openapi.yaml', folder));
}

/** The contract document as JSON. */
export function contractJson(): Buffer {
  return readFileSync(new URL('openapi.json', folder));
}
