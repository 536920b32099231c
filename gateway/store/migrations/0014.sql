-- Evals: sets of prompts, runs that compare models by them, and what came of it. What is said in prompts, checks and answers is sealed; rows are large: they have rowids.

ALTER TABLE request_log ADD COLUMN eval_run TEXT;                        -- the run a call belonged to

CREATE TABLE eval_set (
  id          TEXT PRIMARY KEY,
  ws_id       TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT,
  items       {{i64}} NOT NULL,               -- how many it has
  kek_id      TEXT NOT NULL,                  -- its checks and who judges, sealed
  wrapped_key {{blob}} NOT NULL,
  iv          {{blob}} NOT NULL,
  ciphertext  {{blob}} NOT NULL,
  tag         {{blob}} NOT NULL,
  created_ms  {{i64}} NOT NULL,
  changed_ms  {{i64}} NOT NULL
);
CREATE INDEX eval_set_ws ON eval_set(ws_id, id);

CREATE TABLE eval_item (
  id             TEXT PRIMARY KEY,
  set_id         TEXT NOT NULL,
  ws_id          TEXT NOT NULL,
  name           TEXT,
  source_request TEXT,                        -- the request it was picked from
  kek_id         TEXT NOT NULL,               -- its request and its own checks, sealed
  wrapped_key    {{blob}} NOT NULL,
  iv             {{blob}} NOT NULL,
  ciphertext     {{blob}} NOT NULL,
  tag            {{blob}} NOT NULL,
  created_ms     {{i64}} NOT NULL
);
CREATE INDEX eval_item_set ON eval_item(set_id, id);

CREATE TABLE eval_run (
  id            TEXT PRIMARY KEY,
  ws_id         TEXT NOT NULL,
  set_id        TEXT NOT NULL,
  key_id        TEXT NOT NULL,                -- whose calls it makes
  state         TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'cancelled', 'stopped_by_budget', 'failed')),
  plan          TEXT NOT NULL,                -- JSON: contenders, repetitions and the like
  kek_id        TEXT NOT NULL,                -- the checks and the judge of its set when it was begun, sealed
  wrapped_key   {{blob}} NOT NULL,
  iv            {{blob}} NOT NULL,
  ciphertext    {{blob}} NOT NULL,
  tag           {{blob}} NOT NULL,
  budget_nusd   {{i64}} NOT NULL,
  budget_rev    {{i64}} NOT NULL,             -- advances with every budget it is given
  spent_nusd    {{i64}} NOT NULL,
  total         {{i64}} NOT NULL,             -- answers there will be
  done          {{i64}} NOT NULL,
  failed        {{i64}} NOT NULL,             -- of these, without an answer
  last_item     TEXT NOT NULL,                -- prompts after this one were added later, and are not asked
  error_code    TEXT,
  error_message TEXT,
  summary       TEXT,                         -- JSON, once it is completed
  fence         {{i64}} NOT NULL,             -- advances with every claim
  lease_until   {{i64}} NOT NULL,
  run_at        {{i64}} NOT NULL,
  created_ms    {{i64}} NOT NULL,
  started_ms    {{i64}},
  ended_ms      {{i64}},
  expires_ms    {{i64}} NOT NULL
);
CREATE INDEX eval_run_set ON eval_run(set_id, id);
CREATE INDEX eval_run_due ON eval_run(run_at, id) WHERE state IN ('queued', 'running');
CREATE INDEX eval_run_expiry ON eval_run(expires_ms, id);
CREATE INDEX eval_run_completed ON eval_run(ws_id, ended_ms, id) WHERE state = 'completed';

CREATE TABLE eval_result (
  run_id        TEXT NOT NULL,
  id            TEXT NOT NULL,                -- prompt, contender and repetition
  ws_id         TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('asked', 'answered', 'done')),
  facts         TEXT NOT NULL,                -- JSON, nothing of what was said
  kek_id        TEXT,                         -- what was said, sealed; NULL until there is an answer
  wrapped_key   {{blob}},
  iv            {{blob}},
  ciphertext    {{blob}},
  tag           {{blob}},
  PRIMARY KEY (run_id, id)
);
