/** This file makes a key directly in the configured store, for operators who have lost every key: `npm run key -- create --name x --scopes inference,management,operator`. */
import { parseArgs } from 'node:util';
import { NO_LIMITS, openFirstOwner, openFirstWorkspace } from '../gateway/access/first-key.ts';
import { issueKey } from '../gateway/access/keys.ts';
import { loadSecrets } from '../gateway/access/secrets.ts';
import { systemClock } from '../gateway/foundation/clock.ts';
import { readConfig } from '../gateway/foundation/config.ts';
import { createIds } from '../gateway/foundation/ids.ts';
import { defaultLimits } from '../gateway/foundation/limits.ts';
import { createLog } from '../gateway/foundation/log.ts';
import type { Scope } from '../gateway/foundation/terms.ts';
import { openStore } from '../gateway/store/open.ts';

const usage = 'npm run key -- create --name NAME [--scopes inference,management,operator] [--data FOLDER]';

/** Creates the key in the oldest workspace, for who has owned it longest; a gateway that is running on the same store accepts it within a second. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { name: { type: 'string' }, scopes: { type: 'string', default: 'inference,management,operator' }, data: { type: 'string' } },
  });
  const scopes = [...new Set(values.scopes.split(','))].map(readScope);
  if (positionals.join(' ') !== 'create' || values.name === undefined || values.name === '') throw new Error(`usage: ${usage}`);

  const config = readConfig();
  const dataFolder = values.data ?? config.dataFolder;
  const secrets = loadSecrets(dataFolder);
  const store = await openStore({ databaseUrl: config.databaseUrl, dataFolder }, { limits: defaultLimits, clock: systemClock, log: createLog('error') });
  try {
    const workspace = await openFirstWorkspace({ store, clock: systemClock, makeId: createIds(systemClock) });
    const owner = await openFirstOwner({ store, clock: systemClock }, workspace);
    if (owner.isDisabled) {
      await store.changeUser(owner.id, { isDisabled: false });
      process.stderr.write(`the user ${owner.id} was disabled; now they are not, for no key of theirs would work\n`);
    }
    const { key, ...kept } = issueKey(secrets);
    await store.insertKey({
      ...kept, workspaceId: workspace.id, userId: owner.id, isBound: false, name: values.name, scopes, models: null, limits: NO_LIMITS,
      createdMs: systemClock.now(), expiresMs: null, revokedMs: null,
    });
    process.stdout.write(`${key}\n`);
  } finally {
    await store.close();
  }
}

function readScope(text: string): Scope {
  if (text === 'inference' || text === 'management' || text === 'operator') return text;
  throw new Error(`"${text}" is not a scope. usage: ${usage}`);
}

main().catch((error: unknown) => {
  process.stderr.write(`no key was made: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
