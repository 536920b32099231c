/** This file is one lane to an upstream, a target through one credential: whether it may be used now, judged by how its last calls ended. */
import type { ErrorCode } from '../foundation/errors.ts';
import type { CoolingReason } from '../foundation/terms.ts';

/** closed: it may be used freely. trial: it may be tried, by a few at once. open: it is left alone. */
export type LaneState = 'closed' | 'trial' | 'open';

/** One lane's story. Times are wall time in ms, so that gateways can tell each other. */
export interface Lane {
  readonly id: string;
  /** Calls that ever began here. */
  entered: number;
  /** Calls that wait for their first byte. */
  waiting: number;
  /** So many may wait at once: all while it is closed, a few while it comes back. */
  waitingMax: number;
  /** Left alone until then; 0 for a lane that never was. */
  openUntilMs: number;
  /** Another gateway tries it, or has the first right to: left alone here until then, or until it says more. */
  elsewhereUntilMs: number;
  reason: CoolingReason | null;
  /** Times it was opened without coming back to closed between: each time it rests longer. */
  openings: number;
  failuresInRow: number;
  lastSuccessMs: number;
  lastFailure: ErrorCode | null;
  /** Begun in this second, answers and failures of the ten seconds up to it. */
  readonly window: Window;
  /** Peak EWMA of the time to the first byte, in ms; null before the first answer. */
  readonly stream: Latency;
  readonly whole: Latency;
}

interface Window {
  readonly calls: Uint32Array;
  readonly failures: Uint32Array;
  second: number;
}

interface Latency {
  ms: number | null;
  atMs: number;
}

/** What a lane learns from a failed call. */
export interface LaneFailure {
  readonly code: ErrorCode;
  readonly retryAfterSeconds: number | null;
}

const MS_PER_SECOND = 1000;
/** Length of the window in which failures are weighed, in s. */
const WINDOW_SECONDS = 10;
/** So many failures with no answer between open a lane, however few its calls. */
const FAILURES_IN_ROW_MAX = 5;
/** With so many calls in the window, it opens when half of them failed. */
const WINDOW_CALLS_MIN = 20;
const FAILED_SHARE_MAX = 0.5;
/** How long an opened lane rests the first time, in ms, doubled each time up to COOL_MS_MAX. */
const COOL_MS: Readonly<Record<CoolingReason, number>> = { failing: 1000, slow: 10_000, rate_limited: 1000, credential: 60_000 };
export const COOL_MS_MAX = 60_000;
/** A lane that comes back takes one call at first and one more at once with every answer; after so many it is closed. */
const TRIALS = 16;
/** Who found out that a lane fails tries it so much sooner than those that were told, in ms: one of them asks, and tells how it went. */
const LEAD_MS = 100;
/** A trial elsewhere of which nothing more is heard is waited for so long, in ms. */
const TRIAL_HEARD_MS = 10_000;
/** How fast a peak of latency is forgotten, in ms: by 63 % in so long. */
const LATENCY_DECAY_MS = 10_000;

/** The failures that are the upstream's or the credential's; after all others it is alive and well. */
const FAULTS: Readonly<Partial<Record<ErrorCode, CoolingReason>>> = {
  upstream_timeout: 'slow',
  upstream_rate_limited: 'rate_limited',
  upstream_auth_failed: 'credential',
  upstream_unreachable: 'failing',
  upstream_error: 'failing',
  upstream_bad_reply: 'failing',
  upstream_stream_failed: 'failing',
};

/** A lane nobody has used yet. */
export function createLane(id: string): Lane {
  return {
    id, entered: 0, waiting: 0, waitingMax: Infinity, openUntilMs: 0, elsewhereUntilMs: 0, reason: null, openings: 0, failuresInRow: 0, lastSuccessMs: 0, lastFailure: null,
    window: { calls: new Uint32Array(WINDOW_SECONDS), failures: new Uint32Array(WINDOW_SECONDS), second: 0 },
    stream: { ms: null, atMs: 0 }, whole: { ms: null, atMs: 0 },
  };
}

/** Whether a lane may be used by one call more. */
export function stateOf(lane: Lane, nowMs: number): LaneState {
  if (lane.waitingMax === Infinity) return 'closed';
  // A wall clock that was set back must not shut a lane for longer than it would ever rest.
  if (isAhead(lane.openUntilMs, nowMs) || isAhead(lane.elsewhereUntilMs, nowMs)) return 'open';
  return lane.waiting < lane.waitingMax ? 'trial' : 'open';
}

function isAhead(untilMs: number, nowMs: number): boolean {
  return nowMs < untilMs && untilMs - nowMs <= COOL_MS_MAX + LEAD_MS;
}

/** A call begins. */
export function enter(lane: Lane, nowMs: number): void {
  lane.waiting++;
  lane.entered++;
  advance(lane.window, nowMs);
  addOne(lane.window.calls, lane.window.second);
}

/** A call ended without saying anything of the lane: its caller has gone. */
export function leave(lane: Lane): void {
  lane.waiting--;
}

/** An answer began after `latencyMs`. Gives true when the lane is closed by it. */
export function succeed(lane: Lane, answer: { readonly nowMs: number; readonly latencyMs: number; readonly isStream: boolean }): boolean {
  lane.waiting--;
  lane.failuresInRow = 0;
  lane.lastSuccessMs = answer.nowMs;
  addLatency(answer.isStream ? lane.stream : lane.whole, answer);
  if (lane.waitingMax === Infinity) return false;
  // Who had nobody else to ask found it well before its time.
  lane.openUntilMs = Math.min(lane.openUntilMs, answer.nowMs);
  lane.elsewhereUntilMs = 0;
  lane.waitingMax++;
  if (lane.waitingMax <= TRIALS) return false;
  close(lane);
  return true;
}

/** A call begun at `beganMs` failed. Gives true when the lane is opened by it. */
export function failLane(lane: Lane, { code, retryAfterSeconds }: LaneFailure, { nowMs, beganMs }: { readonly nowMs: number; readonly beganMs: number }): boolean {
  lane.waiting--;
  return noteFault(lane, { code, retryAfterSeconds }, { nowMs, beganMs });
}

/** The same of a call that had its first byte, and then broke. */
export function noteFault(lane: Lane, { code, retryAfterSeconds }: LaneFailure, { nowMs, beganMs }: { readonly nowMs: number; readonly beganMs: number }): boolean {
  const reason = FAULTS[code];
  if (reason === undefined) {
    lane.failuresInRow = 0;
    lane.lastSuccessMs = nowMs;
    return false;
  }
  lane.failuresInRow++;
  lane.lastFailure = code;
  advance(lane.window, nowMs);
  addOne(lane.window.failures, lane.window.second);
  // Those that began before it was opened fail one after the other, and say nothing new.
  if (nowMs < lane.openUntilMs) return false;
  const isTooMuch = lane.waitingMax !== Infinity || isAtOnce(reason, { lane, retryAfterSeconds, beganMs }) || isFailing(lane);
  if (!isTooMuch) return false;
  const coolMs = Math.min(COOL_MS_MAX, COOL_MS[reason] * 2 ** Math.min(lane.openings, 16));
  openLane(lane, { untilMs: nowMs + Math.max(coolMs, Math.min(COOL_MS_MAX, (retryAfterSeconds ?? 0) * MS_PER_SECOND)), reason });
  return true;
}

/** Leaves a lane alone until then, because this gateway or another saw why. */
export function openLane(lane: Lane, { untilMs, reason }: { readonly untilMs: number; readonly reason: CoolingReason }): void {
  lane.openUntilMs = untilMs;
  lane.elsewhereUntilMs = 0;
  lane.reason = reason;
  lane.waitingMax = 1;
  lane.openings++;
}

/** The same, told by another gateway. What rests here already was found out by both, and is one opening. */
export function openToldLane(lane: Lane, { untilMs, reason }: { readonly untilMs: number; readonly reason: CoolingReason }, nowMs: number): void {
  if (nowMs < lane.openUntilMs) lane.openings--;
  openLane(lane, { untilMs, reason });
  lane.elsewhereUntilMs = untilMs + LEAD_MS;
}

/** Whether a call would be the first to try a lane since it was opened. */
export function isUntried(lane: Lane): boolean {
  return lane.waitingMax === 1;
}

/** Another gateway tries a lane that nobody has tried yet. */
export function waitForTrial(lane: Lane, nowMs: number): void {
  if (isUntried(lane)) lane.elsewhereUntilMs = nowMs + TRIAL_HEARD_MS;
}

/** The trial of another gateway said nothing: whoever comes next tries it. */
export function endTrial(lane: Lane): void {
  lane.elsewhereUntilMs = 0;
}

/** The trial of another gateway was answered: it is on its way back here, too. */
export function comeBack(lane: Lane, nowMs: number): void {
  lane.elsewhereUntilMs = 0;
  if (!isUntried(lane)) return;
  lane.openUntilMs = Math.min(lane.openUntilMs, nowMs);
  lane.failuresInRow = 0;
  lane.waitingMax++;
}

/** Takes a lane for well again. */
export function close(lane: Lane): void {
  lane.waitingMax = Infinity;
  lane.openUntilMs = 0;
  lane.elsewhereUntilMs = 0;
  lane.reason = null;
  lane.openings = 0;
  lane.failuresInRow = 0;
  lane.window.calls.fill(0);
  lane.window.failures.fill(0);
}

/** Calls and failures of the last ten seconds. */
export function recentOf(lane: Lane, nowMs: number): { readonly calls: number; readonly failures: number } {
  advance(lane.window, nowMs);
  return { calls: sum(lane.window.calls), failures: sum(lane.window.failures) };
}

/** What one lane's first byte takes, in ms; null before anything is known. */
export function latencyMsOf(lane: Lane): number | null {
  return lane.stream.ms ?? lane.whole.ms;
}

/** A wait that was told, or a credential that is refused, is believed at once; and a deadline that passed while nobody was answered. */
function isAtOnce(reason: CoolingReason, { lane, retryAfterSeconds, beganMs }: { readonly lane: Lane; readonly retryAfterSeconds: number | null; readonly beganMs: number }): boolean {
  if (reason === 'credential') return true;
  if (reason === 'rate_limited') return retryAfterSeconds !== null && retryAfterSeconds > 0;
  return reason === 'slow' && lane.lastSuccessMs < beganMs;
}

function isFailing(lane: Lane): boolean {
  if (lane.failuresInRow >= FAILURES_IN_ROW_MAX) return true;
  const calls = sum(lane.window.calls);
  return calls >= WINDOW_CALLS_MIN && sum(lane.window.failures) >= calls * FAILED_SHARE_MAX;
}

/** Peaks count at once, and are forgotten slowly (Finagle's peak EWMA). */
function addLatency(latency: Latency, { nowMs, latencyMs }: { readonly nowMs: number; readonly latencyMs: number }): void {
  if (latency.ms === null || latencyMs >= latency.ms) latency.ms = latencyMs;
  else {
    const weight = Math.exp(-Math.max(0, nowMs - latency.atMs) / LATENCY_DECAY_MS);
    latency.ms = latency.ms * weight + latencyMs * (1 - weight);
  }
  latency.atMs = nowMs;
}

function advance(window: Window, nowMs: number): void {
  const second = Math.floor(nowMs / MS_PER_SECOND);
  if (second === window.second) return;
  const passed = second - window.second;
  if (passed < 0 || passed >= WINDOW_SECONDS) {
    window.calls.fill(0);
    window.failures.fill(0);
  } else {
    for (let each = window.second + 1; each <= second; each++) {
      window.calls[each % WINDOW_SECONDS] = 0;
      window.failures[each % WINDOW_SECONDS] = 0;
    }
  }
  window.second = second;
}

function addOne(counts: Uint32Array, second: number): void {
  const index = second % WINDOW_SECONDS;
  counts[index] = (counts[index] ?? 0) + 1;
}

function sum(counts: Uint32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
