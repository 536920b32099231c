/** This file tells callers, in headers, which route and target answered, after how many attempts, and whether in another's place. */
import type { Target } from '../foundation/terms.ts';
import type { Trail } from './trail.ts';

type Headers = Readonly<Record<string, string>>;

/** Nearly every reply is the first target's of a model that was named: its headers are made once. */
const atOnce = new WeakMap<Target, Headers>();

/** The headers of a reply or an error after at least one attempt. */
export function placeHeaders({ target, route, attempts, degradedFrom, rollout }: Pick<Trail, 'target' | 'route' | 'attempts' | 'degradedFrom' | 'rollout'>): Headers {
  if (target === null) return NONE;
  if (route === null && attempts === 1 && rollout === null) {
    const known = atOnce.get(target);
    if (known) return known;
    const made = { 'x-interline-target': ascii(target.id), 'x-interline-attempts': '1' };
    atOnce.set(target, made);
    return made;
  }
  return {
    ...(route === null ? {} : { 'x-interline-route': ascii(route) }),
    'x-interline-target': ascii(target.id),
    // Nobody was asked for an answer out of the cache.
    ...(attempts === 0 ? {} : { 'x-interline-attempts': String(attempts) }),
    ...(rollout === null ? {} : { 'x-interline-rollout': rollout.part }),
    ...(degradedFrom === null ? {} : { 'x-interline-degraded': 'true' }),
  };
}

const NONE: Headers = {};

/** An operator may have named a model in any script; a header takes ASCII. */
export function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
