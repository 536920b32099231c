-- This file is the schema of a new SQLite store; sqlite.test.ts compares it, and writes it when WRITE_SCHEMA=1 is set.

CREATE INDEX api_key_ws_created ON api_key(ws_id, created_ms, id);

CREATE INDEX usage_ws_ts ON usage_event(ws_id, ts_ms, id);

CREATE TABLE api_key (
  id          TEXT PRIMARY KEY,              -- 'key_' + the key id inside the key
  ws_id       TEXT NOT NULL,
  name        TEXT NOT NULL,
  secret_hash BLOB NOT NULL,             -- HMAC-SHA256(pepper, secret); empty once deleted
  pepper_id   TEXT NOT NULL,
  last4       TEXT NOT NULL,
  scopes      TEXT NOT NULL,                 -- JSON array
  models      TEXT,                          -- JSON array of patterns; NULL = every model
  created_ms  INTEGER NOT NULL,
  expires_ms  INTEGER,
  revoked_ms  INTEGER,
  deleted     INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1))  -- a deleted row stays: cursors and usage point at it
) STRICT, WITHOUT ROWID;

CREATE TABLE migration (
  version INTEGER PRIMARY KEY, applied_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE request_log (                   -- the evidence beside the usage: what happened, not what it cost
  id             TEXT PRIMARY KEY,           -- = usage_event.id
  operation      TEXT NOT NULL,
  is_stream      INTEGER NOT NULL CHECK (is_stream IN (0, 1)),
  status         INTEGER NOT NULL,
  attempts       INTEGER NOT NULL,
  error_code     TEXT,
  finish_reason  TEXT,
  upstream_id    TEXT,
  upstream_model TEXT,
  latency_us     INTEGER NOT NULL,
  first_byte_us  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE revision (                      -- clocks by which other processes learn that what they cached is old
  id  TEXT PRIMARY KEY,
  rev INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_event (                   -- append-only; its primary key is the exactly-once gate
  id              TEXT PRIMARY KEY,          -- = request id
  ws_id           TEXT NOT NULL,
  key_id          TEXT NOT NULL,
  model_asked     TEXT NOT NULL,
  model           TEXT,                      -- who answered; NULL = nobody
  provider        TEXT,
  target          TEXT,
  outcome         TEXT NOT NULL,
  basis           TEXT NOT NULL,             -- how the usage is known
  prompt_tok      INTEGER NOT NULL CHECK (prompt_tok >= 0),
  cached_tok      INTEGER NOT NULL CHECK (cached_tok >= 0),
  cache_write_tok INTEGER NOT NULL CHECK (cache_write_tok >= 0),
  compl_tok       INTEGER NOT NULL CHECK (compl_tok >= 0),
  reasoning_tok   INTEGER NOT NULL CHECK (reasoning_tok >= 0),
  msgs            INTEGER NOT NULL CHECK (msgs >= 0),
  nusd            INTEGER NOT NULL,
  unpriced        INTEGER NOT NULL CHECK (unpriced IN (0, 1)),
  price_ver       TEXT NOT NULL,
  ts_ms           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE workspace (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER usage_no_delete BEFORE DELETE ON usage_event BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER usage_no_update BEFORE UPDATE ON usage_event BEGIN SELECT RAISE(ABORT, 'append-only'); END;
