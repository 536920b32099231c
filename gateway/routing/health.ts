/** This file keeps the health of every target: who may be asked now, by which of a provider's credentials, and how fast it answers. */
import type { Clock } from '../foundation/clock.ts';
import type { CoolingReason, Target } from '../foundation/terms.ts';
import type { LaneOpeningRow } from '../store/lane-row.ts';
import type { LaneTrial } from './health-sharing.ts';
import { comeBack, createLane, endTrial, enter, failLane, isUntried, latencyMsOf, leave, noteFault, openToldLane, recentOf, stateOf, succeed, waitForTrial } from './lane.ts';
import type { Lane, LaneFailure, LaneState } from './lane.ts';

/** What a plan of attempts asks of health: nothing changes by asking. */
export interface HealthView {
  /** Of the best of its lanes. */
  stateOf(target: Target, nowMs: number): LaneState;
  /** Peak EWMA of the time to the first byte, in ms, of its fastest lane; null before its first answer. */
  latencyMsOf(target: Target): number | null;
  /** Why a target that is open rests, and until when (wall time in ms); null for one that may be used. */
  restOf(target: Target, nowMs: number): Rest | null;
}

export interface Rest {
  readonly reason: CoolingReason;
  readonly untilMs: number;
}

/** One call that is on a lane; null stands for a call on none: to the sandbox, or by a workspace's own key. */
export interface Visit {
  /** The target, with the credential of its lane. */
  readonly target: Target;
  readonly lane: Lane;
  readonly beganMs: number;
  readonly beganAt: number;
  /** The first to try its lane after a rest: the other gateways wait for how it goes. */
  readonly isTrial: boolean;
  /** Its first byte has not come. */
  isWaiting: boolean;
}

/** One lane as an operator sees it. */
export interface LaneReport {
  readonly lane: Lane;
  readonly target: Target;
  /** 1 for a provider's first credential. */
  readonly credential: number;
  readonly state: LaneState;
  readonly calls: number;
  readonly failures: number;
}

export interface Health extends HealthView {
  /**
   * Begins a call on the least busy of a target's lanes that may be used. Null: none may (another caller took the trial), unless
   * `isLastResort`, when nobody else could be asked and the one that rests for the shortest time is taken.
   */
  begin(target: Target, options: { readonly isLastResort: boolean }): Visit | null;
  /** The first event of a stream, or a whole reply, has come. What comes after it changes nothing. */
  answered(visit: Visit | null, isStream: boolean): void;
  /** It failed: before its first byte, or, a stream that broke off, after it. */
  failed(visit: Visit | null, failure: LaneFailure): void;
  /** It ended without saying anything of the upstream: its caller has gone. */
  left(visit: Visit | null): void;
  /** Another gateway has opened a lane. */
  learn(openings: readonly LaneOpeningRow[]): void;
  /** Another gateway tries a lane after its rest. */
  hear(trial: LaneTrial): void;
  /** Every lane of these targets, and after them those of others that have been asked: models that local servers name themselves. */
  report(targets: Iterable<Target>): LaneReport[];
}

export interface HealthParts {
  readonly clock: Clock;
  /** Tells the other gateways, and whoever watches. */
  readonly onOpen: (opening: LaneOpeningRow) => void;
  /** Tells the other gateways of a trial. */
  readonly onTrial?: (trial: LaneTrial) => void;
}

/** A lane, and the target as it is asked through it. */
interface Place {
  readonly lane: Lane;
  readonly target: Target;
  readonly credential: number;
}

/** Keeps health for one gateway. Lanes last as long as the gateway: a catalogue that is read again finds them as they were. */
export function createHealth({ clock, onOpen, onTrial = () => undefined }: HealthParts): Health {
  const lanes = new Map<string, Lane>();
  const known = new Map<string, Place>();
  const places = new WeakMap<Target, readonly Place[]>();
  const placesOf = (target: Target): readonly Place[] => {
    const found = places.get(target);
    if (found) return found;
    const made = makePlaces(target, lanes);
    places.set(target, made);
    for (const place of made) known.set(place.lane.id, place);
    return made;
  };
  return {
    stateOf: (target, nowMs) => bestState(placesOf(target), nowMs),
    latencyMsOf: (target) => least(placesOf(target).flatMap(({ lane }) => latencyMsOf(lane) ?? [])),
    restOf: (target, nowMs) => restOf(placesOf(target), nowMs),
    begin(target, { isLastResort }) {
      const nowMs = clock.now();
      const awake = choosePlace(placesOf(target), nowMs);
      const place = awake ?? (isLastResort ? soonest(placesOf(target)) : null);
      if (!place) return null;
      const { lane } = place;
      const isTrial = awake !== null && isUntried(lane);
      enter(lane, nowMs);
      if (isTrial) onTrial({ lane: lane.id, step: 'begun' });
      return { target: place.target, lane, beganMs: nowMs, beganAt: clock.monotonic(), isTrial, isWaiting: true };
    },
    answered(visit, isStream) {
      if (!visit?.isWaiting) return;
      visit.isWaiting = false;
      if (isUntried(visit.lane)) onTrial({ lane: visit.lane.id, step: 'answered' });
      succeed(visit.lane, { nowMs: clock.now(), latencyMs: clock.monotonic() - visit.beganAt, isStream });
    },
    failed(visit, failure) {
      if (!visit) return;
      const when = { nowMs: clock.now(), beganMs: visit.beganMs };
      const isOpened = visit.isWaiting ? failLane(visit.lane, failure, when) : noteFault(visit.lane, failure, when);
      const isEnded = visit.isTrial && visit.isWaiting;
      visit.isWaiting = false;
      if (isOpened) onOpen(openingOf(visit.lane));
      else if (isEnded) onTrial({ lane: visit.lane.id, step: 'left' });
    },
    left(visit) {
      if (!visit?.isWaiting) return;
      visit.isWaiting = false;
      leave(visit.lane);
      if (visit.isTrial) onTrial({ lane: visit.lane.id, step: 'left' });
    },
    learn(openings) { learn(lanes, openings, clock.now()); },
    hear(trial) { hear(lanes, trial, clock.now()); },
    report(targets) {
      const nowMs = clock.now();
      const listed = new Set([...targets].flatMap(placesOf));
      for (const place of known.values()) listed.add(place);
      return [...listed].map((place) => ({ ...place, state: stateOf(place.lane, nowMs), ...recentOf(place.lane, nowMs) }));
    },
  };
}

function openingOf({ id, reason, openUntilMs }: Lane): LaneOpeningRow {
  return { lane: id, reason: reason ?? 'failing', untilMs: openUntilMs };
}

function learn(lanes: Map<string, Lane>, openings: readonly LaneOpeningRow[], nowMs: number): void {
  for (const { lane: id, reason, untilMs } of openings) {
    const lane = laneOf(lanes, id);
    if (untilMs > nowMs && untilMs > lane.openUntilMs) openToldLane(lane, { untilMs, reason }, nowMs);
  }
}

function hear(lanes: ReadonlyMap<string, Lane>, { lane: id, step }: LaneTrial, nowMs: number): void {
  const lane = lanes.get(id);
  // Of a lane nobody has used here there is nothing to wait for.
  if (!lane) return;
  if (step === 'begun') waitForTrial(lane, nowMs);
  else if (step === 'left') endTrial(lane);
  else comeBack(lane, nowMs);
}

function makePlaces(target: Target, lanes: Map<string, Lane>): Place[] {
  const { provider } = target;
  const others = (provider.otherKeys ?? []).map((apiKey, index) => ({
    lane: laneOf(lanes, `${target.id}#${index + 2}`), credential: index + 2, target: { ...target, provider: { ...provider, apiKey } },
  }));
  return [{ lane: laneOf(lanes, target.id), target, credential: 1 }, ...others];
}

function laneOf(lanes: Map<string, Lane>, id: string): Lane {
  let lane = lanes.get(id);
  if (!lane) lanes.set(id, lane = createLane(id));
  return lane;
}

function bestState(places: readonly Place[], nowMs: number): LaneState {
  let best: LaneState = 'open';
  for (const { lane } of places) {
    const state = stateOf(lane, nowMs);
    if (state === 'closed') return 'closed';
    if (state === 'trial') best = 'trial';
  }
  return best;
}

function restOf(places: readonly Place[], nowMs: number): Rest | null {
  if (bestState(places, nowMs) !== 'open') return null;
  const { lane } = soonest(places);
  return { reason: lane.reason ?? 'failing', untilMs: Math.max(lane.openUntilMs, nowMs) };
}

/** The least busy of those that may be used; one on trial only where none is closed. Calls go round lanes that are equally busy. */
function choosePlace(places: readonly Place[], nowMs: number): Place | null {
  const [only] = places;
  if (only && places.length === 1) return stateOf(only.lane, nowMs) === 'open' ? null : only;
  let best: Place | null = null;
  let bestRank = Infinity;
  for (const place of places) {
    const state = stateOf(place.lane, nowMs);
    if (state === 'open') continue;
    const rank = (state === 'closed' ? 0 : TRIAL_RANK) + place.lane.waiting;
    if (rank > bestRank || (rank === bestRank && best && best.lane.entered <= place.lane.entered)) continue;
    best = place;
    bestRank = rank;
  }
  return best;
}

const TRIAL_RANK = 1_000_000;

function soonest(places: readonly Place[]): Place {
  const [first] = places;
  if (!first) throw new Error('a target without lanes');
  return places.reduce((best, place) => (place.lane.openUntilMs < best.lane.openUntilMs ? place : best), first);
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}
