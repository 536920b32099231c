/** This file says whether a key that is limited to some models may call a given one. */
import type { ModelId } from '../foundation/terms.ts';

const WILDCARD = '*';

/** True when a pattern is the id itself, or ends in `*` and the id begins with the rest; null patterns allow every model. */
export function isModelAllowed(patterns: readonly string[] | null, modelId: ModelId): boolean {
  if (patterns === null) return true;
  return patterns.some((pattern) => (pattern.endsWith(WILDCARD) ? modelId.startsWith(pattern.slice(0, -1)) : pattern === modelId));
}
