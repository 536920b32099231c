-- SQLite can't change a check: the table is made anew.
CREATE TABLE catalog_entry_anew (             -- what an operator put over the catalogue of the program and of the file
  kind       TEXT NOT NULL CHECK (kind IN ('plan', 'model', 'provider', 'route')),
  id         TEXT NOT NULL,
  body       TEXT,                            -- JSON; NULL hides the entry beneath
  rev        INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO catalog_entry_anew (kind, id, body, rev, changed_ms) SELECT kind, id, body, rev, changed_ms FROM catalog_entry;
DROP TABLE catalog_entry;
ALTER TABLE catalog_entry_anew RENAME TO catalog_entry;
