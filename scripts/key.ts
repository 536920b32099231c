/** This file makes a key directly in the data folder's store, for operators who have lost every key: `npm run key -- create --name x --scopes inference,management`. */
import { parseArgs } from 'node:util';
import { issueKey } from '../gateway/access/keys.ts';
import { openFirstWorkspace } from '../gateway/access/first-key.ts';
import { loadSecrets } from '../gateway/access/secrets.ts';
import { systemClock } from '../gateway/foundation/clock.ts';
import { readConfig } from '../gateway/foundation/config.ts';
import { createIds } from '../gateway/foundation/ids.ts';
import { defaultLimits } from '../gateway/foundation/limits.ts';
import type { Scope } from '../gateway/foundation/terms.ts';
import { openSqliteStore, sqliteFile } from '../gateway/store/sqlite.ts';

const usage = 'npm run key -- create --name NAME [--scopes inference,management] [--data FOLDER]';

/** Creates the key in the oldest workspace; a gateway that is running on the same folder accepts it within a second. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { name: { type: 'string' }, scopes: { type: 'string', default: 'inference,management' }, data: { type: 'string' } },
  });
  const scopes = [...new Set(values.scopes.split(','))].map(readScope);
  if (positionals.join(' ') !== 'create' || values.name === undefined || values.name === '') throw new Error(`usage: ${usage}`);

  const dataFolder = values.data ?? readConfig().dataFolder;
  const secrets = loadSecrets(dataFolder);
  const store = await openSqliteStore({ file: sqliteFile(dataFolder), limits: defaultLimits, clock: systemClock });
  try {
    const workspace = await openFirstWorkspace({ store, clock: systemClock, makeId: createIds(systemClock) });
    const { key, ...kept } = issueKey(secrets);
    await store.insertKey({
      ...kept, workspaceId: workspace.id, name: values.name, scopes, models: null,
      createdMs: systemClock.now(), expiresMs: null, revokedMs: null,
    });
    process.stdout.write(`${key}\n`);
  } finally {
    await store.close();
  }
}

function readScope(text: string): Scope {
  if (text === 'inference' || text === 'management') return text;
  throw new Error(`"${text}" is not a scope. usage: ${usage}`);
}

main().catch((error: unknown) => {
  process.stderr.write(`no key was made: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
