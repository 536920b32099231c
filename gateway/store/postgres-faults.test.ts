/** This file takes a real PostgreSQL away from the store (killed, cut off, silent) and looks for what is lost, doubled or stuck. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../scripts/postgres-under-test.ts';
import type { PostgresUnderTest } from '../../scripts/postgres-under-test.ts';
import { createManualClock, systemClock } from '../foundation/clock.ts';
import type { Clock } from '../foundation/clock.ts';
import type { CounterSpec, HoldOp, LeaseChange, SettleOp } from '../foundation/ledger.ts';
import { defaultLimits } from '../foundation/limits.ts';
import { toNanoUsd } from '../foundation/money.ts';
import { openPostgresStore } from './postgres.ts';
import { sampleKey, sampleRecord, sampleSettle } from './sample-rows.ts';
import { apply } from './store-under-test.ts';
import { StoreUnavailable } from './store.ts';
import type { Store, UsageFilter } from './store.ts';

jest.setTimeout(60_000);

const everything: UsageFilter = { workspaceId: 'ws_1', keyId: null, userId: null, model: null, fromMs: null, toMs: null };
const wallet: CounterSpec = { id: 'w:ws_1', kind: 'wallet', scopeId: 'ws_1', unit: 'nusd', period: 'all', cap: null, capRevision: 0 };
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const CREDIT = 1_000_000n;

let server: PostgresUnderTest;
const folders: string[] = [];
const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'interline-faults-'));
  folders.push(folder);
  return folder;
};

beforeAll(async () => { server = await startPostgres(); });
afterAll(async () => {
  await server.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

let url: string;
beforeEach(async () => { url = await server.makeDatabase(); });

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => { await Promise.all(opened.splice(0).map((each) => each.close())); });

const open = async (way = url, dataFolder = makeFolder(), clock: Clock = systemClock): Promise<Store> => {
  const store = await openPostgresStore({ url: way, dataFolder, limits: defaultLimits, clock, log: quiet });
  opened.push(store);
  return store;
};

/** A store with a node and a wallet that holds CREDIT. */
const openWithCredit = async (...args: Parameters<typeof open>): Promise<Store> => {
  const store = await open(...args);
  await store.registerNode({ id: 'node_1', host: 'here', pid: 1, started: '', beats: 0, startedMs: 0 });
  await store.postTransfers([{
    id: 'gr:1', kind: 'grant', workspaceId: 'ws_1', debitAccount: 'sys:grants', creditAccount: wallet.id, amount: toNanoUsd(CREDIT),
    reference: 'test', note: null, createdMs: 1,
  }]);
  return store;
};

const priced = (index: number, nanoUsd: bigint): ReturnType<typeof sampleRecord> =>
  sampleRecord(index, { payer: 'balance', charge: { ...sampleRecord(index).charge, nanoUsd: toNanoUsd(nanoUsd) } });
const hold = (index: number, amount: bigint, giveBack: readonly LeaseChange[] = []): HoldOp => ({
  kind: 'hold', id: sampleRecord(index).id, nodeId: 'node_1', options: [[{ counter: wallet, amount }]], giveBack, draft: priced(index, 0n),
  nowMs: 1, expiresMs: 1e13, idempotency: null,
});
const settle = (index: number, actual: bigint, asked = actual): SettleOp =>
  sampleSettle(priced(index, actual), [{ counter: wallet, asked, actual, leaseId: null }]);
const readWallet = async (store: Store): Promise<unknown> => (await store.readCounters([wallet.id]))[0];

/** Waits until something works again. */
const eventually = async <Value>(work: () => Promise<Value>): Promise<Value> => {
  const deadline = performance.now() + 10_000;
  for (;;) {
    try {
      return await work();
    } catch (failure) {
      if (performance.now() > deadline) throw failure;
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  }
};

/** A way to the database that can fall silent, or lose the answer to a commit. */
interface FaultyWay {
  readonly url: string;
  fallSilent(): void;
  /** The next commit reaches the database, and its answer is never heard: the connection is cut. */
  loseNextCommit(): void;
  /** Answers to commits that were lost. */
  readonly lost: number;
  close(): Promise<void>;
}

const makeWay = async (): Promise<FaultyWay> => {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isSilent = false;
  let isArmed = false;
  let lost = 0;
  const proxy: Server = createServer((near) => {
    const far = connect(Number(target.port), '127.0.0.1');
    let isDoomed = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => { near.destroy(); far.destroy(); });
    }
    near.on('data', (bytes: Buffer) => {
      if (isSilent) return;
      if (isArmed && bytes.includes('COMMIT')) {
        isArmed = false;
        isDoomed = true;
      }
      far.write(bytes);
    });
    far.on('data', (bytes: Buffer) => {
      if (isSilent) return;
      if (isDoomed) {
        // The last answer of the transaction, that to COMMIT, says the connection is idle again.
        if (!bytes.includes(Buffer.from([0x5a, 0, 0, 0, 5, 0x49]))) return;
        lost++;
        near.destroy();
        return;
      }
      near.write(bytes);
    });
  });
  await new Promise<void>((listening) => { proxy.listen(0, '127.0.0.1', listening); });
  const way = new URL(url);
  way.port = String((proxy.address() as AddressInfo).port);
  const made: FaultyWay = {
    url: way.href,
    fallSilent() { isSilent = true; },
    loseNextCommit() { isArmed = true; },
    get lost() { return lost; },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => { proxy.close(closed); });
    },
  };
  opened.push(made);
  return made;
};

describe('a database that was killed', () => {
  test('settles are durable all the same, nothing new is bought, and service resumes by itself', async () => {
    const store = await openWithCredit();
    expect(await apply(store, hold(1, 500n))).toMatchObject({ kind: 'granted' });
    await server.kill();
    expect(await apply(store, settle(1, 300n, 500n))).toEqual({ kind: 'done' });
    expect(await apply(store, settle(2, 70n))).toEqual({ kind: 'done' });
    await expect(apply(store, hold(3, 1n))).rejects.toBeInstanceOf(StoreUnavailable);
    await expect(apply(store, { kind: 'lease', leaseId: 'lease_1', nodeId: 'node_1', counter: wallet, amount: 1n, nowMs: 1 })).rejects.toBeInstanceOf(StoreUnavailable);
    for (const call of [store.findKey('key_1'), store.insertKey(sampleKey(1)), store.ping(), store.sumUsage(everything), store.checkLedger(), store.recoverNode('node_1', 1)]) {
      await expect(call).rejects.toBeInstanceOf(StoreUnavailable);
    }
    expect(store.pendingRecords).toBe(0);
    await server.restart();
    const started = performance.now();
    expect(await eventually(() => apply(store, hold(3, 1n)))).toMatchObject({ kind: 'granted' });
    expect(performance.now() - started).toBeLessThan(2000);
    await eventually(() => store.ping());
    expect(await readWallet(store)).toMatchObject({ used: 370n, held: 1n });
    expect(await store.sumUsage(everything)).toMatchObject({ requests: 2 });
    expect(await store.checkLedger()).toEqual([]);
  });

  test('a gateway that is stopped meanwhile leaves its settles to the next start, which takes them before anything else', async () => {
    const dataFolder = makeFolder();
    const first = await openWithCredit(url, dataFolder);
    await apply(first, hold(1, 500n));
    await server.kill();
    await apply(first, settle(1, 300n, 500n));
    await first.close();
    await expect(open(url, dataFolder)).rejects.toBeInstanceOf(StoreUnavailable);
    await server.restart();
    const second = await open(url, dataFolder);
    expect(await readWallet(second)).toMatchObject({ used: 300n, held: 0n });
    // Had the node been recovered first, the hold would have been settled at nothing.
    expect(await second.recoverNode('node_1', 2)).toBe(0);
    const third = await open(url, dataFolder);
    expect(await third.sumUsage(everything)).toMatchObject({ requests: 1 });
  });

  test('what it would never take does not keep the rest of the outbox waiting', async () => {
    const store = await openWithCredit();
    await server.kill();
    const poison = sampleSettle({ ...priced(1, 5n), usage: { ...sampleRecord(1).usage, completionTokens: -1 } });
    await Promise.all([apply(store, settle(2, 20n)), apply(store, poison), apply(store, settle(3, 30n))]);
    await server.restart();
    await eventually(() => apply(store, hold(4, 1n)));
    expect(await readWallet(store)).toMatchObject({ used: 50n });
  });

  test('under load loses no acknowledged settle and doubles none, whenever it dies', async () => {
    const store = await openWithCredit();
    const settled = new Set<string>();
    const maybe = new Set<string>();
    let isOver = false;
    let next = 100;
    const caller = async (): Promise<void> => {
      while (!isOver) {
        const index = next++;
        const op = settle(index, 1n);
        try {
          await apply(store, hold(index, 3n));
        } catch {
          await new Promise((resolve) => { setTimeout(resolve, 5); });
          continue;
        }
        maybe.add(op.record.id);
        await apply(store, op);
        settled.add(op.record.id);
      }
    };
    const callers = Array.from({ length: 16 }, caller);
    for (let round = 0; round < 4; round++) {
      const before = settled.size;
      while (settled.size < before + 100) await new Promise((resolve) => { setTimeout(resolve, 3 * round + 1); });
      await server.kill();
      await server.restart();
    }
    isOver = true;
    await Promise.all(callers);
    await eventually(() => store.recoverNode('node_unknown', 1));
    const rows: string[] = [];
    for (let after: string | null = null; ;) {
      const page: { readonly id: string }[] = await store.listUsage(everything, { limit: 500, after });
      rows.push(...page.map(({ id }) => id));
      after = page.at(-1)?.id ?? null;
      if (after === null) break;
    }
    expect(new Set(rows)).toEqual(settled);
    expect(rows).toHaveLength(settled.size);
    expect(maybe).toEqual(settled);
    // Holds whose commit was in doubt have been undone too.
    expect(await readWallet(store)).toMatchObject({ used: BigInt(settled.size), held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  });
});

describe('a way to the database', () => {
  test('that falls silent makes nobody wait longer than 5 s for a hold, and no settle is lost', async () => {
    const way = await makeWay();
    const clock = createManualClock();
    const store = await openWithCredit(way.url, makeFolder(), clock);
    await apply(store, hold(1, 500n));
    way.fallSilent();
    const waiting = [apply(store, hold(2, 1n)), apply(store, settle(1, 100n, 500n))];
    const read = store.findKey('key_1');
    const results = Promise.allSettled([...waiting, read]);
    // Sent, and in vain.
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    clock.advance(10_000);
    expect(await results).toMatchObject([
      { status: 'rejected', reason: expect.any(StoreUnavailable) as unknown }, { status: 'fulfilled', value: { kind: 'done' } },
      { status: 'rejected', reason: expect.any(StoreUnavailable) as unknown },
    ]);
  });

  test('that loses the answer to a settle does not double it', async () => {
    const way = await makeWay();
    const store = await openWithCredit(way.url);
    await apply(store, hold(1, 500n));
    way.loseNextCommit();
    expect(await apply(store, settle(1, 100n, 500n))).toEqual({ kind: 'done' });
    await eventually(() => apply(store, hold(2, 1n)));
    expect(await readWallet(store)).toMatchObject({ used: 100n, held: 1n });
    expect(await store.sumUsage(everything)).toMatchObject({ requests: 1 });
    expect(way.lost).toBe(1);
  });

  test('that loses the answer to a hold leaves neither the hold nor a dent in the lease that gave it room', async () => {
    const way = await makeWay();
    const store = await openWithCredit(way.url);
    expect(await apply(store, { kind: 'lease', leaseId: 'lease_1', nodeId: 'node_1', counter: wallet, amount: 1000n, nowMs: 1 })).toEqual({ kind: 'leased', amount: 1000n });
    const before = await readWallet(store);
    way.loseNextCommit();
    const claimed: HoldOp = {
      ...hold(1, 500n, [{ leaseId: 'lease_1', counterId: wallet.id, amount: 1000n }]),
      idempotency: { scope: 'ws_1', key: 'k', bodyHash: 'h', expiresMs: 1e13 },
    };
    await expect(apply(store, claimed)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(way.lost).toBe(1);
    const granted = await eventually(() => apply(store, { ...hold(2, 1n), idempotency: claimed.idempotency }));
    expect(granted).toMatchObject({ kind: 'granted' });
    await apply(store, settle(2, 0n, 1n));
    expect(await readWallet(store)).toEqual(before);
    await apply(store, { kind: 'give_back', changes: [{ leaseId: 'lease_1', counterId: wallet.id, amount: 1000n }] });
    expect(await readWallet(store)).toMatchObject({ held: 0n });
    expect(await store.checkLedger()).toEqual([]);
  });
});
