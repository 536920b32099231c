/** This file generates the typed client with hey-api and adds our wrapper for streams. */
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { createClient } from '@hey-api/openapi-ts';
import { clientModule, clientOptions } from '../../openapi-ts.config.ts';
import type { Contract } from './contract.ts';

const STREAM_SOURCE = 'scripts/generate/stream-chat-completion.ts.txt';

/** Writes `client/` into `out`: types, one function for every operation, and `stream.ts`. */
export async function generateClient(root: string, contract: Contract, out: string): Promise<void> {
  const folder = path.join(out, 'client');
  await createClient({
    ...clientOptions,
    input: structuredClone(contract) as unknown as Record<string, unknown>,
    output: { path: folder, module: clientModule },
  });
  copyFileSync(path.join(root, STREAM_SOURCE), path.join(folder, 'stream.ts'));
}
