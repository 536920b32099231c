/** This file says how hey-api makes the client; `scripts/generate/client.ts` runs it. */
import type { UserConfig } from '@hey-api/openapi-ts';

type PatchInput = NonNullable<Exclude<NonNullable<NonNullable<UserConfig['parser']>['patch']>, (...args: never[]) => unknown>['input']>;

interface JsonOrEvents {
  operationId: string;
  responses: Record<string, { content?: Record<string, unknown> }>;
}

/**
 * hey-api types one media type for a status. An operation that answers JSON or events gets a twin that answers events only;
 * the twin's path carries a fragment, which `fetch` never sends.
 */
const addStreamTwins: PatchInput = (contract) => {
  const paths = (contract.paths ?? {}) as Record<string, { post?: JsonOrEvents }>;
  for (const [path, item] of Object.entries(paths)) {
    const twin = structuredClone(item.post);
    const content = twin?.responses['200']?.content;
    if (!twin || !content?.['text/event-stream'] || !content['application/json']) continue;
    delete content['application/json'];
    twin.operationId += 'Stream';
    paths[`${path}#stream`] = { post: twin };
  }
};

export const clientOptions: Omit<UserConfig, 'input' | 'output'> = {
  logs: { level: 'silent', file: false },
  parser: { patch: { input: addStreamTwins } },
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
};

/** Relative imports end in `.ts`, because Node runs the client by type stripping. */
export const clientModule = { extension: '.ts' } as const;
