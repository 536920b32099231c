/** This file chooses who may answer a call: the operator's targets, or those the workspace's own provider keys reach, in the order they are tried. */
import { fail } from '../foundation/errors.ts';
import type { Caller, Kind } from '../foundation/terms.ts';
import type { Meaning, ModelEntry } from '../routing/entries.ts';
import { findNamed } from '../routing/own-routes.ts';
import { chooseOwn } from '../routing/own-targets.ts';
import { planModel } from '../routing/plan.ts';
import type { Plan } from '../routing/steps.ts';
import { failPlan } from '../routing/plan-refusal.ts';
import { failNotFound, resolve } from '../routing/resolve.ts';
import { findRollouts } from '../routing/rollouts.ts';
import { withoutRests } from '../routing/rests.ts';
import type { CatalogModel } from '../../generated/catalog-types.ts';
import type { Ask } from './ask.ts';
import type { Asking, Choice } from './choice.ts';
import { chooseNative } from './choose-native.ts';
import type { NativeChoice } from './choose-native.ts';
import { chooseSplit } from './choose-rollout.ts';
import { candidateOf, planCall } from './choose-route.ts';
import type { House } from './house.ts';
import { ROUTE_HEADER, TARGET_HEADER } from './steering.ts';

type OpenedKeys = Awaited<ReturnType<House['ownKeys']['open']>>;

/**
 * Chooses by the name the caller wrote, or by the headers that steer. Throws a Refusal: model_not_found, model_not_available, route_not_found,
 * unsupported_model for one that does something else, and what else stands between a request and every model of a route.
 */
export function chooseTargets(house: House, asking: Asking): Choice | NativeChoice | Promise<Choice | NativeChoice> {
  const { caller, ask } = asking;
  if (ask.native) {
    const chosen = chooseNative(house, caller, ask.native);
    return chosen instanceof Promise ? chosen.then((choice) => ofKind(choice, ask.kind)) : ofKind(chosen, ask.kind);
  }
  const keys = house.ownKeys.open(caller.account);
  if (keys instanceof Promise) return keys.then((opened) => choose(house, asking, opened));
  return choose(house, asking, keys);
}

/** The one model of a call that names one, or a route's first that can be called, whatever is asked of it; for jobs, which are begun once. */
export function chooseModel(house: House, caller: Caller, ask: Pick<Ask, 'kind' | 'model'>): Choice | Promise<Choice> {
  const keys = house.ownKeys.open(caller.account);
  const named = findNamed(house.catalog, caller.account, ask.model) ?? failNotFound(house.catalog, ask.model);
  const meaning = findRollouts(house.catalog, caller.account, { asked: ask.model, meaning: named })?.promoted ?? named;
  if (keys instanceof Promise) return keys.then((opened) => chooseOne(house, { ask, meaning }, opened));
  return chooseOne(house, { ask, meaning }, keys);
}

/** The plan of a call for a route, also one without any step; null of one that names a model, or nothing. */
export async function planOf(house: House, asking: Asking): Promise<Plan | null> {
  const { caller, ask, steering } = asking;
  const asked = steering.route ?? ask.model;
  const named = findNamed(house.catalog, caller.account, asked);
  const terms = named && (findRollouts(house.catalog, caller.account, { asked, meaning: named })?.promoted ?? named).terms;
  return terms ? planCall(house, { ...asking, terms, keys: await house.ownKeys.open(caller.account) }) : null;
}

function choose(house: House, asking: Asking, keys: OpenedKeys): Choice {
  const { caller, ask, steering } = asking;
  const asked = steering.route ?? ask.model;
  const named = findNamed(house.catalog, caller.account, asked) ?? (steering.route === null ? failNotFound(house.catalog, asked) : failNoRoute(asked));
  if (steering.route !== null && !named.terms) return failNoRoute(asked);
  const rollouts = house.catalog.rollouts.size === 0 ? null : findRollouts(house.catalog, caller.account, { asked, meaning: named });
  if (!rollouts) return chooseMeant(house, asking, { asked, meaning: named, keys });
  const meant = { asked, meaning: rollouts.promoted ?? named, keys };
  // Who names a target has chosen.
  if (!rollouts.running || steering.target !== null) return chooseMeant(house, asking, meant);
  return chooseSplit(house, asking, { running: rollouts.running, route: meant.meaning.terms ?? null, keys, chooseOld: () => chooseMeant(house, asking, meant) });
}

interface Meant {
  readonly asked: string;
  readonly meaning: Meaning;
  readonly keys: OpenedKeys;
}

function chooseMeant(house: House, asking: Asking, { asked, meaning, keys }: Meant): Choice {
  const { ask: { kind }, steering } = asking;
  if (meaning.terms) return candidateOf(planCall(house, { ...asking, terms: meaning.terms, keys }));
  const own = keys.length > 0 ? chooseOwn(house.catalog, meaning, keys) : null;
  const choice = own ? ownChoice(own) : plainChoice(house, asked, meaning);
  checkKind(choice.row, kind);
  if (steering.target !== null) return pinned(choice, steering.target);
  return withoutResting(house, choice, asking.nowMs);
}

/** What a model's name leads to is the same for every call, until the catalogue changes. */
const plainChoices = new WeakMap<Meaning, Choice>();

function plainChoice({ catalog }: House, asked: string, meaning: Meaning): Choice {
  const known = plainChoices.get(meaning);
  if (known) return known;
  const { row, targets } = resolve(catalog, asked, meaning);
  const made = choiceOf(row, targets, false);
  plainChoices.set(meaning, made);
  return made;
}

function ownChoice({ entry, targets }: { readonly entry: ModelEntry; readonly targets: Choice['targets'] }): Choice {
  return choiceOf(entry.row, targets, true);
}

function choiceOf(row: CatalogModel, targets: Choice['targets'], isOwnKey: boolean): Choice {
  const plan = planModel(targets.map((target) => ({ target, model: row.id, row, isOwnKey })));
  return { model: row.id, row, targets, tier: row.tier, maxOutputTokens: row.max_output_tokens, isOwnKey, plan };
}

/** The targets that do not rest. Nothing is made anew as long as all may be asked. */
function withoutResting({ health }: House, choice: Choice, nowMs: number): Choice {
  const { plan } = choice;
  const rested = withoutRests(plan.steps, health, nowMs);
  if (rested.steps === plan.steps) return choice;
  if (rested.steps.length === 0) return failPlan({ route: null, skipped: rested.skipped });
  return { ...choice, targets: rested.steps.map(({ target }) => target), plan: { ...plan, ...rested } };
}

function pinned(choice: Choice, target: string): Choice {
  const steps = choice.plan.steps.filter((step) => step.target.id === target);
  if (steps.length === 0) {
    const named = choice.targets.map(({ id }) => id).join(', ');
    fail('invalid_request', { param: TARGET_HEADER, message: `"${target}" is no target of ${choice.model} that can be called. Those that can are ${named}.` });
  }
  return { ...choice, targets: steps.map((step) => step.target), plan: { ...choice.plan, steps, isLastResort: true } };
}

function failNoRoute(asked: string): never {
  return fail('route_not_found', { param: ROUTE_HEADER, message: `There is no route "${asked}". GET /routes lists them.` });
}

function chooseOne(house: House, { ask, meaning }: { readonly ask: Pick<Ask, 'kind' | 'model'>; readonly meaning: Meaning }, keys: OpenedKeys): Choice {
  const own = keys.length > 0 ? chooseOwn(house.catalog, meaning, keys) : null;
  const choice = own ? ownChoice(own) : plainChoice(house, ask.model, meaning);
  checkKind(choice.row, ask.kind);
  return choice;
}

function ofKind(choice: NativeChoice, kind: Kind): NativeChoice {
  if (choice.row) checkKind(choice.row, kind);
  return choice;
}

const CHAT_ONLY: Kind[] = ['chat'];
const WORDS: Readonly<Record<Kind, string>> = {
  chat: 'text', embeddings: 'embeddings', images: 'images', transcription: 'transcriptions', speech: 'speech', video: 'videos',
};

function checkKind({ id, kinds = CHAT_ONLY }: CatalogModel, kind: Kind): void {
  if (kinds.includes(kind)) return;
  fail('unsupported_model', { param: 'model', message: `The model "${id}" makes ${kinds.map((each) => WORDS[each]).join(' and ')}, not ${WORDS[kind]}. Choose another, or another operation.` });
}
