-- Answers of Responses that can be fetched and followed: sealed, so that a copy of the store alone reads none. Rows are large: they have rowids.

CREATE TABLE response (
  id          TEXT PRIMARY KEY,
  ws_id       TEXT NOT NULL,
  previous_id TEXT,                           -- the answer it follows; that one may be gone
  kek_id      TEXT NOT NULL,                  -- which key-encryption key wrapped the data key
  wrapped_key {{blob}} NOT NULL,
  iv          {{blob}} NOT NULL,
  ciphertext  {{blob}} NOT NULL,
  tag         {{blob}} NOT NULL,
  created_ms  {{i64}} NOT NULL,
  expires_ms  {{i64}} NOT NULL
);
CREATE INDEX response_expiry ON response(expires_ms, id);
