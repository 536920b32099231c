/** This file knows requests about rollouts and the audit log that are answered with success, and how to begin a rollout of its own for each. */
import type { OperationId } from '../generated/operations.ts';
import { askJson } from './payer.ts';
import type { RequestParts } from './raw-client.ts';
import type { ServerUnderTest } from './server-under-test.ts';

let made = 0;

/** An alias of its own: one rollout runs for a name. */
async function freshName(server: ServerUnderTest): Promise<string> {
  const name = `rolled-${++made}`;
  await askJson(server, { method: 'PUT', path: `/v1/admin/routes/${name}`, body: { id: name, stands_for: ['sandbox/chat'] } });
  return name;
}

/** What begins a rollout that nobody notices. */
export async function newRollout(server: ServerUnderTest): Promise<{ readonly model: string; readonly candidate: string }> {
  return { model: await freshName(server), candidate: 'sandbox/echo' };
}

/** Begins one and gives its id. */
export async function beginRollout(server: ServerUnderTest): Promise<string> {
  return String((await askJson(server, { path: '/v1/admin/rollouts', body: await newRollout(server) }, 201))['id']);
}

/** A good request of these operations; null for others. */
export async function goodRolloutRequest(server: ServerUnderTest, id: OperationId): Promise<RequestParts | null> {
  const path = async (): Promise<string> => `/v1/admin/rollouts/${await beginRollout(server)}`;
  switch (id) {
    case 'listRollouts': {
      await beginRollout(server);
      return { path: '/v1/admin/rollouts' };
    }
    case 'createRollout': return { path: '/v1/admin/rollouts', body: await newRollout(server) };
    case 'retrieveRollout': return { path: await path() };
    case 'updateRollout': return { method: 'PATCH', path: await path(), body: { percentage: 12.5, shadow: { percentage: 1 } } };
    case 'deleteRollout': return { method: 'DELETE', path: await path() };
    case 'promoteRollout': return { method: 'POST', path: `${await path()}/promote` };
    case 'rollBackRollout': return { method: 'POST', path: `${await path()}/rollback` };
    case 'compareRollout': return { path: `${await path()}/comparison` };
    case 'listAuditLog': {
      await beginRollout(server);
      return { path: '/v1/admin/audit-log' };
    }
    default: return null;
  }
}
