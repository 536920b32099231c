-- The reply cache: whole answers of a workspace that wants it, sealed, for a time and up to a size.

ALTER TABLE workspace ADD COLUMN cache_on {{i64}} NOT NULL DEFAULT 0 CHECK (cache_on IN (0, 1));
ALTER TABLE workspace ADD COLUMN cache_ttl_s {{i64}} NOT NULL DEFAULT 3600 CHECK (cache_ttl_s > 0);
ALTER TABLE workspace ADD COLUMN cache_reply_bytes {{i64}} NOT NULL DEFAULT 262144 CHECK (cache_reply_bytes > 0);
ALTER TABLE workspace ADD COLUMN cache_bytes {{i64}} NOT NULL DEFAULT 16777216 CHECK (cache_bytes > 0);

CREATE TABLE cached_reply (                   -- rows are large: they have rowids
  ws_id       TEXT NOT NULL,
  id          TEXT NOT NULL,                  -- keyed digest of what was asked, and of whom; no two workspaces have the same
  kek_id      TEXT NOT NULL,
  wrapped_key {{blob}} NOT NULL,
  iv          {{blob}} NOT NULL,
  ciphertext  {{blob}} NOT NULL,
  tag         {{blob}} NOT NULL,
  bytes       {{i64}} NOT NULL CHECK (bytes > 0),
  created_ms  {{i64}} NOT NULL,
  expires_ms  {{i64}} NOT NULL,
  PRIMARY KEY (ws_id, id)
);
CREATE INDEX cached_reply_age ON cached_reply(ws_id, created_ms, id, bytes);
CREATE INDEX cached_reply_expiry ON cached_reply(expires_ms, ws_id);

CREATE TABLE cached_reply_sum (               -- what a workspace has of them: moved in the transaction that adds or takes away rows
  ws_id TEXT PRIMARY KEY,
  bytes {{i64}} NOT NULL CHECK (bytes >= 0)
) {{opts}};
