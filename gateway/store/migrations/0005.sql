-- Media: bytes that outlive their request (images, videos), addressed by their hash; a file is shared by all who have saved the same bytes.

CREATE TABLE media_blob (
  sha256        TEXT PRIMARY KEY,             -- lower-case hex; the name of the file
  refs          {{i64}} NOT NULL CHECK (refs >= 0),
  collecting_ms {{i64}} NOT NULL DEFAULT 0    -- since when somebody takes the file away; 0 = nobody does
) {{opts}};
CREATE INDEX media_blob_unused ON media_blob(sha256) WHERE refs = 0;

CREATE TABLE media (
  id           TEXT PRIMARY KEY,
  ws_id        TEXT NOT NULL,
  kind         TEXT NOT NULL,                 -- what it is to its workspace: image, video, thumbnail, spritesheet, input …
  sha256       TEXT NOT NULL,
  content_type TEXT NOT NULL,                 -- as sniffed, never as claimed
  bytes        {{i64}} NOT NULL CHECK (bytes >= 0),
  created_ms   {{i64}} NOT NULL,
  expires_ms   {{i64}} NOT NULL
) {{opts}};
CREATE INDEX media_expiry ON media(expires_ms, id);
