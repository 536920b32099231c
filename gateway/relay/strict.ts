/** This file is about `x-interline-strict`: whether a caller would rather be refused than answered with a field changed or dropped. */
import { fail } from '../foundation/errors.ts';
import type { Call, OperationId } from '../foundation/operation.ts';
import type { UpstreamFailure } from '../providers/wire.ts';

const HEADER = 'x-interline-strict';

/** Reads the header. Refuses what is neither `true` nor `false` with invalid_request. */
export function readStrict(call: Pick<Call<OperationId>, 'headers'>): boolean {
  const value = call.headers[HEADER];
  if (value === undefined || value === 'false') return false;
  return value === 'true' || fail('invalid_request', { param: HEADER, message: `${HEADER} must be true or false.` });
}

/** A target that can't honour the request as it is: another may. The first field that stands in the way is named. */
export function notAsAsked(warnings: readonly string[]): UpstreamFailure {
  const [field = ''] = warnings[0]?.split(':', 1) ?? [];
  const remarks = warnings.join('; ');
  return {
    code: 'unsupported_field', isRetryable: true, param: field, upstream: null, retryAfterSeconds: null,
    message: `No target of this model can honour the request as it is. ${remarks}.`, detail: remarks,
  };
}
