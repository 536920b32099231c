/** This file is the part of the Store by which gateways tell each other which lanes to upstreams rest. */
import type { CoolingReason } from '../foundation/terms.ts';

/** A lane that is left alone until then (wall time in ms). */
export interface LaneOpeningRow {
  readonly lane: string;
  readonly reason: CoolingReason;
  readonly untilMs: number;
}

export interface LaneCalls {
  /** Notes a lane that rests, in the place of what was noted of it before; forgets those whose rest is over. Advances the clock `health`. */
  putLaneOpening(row: LaneOpeningRow, nowMs: number): Promise<void>;
  /** Those that still rest. */
  listLaneOpenings(nowMs: number): Promise<LaneOpeningRow[]>;
}
