-- Jobs: work that outlives its request (videos). A job's hold is of its own kind: it ends with the job, whatever becomes of the gateway.

CREATE TABLE job (
  id            TEXT PRIMARY KEY,
  ws_id         TEXT NOT NULL,
  request_id    TEXT NOT NULL UNIQUE,         -- = hold.id while it is open, usage_event.id afterwards
  kind          TEXT NOT NULL CHECK (kind IN ('video')),
  state         TEXT NOT NULL CHECK (state IN ('queued', 'submitting', 'running', 'storing', 'completed', 'failed')),
  model         TEXT NOT NULL,
  target        TEXT NOT NULL,                -- JSON: provider, upstream model, whose key
  spec          TEXT NOT NULL,                -- JSON: what was asked
  record        TEXT NOT NULL,                -- JSON of the usage row when it is completed
  upstream_id   TEXT,
  progress      {{i64}} NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  result        TEXT,                         -- JSON: what the upstream said when it was completed
  media         TEXT,                         -- JSON: variant → media id
  error_code    TEXT,
  error_message TEXT,
  hidden        {{i64}} NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),   -- 1: deleted by its workspace while it was under way
  failures      {{i64}} NOT NULL DEFAULT 0,   -- of its last step, in a row
  fence         {{i64}} NOT NULL DEFAULT 0,   -- advances with every claim; a write of an older one changes nothing
  lease_until   {{i64}} NOT NULL DEFAULT 0,
  run_at        {{i64}} NOT NULL,
  deadline_ms   {{i64}} NOT NULL,
  created_ms    {{i64}} NOT NULL,
  completed_ms  {{i64}},
  expires_ms    {{i64}} NOT NULL
) {{opts}};
CREATE INDEX job_due ON job(run_at, id) WHERE state IN ('queued', 'submitting', 'running', 'storing');
CREATE INDEX job_ws ON job(ws_id, id);
CREATE INDEX job_expiry ON job(expires_ms, id) WHERE state IN ('completed', 'failed');
