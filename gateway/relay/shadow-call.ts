/** This file makes one shadow call: the same question to the first target of a candidate, by the code that makes every attempt, with a ledger that only writes down. */
import type { DepartureSignal } from '../foundation/departure.ts';
import { asRefusal } from '../foundation/errors.ts';
import { createMetrics } from '../foundation/metrics.ts';
import type { Metrics } from '../foundation/metrics.ts';
import type { BytesReply, Call, EventSource, EventsReply, OperationId } from '../foundation/operation.ts';
import type { Caller, RequestRecord } from '../foundation/terms.ts';
import type { Ledger } from '../metering/ledger.ts';
import { isShadowed } from '../routing/split.ts';
import type { Plan, PlannedRollout } from '../routing/steps.ts';
import type { Ask } from './ask.ts';
import { attemptOnce } from './attempt.ts';
import { AttemptFailed, outcomeOf, refusalOf } from './attempt-outcome.ts';
import { planCandidate } from './choose-rollout.ts';
import { followReply } from './follow-bodies.ts';
import type { House } from './house.ts';
import { SHADOW_SUFFIX } from './kept-bodies.ts';
import { NO_STEERING } from './steering.ts';
import { Trail } from './trail.ts';

/** A request that somebody else has answered. */
export interface Shadowing {
  readonly house: House;
  readonly call: Call<OperationId>;
  readonly ask: Ask;
  readonly caller: Caller;
  readonly plan: Plan;
}

/** What is asked of these is asked again without harm; the asks of others know the attempt under way. */
const OPERATIONS: ReadonlySet<OperationId> = new Set<OperationId>(['createChatCompletion', 'createResponse', 'createEmbedding']);

/**
 * Asks the candidate the same in a while, or not at all: when there is none, it is not drawn, too many are under way, it is too long, or the day's money
 * is spent. A request that a key of the workspace's own might have paid for is no business of the operator's. Never throws.
 */
export function offerShadow(shadowing: Shadowing): void {
  const { house: { shadows, limits }, call, ask, plan } = shadowing;
  if (plan.rollout?.side !== 'baseline' || ask.background || !OPERATIONS.has(call.operationId)) return;
  const { rollout: planned } = plan;
  const { running } = planned;
  if (!isShadowed(running, call.requestId) || plan.steps.some((step) => step.isOwnKey)) return;
  if (call.bodyText.length > limits.shadowBodyBytesMax) shadows.drop(running.id);
  else shadows.run(running.id, (departure) => askInShadow({ ...shadowing, planned, departure }));
}

interface ShadowWork extends Shadowing {
  readonly planned: PlannedRollout;
  readonly departure: DepartureSignal;
}

/** Asks once, and writes down how it went. Nothing is asked where the candidate is not for this request, rests, or there is no money for it. */
async function askInShadow(work: ShadowWork): Promise<void> {
  const { house, call, ask, caller, planned: { running, limits } } = work;
  const asking = { caller, ask, steering: NO_STEERING, nowMs: house.clock.now() };
  const plan = planCandidate(house, asking, { running, limits, keys: [], isFree: true });
  const [step] = plan.steps;
  if (!step || plan.isLastResort) return;
  const { outputTokensMax } = plan;
  const size = ask.size({ prices: [step.target.price], maxOutputTokens: step.row?.max_output_tokens ?? null, ...(outputTokensMax === undefined ? {} : { outputTokensMax }) });
  const money = await house.shadows.purse.reserve(running.id, size.nanoUsd, running.terms.shadowDailyNanoUsd);
  if (!money) {
    house.shadows.drop(running.id);
    return;
  }
  const recorder = createRecorder();
  const apart = houseApart(house, recorder);
  const asked: Call<OperationId> = { ...call, departure: work.departure, receivedAt: house.clock.monotonic() };
  const trail = new Trail(apart, asked, { caller, model: ask.model, isStream: ask.isStream });
  trail.model = step.model;
  trail.take(plan, step);
  trail.beginAttempt(asked.receivedAt);
  try {
    const made = { house: apart, call: asked, ask: askApart(ask), trail, isStrict: false, warnings: [] };
    const reply = await attemptOnce(made, { step, target: step.target, visit: null }, { msMax: apart.limits.upstreamTotalMs, plan, passed: null });
    await drain(keepIfWanted(work, asked, reply));
  } catch (thrown) {
    const failure = thrown instanceof AttemptFailed ? thrown.failure : null;
    await (failure ? trail.refuse(refusalOf(failure), outcomeOf(failure)) : trail.refuse(asRefusal(thrown), 'refused'));
  }
  const { record } = recorder;
  money.settle(record?.charge.nanoUsd ?? size.nanoUsd);
  if (record) house.shadows.write({ rollout: running.id, record });
}

/** Takes the place of the ledger: what is settled is told, and moves nothing. */
function createRecorder(): Ledger & { readonly record: RequestRecord | null } {
  let told: RequestRecord | null = null;
  const never = (): never => { throw new Error('a shadow call is not paid for'); };
  return {
    get record() { return told; },
    place: never, placeJob: never, note: () => undefined,
    settle(_placing, { record }, done) {
      told = record;
      done(null);
    },
    close: () => Promise.resolve(),
  };
}

/** Shared by all shadow calls, and shown to nobody: what callers are answered is not to be mixed with it. */
let unseen: Metrics | null = null;

/** The house, but that nothing of it counts: no ledger, no metrics, no traces, and bounds of its own. Its health is not touched, for the call has no place on a lane. */
function houseApart(house: House, ledger: Ledger): House {
  const { limits } = house;
  unseen ??= createMetrics(() => 0, () => []);
  return {
    ...house, ledger, metrics: unseen, telemetry: null,
    limits: { ...limits, upstreamTotalMs: Math.min(limits.shadowMs, limits.upstreamTotalMs), upstreamReplyBytesMax: Math.min(limits.shadowReplyBytesMax, limits.upstreamReplyBytesMax) },
  };
}

/** The question alone. The caller's answer is being told by its dialect and kept by its ask at this very moment. */
function askApart(ask: Ask): Ask {
  const { kind, model, isStream, wantsUsage, mayBeEmpty, doneEvent, silentEvents } = ask;
  return {
    kind, model, isStream, wantsUsage, mayBeEmpty, doneEvent, dialect: null, ...(silentEvents === undefined ? {} : { silentEvents }),
    size: (input) => ask.size(input), write: (target, context) => ask.write(target, context), count: (counter, seen) => ask.count(counter, seen),
  };
}

/** Keeps the answer for a workspace that has bodies kept. It is in the words of its kind, whatever the caller speaks; the question is kept with the request. */
function keepIfWanted({ house, ask, caller: { account } }: ShadowWork, call: Call<OperationId>, reply: BytesReply | EventsReply): BytesReply | EventsReply {
  if (account.keptBodies === 'none') return reply;
  const operationId = ask.kind === 'embeddings' ? 'createEmbedding' : 'createChatCompletion';
  return followReply(house, { call: { ...call, operationId, requestId: call.requestId + SHADOW_SUFFIX, bodyText: '' }, account }, reply);
}

/** Reads a stream to its end. */
function drain(reply: BytesReply | EventsReply): Promise<void> {
  if (!('events' in reply)) return Promise.resolve();
  const { events }: { readonly events: EventSource } = reply;
  return new Promise((resolve) => {
    events.start({ write: () => true, cork: () => undefined, uncork: () => undefined, onDrain: () => undefined, end: () => { resolve(); } });
  });
}
