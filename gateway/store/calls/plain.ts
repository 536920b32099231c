/** This file lists the calls of the Store that are neither ledger nor usage, as every engine runs them. */
import type { SqlCall } from '../sql-task.ts';
import type { Store } from '../store.ts';
import { findAccess } from './access.ts';
import { listAuditLog } from './audit-log.ts';
import { changeBudget, createBudget, deleteBudget, findBudget, listBudgets } from './budgets.ts';
import { deleteReplies, expireReplies, findReply, keepReplies, measureReplies } from './cached-replies.ts';
import { catalogRevision, deleteCatalogEntry, listCatalogEntries, noteCatalogBeneath, putCatalogEntry } from './catalog-entries.ts';
import { cancelEvalRun, claimEvalRuns, expireEvalRuns, findEvalRun, insertEvalRun, listEvalReports, listEvalResults, listEvalRuns, renewEvalRun, resumeEvalRun, saveEvalResult, stepEvalRun } from './eval-runs.ts';
import { changeEval, deleteEval, deleteEvalItem, findEval, insertEval, insertEvalItems, listEvalItems, listEvals } from './evals.ts';
import { changeKey, deleteKey, findKey, insertKey, listKeys } from './keys.ts';
import { claimJobs, createJob, deleteJob, findJob, finishJob, listJobs, renewJob, stepJob, sweepJobs } from './jobs.ts';
import { collectMedia, deleteMedia, expireMedia, findMedia, forgetMedia, insertMedia, keepMedia } from './media.ts';
import { listLaneOpenings, putLaneOpening } from './lane-openings.ts';
import { addMember, changeMember, findMember, listMembers, removeMember } from './members.ts';
import { deleteProviderKey, findProviderKey, insertProviderKey, listProviderKeys } from './provider-keys.ts';
import { deleteRequestBodies, deleteRequestBody, expireRequestBodies, expireRequestLog, findRequestBody, insertRequestBodies } from './request-bodies.ts';
import { cancelResponse, deleteResponse, endResponse, expireResponses, findResponse, insertResponse, listOpenResponses, listResponseChain } from './responses.ts';
import { changeRollout, createRollout, deleteRollout, findRollout, listRollouts, listRolloutsInForce } from './rollouts.ts';
import { insertShadowCalls, returnShadowMoney, takeShadowMoney } from './shadow-calls.ts';
import { closeUsageDay } from './usage-days.ts';
import { changeUser, createUser, findUser, findUserByEmail, listUsers } from './users.ts';
import { deleteWorkspaceRoute, putWorkspaceRoute } from './workspace-routes.ts';
import { changeWorkspace, createWorkspace, findWorkspace, listWorkspaces, listWorkspacesOf } from './workspaces.ts';

export type PlainCallName =
  | 'createWorkspace' | 'findWorkspace' | 'changeWorkspace' | 'listWorkspaces' | 'listWorkspacesOf'
  | 'createUser' | 'findUser' | 'findUserByEmail' | 'changeUser' | 'listUsers'
  | 'addMember' | 'listMembers' | 'findMember' | 'changeMember' | 'removeMember'
  | 'insertKey' | 'findKey' | 'findAccess' | 'listKeys' | 'changeKey' | 'deleteKey'
  | 'createBudget' | 'findBudget' | 'listBudgets' | 'changeBudget' | 'deleteBudget'
  | 'insertProviderKey' | 'findProviderKey' | 'listProviderKeys' | 'deleteProviderKey'
  | 'putWorkspaceRoute' | 'deleteWorkspaceRoute'
  | 'listCatalogEntries' | 'catalogRevision' | 'noteCatalogBeneath' | 'putCatalogEntry' | 'deleteCatalogEntry'
  | 'listAuditLog' | 'createRollout' | 'findRollout' | 'listRollouts' | 'listRolloutsInForce' | 'changeRollout' | 'deleteRollout' | 'takeShadowMoney' | 'returnShadowMoney' | 'insertShadowCalls'
  | 'putLaneOpening' | 'listLaneOpenings'
  | 'insertMedia' | 'findMedia' | 'keepMedia' | 'deleteMedia' | 'expireMedia' | 'collectMedia' | 'forgetMedia'
  | 'insertResponse' | 'findResponse' | 'listResponseChain' | 'endResponse' | 'cancelResponse' | 'listOpenResponses' | 'deleteResponse' | 'expireResponses'
  | 'insertRequestBodies' | 'findRequestBody' | 'deleteRequestBody' | 'deleteRequestBodies' | 'expireRequestBodies' | 'expireRequestLog' | 'closeUsageDay'
  | 'keepReplies' | 'findReply' | 'measureReplies' | 'deleteReplies' | 'expireReplies'
  | 'insertEval' | 'findEval' | 'listEvals' | 'changeEval' | 'deleteEval' | 'insertEvalItems' | 'listEvalItems' | 'deleteEvalItem'
  | 'insertEvalRun' | 'findEvalRun' | 'listEvalRuns' | 'claimEvalRuns' | 'renewEvalRun' | 'stepEvalRun' | 'saveEvalResult' | 'listEvalResults' | 'cancelEvalRun' | 'resumeEvalRun' | 'listEvalReports' | 'expireEvalRuns'
  | 'createJob' | 'findJob' | 'listJobs' | 'claimJobs' | 'renewJob' | 'stepJob' | 'finishJob' | 'deleteJob' | 'sweepJobs';

/** What performs a promise of the Store. */
export type CallOf<Name extends PlainCallName> = SqlCall<Parameters<Store[Name]>, Awaited<ReturnType<Store[Name]>>>;

/** Total over the names: a call without its task does not compile. */
export const plainCalls: { readonly [Name in PlainCallName]: CallOf<Name> } = {
  createWorkspace: { mode: 'write', task: createWorkspace },
  findWorkspace: { mode: 'read', task: findWorkspace },
  changeWorkspace: { mode: 'write', task: changeWorkspace },
  listWorkspaces: { mode: 'read', task: listWorkspaces },
  listWorkspacesOf: { mode: 'read', task: listWorkspacesOf },
  createUser: { mode: 'write', task: createUser },
  findUser: { mode: 'read', task: findUser },
  findUserByEmail: { mode: 'read', task: findUserByEmail },
  changeUser: { mode: 'write', task: changeUser },
  listUsers: { mode: 'read', task: listUsers },
  addMember: { mode: 'write', task: addMember },
  listMembers: { mode: 'read', task: listMembers },
  findMember: { mode: 'read', task: findMember },
  changeMember: { mode: 'write', task: changeMember },
  removeMember: { mode: 'write', task: removeMember },
  insertKey: { mode: 'write', task: insertKey },
  findKey: { mode: 'read', task: findKey },
  findAccess: { mode: 'read', task: findAccess },
  listKeys: { mode: 'read', task: listKeys },
  changeKey: { mode: 'write', task: changeKey },
  deleteKey: { mode: 'write', task: deleteKey },
  createBudget: { mode: 'write', task: createBudget },
  findBudget: { mode: 'read', task: findBudget },
  listBudgets: { mode: 'read', task: listBudgets },
  changeBudget: { mode: 'write', task: changeBudget },
  deleteBudget: { mode: 'write', task: deleteBudget },
  insertProviderKey: { mode: 'write', task: insertProviderKey },
  findProviderKey: { mode: 'read', task: findProviderKey },
  listProviderKeys: { mode: 'read', task: listProviderKeys },
  deleteProviderKey: { mode: 'write', task: deleteProviderKey },
  putLaneOpening: { mode: 'write', task: putLaneOpening },
  listLaneOpenings: { mode: 'read', task: listLaneOpenings },
  putWorkspaceRoute: { mode: 'write', task: putWorkspaceRoute },
  deleteWorkspaceRoute: { mode: 'write', task: deleteWorkspaceRoute },
  listCatalogEntries: { mode: 'read', task: listCatalogEntries },
  catalogRevision: { mode: 'read', task: catalogRevision },
  noteCatalogBeneath: { mode: 'write', task: noteCatalogBeneath },
  putCatalogEntry: { mode: 'write', task: putCatalogEntry },
  deleteCatalogEntry: { mode: 'write', task: deleteCatalogEntry },
  listAuditLog: { mode: 'read', task: listAuditLog },
  createRollout: { mode: 'write', task: createRollout },
  findRollout: { mode: 'read', task: findRollout },
  listRollouts: { mode: 'read', task: listRollouts },
  listRolloutsInForce: { mode: 'read', task: listRolloutsInForce },
  changeRollout: { mode: 'write', task: changeRollout },
  deleteRollout: { mode: 'write', task: deleteRollout },
  takeShadowMoney: { mode: 'write', task: takeShadowMoney },
  returnShadowMoney: { mode: 'write', task: returnShadowMoney },
  insertShadowCalls: { mode: 'write', task: insertShadowCalls },
  insertMedia: { mode: 'write', task: insertMedia },
  findMedia: { mode: 'read', task: findMedia },
  keepMedia: { mode: 'write', task: keepMedia },
  deleteMedia: { mode: 'write', task: deleteMedia },
  expireMedia: { mode: 'write', task: expireMedia },
  collectMedia: { mode: 'write', task: collectMedia },
  forgetMedia: { mode: 'write', task: forgetMedia },
  insertResponse: { mode: 'write', task: insertResponse },
  findResponse: { mode: 'read', task: findResponse },
  listResponseChain: { mode: 'read', task: listResponseChain },
  endResponse: { mode: 'write', task: endResponse },
  cancelResponse: { mode: 'write', task: cancelResponse },
  listOpenResponses: { mode: 'read', task: listOpenResponses },
  deleteResponse: { mode: 'write', task: deleteResponse },
  expireResponses: { mode: 'write', task: expireResponses },
  insertRequestBodies: { mode: 'write', task: insertRequestBodies },
  findRequestBody: { mode: 'read', task: findRequestBody },
  deleteRequestBody: { mode: 'write', task: deleteRequestBody },
  deleteRequestBodies: { mode: 'write', task: deleteRequestBodies },
  expireRequestBodies: { mode: 'write', task: expireRequestBodies },
  expireRequestLog: { mode: 'write', task: expireRequestLog },
  keepReplies: { mode: 'write', task: keepReplies },
  findReply: { mode: 'read', task: findReply },
  measureReplies: { mode: 'read', task: measureReplies },
  deleteReplies: { mode: 'write', task: deleteReplies },
  expireReplies: { mode: 'write', task: expireReplies },
  closeUsageDay: { mode: 'write', task: closeUsageDay },
  createJob: { mode: 'write', task: createJob },
  findJob: { mode: 'read', task: findJob },
  listJobs: { mode: 'read', task: listJobs },
  claimJobs: { mode: 'write', task: claimJobs },
  renewJob: { mode: 'write', task: renewJob },
  stepJob: { mode: 'write', task: stepJob },
  finishJob: { mode: 'write', task: finishJob },
  deleteJob: { mode: 'write', task: deleteJob },
  sweepJobs: { mode: 'write', task: sweepJobs },
  insertEval: { mode: 'write', task: insertEval },
  findEval: { mode: 'read', task: findEval },
  listEvals: { mode: 'read', task: listEvals },
  changeEval: { mode: 'write', task: changeEval },
  deleteEval: { mode: 'write', task: deleteEval },
  insertEvalItems: { mode: 'write', task: insertEvalItems },
  listEvalItems: { mode: 'read', task: listEvalItems },
  deleteEvalItem: { mode: 'write', task: deleteEvalItem },
  insertEvalRun: { mode: 'write', task: insertEvalRun },
  findEvalRun: { mode: 'read', task: findEvalRun },
  listEvalRuns: { mode: 'read', task: listEvalRuns },
  claimEvalRuns: { mode: 'write', task: claimEvalRuns },
  renewEvalRun: { mode: 'write', task: renewEvalRun },
  stepEvalRun: { mode: 'write', task: stepEvalRun },
  saveEvalResult: { mode: 'write', task: saveEvalResult },
  listEvalResults: { mode: 'read', task: listEvalResults },
  cancelEvalRun: { mode: 'write', task: cancelEvalRun },
  resumeEvalRun: { mode: 'write', task: resumeEvalRun },
  listEvalReports: { mode: 'read', task: listEvalReports },
  expireEvalRuns: { mode: 'write', task: expireEvalRuns },
};
