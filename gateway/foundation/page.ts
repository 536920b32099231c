/** This file shapes pages as the contract lists them: one row more than was asked for tells whether there is a next page. */

export interface ContractPage<Item> {
  readonly object: 'list';
  readonly data: Item[];
  readonly has_more: boolean;
  readonly first_id: string | null;
  readonly last_id: string | null;
}

/** Makes a page of rows that were read with `limit + 1`; `idOf` gives what the next page goes on after. */
export function pageOf<Row, Item>(rows: readonly Row[], limit: number, shape: { readonly item: (row: Row) => Item; readonly idOf: (row: Row) => string }): ContractPage<Item> {
  const shown = rows.slice(0, limit);
  const [first] = shown;
  const last = shown.at(-1);
  return {
    object: 'list',
    data: shown.map(shape.item),
    has_more: rows.length > limit,
    first_id: first === undefined ? null : shape.idOf(first),
    last_id: last === undefined ? null : shape.idOf(last),
  };
}

/** What to read of the store for a page of so many. */
export function askedPage(query: { readonly limit?: number; readonly after?: string }, limitDefault: number): { readonly limit: number; readonly after: string | null } {
  return { limit: (query.limit ?? limitDefault) + 1, after: query.after ?? null };
}

const MS_PER_SECOND = 1000;

/** Milliseconds as the contract's whole seconds. */
export function toSeconds(ms: number): number {
  return Math.floor(ms / MS_PER_SECOND);
}

/** The contract's whole seconds as milliseconds. */
export function toMs(seconds: number): number {
  return seconds * MS_PER_SECOND;
}
