-- Rollouts, what was asked in their shadow, and the log of what operators changed.

CREATE TABLE rollout (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL,                  -- what callers write in `model`
  state       TEXT NOT NULL CHECK (state IN ('running', 'promoted', 'rolled_back')),
  terms       TEXT NOT NULL,                  -- JSON: the candidate, and who gets it
  created_ms  {{i64}} NOT NULL,
  changed_ms  {{i64}} NOT NULL,
  promoted_ms {{i64}}                         -- of several promoted for one name the last is in force
) {{opts}};
CREATE UNIQUE INDEX rollout_running ON rollout(name) WHERE state = 'running';

-- `rollout/candidate`, `rollout/baseline`, or `rollout/fallback` for a request the candidate was to answer and could not.
ALTER TABLE request_log ADD COLUMN rollout TEXT;
CREATE INDEX request_log_rollout ON request_log(rollout, id) WHERE rollout IS NOT NULL;

CREATE TABLE shadow_call (                    -- billed to nobody: no counter, no transfer and no usage row knows of it
  id            TEXT PRIMARY KEY,             -- the request it is a shadow of
  rollout       TEXT NOT NULL,
  model         TEXT,
  target        TEXT,
  outcome       TEXT NOT NULL,
  error_code    TEXT,
  finish_reason TEXT,
  prompt_tok    {{i64}} NOT NULL,
  compl_tok     {{i64}} NOT NULL,
  nusd          {{i64}} NOT NULL,             -- what the operator pays for it by the price list
  unpriced      {{i64}} NOT NULL CHECK (unpriced IN (0, 1)),
  latency_us    {{i64}} NOT NULL,
  first_byte_us {{i64}},
  ts_ms         {{i64}} NOT NULL
) {{opts}};
CREATE INDEX shadow_call_rollout ON shadow_call(rollout, id);

CREATE TABLE shadow_spend (                   -- of a day (UTC): what gateways have taken for its shadow calls
  rollout TEXT NOT NULL,
  day_ms  {{i64}} NOT NULL,
  nusd    {{i64}} NOT NULL,
  PRIMARY KEY (rollout, day_ms)
) {{opts}};

CREATE TABLE audit_log (                      -- written with the change it tells of; rows are large: they have rowids
  id           TEXT PRIMARY KEY,
  ts_ms        {{i64}} NOT NULL,
  key_id       TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  action       TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject      TEXT NOT NULL,
  before       TEXT,                          -- JSON, without secrets; NULL where there was nothing
  after        TEXT                           -- likewise
);
CREATE INDEX audit_log_subject ON audit_log(subject_kind, subject, id);
