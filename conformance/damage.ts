/** This file breaks the store of a running server: a disk that is full, rows that can't be read, tables that can't be written. */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { operations } from '../generated/operations.ts';
import type { OperationId } from '../generated/operations.ts';
import { createKey, goodRequestTo, hello } from './good-requests.ts';
import { askJson } from './payer.ts';
import { call } from './raw-client.ts';
import type { RequestParts } from './raw-client.ts';
import { eventually, startServer } from './server-under-test.ts';
import type { ServerOptions, ServerUnderTest } from './server-under-test.ts';

/** A broken server, and requests that were good before. */
export interface BrokenServer {
  readonly server: ServerUnderTest;
  readonly requests: ReadonlyMap<OperationId, RequestParts>;
}

export interface DamagedServer extends BrokenServer {
  readonly damagedKey: { readonly id: string; readonly secret: string };
}

const every = Object.keys(operations) as OperationId[];

/** Operations that write, and so fail on a full disk. */
export const writing: readonly OperationId[] = every.filter((id) => operations[id].method !== 'get' && id !== 'receiveStripeEvent' && id !== 'createTopup' && id !== 'cancelResponse' && id !== 'cancelEvalRun' && id !== 'countResponseInputTokens' && id !== 'explainRoute');

/** Operations whose own rows can be damaged without damaging what their key is known by. */
export const damageable: readonly OperationId[] = [
  'listKeys', 'retrieveKey', 'createKey', 'updateKey', 'deleteKey', 'createUserKey', 'listUsage', 'retrieveReport', 'retrieveRequest',
  'listRequests', 'exportRequests', 'retrieveRequestBody', 'deleteRequestBody', 'deleteRequestBodies', 'deleteCachedReplies',
  'listWorkspaces', 'retrieveWorkspace', 'updateWorkspace', 'listAllWorkspaces', 'retrieveAnyWorkspace', 'createWorkspace', 'updateAnyWorkspace',
  'listMembers', 'retrieveMember', 'addMember', 'updateMember', 'removeMember', 'listUsers', 'retrieveUser', 'createUser', 'updateUser',
  'createBudget', 'updateBudget', 'deleteBudget', 'createProviderKey', 'listProviderKeys', 'retrieveProviderKey', 'deleteProviderKey',
  'createResponse', 'retrieveResponse', 'deleteResponse', 'cancelResponse', 'listResponseInputItems', 'countResponseInputTokens',
  'createGrant', 'createAdjustment', 'createRefund', 'listVideos', 'retrieveVideo', 'deleteVideo', 'retrieveVideoContent',
  'putPlan', 'deletePlan', 'putModelEntry', 'deleteModelEntry', 'putProviderEntry', 'deleteProviderEntry', 'putRouteEntry', 'deleteRouteEntry', 'putRoute', 'deleteRoute', 'explainRoute',
  'listRollouts', 'createRollout', 'retrieveRollout', 'updateRollout', 'deleteRollout', 'promoteRollout', 'rollBackRollout', 'compareRollout', 'listAuditLog',
  ...every.filter((id) => operations[id].path.startsWith('/evals')),
];

/** Rows are written until the store's files may not grow any more. */
export async function startFull(options: ServerOptions): Promise<BrokenServer> {
  const whole = await startServer(options);
  const requests = await prepare(whole, writing);
  await whole.stop();
  const server = await whole.restart({ ...options, fileKilobytesMax: FULL_KILOBYTES });
  // A row first, and then what is left with the smallest change there is.
  for (const filler of [{ path: '/v1/keys', body: { name: 'filler '.repeat(14) } }, requests.get('updateWorkspace') ?? { path: '/v1/keys' }]) {
    await eventually(async () => {
      const reply = await call(server.url, { ...filler, key: server.key });
      return reply.status === 503 ? reply : null;
    }, FILLED_MS_MAX);
  }
  return { server, requests };
}

const FULL_KILOBYTES = 512;
const FILLED_MS_MAX = 20_000;

async function prepare(server: ServerUnderTest, ids: readonly OperationId[]): Promise<Map<OperationId, RequestParts>> {
  const requests = new Map<OperationId, RequestParts>();
  for (const id of ids) requests.set(id, await goodRequestTo(server, id));
  return requests;
}

/** A number no clock has ever shown, and no JavaScript number can be trusted with. */
const UNREADABLE = String(2n ** 60n);
const UNWRITABLE = ['api_key', 'app_user', 'workspace', 'member', 'budget', 'provider_key', 'catalog_entry', 'workspace_route', 'rollout', 'transfer', 'response', 'request_body', 'cached_reply_sum', 'eval_set', 'eval_item', 'eval_run'] as const;

/** Makes things to look at, and then makes them unreadable. */
export async function startDamaged(options: ServerOptions): Promise<DamagedServer> {
  const server = await startServer(options);
  const requests = await prepare(server, every);
  const damagedKey = await createKey(server, { name: 'to be damaged' });
  const reply = await call(server.url, { path: '/v1/chat/completions', key: server.key, body: hello() });
  const { data } = await askJson(server, { path: '/v1/members?limit=100' }) as { data?: { user: string; role: string }[] };
  const owner = data?.find((member) => member.role === 'owner');
  const user = String((await askJson(server, { path: '/v1/admin/users', body: { name: 'damaged' } }, 201))['id']);
  await askJson(server, { path: '/v1/members', body: { user, role: 'member' } }, 201);
  const workspace = String((await askJson(server, { path: '/v1/admin/workspaces', body: { name: 'damaged', owner: owner?.user } }, 201))['id']);
  breakRows(server, { damagedKey: damagedKey.id, user, workspace });
  for (const id of ['listUsers', 'listMembers', 'listAllWorkspaces', 'listWorkspaces', 'listKeys'] as const) requests.set(id, { path: `/v1${operations[id].path}?limit=100` });
  requests.set('retrieveRequest', { path: `/v1/requests/${reply.headers['x-request-id'] ?? ''}` });
  requests.set('retrieveKey', { path: `/v1/keys/${damagedKey.id}` });
  requests.set('updateKey', { method: 'PATCH', path: `/v1/keys/${damagedKey.id}`, body: { name: 'renamed' } });
  requests.set('deleteKey', { method: 'DELETE', path: `/v1/keys/${damagedKey.id}` });
  const follow = { model: 'sandbox/echo', input: 'Go on', previous_response_id: requests.get('retrieveResponse')?.path.split('/').at(-1) };
  requests.set('explainRoute', { path: '/v1/routes/explain', body: { operation: 'responses', request: follow } });
  requests.set('createResponse', { path: '/v1/responses', body: follow });
  requests.set('countResponseInputTokens', { path: '/v1/responses/input_tokens', body: requests.get('createResponse')?.body });
  requests.set('retrieveUser', { path: `/v1/admin/users/${user}` });
  requests.set('retrieveMember', { path: `/v1/members/${user}` });
  requests.set('retrieveWorkspace', { path: `/v1/workspaces/${workspace}` });
  requests.set('retrieveAnyWorkspace', { path: `/v1/admin/workspaces/${workspace}` });
  return { server, requests, damagedKey };
}

function breakRows(server: ServerUnderTest, ids: { readonly damagedKey: string; readonly user: string; readonly workspace: string }): void {
  const db = new DatabaseSync(join(server.dataFolder, 'interline.db'));
  db.exec('PRAGMA busy_timeout = 5000; PRAGMA ignore_check_constraints = ON');
  db.prepare('UPDATE api_key SET models = ? WHERE id = ?').run('{}', ids.damagedKey);
  db.prepare(`UPDATE app_user SET disabled = ${UNREADABLE} WHERE id = ?`).run(ids.user);
  db.prepare(`UPDATE workspace SET created_ms = ${UNREADABLE} WHERE id = ?`).run(ids.workspace);
  db.exec(`UPDATE request_log SET latency_us = ${UNREADABLE}; UPDATE provider_key SET created_ms = ${UNREADABLE}; UPDATE response SET created_ms = ${UNREADABLE}; UPDATE job SET created_ms = ${UNREADABLE}; UPDATE rollout SET created_ms = ${UNREADABLE}; UPDATE eval_set SET created_ms = ${UNREADABLE}; UPDATE eval_item SET created_ms = ${UNREADABLE}; UPDATE eval_run SET created_ms = ${UNREADABLE}; UPDATE audit_log SET ts_ms = ${UNREADABLE};`);
  for (const table of UNWRITABLE) {
    for (const verb of ['INSERT', 'UPDATE', 'DELETE']) {
      db.exec(`CREATE TRIGGER damaged_${table}_${verb.toLowerCase()} BEFORE ${verb} ON ${table} BEGIN SELECT RAISE(ABORT, 'damaged'); END;`);
    }
  }
  db.close();
}
