/** This file answers the operator's operations on rollouts. */
import type { Call, Reply } from '../gateway/foundation/operation.ts';
import { askedPage, toMs } from '../gateway/foundation/page.ts';
import { stampOf } from '../gateway/relay/audit-stamp.ts';
import type { House } from '../gateway/relay/house.ts';
import * as rollouts from '../gateway/relay/manage-rollouts.ts';
import { compareRollout as compare } from '../gateway/reporting/rollout.ts';

/** Lists all, the newest first. */
export async function listRollouts(call: Call<'listRollouts'>, house: House): Promise<Reply<'listRollouts'>> {
  return { status: 200, json: await rollouts.listRollouts(house, askedPage(call.query, house.limits.pageSizeDefault)) };
}

/** Begins one. */
export async function createRollout(call: Call<'createRollout'>, house: House): Promise<Reply<'createRollout'>> {
  return { status: 201, json: await rollouts.createRollout(house, call.body, stampOf(house, call, 'createRollout')) };
}

/** Describes one. */
export async function retrieveRollout(call: Call<'retrieveRollout'>, house: House): Promise<Reply<'retrieveRollout'>> {
  return { status: 200, json: await rollouts.findRollout(house, call.path.rollout) };
}

/** Changes who gets the candidate. */
export async function updateRollout(call: Call<'updateRollout'>, house: House): Promise<Reply<'updateRollout'>> {
  return { status: 200, json: await rollouts.updateRollout(house, { id: call.path.rollout, body: call.body, by: stampOf(house, call, 'createRollout') }) };
}

/** Ends and forgets one. */
export async function deleteRollout(call: Call<'deleteRollout'>, house: House): Promise<Reply<'deleteRollout'>> {
  const id = call.path.rollout;
  await rollouts.deleteRollout(house, id, stampOf(house, call, 'createRollout'));
  return { status: 200, json: { id, object: 'rollout.deleted', deleted: true } };
}

/** Lets the candidate answer everybody. */
export async function promoteRollout(call: Call<'promoteRollout'>, house: House): Promise<Reply<'promoteRollout'>> {
  return { status: 200, json: await rollouts.changeRollout(house, { id: call.path.rollout, change: { kind: 'promote' }, by: stampOf(house, call, 'createRollout') }) };
}

/** Sends everybody back. */
export async function rollBackRollout(call: Call<'rollBackRollout'>, house: House): Promise<Reply<'rollBackRollout'>> {
  return { status: 200, json: await rollouts.changeRollout(house, { id: call.path.rollout, change: { kind: 'roll_back' }, by: stampOf(house, call, 'createRollout') }) };
}

/** Compares its sides. */
export async function compareRollout(call: Call<'compareRollout'>, house: House): Promise<Reply<'compareRollout'>> {
  const { id, createdMs } = await rollouts.rowOf(house, call.path.rollout);
  const { from, to } = call.query;
  return {
    status: 200, json: await compare(house.store, {
      id, fromMs: from === undefined ? createdMs : toMs(from), toMs: to === undefined ? house.clock.now() : toMs(to),
      sampleMax: house.limits.rolloutSampleMax, shadowDropped: house.shadows.droppedOf(id),
    }),
  };
}
