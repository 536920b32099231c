/** This file holds the calls about what an operator has put over the catalogue. */
import type { AuditStamp } from '../audit-row.ts';
import { advanceClock } from '../clocks.ts';
import { readInteger, readOneOf, readText, readTextOrNull } from '../columns.ts';
import type { Row } from '../columns.ts';
import { row, rows } from '../sql-task.ts';
import type { SqlTask } from '../sql-task.ts';
import type { CatalogEntryRow } from '../store.ts';
import { writeAudit } from './audit-log.ts';

type Kind = CatalogEntryRow['kind'];

/** Total over the union, so that a new kind which can't be read back does not compile. */
const kindNames: { readonly [Name in Kind]: Name } = { plan: 'plan', model: 'model', provider: 'provider', route: 'route' };
const kinds = Object.values(kindNames);

const LIST = 'SELECT kind, id, body, rev, changed_ms FROM catalog_entry ORDER BY kind, id';
const PUT = `INSERT INTO catalog_entry (kind, id, body, rev, changed_ms) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body, rev = excluded.rev, changed_ms = excluded.changed_ms`;
const REVISION = "SELECT rev FROM revision WHERE id = 'catalog'";
const BENEATH = 'beneath';
const FIND_BENEATH = 'SELECT digest FROM catalog_digest WHERE id = ?';
const NOTE_BENEATH = 'INSERT INTO catalog_digest (id, digest) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET digest = excluded.digest';
const FIND_BODY = 'SELECT body FROM catalog_entry WHERE kind = ? AND id = ?';
const DELETE = 'DELETE FROM catalog_entry WHERE kind = ? AND id = ? RETURNING body';

export function* listCatalogEntries(): SqlTask<CatalogEntryRow[]> {
  return (yield* rows(LIST)).map(readEntry);
}

export function* catalogRevision(): SqlTask<number> {
  return readInteger((yield* row(REVISION)) ?? {}, 'rev');
}

export function* noteCatalogBeneath(digest: string): SqlTask<void> {
  const noted = yield* row(FIND_BENEATH, BENEATH);
  if (noted && readText(noted, 'digest') === digest) return;
  yield* advanceClock('catalog');
  yield* rows(NOTE_BENEATH, BENEATH, digest);
}

export function* putCatalogEntry(entry: Omit<CatalogEntryRow, 'revision'>, by?: AuditStamp): SqlTask<CatalogEntryRow> {
  const revision = yield* advanceClock('catalog');
  const { kind, id } = entry;
  if (by) yield* writeAudit(by, { action: `${kind}.put`, kind, subject: id, before: bodyOf(yield* row(FIND_BODY, kind, id)), after: entry.body });
  yield* rows(PUT, entry.kind, entry.id, entry.body, revision, entry.changedMs);
  return { kind: entry.kind, id: entry.id, body: entry.body, revision, changedMs: entry.changedMs };
}

export function* deleteCatalogEntry(kind: Kind, id: string, by?: AuditStamp): SqlTask<boolean> {
  yield* advanceClock('catalog');
  const gone = yield* row(DELETE, kind, id);
  if (by && gone) yield* writeAudit(by, { action: `${kind}.delete`, kind, subject: id, before: bodyOf(gone), after: null });
  return gone !== null;
}

function bodyOf(found: Row | null): string | null {
  return found && readTextOrNull(found, 'body');
}

function readEntry(found: Row): CatalogEntryRow {
  return {
    kind: readOneOf(found, 'kind', kinds),
    id: readText(found, 'id'),
    body: readTextOrNull(found, 'body'),
    revision: readInteger(found, 'rev'),
    changedMs: readInteger(found, 'changed_ms'),
  };
}
