/** This file lets gateways tell each other through Redis, in milliseconds, which lanes rest and which are being tried. */
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { MakeId } from '../foundation/ids.ts';
import { isJsonObject, parseJson } from '../foundation/json-value.ts';
import type { Log } from '../foundation/log.ts';
import type { CoolingReason } from '../foundation/terms.ts';
import type { HealthSharing, LaneNews, TrialStep } from './health-sharing.ts';

/** News that takes longer to tell is lost, in ms; the store tells of rests in any case. */
const TELL_TIMEOUT_MS = 1000;
const CONNECT_TIMEOUT_MS = 1000;
/** Between two attempts to connect, in ms, at most. */
const RECONNECT_MS_MAX = 250;
const RECONNECT_STEP_MS = 25;
/** A connection of which nothing was heard for so long is asked whether it still is one, in ms. */
const KEEP_ALIVE_MS = 10_000;

const REASONS: { readonly [Reason in CoolingReason]: true } = { failing: true, slow: true, rate_limited: true, credential: true };
const STEPS: { readonly [Step in TrialStep]: true } = { begun: true, answered: true, left: true };

export interface RedisSharingParts {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** The same for all gateways that use the same credentials, and for no others: a Redis may serve several installations. */
  readonly installation: string;
  readonly makeId: MakeId;
  readonly log: Pick<Log, 'warn' | 'info'>;
}

/** Shares over a channel that keeps nothing. Does not wait for Redis: while it is away nothing is told or heard here, and nothing else is lost. */
export function shareByRedis({ url, installation, makeId, log }: RedisSharingParts): HealthSharing {
  const channel = `interline:health:${installation}`;
  const gateway = makeId('node');
  const teller = open(url);
  const listener = open(url, { autoResubscribe: false });
  let isAway = false;
  // Whoever waits for Redis says so itself.
  teller.on('error', () => undefined);
  listener.on('error', () => undefined);
  const noteAway = (error: unknown): void => {
    if (!isAway) log.warn({ error }, 'Redis is away: the gateways hear of targets that rest from the store alone');
    isAway = true;
  };
  const noteBack = (): void => {
    if (isAway) log.info('Redis is back: the gateways tell each other of targets through it');
    isAway = false;
  };
  return {
    tell(news) {
      teller.publish(channel, JSON.stringify({ from: gateway, ...news })).then(noteBack, noteAway);
    },
    async listen(hear) {
      listener.on('message', (_channel, text) => {
        const news = readNews(text, gateway);
        if (news) hear([news]);
      });
      const subscribe = (): void => { listener.subscribe(channel).catch(() => { listener.disconnect(true); }); };
      listener.on('ready', subscribe);
      if (listener.status === 'ready') subscribe();
      await Promise.resolve();
    },
    close() {
      teller.disconnect();
      listener.disconnect();
    },
  };
}

function open(url: string, more: RedisOptions = {}): Redis {
  return new Redis(url, {
    enableOfflineQueue: false, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false, keepAlive: KEEP_ALIVE_MS,
    commandTimeout: TELL_TIMEOUT_MS, connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempts) => Math.min(attempts * RECONNECT_STEP_MS, RECONNECT_MS_MAX), ...more,
  });
}

/** What another gateway told; null for what one told itself, and for what nobody can read: a newer gateway may say more. */
function readNews(text: string, self: string): LaneNews | null {
  const said = parseJson(text);
  if (!isJsonObject(said)) return null;
  const { from, lane, reason, untilMs, step } = said;
  if (from === self || typeof lane !== 'string') return null;
  if (typeof step === 'string') return isStep(step) ? { lane, step } : null;
  return typeof untilMs === 'number' && typeof reason === 'string' && isReason(reason) ? { lane, reason, untilMs } : null;
}

function isReason(word: string): word is CoolingReason {
  return Object.hasOwn(REASONS, word);
}

function isStep(word: string): word is TrialStep {
  return Object.hasOwn(STEPS, word);
}
