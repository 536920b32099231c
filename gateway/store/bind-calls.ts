/** This file makes the methods of a Store out of whatever performs its plain calls by their names. */
import type { AuditCalls } from './audit-row.ts';
import type { CachedReplyCalls } from './cached-reply-row.ts';
import type { PlainCallName } from './calls/plain.ts';
import type { EvalCalls } from './eval-row.ts';
import type { JobCalls } from './job-row.ts';
import type { MediaCalls } from './media-row.ts';
import type { RequestLogCalls } from './request-log-row.ts';
import type { RolloutCalls } from './rollout-row.ts';
import type { ResponseCalls } from './response-row.ts';
import type { Store } from './store.ts';

/** Of what is kept beside the ledger and outlives its request. */
type KeptCallName = Extract<PlainCallName, keyof MediaCalls | keyof ResponseCalls | keyof JobCalls | keyof CachedReplyCalls>;

/** Performs a call: in a thread, or on a connection. */
export type PerformPlain = <Name extends PlainCallName>(name: Name, ...args: Parameters<Store[Name]>) => Promise<Awaited<ReturnType<Store[Name]>>>;

/** Total over the names: a call that is not bound does not compile. */
export function bindPlainCalls(perform: PerformPlain): Pick<Store, PlainCallName> {
  return {
    createWorkspace: (row, ownerId) => perform('createWorkspace', row, ownerId),
    findWorkspace: (id) => perform('findWorkspace', id),
    changeWorkspace: (id, change) => perform('changeWorkspace', id, change),
    listWorkspaces: (page) => perform('listWorkspaces', page),
    listWorkspacesOf: (userId) => perform('listWorkspacesOf', userId),
    createUser: (row) => perform('createUser', row),
    findUser: (id) => perform('findUser', id),
    findUserByEmail: (email) => perform('findUserByEmail', email),
    changeUser: (id, change) => perform('changeUser', id, change),
    listUsers: (page) => perform('listUsers', page),
    addMember: (workspaceId, userId, given) => perform('addMember', workspaceId, userId, given),
    listMembers: (workspaceId, page) => perform('listMembers', workspaceId, page),
    findMember: (workspaceId, userId) => perform('findMember', workspaceId, userId),
    changeMember: (workspaceId, userId, role) => perform('changeMember', workspaceId, userId, role),
    removeMember: (workspaceId, userId, nowMs) => perform('removeMember', workspaceId, userId, nowMs),
    insertKey: (row) => perform('insertKey', row),
    findKey: (id) => perform('findKey', id),
    findAccess: (keyId, workspaceId) => perform('findAccess', keyId, workspaceId),
    listKeys: (workspaceId, userId, page) => perform('listKeys', workspaceId, userId, page),
    changeKey: (workspaceId, id, change) => perform('changeKey', workspaceId, id, change),
    deleteKey: (workspaceId, id) => perform('deleteKey', workspaceId, id),
    createBudget: (row) => perform('createBudget', row),
    findBudget: (workspaceId, id) => perform('findBudget', workspaceId, id),
    listBudgets: (workspaceId, page) => perform('listBudgets', workspaceId, page),
    changeBudget: (workspaceId, id, change) => perform('changeBudget', workspaceId, id, change),
    deleteBudget: (workspaceId, id) => perform('deleteBudget', workspaceId, id),
    insertProviderKey: (row) => perform('insertProviderKey', row),
    findProviderKey: (workspaceId, id) => perform('findProviderKey', workspaceId, id),
    listProviderKeys: (workspaceId, page) => perform('listProviderKeys', workspaceId, page),
    deleteProviderKey: (workspaceId, id) => perform('deleteProviderKey', workspaceId, id),
    listCatalogEntries: () => perform('listCatalogEntries'),
    catalogRevision: () => perform('catalogRevision'),
    noteCatalogBeneath: (digest) => perform('noteCatalogBeneath', digest),
    putCatalogEntry: (entry, by) => perform('putCatalogEntry', entry, by),
    putWorkspaceRoute: (workspaceId, id, given) => perform('putWorkspaceRoute', workspaceId, id, given),
    deleteWorkspaceRoute: (workspaceId, id) => perform('deleteWorkspaceRoute', workspaceId, id),
    putLaneOpening: (row, nowMs) => perform('putLaneOpening', row, nowMs),
    listLaneOpenings: (nowMs) => perform('listLaneOpenings', nowMs),
    deleteCatalogEntry: (kind, id, by) => perform('deleteCatalogEntry', kind, id, by),
    ...bindKeptCalls(perform),
    ...bindLogCalls(perform),
    ...bindRolloutCalls(perform),
    ...bindEvalCalls(perform),
  };
}

function bindKeptCalls(perform: PerformPlain): Pick<Store, KeptCallName> {
  return {
    insertMedia: (row) => perform('insertMedia', row),
    findMedia: (workspaceId, id, nowMs) => perform('findMedia', workspaceId, id, nowMs),
    keepMedia: (workspaceId, id, expiresMs) => perform('keepMedia', workspaceId, id, expiresMs),
    deleteMedia: (workspaceId, id) => perform('deleteMedia', workspaceId, id),
    expireMedia: (nowMs) => perform('expireMedia', nowMs),
    collectMedia: (nowMs) => perform('collectMedia', nowMs),
    forgetMedia: (sha256) => perform('forgetMedia', sha256),
    insertResponse: (row) => perform('insertResponse', row),
    findResponse: (workspaceId, id, nowMs) => perform('findResponse', workspaceId, id, nowMs),
    listResponseChain: (wish) => perform('listResponseChain', wish),
    endResponse: (ending) => perform('endResponse', ending),
    cancelResponse: (workspaceId, id, nowMs) => perform('cancelResponse', workspaceId, id, nowMs),
    listOpenResponses: (nodeId) => perform('listOpenResponses', nodeId),
    deleteResponse: (workspaceId, id, nowMs) => perform('deleteResponse', workspaceId, id, nowMs),
    expireResponses: (nowMs) => perform('expireResponses', nowMs),
    keepReplies: (workspaceId, rows, bytesMax) => perform('keepReplies', workspaceId, rows, bytesMax),
    findReply: (wish) => perform('findReply', wish),
    measureReplies: (workspaceId) => perform('measureReplies', workspaceId),
    deleteReplies: (workspaceId) => perform('deleteReplies', workspaceId),
    expireReplies: (nowMs) => perform('expireReplies', nowMs),
    createJob: (hold, job, reply) => perform('createJob', hold, job, reply),
    findJob: (workspaceId, id) => perform('findJob', workspaceId, id),
    listJobs: (workspaceId, page) => perform('listJobs', workspaceId, page),
    claimJobs: (nowMs, leaseMs, limit) => perform('claimJobs', nowMs, leaseMs, limit),
    renewJob: (id, fence, untilMs) => perform('renewJob', id, fence, untilMs),
    stepJob: (id, fence, step) => perform('stepJob', id, fence, step),
    finishJob: (id, fence, ending) => perform('finishJob', id, fence, ending),
    deleteJob: (workspaceId, id, given) => perform('deleteJob', workspaceId, id, given),
    sweepJobs: (nowMs) => perform('sweepJobs', nowMs),
  };
}

function bindRolloutCalls(perform: PerformPlain): AuditCalls & RolloutCalls {
  return {
    listAuditLog: (filter, page) => perform('listAuditLog', filter, page),
    createRollout: (row, by) => perform('createRollout', row, by),
    findRollout: (id) => perform('findRollout', id),
    listRollouts: (page) => perform('listRollouts', page),
    listRolloutsInForce: () => perform('listRolloutsInForce'),
    changeRollout: (id, change, by) => perform('changeRollout', id, change, by),
    deleteRollout: (id, by) => perform('deleteRollout', id, by),
    takeShadowMoney: (purse, nanoUsd) => perform('takeShadowMoney', purse, nanoUsd),
    returnShadowMoney: (purse, nanoUsd) => perform('returnShadowMoney', purse, nanoUsd),
    insertShadowCalls: (calls) => perform('insertShadowCalls', calls),
  };
}

function bindLogCalls(perform: PerformPlain): RequestLogCalls {
  return {
    insertRequestBodies: (rows) => perform('insertRequestBodies', rows),
    findRequestBody: (workspaceId, id, nowMs) => perform('findRequestBody', workspaceId, id, nowMs),
    deleteRequestBody: (workspaceId, id, nowMs) => perform('deleteRequestBody', workspaceId, id, nowMs),
    deleteRequestBodies: (workspaceId) => perform('deleteRequestBodies', workspaceId),
    expireRequestBodies: (nowMs) => perform('expireRequestBodies', nowMs),
    expireRequestLog: (beforeMs) => perform('expireRequestLog', beforeMs),
    closeUsageDay: (nowMs) => perform('closeUsageDay', nowMs),
  };
}

function bindEvalCalls(perform: PerformPlain): EvalCalls {
  return {
    insertEval: (set) => perform('insertEval', set),
    findEval: (workspaceId, id) => perform('findEval', workspaceId, id),
    listEvals: (workspaceId, page) => perform('listEvals', workspaceId, page),
    changeEval: (workspaceId, id, change) => perform('changeEval', workspaceId, id, change),
    deleteEval: (workspaceId, id) => perform('deleteEval', workspaceId, id),
    insertEvalItems: (workspaceId, setId, given) => perform('insertEvalItems', workspaceId, setId, given),
    listEvalItems: (workspaceId, setId, page) => perform('listEvalItems', workspaceId, setId, page),
    deleteEvalItem: (workspaceId, setId, id) => perform('deleteEvalItem', workspaceId, setId, id),
    insertEvalRun: (run) => perform('insertEvalRun', run),
    findEvalRun: (workspaceId, setId, id) => perform('findEvalRun', workspaceId, setId, id),
    listEvalRuns: (workspaceId, setId, page) => perform('listEvalRuns', workspaceId, setId, page),
    claimEvalRuns: (nowMs, leaseMs, limit) => perform('claimEvalRuns', nowMs, leaseMs, limit),
    renewEvalRun: (id, fence, untilMs) => perform('renewEvalRun', id, fence, untilMs),
    stepEvalRun: (id, fence, step) => perform('stepEvalRun', id, fence, step),
    saveEvalResult: (runId, fence, given) => perform('saveEvalResult', runId, fence, given),
    listEvalResults: (workspaceId, runId, page) => perform('listEvalResults', workspaceId, runId, page),
    cancelEvalRun: (workspaceId, id, nowMs) => perform('cancelEvalRun', workspaceId, id, nowMs),
    resumeEvalRun: (workspaceId, id, given) => perform('resumeEvalRun', workspaceId, id, given),
    listEvalReports: (workspaceId, limit) => perform('listEvalReports', workspaceId, limit),
    expireEvalRuns: (nowMs) => perform('expireEvalRuns', nowMs),
  };
}
