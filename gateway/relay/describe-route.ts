/** This file describes routes in the contract's words: what each is for, and what of it a caller reaches now. */
import type { Route, RouteModel, RoutePolicy } from '../../generated/client/types.gen.ts';
import { fail } from '../foundation/errors.ts';
import type { Caller, Kind } from '../foundation/terms.ts';
import type { Meaning, RouteTerms } from '../routing/entries.ts';
import { listOwnNames, saidOf } from '../routing/own-routes.ts';
import type { Said } from '../routing/own-routes.ts';
import type { OwnKey } from '../routing/own-targets.ts';
import type { Plan, Skipped } from '../routing/steps.ts';
import { PLAIN_POLICY } from '../routing/policy.ts';
import type { Policy } from '../routing/policy.ts';
import { NO_REQUEST_FACTS, planCall } from './choose-route.ts';
import type { House } from './house.ts';
import { NO_STEERING } from './steering.ts';

type Source = Route['source'];

/** A name, what was said of it, and what it stands for. */
interface Named extends Said {
  readonly id: string;
  readonly source: Source;
  readonly meaning: Meaning | null;
}

/** Every route and alias a caller can name, by id. */
export async function describeRoutes(house: House, caller: Caller, nowMs: number): Promise<Route[]> {
  const keys = await house.ownKeys.open(caller.account);
  return namesFor(house, caller).sort((one, other) => (one.id < other.id ? -1 : 1)).map((named) => describe(house, { caller, keys, nowMs }, named));
}

/** One of them. `isOwnToo` false: of the installation, whatever the workspace has put over it. Throws a Refusal `route_not_found`. */
export async function describeRoute(house: House, caller: Caller, { id, nowMs, isOwnToo = true }: { readonly id: string; readonly nowMs: number; readonly isOwnToo?: boolean }): Promise<Route> {
  const named = (isOwnToo ? namesFor(house, caller) : namesOfAll(house)).find((each) => each.id === id) ?? fail('route_not_found', { param: 'route' });
  return describe(house, { caller, keys: await house.ownKeys.open(caller.account), nowMs }, named);
}

function namesFor(house: House, { account }: Caller): Named[] {
  const own = listOwnNames(house.catalog, account).map((name): Named => ({ ...name, source: 'workspace' }));
  return [...own, ...namesOfAll(house).filter(({ id }) => !own.some((name) => name.id === id))];
}

function namesOfAll({ keeper, catalog }: House): Named[] {
  return keeper.list('route').map(({ entry, source }) => ({ id: entry.id, source, ...saidOf(entry), meaning: catalog.names.get(entry.id) ?? null }));
}

interface Onlooker {
  readonly caller: Caller;
  readonly keys: readonly OwnKey[];
  readonly nowMs: number;
}

function describe(house: House, { caller, keys, nowMs }: Onlooker, { id, source, description, standsFor, meaning }: Named): Route {
  const terms = meaning?.terms ?? plainTerms(id, meaning);
  // For a request of which nothing is known there is nothing to draw by.
  const shown: RouteTerms = terms.objective === 'weighted' ? { ...terms, objective: 'order' } : terms;
  const ask = { kind: kindOf(terms), model: id, facts: () => NO_REQUEST_FACTS };
  const plan = planCall(house, { caller, ask, steering: NO_STEERING, nowMs, terms: shown, keys });
  return {
    id, object: 'route', source, description,
    stands_for: standsFor, objective: terms.objective, filters: [...terms.filters], limits: terms.row.limits ?? {},
    fallback: toContractPolicy(terms.policy),
    models: modelsOf(plan, terms),
  };
}

/** Of an alias for models: the first that can be called answers, and no other. */
function plainTerms(id: string, meaning: Meaning | null): RouteTerms {
  const candidates = (meaning?.alternatives ?? []).map((each) => ({ meaning: each, weight: 1 }));
  return { id, row: { id, description: id, targets: [] }, objective: 'order', candidates, filters: new Set(), policy: PLAIN_POLICY };
}

function kindOf({ candidates }: RouteTerms): Kind {
  const kinds = candidates.flatMap(({ meaning }) => meaning.entry?.row.kinds ?? ['chat' as const]);
  return kinds.includes('chat') ? 'chat' : kinds[0] ?? 'chat';
}

function modelsOf({ steps, skipped }: Plan, { candidates }: RouteTerms): RouteModel[] {
  const weights = new Map(candidates.map(({ meaning, weight }) => [meaning.entry?.row.id ?? '', weight]));
  const models = [...new Set([...steps, ...skipped].map(({ model }) => model))];
  return models.map((model): RouteModel => {
    const targets = steps.filter((step) => step.model === model).map(({ target }) => target.id);
    const why: Skipped | undefined = targets.length > 0 ? undefined : skipped.find((each) => each.model === model);
    return { model, weight: weights.get(model) ?? 1, available: targets.length > 0, targets, reason: why?.reason ?? null, detail: why?.detail ?? null };
  });
}

const MS_PER_SECOND = 1000;

/** A policy in the contract's words. */
export function toContractPolicy({ on, attemptsMax, totalMs, attemptMs, marksDegraded }: Policy): RoutePolicy {
  const seconds = (ms: number): number | null => (Number.isFinite(ms) ? ms / MS_PER_SECOND : null);
  return {
    on: Object.fromEntries(Object.entries(on).map(([failed, steps]) => [failed, [...steps]])),
    attempts: attemptsMax, seconds: seconds(totalMs), attempt_seconds: seconds(attemptMs), mark_degraded: marksDegraded,
  };
}
