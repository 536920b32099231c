/** This file shows, with a real Redis, that gateways tell each other at once which targets rest and who tries them, and do without while it is away. */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createManualClock, systemClock } from '../foundation/clock.ts';
import type { ManualClock } from '../foundation/clock.ts';
import { createIds } from '../foundation/ids.ts';
import { createLog } from '../foundation/log.ts';
import type { Target } from '../foundation/terms.ts';
import { hasRedis, startRedis } from '../store/redis-under-test.ts';
import type { RedisUnderTest } from '../store/redis-under-test.ts';
import type { HealthSharing, LaneNews } from './health-sharing.ts';
import type { Health, Visit } from './health.ts';
import { shareByRedis } from './share-by-redis.ts';
import { createSharedHealth } from './shared-health.ts';

const makeId = createIds(systemClock);
const describeWithRedis = hasRedis ? describe : describe.skip;
const GIVE_UP_MS = 4000;
const BROKEN = { code: 'upstream_rate_limited', retryAfterSeconds: 5 } as const;
const REFUSED = { code: 'upstream_rejected', retryAfterSeconds: null } as const;

function target(id: string): Target {
  const provider = { id: 'p', name: 'P', wire: 'openai-chat' as const, baseUrl: 'https://p.example', apiKey: 'key', headers: {}, quirks: {} };
  return { id, provider, upstreamModel: 'm', price: null, quirks: {}, options: {} };
}

describeWithRedis('health shared through Redis', () => {
  let redis: RedisUnderTest;
  const open: HealthSharing[] = [];
  let targets = 0;

  beforeAll(async () => { redis = await startRedis(); });
  afterEach(() => {
    redis.resume();
    for (const sharing of open.splice(0)) sharing.close();
  });
  afterAll(async () => { await redis.kill(); });

  const log = { warn: jest.fn(), info: jest.fn() };
  const share = (installation = 'one'): HealthSharing => {
    const sharing = shareByRedis({ url: redis.url, installation, makeId, log });
    open.push(sharing);
    return sharing;
  };
  const eventually = async (what: string, isSo: () => boolean): Promise<void> => {
    const startedAt = systemClock.monotonic();
    while (!isSo()) {
      if (systemClock.monotonic() - startedAt > GIVE_UP_MS) throw new Error(`never came true: ${what}`);
      await new Promise((resolve) => { setImmediate(resolve); });
    }
  };
  /** Gateways that hear each other; all of them on one clock, which stands still. */
  const startGateways = async (installations = ['one', 'one']): Promise<{ healths: Health[]; clock: ManualClock }> => {
    const clock = createManualClock();
    const sharings = installations.map(share);
    const healths = await Promise.all(sharings.map((sharing) => createSharedHealth({ clock, log: createLog('silent'), sharings: [sharing] })));
    await untilHeard(clock, sharings, healths);
    return { healths, clock };
  };
  const untilHeard = async (clock: ManualClock, sharings: readonly HealthSharing[], healths: readonly Health[]): Promise<void> => {
    for (const [index, sharing] of sharings.entries()) {
      const greeted = target(`p/greeting-${targets++}`);
      const others = healths.filter((_, other) => other !== index);
      if (others.length === 0) continue;
      let rounds = 0;
      await eventually('a gateway is heard', () => {
        if (rounds++ % 50 === 0) sharing.tell({ lane: greeted.id, reason: 'failing', untilMs: clock.now() + 1000 + rounds });
        return others.some((health) => health.stateOf(greeted, clock.now()) === 'open');
      });
    }
  };
  const begin = (health: Health | undefined, asked: Target): Visit | null => health?.begin(asked, { isLastResort: false }) ?? null;
  /** The first gateway finds out that the target fails, and the second is told. */
  const rest = async ({ healths: [one, other], clock }: { healths: Health[]; clock: ManualClock }): Promise<Target> => {
    const asked = target(`p/m-${targets++}`);
    other?.left(begin(other, asked));
    one?.failed(begin(one, asked), BROKEN);
    await eventually('the other rests it', () => other?.stateOf(asked, clock.now()) === 'open');
    return asked;
  };

  test('one trips, and the other rests the target within a second, for as long and for the same reason', async () => {
    const gateways = await startGateways();
    const { healths: [one, other], clock } = gateways;
    const startedAt = systemClock.monotonic();
    const asked = await rest(gateways);
    expect(systemClock.monotonic() - startedAt).toBeLessThan(1000);
    expect(other?.restOf(asked, clock.now())).toEqual(one?.restOf(asked, clock.now()));
    expect(other?.restOf(asked, clock.now())).toEqual({ reason: 'rate_limited', untilMs: clock.now() + 5000 });
  });

  test('one trial at a time: the others wait for how it goes, and rest on when it fails', async () => {
    const gateways = await startGateways();
    const { healths: [one, other], clock } = gateways;
    const asked = await rest(gateways);
    clock.advance(5000);
    // Both may from the same millisecond on: who found out goes first.
    expect([one?.stateOf(asked, clock.now()), other?.stateOf(asked, clock.now())]).toEqual(['trial', 'open']);
    clock.advance(200);
    expect(other?.stateOf(asked, clock.now())).toBe('trial');
    const trial = begin(one, asked);
    await eventually('the other waits', () => other?.stateOf(asked, clock.now()) === 'open');
    expect(begin(other, asked)).toBeNull();
    one?.failed(trial, BROKEN);
    await eventually('the other rests it', () => (other?.restOf(asked, clock.now())?.untilMs ?? 0) > clock.now());
    expect(other?.restOf(asked, clock.now())).toEqual(one?.restOf(asked, clock.now()));
  });

  test('what answers a trial is on its way back everywhere at once', async () => {
    const gateways = await startGateways();
    const { healths: [one, other], clock } = gateways;
    const asked = await rest(gateways);
    clock.advance(5000);
    one?.answered(begin(one, asked), false);
    await eventually('the other may try it', () => other?.stateOf(asked, clock.now()) === 'trial');
    // A slow start of its own: two at once, and one more with every answer.
    expect([begin(other, asked), begin(other, asked), begin(other, asked)].map(Boolean)).toEqual([true, true, false]);
  });

  test.each([
    ['whose caller has gone', (health: Health, trial: Visit | null) => { health.left(trial); }],
    ['that is refused for what it asks', (health: Health, trial: Visit | null) => { health.failed(trial, REFUSED); }],
  ])('a trial %s frees the others', async (_what, end) => {
    const gateways = await startGateways();
    const { healths: [one, other], clock } = gateways;
    const asked = await rest(gateways);
    clock.advance(5200);
    const trial = begin(one, asked);
    await eventually('the other waits', () => other?.stateOf(asked, clock.now()) === 'open');
    if (one) end(one, trial);
    await eventually('the other may try it', () => other?.stateOf(asked, clock.now()) === 'trial');
  });

  test('a gateway that dies in its trial keeps the others from theirs for ten seconds', async () => {
    const gateways = await startGateways();
    const { healths: [one, other], clock } = gateways;
    const asked = await rest(gateways);
    clock.advance(5200);
    begin(one, asked);
    await eventually('the other waits', () => other?.stateOf(asked, clock.now()) === 'open');
    clock.advance(10_000);
    expect(other?.stateOf(asked, clock.now())).toBe('trial');
  });

  test('another installation on the same Redis hears nothing, nor does anybody what is no news', async () => {
    const heard: LaneNews[] = [];
    const gateways = await startGateways();
    const stranger = share('two');
    await stranger.listen((news) => { heard.push(...news); });
    const greeting = { lane: 'p/own', step: 'begun' } as const;
    const friend = share('two');
    await eventually('the stranger hears its own', () => {
      friend.tell(greeting);
      return heard.length > 0;
    });
    const asked = await rest(gateways);
    const { Redis } = await import('ioredis');
    const direct = new Redis(redis.url);
    for (const text of ['no JSON', '[]', '{"lane":5,"step":"begun"}', '{"lane":"p/own","step":"sung"}', '{"lane":"p/own","reason":"bored","untilMs":1}']) await direct.publish('interline:health:two', text);
    await direct.publish('interline:health:two', JSON.stringify({ lane: 'p/last', step: 'left' }));
    direct.disconnect();
    await eventually('the last is heard', () => heard.some(({ lane }) => lane === 'p/last'));
    expect(heard.filter(({ lane }) => lane !== 'p/own' && lane !== 'p/last')).toEqual([]);
    expect(heard.filter((news) => news.lane === 'p/own' && !('step' in news && news.step === 'begun'))).toEqual([]);
    expect(asked.id).toMatch(/^p\/m-/);
  });

  test('while Redis is away, or hangs, nothing fails and nobody waits; the store tells of rests, and Redis is used again by itself', async () => {
    const { healths: [one, other], clock } = await startGateways();
    const told: LaneNews[] = [];
    const store: HealthSharing = { tell: (news) => { told.push(news); }, listen: () => Promise.resolve(), close: () => undefined };
    const both = await createSharedHealth({ clock, log: createLog('silent'), sharings: [store, share()] });
    log.warn.mockClear();
    log.info.mockClear();
    for (const end of [() => { redis.pause(); return Promise.resolve(); }, () => redis.kill()]) {
      redis.resume();
      await end();
      const asked = target(`p/m-${targets++}`);
      const startedAt = systemClock.monotonic();
      both.failed(begin(both, asked), BROKEN);
      expect(systemClock.monotonic() - startedAt).toBeLessThan(50);
      expect(told.pop()).toEqual({ lane: asked.id, reason: 'rate_limited', untilMs: clock.now() + 5000 });
      await eventually('it is noticed', () => log.warn.mock.calls.length > 0);
    }
    await redis.start();
    const asked = target(`p/back-${targets++}`);
    let rounds = 0;
    await eventually('news come again', () => {
      if (rounds++ % 50 === 0) {
        clock.advance(61_000);
        one?.failed(one.begin(asked, { isLastResort: true }), BROKEN);
      }
      return other?.stateOf(asked, clock.now()) === 'open';
    });
    expect(log.info).toHaveBeenCalledWith(expect.stringContaining('Redis is back'));
  }, 20_000);
});
