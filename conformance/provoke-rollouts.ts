/** This file knows how to make the running server say each error of rollouts. */
import type { OperationId } from '../generated/operations.ts';
import { operations } from '../generated/operations.ts';
import { askJson } from './payer.ts';
import type { Provocation } from './provocation.ts';
import { beginRollout, newRollout } from './rollout-requests.ts';
import { ask } from './stage.ts';
import type { Stage } from './stage.ts';

const NOBODY = `roll_${'0'.repeat(32)}`;

const pathTo = (id: OperationId, rollout: string): string => `/v1${operations[id].path.replace('{rollout}', rollout)}`;

/** One that was promoted, or rolled back. */
async function ended(stage: Stage, how: 'promote' | 'rollback'): Promise<string> {
  const rollout = await beginRollout(stage.main);
  await askJson(stage.main, { method: 'POST', path: `/v1/admin/rollouts/${rollout}/${how}` });
  return rollout;
}

export const provocationsOfRollouts: Readonly<Record<'rollout_not_found' | 'rollout_in_force' | 'rollout_over', Provocation>> = {
  rollout_not_found: {
    by: ['retrieveRollout', 'updateRollout', 'deleteRollout', 'promoteRollout', 'rollBackRollout', 'compareRollout'],
    provoke: (stage, id) => ask(stage, id, { path: pathTo(id, NOBODY) }),
  },
  rollout_in_force: {
    by: ['createRollout', 'deleteRollout'],
    async provoke(stage, id) {
      if (id === 'deleteRollout') return ask(stage, id, { path: pathTo(id, await ended(stage, 'promote')) });
      const body = await newRollout(stage.main);
      await askJson(stage.main, { path: '/v1/admin/rollouts', body }, 201);
      return ask(stage, id, { body });
    },
  },
  rollout_over: {
    by: ['updateRollout', 'promoteRollout'],
    provoke: async (stage, id) => ask(stage, id, { path: pathTo(id, await ended(stage, 'rollback')) }),
  },
};
