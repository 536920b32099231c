/** This file follows one request to its end and writes its row: exactly one, however it ended. */
import { settle } from '../metering/settle.ts';
import type { Refusal } from '../foundation/errors.ts';
import type { Call, OperationId } from '../foundation/operation.ts';
import type { Caller, Outcome, RequestRecord, Target, Usage } from '../foundation/terms.ts';
import type { ReplyFacts } from '../providers/wire.ts';
import type { House } from './house.ts';
import { shutStoreGate } from './store-gate.ts';

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

export const NO_FACTS: ReplyFacts = { usage: null, upstreamId: null, upstreamModel: null, finishReason: null };

/** The mutable story of one request. */
export class Trail {
  model: string | null = null;
  target: Target | null = null;
  attempts = 0;
  firstByteAt: number | null = null;
  readonly #house: House;
  readonly #call: Call<OperationId>;
  readonly #caller: Caller;
  readonly #modelAsked: string;
  readonly #isStream: boolean;
  readonly #startedMs: number;
  #isRecorded = false;

  constructor(house: House, call: Call<OperationId>, asked: { caller: Caller; model: string; isStream: boolean }) {
    this.#house = house;
    this.#call = call;
    this.#caller = asked.caller;
    this.#modelAsked = asked.model;
    this.#isStream = asked.isStream;
    this.#startedMs = house.clock.now();
  }

  /** True once the row has been handed to the store. */
  get isRecorded(): boolean {
    return this.#isRecorded;
  }

  /** Writes the row and calls back when it is durable, or with the failure. A second ending is ignored. */
  end(ending: Ending, done: (failure: Error | null) => void): void {
    if (this.#isRecorded) return;
    this.#isRecorded = true;
    const record = this.#record(ending);
    this.#house.metrics.observe({
      operation: record.operation,
      provider: record.provider ?? 'none',
      outcome: record.outcome,
      latencyMs: record.latencyMs,
      firstByteMs: record.firstByteMs,
      promptTokens: record.usage.promptTokens,
      completionTokens: record.usage.completionTokens,
      nanoUsd: record.charge.nanoUsd,
    });
    this.#house.store.recordRequest(record, (failure) => {
      if (failure) shutStoreGate(this.#house);
      done(failure);
    });
  }

  /** Writes the row of a request that was refused before or by its upstream. Resolves whether or not the store took it. */
  refuse(refusal: Refusal, outcome: Outcome): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isRecorded) {
        resolve();
        return;
      }
      this.end({ outcome, status: refusal.status, errorCode: refusal.code, facts: NO_FACTS, counted: null }, (failure) => {
        if (failure) this.#house.log.error({ requestId: this.#call.requestId, error: failure }, 'usage row not written');
        resolve();
      });
    });
  }

  #record(ending: Ending): RequestRecord {
    const { clock } = this.#house;
    const settled = settle({
      reported: ending.facts.usage,
      counted: ending.counted?.usage ?? null,
      ...(ending.counted ? { countedBasis: ending.counted.basis } : {}),
      target: this.target,
    });
    const received = this.#call.receivedAt;
    return {
      id: this.#call.requestId,
      workspaceId: this.#caller.workspaceId,
      keyId: this.#caller.keyId,
      operation: this.#call.operationId,
      modelAsked: this.#modelAsked,
      model: this.model,
      upstreamModel: ending.facts.upstreamModel,
      provider: this.target?.provider.id ?? null,
      target: this.target?.id ?? null,
      attempts: this.attempts,
      isStream: this.#isStream,
      status: ending.status,
      outcome: ending.outcome,
      errorCode: ending.errorCode,
      finishReason: ending.facts.finishReason,
      upstreamId: ending.facts.upstreamId,
      usage: settled.usage,
      basis: settled.basis,
      charge: settled.charge,
      startedMs: this.#startedMs,
      latencyMs: clock.monotonic() - received,
      firstByteMs: this.firstByteAt === null ? null : this.firstByteAt - received,
    };
  }
}
