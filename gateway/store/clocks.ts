/** This file is about the revision clocks, by which a process learns that another has changed what it has cached; the same for every engine. */
import { readInteger, readOneOf } from './columns.ts';
import type { Row } from './columns.ts';
import { row } from './sql-task.ts';
import type { SqlTask } from './sql-task.ts';

export type ClockName = 'access' | 'catalog' | 'health';

const clockNames: readonly ClockName[] = ['access', 'catalog', 'health'];

/** The statement by which a write advances its clock. A runner that meets it notes the revision as its own once the write is committed. */
export const ADVANCE_CLOCK = 'UPDATE revision SET rev = rev + 1 WHERE id = ? RETURNING rev';

/** Where the clocks stand. */
export const READ_CLOCKS = 'SELECT id, rev FROM revision';

/**
 * Advances a clock and gives its new value. The first statement of every write: on PostgreSQL it locks the clock's row, so that
 * writes under one clock run one after the other and see each other, as they do on SQLite.
 */
export function* advanceClock(name: ClockName): SqlTask<number> {
  return readInteger((yield* row(ADVANCE_CLOCK, name)) ?? {}, 'rev');
}

/** Tells changes of others from one's own: a revision nobody here has made was made by another process. */
export interface ClockWatch {
  /** A change made here has been committed; with the values of its ADVANCE_CLOCK and the rows it gave. */
  noteOwn(name: ClockName, revision: number): void;
  /** Takes the rows of READ_CLOCKS and gives the clocks that others have advanced since the last time. */
  look(rows: readonly Row[]): ClockName[];
}

/** Starts from the rows of READ_CLOCKS as they are now. Call `look` only while no change made here is between its commit and its `noteOwn`. */
export function createClockWatch(rows: readonly Row[]): ClockWatch {
  const seen = readClocks(rows);
  const own: { readonly [Name in ClockName]: Set<number> } = { access: new Set(), catalog: new Set(), health: new Set() };
  return {
    noteOwn(name, revision) {
      if (revision > (seen.get(name) ?? 0)) own[name].add(revision);
    },
    look(found) {
      const moved: ClockName[] = [];
      for (const [name, revision] of readClocks(found)) {
        const since = seen.get(name) ?? 0;
        const mine = [...own[name]].filter((each) => each <= revision);
        for (const each of mine) own[name].delete(each);
        seen.set(name, revision);
        // A clock that goes back belongs to a store that was restored: nothing cached can be trusted.
        if (revision - since !== mine.length) moved.push(name);
      }
      return moved;
    },
  };
}

/** Reads the name of a clock out of a value of ADVANCE_CLOCK. */
export function asClockName(value: unknown): ClockName | null {
  return clockNames.find((name) => name === value) ?? null;
}

function readClocks(rows: readonly Row[]): Map<ClockName, number> {
  return new Map(rows.map((each) => [readOneOf(each, 'id', clockNames), readInteger(each, 'rev')]));
}
