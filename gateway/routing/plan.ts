/** This file plans a request: which targets may answer it, in which order, and why the others may not. Relay goes by it, and explain tells it. */
import type { CatalogModel } from '../../generated/catalog-types.ts';
import type { NanoUsd } from '../foundation/money.ts';
import type { Kind, ModelId, Target, Tier } from '../foundation/terms.ts';
import { drawOrder } from './draw.ts';
import type { Meaning, RouteCandidate, RouteTerms } from './entries.ts';
import type { HealthView } from './health.ts';
import { costFault, missingAbility, priceFault } from './plan-filters.ts';
import type { Fault } from './plan-filters.ts';
import { PLAIN_POLICY } from './policy.ts';
import type { RequestFacts } from './request-facts.ts';
import { withoutRests } from './rests.ts';
import { isSandbox } from './route-terms.ts';
import type { Plan, PlanStep, Skipped, SkipReason } from './steps.ts';

/** What a plan is made of. The same input gives the same plan. */
export interface PlanInput {
  readonly terms: Pick<RouteTerms, 'id' | 'objective' | 'candidates' | 'filters' | 'policy'> & { readonly row: Pick<RouteTerms['row'], 'limits'> };
  readonly kind: Kind;
  readonly facts: RequestFacts;
  /** Whether the caller's key may call a model. */
  readonly isAllowed: (model: ModelId) => boolean;
  /** Whether the workspace may use a tier at all; asked only of what it would pay for. */
  readonly isTierOpen: (tier: Tier) => boolean;
  /** The targets the workspace's own keys reach; they take the place of the operator's. */
  readonly ownTargets: (meaning: Meaning) => readonly Target[];
  readonly health: HealthView;
  /** Wall time. */
  readonly nowMs: number;
  /** Whose request it is: with its affinity, what a weighted draw is a function of. */
  readonly seed: string;
  /** The one target the caller will have; null for any. */
  readonly pinned: string | null;
  /** What the call could cost at most at a target whose model gives so much output; absent: nothing is known of it but its kind. */
  readonly costOf?: (target: Target, maxOutputTokens: number | null) => NanoUsd;
}

/** Plans a request for a route. Pure; it takes some microseconds a model. */
export function planRoute(input: PlanInput): Plan {
  const { terms } = input;
  const skipped: Skipped[] = [];
  const groups: Group[] = [];
  const reached = ordered(input).map(({ meaning }): Reached => {
    const own = input.ownTargets(meaning);
    return { meaning, targets: own.length > 0 ? own : meaning.targets, isOwnKey: own.length > 0, isSandbox: isSandbox(meaning) };
  });
  // Nobody who could have a real answer is given a made-up one because something failed.
  const hasReal = reached.some((each) => !each.isSandbox && each.targets.length > 0);
  for (const each of reached) {
    const group = considered(each, { ...input, hasReal }, skipped);
    if (group) groups.push(group);
  }
  const inTurn = roomyFirst(terms.objective === 'latency' ? quickestFirst(groups, input) : groups);
  const steps = inTurn.flatMap((group) => group.steps);
  const outputTokensMax = terms.row.limits?.output_tokens_max;
  // Who names a target will have it, whatever became of it.
  const rested = input.pinned === null ? withoutRests(steps, input.health, input.nowMs) : { steps, skipped: [], isLastResort: true };
  return {
    route: terms.id, policy: terms.policy, preferred: inTurn[0]?.model ?? null,
    steps: rested.steps, skipped: [...skipped, ...rested.skipped], isLastResort: rested.isLastResort,
    ...(outputTokensMax === undefined ? {} : { outputTokensMax }),
  };
}

/** The plan of a model that was named itself. */
export function planModel(steps: readonly PlanStep[]): Plan {
  return { route: null, steps, skipped: [], policy: PLAIN_POLICY, preferred: steps[0]?.model ?? null, isLastResort: false };
}

/** A model of the route, and how it can be reached. */
interface Reached {
  readonly meaning: Meaning;
  readonly targets: readonly Target[];
  readonly isOwnKey: boolean;
  readonly isSandbox: boolean;
}

interface Considering extends PlanInput {
  /** A provider can be asked for some model of the route. */
  readonly hasReal: boolean;
}

/** One model's targets. */
interface Group {
  readonly model: ModelId;
  readonly isSandbox: boolean;
  /** The prompt looks too long for it. */
  readonly isTight: boolean;
  readonly steps: readonly PlanStep[];
}

function ordered({ terms, seed, facts }: PlanInput): readonly RouteCandidate[] {
  if (terms.objective !== 'weighted') return terms.candidates;
  return drawOrder(terms.candidates, `${seed}\n${facts.affinity}`, ({ meaning, weight }) => ({ name: meaning.entry?.row.id ?? '', weight }));
}

/** The steps of one model, or null with the reason why there can be none. */
function considered(reached: Reached, input: Considering, skipped: Skipped[]): Group | null {
  const row = reached.meaning.entry?.row;
  if (!row) return null;
  const model = row.id;
  const { targets, isOwnKey } = reached;
  const fault = modelFault(reached, row, input);
  if (fault) {
    skipped.push({ model, target: null, ...fault });
    return null;
  }
  const steps: PlanStep[] = [];
  for (const target of targets) {
    const refused = targetFault(target, row, input);
    if (refused) skipped.push({ model, target: target.id, ...refused });
    else steps.push({ target, model, row, isOwnKey });
  }
  const isTight = input.terms.filters.has('context') && row.context_window > 0 && input.facts.promptTokens > row.context_window;
  return steps.length > 0 ? { model, isSandbox: reached.isSandbox, isTight, steps } : null;
}

const CHAT_ONLY: readonly Kind[] = ['chat'];

function modelFault({ meaning, targets, isOwnKey, isSandbox: isPlayed }: Reached, row: CatalogModel, input: Considering): { reason: SkipReason; detail: string } | null {
  const { id } = row;
  if (input.pinned !== null && !targets.some((target) => target.id === input.pinned)) return { reason: 'not_pinned', detail: `x-interline-target names ${input.pinned}.` };
  if (row.status === 'retired') return { reason: 'retired', detail: `${id} was retired.` };
  if (isPlayed && input.hasReal) return { reason: 'sandbox', detail: `${id} answers only where no provider of the route can be called.` };
  if (!(row.kinds ?? CHAT_ONLY).includes(input.kind)) return { reason: 'kind', detail: `${id} does something else than ${input.kind}.` };
  if (!input.isAllowed(id)) return { reason: 'not_allowed', detail: `This key may not call ${id}.` };
  if (targets.length === 0) {
    const wanted = meaning.missing.length === 0 ? 'none of its providers is configured' : `set ${meaning.missing.join(' or ')}`;
    return { reason: 'no_key', detail: `No key to reach ${id} is configured: ${wanted}.` };
  }
  if (!isOwnKey && !input.isTierOpen(row.tier)) return { reason: 'tier', detail: `The plan of this workspace gives no messages of the tier ${row.tier}.` };
  // Who names a target knows what it is asked.
  return input.pinned === null ? missingAbility(row, input.facts, input.terms.filters) : null;
}

function targetFault(target: Target, { max_output_tokens: maxOutputTokens }: CatalogModel, { pinned, terms, costOf }: PlanInput): Fault | { reason: 'not_pinned'; detail: string } | null {
  if (pinned !== null && target.id !== pinned) return { reason: 'not_pinned', detail: `x-interline-target names ${pinned}.` };
  const { limits } = terms.row;
  const fault = priceFault(target, limits);
  if (fault || limits?.cost_max === undefined || !costOf) return fault;
  return costFault(target, costOf(target, maxOutputTokens), limits.cost_max);
}

/** A guess is no reason to skip a model; but those for which the prompt is surely short enough come before it. */
function roomyFirst(groups: readonly Group[]): readonly Group[] {
  return groups.some(({ isTight }) => isTight) ? [...groups.filter(({ isTight }) => !isTight), ...groups.filter(({ isTight }) => isTight)] : groups;
}

/** Those not measured yet come first, so that they are. */
function quickestFirst(groups: readonly Group[], { health }: PlanInput): readonly Group[] {
  const latencyOf = ({ target }: PlanStep): number => health.latencyMsOf(target) ?? 0;
  return groups
    .map((group) => ({ ...group, steps: [...group.steps].sort((one, other) => latencyOf(one) - latencyOf(other)) }))
    .sort((one, other) => Number(one.isSandbox) - Number(other.isSandbox) || quickest(one) - quickest(other) || 0);

  function quickest({ steps }: Group): number {
    const [first] = steps;
    return first ? latencyOf(first) : Number.MAX_VALUE;
  }
}
