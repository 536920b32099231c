/** This file tells callers, in headers, which route and target answered, after how many attempts, and whether in another's place. */
import type { Target } from '../foundation/terms.ts';
import type { Trail } from './trail.ts';

type Headers = Readonly<Record<string, string>>;
type Told = Pick<Trail, 'target' | 'route' | 'attempts' | 'degradedFrom' | 'rollout'>;

/** Nearly every reply is the first attempt's, and nobody's in another's place: its headers are made once, by route ('' for none). */
const atOnce = new WeakMap<Target, Map<string, Headers>>();
/** Of one target, in its workspaces' own routes, too; past these they are made anew. */
const ROUTES_MAX = 1000;

/** The headers of a reply or an error after at least one attempt. */
export function placeHeaders({ target, route, attempts, degradedFrom, rollout }: Told): Headers {
  if (target === null) return NONE;
  if (attempts === 1 && degradedFrom === null && rollout === null) return headersAtOnce(target, route);
  return headersOf({ target, route, attempts, degradedFrom, rollout });
}

function headersAtOnce(target: Target, route: string | null): Headers {
  let byRoute = atOnce.get(target);
  if (!byRoute) atOnce.set(target, byRoute = new Map<string, Headers>());
  const known = byRoute.get(route ?? '');
  if (known) return known;
  const made = headersOf({ target, route, attempts: 1, degradedFrom: null, rollout: null });
  if (byRoute.size >= ROUTES_MAX) byRoute.clear();
  byRoute.set(route ?? '', made);
  return made;
}

function headersOf({ target, route, attempts, degradedFrom, rollout }: Told & { readonly target: Target }): Headers {
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
