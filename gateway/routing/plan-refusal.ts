/** This file says why nobody may answer a request for a route: the reason of whichever model came nearest, and all the others. */
import { fail } from '../foundation/errors.ts';
import type { ErrorCode } from '../foundation/errors.ts';
import { SKIP_REASONS } from './steps.ts';
import type { Plan, Skipped, SkipReason } from './steps.ts';

/** Of the models of a route, so many are named in the refusal. */
const NAMED_MAX = 5;

/** Total over the reasons: one without a code does not compile. */
const CODES: { readonly [Reason in SkipReason]: ErrorCode } = {
  retired: 'model_not_available', sandbox: 'model_not_available', kind: 'unsupported_model', not_allowed: 'model_not_allowed', not_pinned: 'invalid_request', no_key: 'model_not_available',
  tier: 'tier_not_in_plan', tools: 'unsupported_model', vision: 'unsupported_model', audio: 'unsupported_model', files: 'unsupported_model',
  structured_output: 'unsupported_model', context: 'unsupported_model', price_unknown: 'model_not_available', price: 'model_not_available', cost: 'invalid_request',
  unhealthy: 'upstream_timeout',
};

/** Refuses a request for which a plan has no step. */
export function failPlan({ route, skipped }: Pick<Plan, 'route' | 'skipped'>): never {
  const nearest = [...skipped].sort((one, other) => rank(other) - rank(one))[0];
  if (!nearest) return fail('model_not_available', { param: 'model', message: `The route "${route ?? ''}" has no model.` });
  const told = skipped.filter(({ reason }) => CODES[reason] === CODES[nearest.reason] && (reason === 'not_pinned') === (nearest.reason === 'not_pinned')).map(({ detail }) => detail);
  const soonest = nearest.reason === 'unhealthy' ? Math.min(...skipped.map(({ retryAfterSeconds = Infinity }) => retryAfterSeconds)) : Infinity;
  const rest = skipped.length > NAMED_MAX ? ` And ${skipped.length - Math.min(told.length, NAMED_MAX)} more.` : '';
  const whose = route === null ? 'Nothing can answer this' : `No model of the route "${route}" can answer this`;
  return fail(CODES[nearest.reason], {
    param: nearest.reason === 'not_pinned' ? 'x-interline-target' : nearest.reason === 'unhealthy' ? null : 'model',
    message: `${whose}. ${[...new Set(told)].slice(0, NAMED_MAX).join(' ')}${rest}`,
    ...(soonest === Infinity ? {} : { headers: { 'retry-after': String(soonest) } }),
  });
}

function rank({ reason }: Skipped): number {
  return SKIP_REASONS.indexOf(reason);
}
