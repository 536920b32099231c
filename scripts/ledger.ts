/** This file looks into the ledger of the configured store: `npm run ledger -- check` and `npm run ledger -- show <request id>`. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '../gateway/foundation/clock.ts';
import { readConfig } from '../gateway/foundation/config.ts';
import type { TransferRow, Violation } from '../gateway/foundation/ledger.ts';
import { defaultLimits } from '../gateway/foundation/limits.ts';
import { createLog } from '../gateway/foundation/log.ts';
import type { SettledRequest } from '../gateway/foundation/terms.ts';
import { openStore } from '../gateway/store/open.ts';
import { sqliteFile } from '../gateway/store/sqlite.ts';
import type { Store } from '../gateway/store/store.ts';

const usage = 'npm run ledger -- check | show REQUEST_ID [--data FOLDER]';
const PAGE_ROWS = 100;

/** What a broken promise means, in a sentence; docs/ledger.md has them all. */
const MEANINGS: Readonly<Record<string, string>> = {
  I1: 'A counter does not hold what its open requests and leases hold',
  I2: 'A counter has not used what the usage rows say',
  I3: 'A charge and its transfer do not agree',
  I4: 'The cap of a wallet is not the sum of its credits',
  I5: 'A request is both open and settled, or a held amount belongs to nobody',
  I7: 'More was given back of a request than it was charged',
  I8: 'The messages of a request do not follow from its tokens',
  I9: 'A wallet is used and held beyond what it has',
  I10: 'What was charged and what was spared do not add up to what a request cost',
  I11: 'A job and its hold, or a job that has ended and its charge, do not agree',
};

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { data: { type: 'string' } } });
  const [command, requestId, ...rest] = positionals;
  const isCheck = command === 'check' && requestId === undefined;
  const isShow = command === 'show' && requestId !== undefined && rest.length === 0;
  if (!isCheck && !isShow) throw new Error(`usage: ${usage}`);
  const config = readConfig();
  const dataFolder = values.data ?? config.dataFolder;
  // Nothing is to be made by looking.
  if (config.databaseUrl === null && !existsSync(sqliteFile(dataFolder))) throw new Error(`there is no store at ${dataFolder}`);
  const store = await openStore({ databaseUrl: config.databaseUrl, dataFolder }, { limits: defaultLimits, clock: systemClock, log: createLog('error') });
  try {
    return isShow ? await show(store, requestId) : await check(store);
  } finally {
    await store.close();
  }
}

/** Reads one snapshot of a store, also of one that is in use, and prints what breaks. */
async function check(store: Store): Promise<number> {
  const startedAt = performance.now();
  const violations = await store.checkLedger();
  for (const violation of violations) print(sentenceOf(violation));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (violations.length === 0) print(`every promise of the ledger holds (${seconds} s)`);
  else print(`${violations.length} broken (${seconds} s); docs/ledger.md says what each promise is`);
  return violations.length === 0 ? 0 : 1;
}

function sentenceOf({ invariant, subject, detail }: Violation): string {
  return `${invariant}: ${MEANINGS[invariant] ?? 'A promise is broken'}, at ${subject}: ${detail}.`;
}

/** Prints what is known of one request of any workspace. */
async function show(store: Store, requestId: string): Promise<number> {
  for (let after: string | null = null; ;) {
    const workspaces = await store.listWorkspaces({ limit: PAGE_ROWS, after });
    for (const { id } of workspaces) {
      const row = await store.findRequest(id, requestId);
      if (row) {
        printRequest(row, await store.listTransfersFor(id, requestId));
        return 0;
      }
    }
    after = workspaces.at(-1)?.id ?? null;
    if (workspaces.length < PAGE_ROWS) break;
  }
  print(`there is no request ${requestId}`);
  return 1;
}

function printRequest(row: SettledRequest, transfers: readonly TransferRow[]): void {
  const { usage: used, charge, settled } = row;
  print(`${row.id} of ${row.workspaceId}, key ${row.keyId}: ${row.operation} of ${row.modelAsked}, ${row.outcome}${row.errorCode === null ? '' : ` (${row.errorCode})`}`);
  print(`  answered by ${row.target ?? 'nobody'} after ${row.attempts} attempts; failed ones: ${row.failedAttempts ?? 'none'}`);
  print(`  tokens: prompt ${used.promptTokens} (cached ${used.cachedTokens}, written to a cache ${used.cacheWriteTokens}), completion ${used.completionTokens} (reasoning ${used.reasoningTokens}); known by: ${row.basis}`);
  print(`  cost ${charge.nanoUsd} nano-USD at ${charge.priceVersion}, ${charge.messages} messages; paid by ${row.payer}: charged ${settled.charged}, overrun ${settled.overrunNanoUsd} and ${settled.overrunMessages} messages`);
  for (const { counterId, amount } of settled.lines) print(`  counter ${counterId}: ${amount}`);
  for (const { id, debitAccount, creditAccount, amount, note } of transfers) print(`  transfer ${id}: ${amount} from ${debitAccount} to ${creditAccount}${note === null ? '' : ` (${note})`}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  (code) => { process.exitCode = code; },
  (error: unknown) => {
    process.stderr.write(`the ledger was not read: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
