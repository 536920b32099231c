/** This file tests what is fetched of what upstreams point to: with whose key, through which door, and how much of it. */
import { describe, expect, test } from '@jest/globals';
import { createManualClock } from '../foundation/clock.ts';
import { defaultLimits } from '../foundation/limits.ts';
import type { Provider, Target } from '../foundation/terms.ts';
import type { ExchangeEvents } from '../providers/call.ts';
import type { HttpRequest, ScriptedReply } from '../providers/wire.ts';
import { fetchImage } from './fetch-image.ts';

const owner: Provider = { id: 'p', name: 'P', wire: 'openai-chat', baseUrl: 'http://10.0.0.1:8000/v1', apiKey: 'secret-key', headers: { 'x-own': '1' }, quirks: {} };
const target: Target = { id: 'p/m', provider: owner, upstreamModel: 'm', price: null, quirks: {}, options: {} };

interface Asked {
  readonly provider: Provider;
  readonly request: HttpRequest | ScriptedReply;
}

function world(play: (events: ExchangeEvents) => void) {
  const asked: Asked[] = [];
  const clock = createManualClock();
  let aborts = 0;
  const house = {
    clock, limits: defaultLimits,
    faultOfUrl: (url: string) => (url.startsWith('https://public.example/') && !url.includes('?') ? null : 'the host is not a public one'),
    openExchange(provider: Provider, request: HttpRequest | ScriptedReply, events: ExchangeEvents) {
      asked.push({ provider, request });
      queueMicrotask(() => { play(events); });
      return { abort: () => { aborts++; }, resume: () => undefined };
    },
  };
  return { house, clock, asked, aborts: () => aborts };
}

const whole = (events: ExchangeEvents): void => {
  events.onHead(200, {});
  events.onData(Buffer.from('by'));
  events.onData(Buffer.from('tes'));
  events.onEnd();
};

describe('an image an upstream points to', () => {
  test('elsewhere is fetched through the guard, without anybody\'s key, its signature included', async () => {
    const { house, asked } = world(whole);
    await expect(fetchImage(house, 'https://public.example/a.png?sig=b%2F', { target, bytesMax: 5 })).resolves.toEqual(Buffer.from('bytes'));
    expect(asked).toMatchObject([{ provider: { baseUrl: 'https://public.example', isGuarded: true, apiKey: null }, request: { method: 'GET', path: '/a.png?sig=b%2F' } }]);
    expect(JSON.stringify(asked)).not.toContain('secret-key');
  });

  test('on its own server is fetched as its replies are', async () => {
    const { house, asked } = world(whole);
    await fetchImage(house, 'http://10.0.0.1:8000/v1/images/1/content', { target, bytesMax: 5 });
    expect(asked).toMatchObject([{ provider: { isGuarded: false }, request: { headers: { authorization: 'Bearer secret-key', 'x-own': '1' } } }]);
  });

  test('on the server of a workspace\'s own key is guarded all the same', async () => {
    const { house, asked } = world(whole);
    await fetchImage(house, 'http://10.0.0.1:8000/x', { target: { ...target, provider: { ...owner, isGuarded: true } }, bytesMax: 5 });
    expect(asked).toMatchObject([{ provider: { isGuarded: true } }]);
  });

  test.each(['http://169.254.169.254/latest', 'https://127.0.0.1/a', 'file:///etc/passwd', 'http://10.0.0.1:8001/a', 'no address', 'ftp://public.example/a'])('at %s is not fetched', async (url) => {
    const { house, asked } = world(whole);
    await expect(fetchImage(house, url, { target, bytesMax: 5 })).rejects.toMatchObject({ code: 'upstream_bad_reply' });
    expect(asked).toEqual([]);
  });

  test.each<[string, (events: ExchangeEvents) => void, number]>([
    ['is larger than an image can be', whole, 4],
    ['is a redirect', (events) => { events.onHead(302, { location: 'http://127.0.0.1' }); }, 5],
    ['breaks off', (events) => { events.onFailure({ code: 'upstream_bad_reply', isRetryable: true, message: null, param: null, upstream: null, retryAfterSeconds: null, detail: 'cut' }); }, 5],
  ])('that %s fails, and its connection is let go', async (_what, play, bytesMax) => {
    const { house, aborts } = world(play);
    await expect(fetchImage(house, 'https://public.example/a', { target, bytesMax })).rejects.toMatchObject({ code: 'upstream_bad_reply' });
    expect(aborts()).toBeGreaterThan(0);
  });

  test('that never comes is given up', async () => {
    const { house, clock, aborts } = world(() => undefined);
    const fetched = fetchImage(house, 'https://public.example/a', { target, bytesMax: 5 });
    clock.advance(defaultLimits.upstreamFirstByteMs);
    await expect(fetched).rejects.toMatchObject({ code: 'upstream_bad_reply' });
    expect(aborts()).toBe(1);
  });
});
