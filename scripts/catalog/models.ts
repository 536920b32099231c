/** This file joins the rows of the price list into models: one public id, and the places where it can be reached, in order. */
import type { CatalogModel, CatalogTarget } from '../../generated/catalog-types.ts';
import { tierByPrice } from '../../gateway/routing/tier.ts';
import { matchesAny } from './overlay.ts';
import type { Overlay } from './overlay.ts';
import type { SourceRow } from './snapshot.ts';
import { makeTarget, targetId } from './targets.ts';
import type { Pricing } from './targets.ts';

/** The aggregator whose slugs are our public ids. */
const AGGREGATOR = 'openrouter';

/** Providers that serve their own models, with the name their models carry in a slug. All others host models of many makers. */
const MAKERS: Readonly<Record<string, string>> = {
  'ant-ling': 'inclusionai', anthropic: 'anthropic', deepseek: 'deepseek', google: 'google', minimax: 'minimax', mistral: 'mistralai',
  moonshot: 'moonshotai', openai: 'openai', xai: 'x-ai', xiaomi: 'xiaomi', zai: 'z-ai',
};

/** What every host adds in front of a name and nobody wants to type. */
const NEEDLESS = /^accounts\/fireworks\/(models\/)?/;

interface Joined {
  readonly id: string;
  /** In order of preference: the maker's own API before the aggregator. */
  readonly rows: SourceRow[];
}

/** Makes the models of the price list, with the overlay applied, sorted by id. */
export function makeModels(rows: readonly SourceRow[], pricing: Pricing, createdSeconds: number): CatalogModel[] {
  const { overlay } = pricing;
  const sold = rows.filter((row) => !matchesAny(overlay.leave_out, targetId(row)));
  const listed = [...joinRows(sold, overlay).values()].map(({ id, rows: joined }) =>
    describeModel(id, joined, { targets: joined.map((row) => makeTarget(row, pricing)), created: createdSeconds }));
  const models = [...listed, ...overlay.models].map((model) => change(model, overlay));
  return models.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function joinRows(rows: readonly SourceRow[], overlay: Overlay): Map<string, Joined> {
  const models = new Map<string, Joined>();
  for (const row of rows.filter((candidate) => candidate.provider === AGGREGATOR)) {
    const id = overlay.same_as[targetId(row)] ?? row.id;
    models.set(id, { id, rows: [row] });
  }
  const slugs = new Map([...models.keys()].map((id) => [plain(id), id]));
  const taken = new Set<string>();
  for (const row of rows.filter((candidate) => candidate.provider !== AGGREGATOR)) {
    const maker = MAKERS[row.provider];
    const own = maker === undefined ? `${row.provider}/${row.id.replace(NEEDLESS, '')}` : `${maker}/${row.id}`;
    const id = overlay.same_as[targetId(row)] ?? (maker === undefined ? own : slugs.get(plain(own)) ?? own);
    // Some lists name a model once for each wire; the first is enough.
    if (taken.has(targetId(row))) continue;
    taken.add(targetId(row));
    const known = models.get(id);
    if (known) known.rows.unshift(row);
    else models.set(id, { id, rows: [row] });
  }
  return models;
}

function describeModel(id: string, rows: readonly SourceRow[], made: { targets: CatalogTarget[]; created: number }): CatalogModel {
  const first = rows[0];
  if (!first) throw new Error(`${id} has no rows`);
  const named = rows.find((row) => row.provider === AGGREGATOR) ?? first;
  return {
    id,
    name: named.name.replace(/^[^:]{1,30}: /, '').replace(/ \(latest\)$/i, ''),
    owned_by: ownerOf(id, first),
    created: made.created,
    context_window: first.contextWindow,
    max_output_tokens: first.maxTokens > 0 ? first.maxTokens : null,
    input_modalities: rows.some((row) => row.input.includes('image')) ? ['text', 'image'] : ['text'],
    output_modalities: ['text'],
    // The list holds only models that can call tools: its users are agents.
    tools: true,
    structured_output: rows.some((row) => row.compat?.supportsStrictMode === true || row.compat?.supportsStrictTools === true),
    reasoning: rows.some((row) => row.reasoning),
    tier: tierByPrice(made.targets),
    status: 'active',
    shutdown_at: null,
    replacement: null,
    targets: made.targets,
  };
}

/** A hosted model is named `host/maker/model`; the maker is who owns it. */
function ownerOf(id: string, row: SourceRow): string {
  const parts = id.split('/');
  const isHosted = row.provider !== AGGREGATOR && MAKERS[row.provider] === undefined;
  return (isHosted && parts.length > 2 ? parts[1] : parts[0]) ?? id;
}

function change(model: CatalogModel, overlay: Overlay): CatalogModel {
  return overlay.changes.filter((entry) => matchesAny(entry.models, model.id)).reduce((changed, entry) => ({ ...changed, ...entry.set }), model);
}

/** Makers write `claude-sonnet-4-5` and `MiniMax-M3` where slugs have `claude-sonnet-4.5` and `minimax-m3`. */
function plain(id: string): string {
  return id.toLowerCase().replace(/[._]/g, '-');
}
