/** This file lists the calls of the ledger and of usage, as every engine runs them. */
import type { SqlCall } from '../sql-task.ts';
import type { Store } from '../store.ts';
import { checkLedger } from './check.ts';
import { beatNode, forgetIdempotency, listNodes, lookAtNode, recoverChunk, registerNode, sweepChunk } from './nodes.ts';
import type { BeatAnswer, EndedHolds } from './nodes.ts';
import { groupUsage, listErrorTimes } from './reports.ts';
import { listRequests } from './request-log.ts';
import { listRolloutCalls, listShadowCalls } from './shadow-calls.ts';
import { balanceBefore, listTransfersOldestFirst } from './statement.ts';
import { listTransfers, listTransfersFor, postTransfers, readCounters, refund } from './transfers.ts';
import { findRequest, listUsage, sumUsage } from './usage.ts';

/** Promises of the Store that one call keeps. */
export type LedgerCallName =
  | 'postTransfers' | 'refund' | 'listTransfers' | 'listTransfersFor' | 'listTransfersOldestFirst' | 'balanceBefore' | 'readCounters'
  | 'registerNode' | 'listNodes' | 'forgetIdempotency' | 'checkLedger' | 'listUsage' | 'sumUsage' | 'findRequest' | 'listRequests'
  | 'listRolloutCalls' | 'listShadowCalls' | 'groupUsage' | 'listErrorTimes';

type PromiseCalls = { readonly [Name in LedgerCallName]: SqlCall<Parameters<Store[Name]>, Awaited<ReturnType<Store[Name]>>> };

/** Parts of promises: see ledger-chunks.ts. */
interface PartCalls {
  readonly beatNode: SqlCall<[nodeId: string, nowMs: number], BeatAnswer>;
  readonly lookAtNode: SqlCall<[nodeId: string, nowMs: number], BeatAnswer>;
  readonly recoverChunk: SqlCall<[nodeId: string, nowMs: number], EndedHolds>;
  readonly sweepChunk: SqlCall<[nowMs: number], EndedHolds>;
}

/** Total over the names: a call without its task does not compile. */
export const ledgerCalls: PromiseCalls & PartCalls = {
  postTransfers: { mode: 'write', task: postTransfers },
  refund: { mode: 'write', task: refund },
  listTransfers: { mode: 'read', task: listTransfers },
  listTransfersFor: { mode: 'read', task: listTransfersFor },
  listTransfersOldestFirst: { mode: 'read', task: listTransfersOldestFirst },
  balanceBefore: { mode: 'read', task: balanceBefore },
  readCounters: { mode: 'read', task: readCounters },
  registerNode: { mode: 'write', task: registerNode },
  listNodes: { mode: 'read', task: listNodes },
  beatNode: { mode: 'write', task: beatNode },
  lookAtNode: { mode: 'read', task: lookAtNode },
  recoverChunk: { mode: 'write', task: recoverChunk },
  sweepChunk: { mode: 'write', task: sweepChunk },
  forgetIdempotency: { mode: 'write', task: forgetIdempotency },
  checkLedger: { mode: 'snapshot', task: checkLedger },
  listUsage: { mode: 'read', task: listUsage },
  sumUsage: { mode: 'read', task: sumUsage },
  findRequest: { mode: 'read', task: findRequest },
  listRequests: { mode: 'read', task: listRequests },
  groupUsage: { mode: 'read', task: groupUsage },
  listErrorTimes: { mode: 'read', task: listErrorTimes },
  listRolloutCalls: { mode: 'read', task: listRolloutCalls },
  listShadowCalls: { mode: 'read', task: listShadowCalls },
};
