/** This file says what a gateway under measurement is, and waits until one is ready. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Before } from './before.ts';
import type { ContenderName } from './options.ts';
import type { Running } from './processes.ts';
import type { Door } from './requests.ts';

/** Where a run takes place. */
export interface Site {
  /** The folder of this run, removed at its end; on a disk, since Interline's store is in it. */
  readonly folder: string;
  /** The repository. */
  readonly root: string;
  readonly upstreamPort: number;
  readonly gatewayCore: string;
  /** The model requests name; Interline's catalogue knows it. */
  readonly model: string;
  /** The older Interline; null when none is measured. */
  readonly before: Before | null;
}

/** What a gateway has written down about the requests of a run. */
export interface Books {
  readonly rows: number;
  /** The sum of the rows, in nano-USD. */
  readonly chargedNanoUsd: string;
  /** What the balance lost, in nano-USD; null when nobody pays from one. */
  readonly paidNanoUsd: string | null;
}

export interface Gateway {
  readonly name: ContenderName;
  readonly version: string;
  readonly doors: { readonly json: Door; readonly stream: Door };
  /** What its requests name as their model. */
  readonly model: string;
  /** Null for `direct`: there is no gateway. */
  readonly running: Running | null;
  /** From the start of the process until it said it was ready; null where nobody asks. */
  readonly readyMs: number | null;
  /** Ends it; returns what its books say, where it keeps any. */
  close(): Promise<Books | null>;
}

const readyLimitMs = 30_000;

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port is free.');
  return address.port;
}

/**
 * Waits until the URL answers 200; returns after how many ms since `begun` it did.
 * @throws Error with the end of its log when the process ends, or is not ready within 30 s.
 */
export async function untilReady(url: string, running: Running, watch: { readonly begun: number; readonly logPath: string }): Promise<number> {
  while (performance.now() - watch.begun < readyLimitMs && running.child.exitCode === null) {
    const status = await fetch(url, { signal: AbortSignal.timeout(1000) }).then(async (response) => {
      await response.arrayBuffer();
      return response.status;
    }, () => 0);
    if (status === 200) return performance.now() - watch.begun;
    await delay(5);
  }
  throw new Error(`${running.name} did not become ready: ${readFileSync(watch.logPath, 'utf8').slice(-2000)}`);
}
