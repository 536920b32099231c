/** This file follows one request to its end and has it settled: exactly once, however it ended. */
import { encodeText } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import { errorBody } from '../foundation/errors.ts';
import type { Refusal } from '../foundation/errors.ts';
import type { KeptReply } from '../foundation/ledger.ts';
import type { Call, OperationId } from '../foundation/operation.ts';
import type { AttemptStory } from '../foundation/story.ts';
import type { CacheState, Caller, MediaUsage, Outcome, Payer, RequestRecord, Target, Tier, Usage } from '../foundation/terms.ts';
import type { AnsweredBy, Placing } from '../metering/ledger.ts';
import type { Ticket } from '../metering/rates.ts';
import { NO_USAGE, settle } from '../metering/settle.ts';
import type { ReplyFacts } from '../providers/wire.ts';
import { asPart } from '../routing/split.ts';
import type { PartTaken } from '../routing/split.ts';
import type { Plan, PlannedRollout, PlanStep } from '../routing/steps.ts';
import type { House } from './house.ts';
import { packReply } from './idempotency.ts';
import { shutStoreGate } from './store-gate.ts';
import { tell } from './tell.ts';

/** Usage that was counted here: over the whole reply, or over what was seen of it. */
export interface CountedUsage {
  readonly usage: Usage;
  readonly basis: 'counted' | 'observed';
}

/** How a request ended, as far as the one who saw it end knows. */
export interface Ending {
  readonly outcome: Outcome;
  readonly status: number;
  readonly errorCode: string | null;
  readonly facts: ReplyFacts;
  /** Used when the upstream gave no usage of its own. */
  readonly counted: CountedUsage | null;
}

/** An attempt that was not the last, as the receipt tells it. */
export interface FailedAttempt {
  readonly target: string;
  readonly code: string;
  readonly latency_ms: number;
}

/** What a caller was answered. */
export interface RepliedWith {
  readonly status: number;
  readonly contentType: string;
  readonly body: ByteText;
}

export const NO_FACTS: ReplyFacts = { usage: null, upstreamId: null, upstreamModel: null, finishReason: null };

/** A latency of some request is still one when it is told in µs. */
const MICROSECONDS_PER_MS = 1000;

/** The mutable story of one request. */
export class Trail {
  model: string | null = null;
  target: Target | null = null;
  /** The model in whose place another one is asked, where that is to be said; null otherwise. */
  degradedFrom: string | null = null;
  attempts = 0;
  firstByteAt: number | null = null;
  /** What was set aside for it; null before that. */
  placing: Placing | null = null;
  /** Its place in the rate limits; null before that, and where there are none. */
  ticket: Ticket | null = null;
  payer: Payer = 'none';
  /** The route that chose the targets; null when the request named a model. */
  route: string | null = null;
  /** Another model was asked than the route would have chosen. */
  isDegraded = false;
  /** Null where nothing is rolled out. */
  rollout: PartTaken | null = null;
  cache: CacheState | null = null;
  /** What had to be changed of the request for who answers it. */
  changes: readonly string[] = [];
  /** Of a call that is not paid alike whatever answers it: the tiers that may still answer, null for all. Absent for any other call. */
  reach: readonly Tier[] | null | undefined = undefined;
  /** Fewer tokens than its prompt can have, for the note of a crash; 0 before it was sized. */
  promptTokensAtLeast = 0;
  /** The same of what has no tokens; null where nothing of it is certain. */
  mediaAtLeast: MediaUsage | null = null;
  /** What is kept of its reply for whoever asks again, where that is not what came; null: it is. */
  keptAs: ((reply: RepliedWith) => RepliedWith) | null = null;
  /** HTTP status of the attempt under way; null before its upstream has answered. */
  upstreamStatus: number | null = null;
  readonly #failed: FailedAttempt[] = [];
  /** The same attempts, as telemetry tells them. */
  readonly #told: AttemptStory[] = [];
  /** Monotonic ms at which the attempt under way began; null before the first. */
  #attemptAt: number | null = null;
  #isHoldCounted = false;
  /** Monotonic ms at which the last failure was noted: the next attempt begins then. */
  #failedAt = 0;
  readonly #house: House;
  readonly #call: Call<OperationId>;
  readonly #caller: Caller;
  readonly #asked: { readonly model: string; readonly isStream: boolean; readonly evalRun?: string | undefined };
  readonly #startedMs: number;
  #ended: RequestRecord | null = null;
  #answeredBy: AnsweredBy | undefined = undefined;
  /** Of an answer out of the cache: what is asked for it; null for any other. */
  #cachedPercent: number | null = null;

  constructor(house: House, call: Call<OperationId>, asked: { caller: Caller; model: string; isStream: boolean; evalRun?: string | undefined }) {
    this.#house = house;
    this.#call = call;
    this.#caller = asked.caller;
    this.#asked = asked;
    this.#startedMs = house.clock.now();
  }

  /** True once the row has been handed to the store. */
  get isRecorded(): boolean {
    return this.#ended !== null;
  }

  /** The row, once it has been handed to the store. */
  get ended(): RequestRecord | null {
    return this.#ended;
  }

  /** True when its reply is kept for whoever asks again: then it goes on to its end even when the caller has gone. */
  get isKept(): boolean {
    return this.placing !== null && this.placing.idempotency !== null;
  }

  /** True when what was set aside pays for this step, too. */
  mayTry({ isOwnKey, row }: PlanStep): boolean {
    const { reach } = this;
    return reach === undefined || reach === null || isOwnKey || (row !== null && reach.includes(row.tier));
  }

  /** Notes which target is asked from now on. */
  take(plan: Plan, step: PlanStep): void {
    this.attempts++;
    this.#answerBy(plan, step);
  }

  /** Notes who made the answer that is given again, and what percentage of it is charged. It says nothing of either side of a rollout. */
  takeCached(plan: Plan, step: PlanStep, percent: number): void {
    this.cache = 'hit';
    this.#cachedPercent = percent;
    this.#answerBy(plan, step);
    this.rollout = null;
  }

  #answerBy(plan: Plan, step: PlanStep): void {
    this.target = step.target;
    if (plan.rollout) this.noteRollout(plan.rollout, step.isOld === true);
    else if (plan.route === null) return;
    this.model = step.model;
    // Who falls back to the old target has what there was before.
    const preferred = step.isOld === true && plan.rollout ? plan.rollout.oldPreferred : plan.preferred;
    this.isDegraded = preferred !== null && step.model !== preferred;
    this.degradedFrom = this.isDegraded && plan.policy.marksDegraded ? preferred : null;
    if (this.reach !== undefined) this.#answeredBy = step.isOwnKey ? 'own_key' : step.row?.tier;
  }

  /** Notes whose side of a rollout it is on, and whether the old target is asked all the same. */
  noteRollout({ running, side }: PlannedRollout, isOld: boolean): void {
    this.rollout = asPart(running.id, isOld ? 'fallback' : side);
  }

  /** An attempt begins; `startedAt` is in monotonic ms. */
  beginAttempt(startedAt: number): void {
    this.#attemptAt = startedAt;
    this.upstreamStatus = null;
  }

  /** What it may cost is set aside: it is counted as open until it ends. */
  countHold(): void {
    this.#isHoldCounted = true;
    this.#house.metrics.openHolds.count++;
  }

  noteFailure(target: Target, code: string, startedAt: number): void {
    this.#failedAt = this.#house.clock.monotonic();
    const ms = this.#failedAt - startedAt;
    this.#told.push({ target, startedAt, endedAt: this.#failedAt, code, status: this.upstreamStatus });
    this.#failed.push({ target: target.id, code, latency_ms: Math.round(ms * MICROSECONDS_PER_MS) / MICROSECONDS_PER_MS });
  }

  /** The row to be written should this gateway die before anything was heard of an upstream. */
  draft(): RequestRecord {
    return this.#record({ outcome: 'recovered', status: 500, errorCode: 'internal_error', facts: NO_FACTS, counted: null });
  }

  /**
   * Notes what is certain of a request that has been open for long, so that a crash costs neither side more than a second of it: so many tokens of
   * a stream at least, or nothing (null) while nothing has come.
   */
  note(completionTokensAtLeast: number | null): void {
    const { placing } = this;
    if (!placing) return;
    this.#house.ledger.note(placing, () => this.#record({
      outcome: 'recovered', status: 200, errorCode: 'internal_error', facts: NO_FACTS,
      counted: completionTokensAtLeast === null
        ? null
        : { basis: 'observed', usage: { ...NO_USAGE, promptTokens: this.promptTokensAtLeast, completionTokens: completionTokensAtLeast, ...(this.mediaAtLeast ? { media: this.mediaAtLeast } : {}) } },
    }), completionTokensAtLeast === null ? undefined : this.#answeredBy);
  }

  /** Settles and calls back when that is durable, or with the failure. A second ending is ignored. `body` is what a kept reply says. */
  end(ending: Ending, reply: { contentType: string; body: ByteText } | null, done: (failure: Error | null) => void): void {
    if (this.#ended) return;
    const record = this.#record(ending);
    this.#ended = record;
    // No model has worked for an answer out of the cache.
    this.ticket?.settle(record.cache === 'hit' ? 0 : record.usage.promptTokens + record.usage.completionTokens);
    this.ticket?.release();
    if (this.#isHoldCounted) this.#house.metrics.openHolds.count--;
    tell(this.#house, this.#call, { record, target: this.target, failed: this.#told, attemptAt: this.#attemptAt, upstreamStatus: this.upstreamStatus });
    const placing = this.placing ?? placedNothing(record.id);
    this.#house.ledger.settle(placing, { record, reply: this.#kept(record, reply), answeredBy: this.#answeredBy }, (failure) => {
      if (failure) shutStoreGate(this.#house);
      done(failure);
    });
  }

  /** Writes the row of a request that was refused before or by its upstream. Resolves whether or not the store took it. */
  refuse(refusal: Refusal, outcome: Outcome): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended) {
        resolve();
        return;
      }
      const reply = { contentType: 'application/json', body: encodeText(JSON.stringify(errorBody(refusal, this.#call.requestId))) };
      this.end({ outcome, status: refusal.status, errorCode: refusal.code, facts: NO_FACTS, counted: null }, reply, (failure) => {
        if (failure) this.#house.log.error({ requestId: this.#call.requestId, error: failure }, 'usage row not written');
        resolve();
      });
    });
  }

  #kept(record: RequestRecord, reply: { contentType: string; body: ByteText } | null): KeptReply | null {
    // Who asks again after a shutdown is answered anew, and pays then.
    if (!this.isKept || !reply || record.outcome === 'shutdown') return null;
    const replied = this.keptAs ? this.keptAs({ status: record.status, ...reply }) : { status: record.status, ...reply };
    const kept = packReply(replied);
    const isTooLarge = kept.body.length > this.#house.limits.keptReplyBytesMax;
    return { status: replied.status, contentType: kept.contentType, body: isTooLarge ? null : kept.body, requestId: record.id };
  }

  #record(ending: Ending): RequestRecord {
    const { clock } = this.#house;
    const isFree = ending.outcome === 'shutdown' && this.isKept;
    const settled = settle({
      reported: isFree ? null : ending.facts.usage,
      counted: isFree ? null : ending.counted?.usage ?? null,
      ...(ending.counted ? { countedBasis: ending.counted.basis } : {}),
      target: this.target,
      cachedPercent: this.#cachedPercent,
    });
    const received = this.#call.receivedAt;
    const endedAt = clock.monotonic();
    const isAfterFailure = this.#failed.length > 0 && this.attempts > this.#failed.length;
    return {
      id: this.#call.requestId,
      workspaceId: this.#caller.workspaceId,
      keyId: this.#caller.keyId,
      userId: this.#caller.userId,
      operation: this.#call.operationId,
      modelAsked: this.#asked.model,
      model: this.model,
      upstreamModel: ending.facts.upstreamModel,
      provider: this.target?.provider.id ?? null,
      target: this.target?.id ?? null,
      attempts: this.attempts,
      isStream: this.#asked.isStream,
      status: ending.status,
      outcome: ending.outcome,
      errorCode: ending.errorCode,
      finishReason: ending.facts.finishReason,
      upstreamId: ending.facts.upstreamId,
      usage: settled.usage,
      basis: settled.basis,
      charge: settled.charge,
      payer: this.#answeredBy === 'own_key' ? 'own_key' : this.payer,
      failedAttempts: this.#failed.length === 0 ? null : JSON.stringify(this.#failed),
      startedMs: this.#startedMs,
      lastAttemptMs: isAfterFailure ? endedAt - this.#failedAt : null,
      route: this.route,
      isDegraded: this.isDegraded,
      cache: this.cache,
      rollout: this.rollout?.logged ?? null,
      evalRun: this.#asked.evalRun ?? null,
      latencyMs: endedAt - received,
      firstByteMs: this.firstByteAt === null ? null : this.firstByteAt - received,
    };
  }
}

/** For a request that was refused before anything was set aside: its row moves no counter. */
function placedNothing(requestId: string): Placing {
  return { requestId, option: 0, asks: [], leaseIds: null, idempotency: null };
}
