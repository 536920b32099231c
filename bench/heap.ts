/** This file compares two heap snapshots of V8 by what kind of object grew. */
import { readFileSync } from 'node:fs';

/** Objects of one kind and name that one snapshot has more of than the other. */
export interface HeapShare {
  readonly name: string;
  readonly bytes: number;
  readonly count: number;
}

/** The parts of a .heapsnapshot that are read here; `nodes` is a flat array of records whose fields `meta` names. */
interface Snapshot {
  readonly snapshot: { readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly (readonly string[] | string)[] } };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

/** Kinds whose name is their content, or an address: their rows are put together under the kind. */
const namelessKinds = ['string', 'concatenated string', 'sliced string', 'number', 'symbol', 'bigint', 'code'];

function sumUp(path: string): Map<string, { bytes: number; count: number }> {
  // What V8 wrote is trusted to be what V8 writes.
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(path, 'utf8')) as Snapshot;
  const fields = snapshot.meta.node_fields;
  const [kindAt, nameAt, sizeAt] = [fields.indexOf('type'), fields.indexOf('name'), fields.indexOf('self_size')];
  const kinds = snapshot.meta.node_types[kindAt] ?? [];
  const sums = new Map<string, { bytes: number; count: number }>();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = kinds[nodes[at + kindAt] ?? 0] ?? 'unknown';
    const text = strings[nodes[at + nameAt] ?? 0] ?? '';
    const name = namelessKinds.includes(kind) ? kind : `${kind} ${text.slice(0, 60) || '(no name)'}`;
    const sum = sums.get(name) ?? { bytes: 0, count: 0 };
    sum.bytes += nodes[at + sizeAt] ?? 0;
    sum.count += 1;
    sums.set(name, sum);
  }
  return sums;
}

/** What the second snapshot has more of than the first (and less of: negative), most bytes first. */
export function compareSnapshots(beforePath: string, afterPath: string): HeapShare[] {
  const before = sumUp(beforePath);
  const after = sumUp(afterPath);
  const names = new Set([...before.keys(), ...after.keys()]);
  const shares = [...names].map((name) => ({
    name,
    bytes: (after.get(name)?.bytes ?? 0) - (before.get(name)?.bytes ?? 0),
    count: (after.get(name)?.count ?? 0) - (before.get(name)?.count ?? 0),
  }));
  return shares.filter((share) => share.bytes !== 0).sort((a, b) => b.bytes - a.bytes);
}
