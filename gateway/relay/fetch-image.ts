/** This file fetches an image an upstream points to: through the guard, without redirects, and no more of it than an image can have. */
import { Refusal } from '../foundation/errors.ts';
import type { Provider, Target } from '../foundation/terms.ts';
import { authorization } from '../providers/authorization.ts';
import type { HttpRequest } from '../providers/wire.ts';
import type { House } from './house.ts';

export interface FetchOptions {
  /** Who gave the URL: what lies on its own server is fetched as its replies are, with its key. */
  readonly target: Target | null;
  readonly bytesMax: number;
}

/** Fetches the bytes behind a URL. Rejects with the Refusal upstream_bad_reply when they can't be had, are too many or may not be asked for. */
export function fetchImage(house: Pick<House, 'openExchange' | 'faultOfUrl' | 'clock' | 'limits'>, url: string, { target, bytesMax }: FetchOptions): Promise<Buffer> {
  const place = placeOf(house, url, target);
  if (typeof place === 'string') return Promise.reject(badReply(`an image's URL may not be fetched: ${place}`));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let count = 0;
    const finish = (detail: string | null): void => {
      stop();
      if (detail === null) {
        resolve(Buffer.concat(chunks));
        return;
      }
      exchange.abort();
      reject(badReply(detail));
    };
    const exchange = house.openExchange(place.provider, place.request, {
      onHead: (status) => { if (status !== 200) finish(`an image's URL answers ${status}`); },
      onData(chunk) {
        count += chunk.length;
        if (count > bytesMax) finish(`an image has more than ${bytesMax} bytes`);
        else chunks.push(chunk);
        return true;
      },
      onEnd: () => { finish(null); },
      onFailure: ({ detail }) => { finish(`an image could not be fetched: ${detail}`); },
    });
    const stop = house.clock.after(house.limits.upstreamFirstByteMs, () => { finish('an image took too long to fetch'); });
  });
}

function placeOf({ faultOfUrl }: Pick<House, 'faultOfUrl'>, text: string, target: Target | null): string | { provider: Provider; request: HttpRequest } {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'it is no web address';
  const owner = target?.provider;
  const isOwn = owner !== undefined && URL.canParse(owner.baseUrl) && new URL(owner.baseUrl).origin === url.origin;
  // Signed URLs carry their signature in the query, which says nothing of where they lead.
  const fault = isOwn ? null : faultOfUrl(url.origin + url.pathname);
  if (fault !== null) return fault;
  const headers = { accept: 'image/*', 'accept-encoding': 'identity', ...(isOwn ? { ...owner.headers, ...authorization(owner) } : {}) };
  const provider: Provider = { id: 'image', name: 'Image', wire: 'openai-chat', baseUrl: url.origin, apiKey: null, headers: {}, quirks: {}, isGuarded: isOwn ? owner.isGuarded === true : true };
  return { provider, request: { kind: 'http', method: 'GET', path: url.pathname + url.search, headers, body: '', warnings: [] } };
}

function badReply(detail: string): Refusal {
  return new Refusal('upstream_bad_reply', { detail });
}
