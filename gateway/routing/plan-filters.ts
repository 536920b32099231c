/** This file says what a model lacks for a request, and which target is too dear for a route: never silently, always with a reason. */
import type { CatalogModel, CatalogRouteFilter, CatalogRouteLimits } from '../../generated/catalog-types.ts';
import type { NanoUsd } from '../foundation/money.ts';
import type { Target } from '../foundation/terms.ts';
import type { RequestFacts } from './request-facts.ts';

export interface Fault {
  readonly reason: CatalogRouteFilter | 'price' | 'price_unknown' | 'cost';
  readonly detail: string;
}

/** The first ability the request needs, the route looks at and the catalogue denies; null when there is none. */
export function missingAbility(row: CatalogModel, facts: RequestFacts, filters: ReadonlySet<CatalogRouteFilter>): Fault | null {
  const { id, context_window: window } = row;
  if (facts.hasTools && !row.tools && filters.has('tools')) return { reason: 'tools', detail: `${id} calls no tools.` };
  if (facts.hasImages && !row.input_modalities.includes('image') && filters.has('vision')) return { reason: 'vision', detail: `${id} reads no images.` };
  if (facts.hasAudio && !row.input_modalities.includes('audio') && filters.has('audio')) return { reason: 'audio', detail: `${id} hears no audio.` };
  if (facts.hasFiles && !row.input_modalities.includes('file') && filters.has('files')) return { reason: 'files', detail: `${id} reads no files.` };
  if (facts.wantsSchema && !row.structured_output && filters.has('structured_output')) return { reason: 'structured_output', detail: `${id} follows no JSON schema.` };
  // Of an unknown window nothing can be said.
  if (window > 0 && facts.promptTokensAtLeast > window && filters.has('context')) {
    return { reason: 'context', detail: `The prompt has at least ${facts.promptTokensAtLeast} tokens, the context window of ${id} ${window}.` };
  }
  return null;
}

/** What stands between a target and the limits of a route; null when nothing does. */
export function priceFault({ id, price }: Target, limits: CatalogRouteLimits | undefined): Fault | null {
  if (!limits) return null;
  const { input_price_max: inputMax, output_price_max: outputMax } = limits;
  if (inputMax === undefined && outputMax === undefined && limits.cost_max === undefined) return null;
  if (price === null) return { reason: 'price_unknown', detail: `${id} has no known price, and the route has a limit.` };
  if (inputMax !== undefined && price.input > BigInt(inputMax)) return { reason: 'price', detail: `A million prompt tokens cost ${price.input} nano-USD at ${id}, over the route's ${inputMax}.` };
  if (outputMax !== undefined && price.output > BigInt(outputMax)) return { reason: 'price', detail: `A million generated tokens cost ${price.output} nano-USD at ${id}, over the route's ${outputMax}.` };
  return null;
}

/** What stands between a target and what one call may cost; null when nothing does. `nanoUsd`: what it could cost at most. */
export function costFault({ id }: Target, nanoUsd: NanoUsd, costMax: number): Fault | null {
  if (nanoUsd <= BigInt(costMax)) return null;
  return { reason: 'cost', detail: `${id} could cost ${nanoUsd} nano-USD for this request, over the route's ${costMax}: less output or a shorter prompt would fit.` };
}
