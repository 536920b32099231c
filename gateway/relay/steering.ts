/** This file reads what a caller says about who is to answer, beside `model`: a route by its name, or one target. */
import { fail } from '../foundation/errors.ts';
import type { Call, OperationId } from '../foundation/operation.ts';

export const ROUTE_HEADER = 'x-interline-route';
export const TARGET_HEADER = 'x-interline-target';

/** Null where nothing is said. Neither opens a door that `model` does not: a route can be named there, and a target too. */
export interface Steering {
  readonly route: string | null;
  readonly target: string | null;
}

/** Longer names are nobody's. */
const NAME_LENGTH_MAX = 256;
/** Of a caller who leaves it to `model`. */
export const NO_STEERING: Steering = { route: null, target: null };

/** Reads both headers. Refuses what can't be a name with invalid_request. */
export function readSteering({ headers }: Pick<Call<OperationId>, 'headers'>): Steering {
  const route = headers[ROUTE_HEADER];
  const target = headers[TARGET_HEADER];
  if (route === undefined && target === undefined) return NO_STEERING;
  return { route: nameIn(route, ROUTE_HEADER), target: nameIn(target, TARGET_HEADER) };
}

function nameIn(value: string | string[] | undefined, header: string): string | null {
  if (value === undefined) return null;
  if (typeof value !== 'string' || value === '' || value.length > NAME_LENGTH_MAX) return fail('invalid_request', { param: header, message: `${header} must be one name of at most ${NAME_LENGTH_MAX} characters.` });
  return value;
}
