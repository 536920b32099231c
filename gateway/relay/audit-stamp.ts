/** This file says who changes something, for the row of the audit log that is written with the change. */
import { redactions } from '../../generated/redactions.ts';
import { fail } from '../foundation/errors.ts';
import type { Call, OperationId } from '../foundation/operation.ts';
import type { AuditStamp } from '../store/audit-row.ts';
import type { House } from './house.ts';

/** The stamp of a call. `shape`: the operation whose body is what is changed; what the contract hides of it is blanked. */
export function stampOf({ makeId, clock }: Pick<House, 'makeId' | 'clock'>, call: Pick<Call<OperationId>, 'caller' | 'requestId'>, shape: OperationId): AuditStamp {
  const { keyId, userId } = call.caller ?? fail('missing_api_key');
  return { id: makeId('audit'), atMs: clock.now(), keyId, userId, requestId: call.requestId, hides: redactions[shape].body };
}
