/** This file finds the operation of a request in a table: one look-up for plain paths, one prefix, and what ends them, for templated ones. */
import type { OperationRoute } from './contract.ts';
import { operations } from '../generated/operations.ts';

/** The same contract is served at both. */
export const BASE_PATHS = ['/v1', '/api/openai/v1'] as const;

/** All operations of one path, by method. */
export interface PathEntry {
  readonly methods: ReadonlyMap<string, OperationRoute>;
  /** For 405 and preflights: `GET, HEAD, POST`. */
  readonly allow: string;
}

/** What a URL names. */
export interface RouteMatch {
  readonly entry: PathEntry;
  /** The path parameter, decoded; null when there is none. Undefined when its encoding is broken. */
  readonly parameter: string | null | undefined;
  /** The second path parameter, likewise. */
  readonly rest: string | null | undefined;
  readonly queryText: string;
}

export interface RouteTable {
  /** Matches the raw URL of a request; null when nothing is served there. */
  match(url: string): RouteMatch | null;
}

/** Builds the table from the contract's operations. */
export function createRouteTable(routes: readonly OperationRoute[]): RouteTable {
  const exact = new Map<string, PathEntry>();
  const templated: { prefix: string; suffix: string; middle: string; entry: PathEntry; mayHoldSlashes: boolean; hasRest: boolean }[] = [];
  for (const group of Map.groupBy(routes, (route) => operations[route.operationId].path).values()) {
    const entry = entryOf(group);
    const [first] = group;
    if (!first) continue;
    for (const base of BASE_PATHS) {
      if (first.parameter === null) exact.set(base + first.path, entry);
      else templated.push({ prefix: base + first.path, suffix: first.suffix, middle: first.middle, entry, mayHoldSlashes: first.mayHoldSlashes, hasRest: first.rest !== null });
    }
  }
  const matchPath = (path: string, queryText: string): RouteMatch | null => {
    const entry = exact.get(path);
    if (entry) return { entry, parameter: null, rest: null, queryText };
    for (const { prefix, suffix, middle, entry: candidate, mayHoldSlashes, hasRest } of templated) {
      if (!path.startsWith(prefix) || !path.endsWith(suffix) || path.length <= prefix.length + suffix.length) continue;
      const raw = path.slice(prefix.length, path.length - suffix.length);
      if (hasRest) {
        const slash = raw.indexOf('/');
        const restAt = slash + middle.length + 1;
        if (slash < 1 || restAt >= raw.length || !raw.startsWith(`${middle}/`, slash)) continue;
        if (middle !== '' && raw.includes('/', restAt)) continue;
        return { entry: candidate, parameter: decode(raw.slice(0, slash)), rest: decode(raw.slice(restAt)), queryText };
      }
      if (!mayHoldSlashes && raw.includes('/')) continue;
      return { entry: candidate, parameter: decode(raw), rest: null, queryText };
    }
    return null;
  };
  return {
    match(url) {
      const mark = url.indexOf('?');
      return mark === -1 ? matchPath(url, '') : matchPath(url.slice(0, mark), url.slice(mark + 1));
    },
  };
}

function entryOf(group: readonly OperationRoute[]): PathEntry {
  const methods = new Map<string, OperationRoute>();
  for (const route of group) {
    const method = operations[route.operationId].method.toUpperCase();
    methods.set(method, route);
    if (method === 'GET') methods.set('HEAD', route);
  }
  return { methods, allow: [...methods.keys(), 'OPTIONS'].sort().join(', ') };
}

function decode(raw: string): string | undefined {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}
