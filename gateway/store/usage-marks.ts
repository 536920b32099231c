/** This file marks the ten minutes the rows of one batch are in, so that lists of what few requests have need not walk over the others. */
import type { MarkMemory, ProposedMark } from './mark-memory.ts';
import { forRows, tupleOf } from './sql-lists.ts';
import type { SqlTask, SqlValue } from './sql-task.ts';
import { namedKinds } from './usage-groups.ts';
import type { Group, MarkKind } from './usage-groups.ts';

const columns = ['ws_id', 'kind', 'value', 'start_ms'];
const MARK = `INSERT INTO usage_mark (${columns.join(', ')}) VALUES {{rows}} ON CONFLICT (${columns.join(', ')}) DO NOTHING`;
const TUPLE = tupleOf(columns);

interface Mark extends ProposedMark {
  readonly values: readonly SqlValue[];
}

/** Marks to be written, and groups all of whose marks are there then. */
interface Marks {
  readonly written: Map<string, Mark>;
  readonly groups: ProposedMark[];
}

/** Writes the marks of these groups in the order of their keys, but for those that are known to be there. */
export function* addMarks(groups: readonly Group[], known: MarkMemory | null): SqlTask<void> {
  const marks: Marks = { written: new Map(), groups: [] };
  for (const group of groups) markGroup(marks, group, known);
  const ordered = [...marks.written].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, mark]) => mark);
  known?.propose([...ordered, ...marks.groups]);
  yield* forRows(MARK, TUPLE, ordered.map(({ values }) => values));
}

/** A group whose marks are all there is known by its own key: nearly all are, but for the first in ten minutes. */
function markGroup(marks: Marks, { id, workspace, startMs, names, digits }: Group, known: MarkMemory | null): void {
  const note = (kind: MarkKind, value: string): void => {
    const mark = `${workspace}\0${kind}\0${value}`;
    if (known?.has(startMs, mark) !== true) marks.written.set(`${mark}\0${startMs}`, { startMs, mark, values: [workspace, kind, value, startMs] });
  };
  for (const each of digits) note('cost', each);
  if (known?.has(startMs, id) === true) return;
  marks.groups.push({ startMs, mark: id });
  for (const [place, kind] of namedKinds.entries()) {
    const name = names[place] ?? '';
    // Nobody looks for those that no cache was asked for, and there are none of before it.
    if (kind !== 'cache' || name !== '') note(kind, name);
  }
}
