/** This file answers with the contract itself. */
import { contractJson, contractYaml } from '../gateway/reporting/contract.ts';
import type { Reply } from '../gateway/foundation/operation.ts';

/** The contract as YAML, byte for byte as it was generated. */
export function getOpenapiYaml(): Promise<Reply<'getOpenapiYaml'>> {
  return Promise.resolve({ status: 200, bytes: contractYaml(), contentType: 'application/yaml' });
}

/** The contract as JSON, byte for byte as it was generated. */
export function getOpenapiJson(): Promise<Reply<'getOpenapiJson'>> {
  return Promise.resolve({ status: 200, bytes: contractJson(), contentType: 'application/json' });
}
