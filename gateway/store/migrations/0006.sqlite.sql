-- SQLite can't change a check: the table is made anew.
CREATE TABLE hold_anew (                      -- the working set: requests that stand on their own, jobs, and leases
  id          TEXT PRIMARY KEY,               -- = request id, or lease_…
  kind        TEXT NOT NULL CHECK (kind IN ('req', 'job', 'lease')),
  node_id     TEXT NOT NULL,                  -- empty for a job: no gateway's death ends it
  counter_id  TEXT,                           -- of which a lease is a slice; NULL for a request
  record      TEXT,                           -- JSON of the usage row, should its gateway die now; NULL for a lease
  idem_scope  TEXT,
  idem_key    TEXT,
  created_ms  INTEGER NOT NULL,
  expires_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO hold_anew (id, kind, node_id, counter_id, record, idem_scope, idem_key, created_ms, expires_ms)
  SELECT id, kind, node_id, counter_id, record, idem_scope, idem_key, created_ms, expires_ms FROM hold;
DROP TABLE hold;
ALTER TABLE hold_anew RENAME TO hold;
CREATE INDEX hold_node ON hold(node_id);
CREATE INDEX hold_expiry ON hold(expires_ms);
CREATE INDEX hold_lease ON hold(counter_id) WHERE kind = 'lease';
