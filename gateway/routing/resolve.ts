/** This file turns the name a caller wrote in `model` into the targets to be tried, or says why it can't. */
import type { CatalogModel } from '../../generated/catalog-types.ts';
import { fail } from '../foundation/errors.ts';
import type { ModelId, Target } from '../foundation/terms.ts';
import type { Catalog } from './catalog.ts';
import { discoveredEntry } from './discovered.ts';
import { meaningOf } from './entries.ts';
import type { Meaning, ModelEntry } from './entries.ts';
import { closestName } from './closest-name.ts';

/** What a name led to. */
export interface Resolution {
  /** What the caller wrote. */
  readonly asked: string;
  /** The public id of the model that answers; `ollama/llama3.2` for a model that a local server names itself. */
  readonly model: ModelId;
  /** The route by which it was chosen; null when a model was named. */
  readonly route: string | null;
  /** At least one, in the order they are to be tried. */
  readonly targets: readonly Target[];
  /** What the catalogue says of the model. */
  readonly row: CatalogModel;
}

/** Longer names are nobody's. */
const NAME_LENGTH_MAX = 256;

/** Aider and LiteLLM put it in front of whatever they call at an OpenAI-compatible base URL. */
export const CLIENT_PREFIX = 'openai/';

/** Of the models an ambiguous name could mean, so many are named in the refusal. */
const CHOICES_NAMED_MAX = 5;

/**
 * Resolves a name: a model's id, a route, an alias, a target (`openrouter/openai/gpt-5`), a bare id that fits one model
 * only, a model of a local server, any of them behind `openai/`, and a sandbox model with options
 * (`sandbox/chat?fail_status=503`). Throws a Refusal: `model_not_found`, or `model_not_available` for a model that is
 * known but retired or without a key. `meaning`: what the name stands for, where it has been looked up.
 */
export function resolve(catalog: Catalog, asked: string, meaning = findMeaning(catalog, asked)): Resolution {
  if (!meaning) return failNotFound(catalog, asked);
  const { entry, targets, route } = meaning;
  if (!entry) return failAmbiguous(asked, meaning);
  if (targets.length === 0) return failNotAvailable(asked, { entry, missing: meaning.missing });
  return { asked, model: entry.row.id, route, targets, row: entry.row };
}

/** What a name stands for, whether or not it can be called; null when for nothing. */
export function findMeaning(catalog: Catalog, asked: string): Meaning | null {
  const exact = catalog.names.get(asked);
  if (exact) return exact;
  if (asked.length > NAME_LENGTH_MAX) return null;
  return findLoosely(catalog, asked) ?? (asked.startsWith(CLIENT_PREFIX) ? findBehindPrefix(catalog, asked.slice(CLIENT_PREFIX.length)) : null);
}

/** Refuses a name that stands for nothing, with the nearest one that stands for something. */
export function failNotFound(catalog: Catalog, asked: string): never {
  const shown = shorten(asked);
  const closest = closestName(asked, catalog);
  fail('model_not_found', {
    param: 'model',
    message: closest === null
      ? `There is no model "${shown}". GET /models lists those that can be called.`
      : `There is no model "${shown}". Did you mean "${closest}"?`,
  });
}

/** Refuses a name that fits several models. */
export function failAmbiguous(asked: string, meaning: Meaning): never {
  const named = meaning.choices.slice(0, CHOICES_NAMED_MAX).join(', ');
  const rest = meaning.choices.length > CHOICES_NAMED_MAX ? ', …' : '';
  fail('model_not_found', { param: 'model', message: `"${shorten(asked)}" could be any of ${named}${rest}. Name one of them.` });
}

function failNotAvailable(asked: string, known: { readonly entry: ModelEntry; readonly missing: readonly string[] }): never {
  const { row } = known.entry;
  if (row.status === 'retired') {
    const when = row.shutdown_at === null ? '' : ` on ${row.shutdown_at}`;
    const instead = row.replacement === null ? '' : ` Use "${row.replacement}" instead.`;
    fail('model_not_available', { param: 'model', message: `The model "${row.id}" was retired${when}.${instead}` });
  }
  const wanted = known.missing.length === 0 ? 'none of its providers is configured' : `set ${known.missing.join(' or ')}`;
  fail('model_not_available', { param: 'model', message: `The model "${shorten(asked)}" exists, but no key to reach it is configured: ${wanted}.` });
}

function findBehindPrefix(catalog: Catalog, rest: string): Meaning | null {
  return catalog.names.get(rest) ?? findLoosely(catalog, rest);
}

function findLoosely(catalog: Catalog, name: string): Meaning | null {
  const discovered = discoveredEntry(name, catalog.providers);
  if (discovered) return meaningOf(discovered);
  const question = name.indexOf('?');
  return question === -1 ? null : findWithOptions(catalog, name, question);
}

/** Only the sandbox takes options on its name: for any other model a `?` is part of a name that does not exist. */
function findWithOptions(catalog: Catalog, name: string, question: number): Meaning | null {
  const meaning = catalog.names.get(name.slice(0, question));
  if (!meaning || meaning.targets.length === 0 || meaning.targets.some((target) => target.provider.wire !== 'sandbox')) return null;
  const options = Object.fromEntries(new URLSearchParams(name.slice(question + 1)));
  return { ...meaning, targets: meaning.targets.map((target) => ({ ...target, options })) };
}

const SHOWN_LENGTH_MAX = 100;

/** A name as it is shown: nobody's is so long. */
export function shorten(name: string): string {
  return name.length <= SHOWN_LENGTH_MAX ? name : `${name.slice(0, SHOWN_LENGTH_MAX)}…`;
}
