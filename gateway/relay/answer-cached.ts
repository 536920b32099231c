/** This file answers a call out of the reply cache, or by a model, whose whole answer it has kept. */
import { NO_BYTES, bytesOf, joinBytes } from '../foundation/byte-text.ts';
import type { ByteText } from '../foundation/byte-text.ts';
import type { BytesReply, EventSink, EventSource, EventsReply } from '../foundation/operation.ts';
import { eventPayload, eventsIn } from '../foundation/sse.ts';
import type { RequestRecord } from '../foundation/terms.ts';
import type { Plan, PlanStep } from '../routing/steps.ts';
import { unavailable } from '../store/or-unavailable.ts';
import { departureRefusal, isByCaller, warningHeader } from './attempt-outcome.ts';
import type { Work } from './attempt-outcome.ts';
import { attempt } from './attempt.ts';
import type { CachedReply, CachePlace, FoundReply } from './cached-replies.ts';
import { CACHE_AGE_HEADER, CACHE_HEADER, idOf, makerOf } from './caching.ts';
import type { Caching } from './caching.ts';
import { notingSink } from './noting-sink.ts';
import { placeHeaders } from './place-headers.ts';
import type { Steering } from './steering.ts';

const EVENTS_TYPE = 'text/event-stream';
const MS_PER_SECOND = 1000;

/** An admitted call of a workspace that has the cache on. */
export interface CachedWork {
  readonly work: Work;
  readonly plan: Plan;
  readonly caching: Caching;
  readonly steering: Steering;
}

/**
 * Answers an admitted call. Of several that ask the same at once and find nothing, each is answered by a model, and the last one's answer stays.
 * Throws a Refusal, already recorded or to be recorded, as `attempt` does.
 */
export async function answerCached({ work, plan, caching, steering }: CachedWork): Promise<BytesReply | EventsReply> {
  const { house, call, trail, isStrict } = work;
  trail.cache = 'bypass';
  const { caller } = call;
  const id = caller && caching.keeps ? idOf(house, call, { caller, plan, steering, isStrict }) : null;
  if (!caller || id === null) return told(await attempt(work, plan), 'bypass');
  const place: CachePlace = { workspaceId: caller.workspaceId, id, setting: caching.setting, seconds: caching.seconds };
  if (caching.reads) {
    trail.cache = 'miss';
    const found = await house.replies.find(place);
    // Who is to have the candidate of a rollout is not given the old answer.
    const step = found && plan.steps.find((each) => makerOf(each) === found.maker && each.isOld !== true && trail.mayTry(each));
    const { reason } = call.departure;
    if (reason !== null && !isByCaller(reason)) throw departureRefusal(reason);
    if (step) return giveAgain({ work, plan }, { found, step });
  }
  const reply = told(await attempt(work, plan), trail.cache);
  return keepReply(reply, {
    bytesMax: caching.setting.replyBytesMax,
    keep: (body, contentType) => { keepWhole({ work, plan }, place, { body, contentType }); },
  });
}

function told<Reply extends BytesReply | EventsReply>(reply: Reply, state: string): Reply {
  return { ...reply, headers: { ...reply.headers, [CACHE_HEADER]: state } };
}

interface Asked {
  readonly work: Work;
  readonly plan: Plan;
}

/** Settles what the plan asks for it, and then hands it out: who goes meanwhile has been given it. */
function giveAgain({ work, plan }: Asked, { found, step }: { readonly found: FoundReply; readonly step: PlanStep }): Promise<BytesReply | EventsReply> {
  const { house, call, trail } = work;
  const percent = house.keeper.findPlan(call.caller?.account.planId ?? '')?.plan.cached_reply_percent ?? 0;
  trail.takeCached(plan, step, percent);
  const { usage, finishReason, upstreamId, upstreamModel, contentType, body } = found;
  const isEvents = contentType.startsWith(EVENTS_TYPE);
  if (isEvents) trail.firstByteAt = house.clock.monotonic();
  const age = Math.max(0, Math.floor((house.clock.now() - found.createdMs) / MS_PER_SECOND));
  const headers = {
    ...trail.ticket?.headers(), ...placeHeaders(trail), ...warningHeader([...found.warnings, ...work.warnings]), [CACHE_HEADER]: 'hit', [CACHE_AGE_HEADER]: String(age),
  };
  return new Promise((resolve, reject) => {
    const ending = { outcome: 'ok', status: 200, errorCode: null, facts: { usage, finishReason, upstreamId, upstreamModel }, counted: null } as const;
    trail.end(ending, { contentType, body }, (failure) => {
      if (failure) reject(unavailable(failure));
      else resolve(isEvents ? { status: 200, events: replayEvents(body), headers } : { status: 200, bytes: body, contentType, headers });
    });
  });
}

/** Writes events as fast as they are taken, each as it was sent. */
function replayEvents(body: ByteText): EventSource {
  return {
    start(sink) {
      const events = eventsIn(body);
      const last = events.length - 1;
      let next = 0;
      let isOver = false;
      const write = (): void => {
        sink.cork();
        while (next < last && sink.write(events[next++] ?? NO_BYTES));
        sink.uncork();
        if (next < last || isOver) return;
        isOver = true;
        sink.end(events[last]);
      };
      sink.onDrain(write);
      write();
    },
  };
}

interface Keeping {
  readonly bytesMax: number;
  readonly keep: (body: ByteText, contentType: string) => void;
}

/** Has a whole answer kept once it is written, and a stream once it has ended. */
function keepReply<Reply extends BytesReply | EventsReply>(reply: Reply, keeping: Keeping): Reply | EventsReply {
  if ('events' in reply) return { ...reply, events: { start: (sink) => { reply.events.start(keepingSink(sink, keeping)); } } };
  if (reply.status === 200) keeping.keep(typeof reply.bytes === 'string' ? reply.bytes : bytesOf(Buffer.from(reply.bytes)), reply.contentType);
  return reply;
}

/** Gathers events while they are not too long; a comment only keeps the connection alive. */
function keepingSink(sink: EventSink, { bytesMax, keep }: Keeping): EventSink {
  let kept: ByteText | null = NO_BYTES;
  const note = (event: ByteText): void => {
    if (kept === null || (event.startsWith(':') && eventPayload(event) === null)) return;
    kept = kept.length + event.length > bytesMax ? null : joinBytes(kept, event);
  };
  return notingSink(sink, { note, finish: () => { if (kept !== null) keep(kept, EVENTS_TYPE); } });
}

/** Keeps an answer that is whole, and is the one the route would rather give. */
function keepWhole({ work: { house, trail }, plan }: Asked, place: CachePlace, reply: Pick<CachedReply, 'body' | 'contentType'>): void {
  const { ended } = trail;
  const step = plan.steps.find(({ target }) => target === trail.target);
  if (!ended || !step || !isWorthKeeping(ended)) return;
  const { usage, finishReason, upstreamId, upstreamModel } = ended;
  house.replies.keep(place, { ...reply, maker: makerOf(step), usage, finishReason, upstreamId, upstreamModel, warnings: trail.changes });
}

/** Not what broke off, was filtered, said nothing, or came from a lesser model; nor what was paid by more than its tokens. */
function isWorthKeeping({ outcome, basis, finishReason, isDegraded, usage }: RequestRecord): boolean {
  return outcome === 'ok' && (basis === 'provider' || basis === 'counted') && finishReason !== 'content_filter' && !isDegraded && usage.media === undefined;
}
