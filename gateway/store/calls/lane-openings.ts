/** This file holds the calls about lanes that rest. */
import type { CoolingReason } from '../../foundation/terms.ts';
import { advanceClock } from '../clocks.ts';
import { readInteger, readOneOf, readText } from '../columns.ts';
import type { LaneOpeningRow } from '../lane-row.ts';
import { rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';

/** Total over the union, so that a new reason which can't be read back does not compile. */
const reasonNames: { readonly [Name in CoolingReason]: Name } = { failing: 'failing', slow: 'slow', rate_limited: 'rate_limited', credential: 'credential' };
const reasons = Object.values(reasonNames);

const FORGET = 'DELETE FROM lane_opening WHERE until_ms <= ?';
const PUT = 'INSERT INTO lane_opening (lane, reason, until_ms) VALUES (?, ?, ?) ON CONFLICT (lane) DO UPDATE SET reason = excluded.reason, until_ms = excluded.until_ms';
const LIST = 'SELECT lane, reason, until_ms FROM lane_opening WHERE until_ms > ? ORDER BY lane';

export function* putLaneOpening({ lane, reason, untilMs }: LaneOpeningRow, nowMs: number): SqlTask<void> {
  yield* advanceClock('health');
  yield* rows(FORGET, nowMs);
  yield* rows(PUT, lane, reason, untilMs);
}

export function* listLaneOpenings(nowMs: number): SqlTask<LaneOpeningRow[]> {
  return (yield* rows(LIST, nowMs)).map((found) => ({ lane: readText(found, 'lane'), reason: readOneOf(found, 'reason', reasons), untilMs: readInteger(found, 'until_ms') }));
}
