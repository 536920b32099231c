/** This file says what is to be done with the reply cache for one call, and under which id the answer to it is kept. */
import { createHmac } from 'node:crypto';
import type { Secrets } from '../access/secrets.ts';
import { canonicalJson } from '../foundation/canonical-json.ts';
import { fail } from '../foundation/errors.ts';
import type { Call, OperationId } from '../foundation/operation.ts';
import type { ReplyCacheSetting } from '../foundation/reply-cache.ts';
import type { Caller, Target } from '../foundation/terms.ts';
import type { Plan, PlanStep } from '../routing/steps.ts';
import type { Ask } from './ask.ts';
import type { House } from './house.ts';
import type { Steering } from './steering.ts';

export const CACHE_HEADER = 'x-interline-cache';
export const CACHE_AGE_HEADER = 'x-interline-cache-age';
const TTL_HEADER = 'x-interline-cache-ttl';

/** 30 days, as the contract has it. */
const SECONDS_MAX = 2_592_000;

/** What one call wants of the cache of its workspace. */
export interface Caching {
  readonly setting: ReplyCacheSetting;
  readonly reads: boolean;
  readonly keeps: boolean;
  /** How old an answer may be, and for how long a new one is kept. */
  readonly seconds: number;
}

/**
 * Reads what a call wants of the cache; null where there is none: of a workspace that has it off, or an operation whose answers are not kept.
 * Refuses with invalid_request (`x-interline-cache`, `x-interline-cache-ttl`) what can't be understood.
 */
export function readCaching({ account: { replyCache: setting } }: Caller, { headers }: Pick<Call<OperationId>, 'headers'>, { isCacheable, background }: Pick<Ask, 'isCacheable' | 'background'>): Caching | null {
  if (setting === null || isCacheable === undefined || background) return null;
  const wish = headers[CACHE_HEADER] ?? 'use';
  const seconds = secondsIn(headers[TTL_HEADER], setting);
  if (wish !== 'use' && wish !== 'refresh' && wish !== 'bypass') {
    return fail('invalid_request', { param: CACHE_HEADER, message: `${CACHE_HEADER} must be use, refresh or bypass.` });
  }
  const keeps = isCacheable && wish !== 'bypass';
  return { setting, reads: keeps && wish !== 'refresh', keeps, seconds };
}

function secondsIn(value: string | string[] | undefined, { ttlSeconds }: ReplyCacheSetting): number {
  if (value === undefined) return ttlSeconds;
  const seconds = typeof value === 'string' && /^[1-9]\d{0,6}$/.test(value) ? Number(value) : 0;
  if (seconds < 1 || seconds > SECONDS_MAX) fail('invalid_request', { param: TTL_HEADER, message: `${TTL_HEADER} must be whole seconds from 1 to ${SECONDS_MAX}.` });
  return Math.min(seconds, ttlSeconds);
}

/** Changes when the same answer would be kept otherwise. */
const FORM = 1;

/**
 * The id of the answer to a call: a keyed digest of the workspace, the operation, every field of the body, how it is steered, and what the name it
 * asks for comes to: the route as it stands, the revision of the catalogue, and who would be asked first. Null for a body that is too long
 * to be looked at.
 */
export function idOf(house: Pick<House, 'secrets' | 'keeper' | 'limits'>, call: Call<OperationId>, about: { readonly caller: Caller; readonly plan: Plan; readonly steering: Steering; readonly isStrict: boolean }): string | null {
  const { bodyText, operationId } = call;
  const { caller: { account }, plan, steering, isStrict } = about;
  const [first] = plan.steps;
  if (!first || bodyText.length > house.limits.cachedRequestBytesMax) return null;
  const own = account.routes.find(({ id }) => id === plan.route);
  const meant = [FORM, account.workspaceId, operationId, house.keeper.revision, plan.route, own?.body ?? null, steering.route, steering.target, isStrict, makerOf(first)];
  // The lists are of the same length and all JSON: no two of them make the same text.
  return createHmac('sha256', pepperOf(house.secrets)).update(`${JSON.stringify(meant)}\n`).update(canonicalJson(bodyText)).digest('base64url');
}

/** Whoever reads the store must not be able to try out what was asked. */
function pepperOf({ peppers, pepperId }: Secrets) {
  return peppers.get(pepperId) ?? fail('internal_error', { detail: 'pepper_id names no pepper' });
}

/** Who made an answer: another address under the same name is somebody else. */
export function makerOf({ target, isOwnKey }: Pick<PlanStep, 'target' | 'isOwnKey'>): string {
  return isOwnKey ? `own ${printOf(target)}` : printOf(target);
}

const prints = new WeakMap<Target, string>();

function printOf(target: Target): string {
  const known = prints.get(target);
  if (known !== undefined) return known;
  const { id, upstreamModel, provider: { wire, baseUrl }, options } = target;
  const made = JSON.stringify([id, upstreamModel, wire, baseUrl, options]);
  prints.set(target, made);
  return made;
}
