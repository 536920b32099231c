-- This file is the schema of a new SQLite store; sqlite.test.ts compares it, and writes it when WRITE_SCHEMA=1 is set.

CREATE INDEX api_key_ws_created ON api_key(ws_id, created_ms, id);

CREATE INDEX audit_log_subject ON audit_log(subject_kind, subject, id);

CREATE INDEX budget_ws ON budget(ws_id, created_ms, id);

CREATE INDEX cached_reply_age ON cached_reply(ws_id, created_ms, id, bytes);

CREATE INDEX cached_reply_expiry ON cached_reply(expires_ms, ws_id);

CREATE INDEX counter_recall ON counter(recall_ms) WHERE recall_ms > 0;

CREATE INDEX counter_scope ON counter(scope_id, kind);

CREATE INDEX eval_item_set ON eval_item(set_id, id);

CREATE INDEX eval_run_completed ON eval_run(ws_id, ended_ms, id) WHERE state = 'completed';

CREATE INDEX eval_run_due ON eval_run(run_at, id) WHERE state IN ('queued', 'running');

CREATE INDEX eval_run_expiry ON eval_run(expires_ms, id);

CREATE INDEX eval_run_set ON eval_run(set_id, id);

CREATE INDEX eval_set_ws ON eval_set(ws_id, id);

CREATE INDEX hold_expiry ON hold(expires_ms);

CREATE INDEX hold_lease ON hold(counter_id) WHERE kind = 'lease';

CREATE INDEX hold_node ON hold(node_id);

CREATE INDEX idem_expiry ON idem(expires_ms);

CREATE INDEX job_due ON job(run_at, id) WHERE state IN ('queued', 'submitting', 'running', 'storing');

CREATE INDEX job_expiry ON job(expires_ms, id) WHERE state IN ('completed', 'failed');

CREATE INDEX job_ws ON job(ws_id, id);

CREATE INDEX media_blob_unused ON media_blob(sha256) WHERE refs = 0;

CREATE INDEX media_expiry ON media(expires_ms, id);

CREATE INDEX member_user ON member(user_id, ws_id);

CREATE INDEX request_body_expiry ON request_body(expires_ms, id);

CREATE INDEX request_body_ws ON request_body(ws_id, id);

CREATE INDEX request_log_rollout ON request_log(rollout, id) WHERE rollout IS NOT NULL;

CREATE INDEX response_expiry ON response(expires_ms, id);

CREATE INDEX response_open ON response(open_node) WHERE open_node IS NOT NULL;

CREATE UNIQUE INDEX rollout_running ON rollout(name) WHERE state = 'running';

CREATE INDEX shadow_call_rollout ON shadow_call(rollout, id);

CREATE INDEX transfer_credits ON transfer(ws_id, ts_ms, id) WHERE kind <> 'usage';

CREATE INDEX transfer_ref ON transfer(ref) WHERE kind <> 'usage';

CREATE INDEX transfer_ws_ts ON transfer(ws_id, ts_ms, id);

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
, user_id TEXT NOT NULL DEFAULT '', bound INTEGER NOT NULL DEFAULT 0 CHECK (bound IN (0, 1)), requests_per_minute INTEGER, tokens_per_minute INTEGER, concurrent_requests INTEGER) STRICT, WITHOUT ROWID;

CREATE TABLE app_user (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  email      TEXT UNIQUE,                     -- lower case
  disabled   INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_log (                      -- written with the change it tells of; rows are large: they have rowids
  id           TEXT PRIMARY KEY,
  ts_ms        INTEGER NOT NULL,
  key_id       TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  action       TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject      TEXT NOT NULL,
  before       TEXT,                          -- JSON, without secrets; NULL where there was nothing
  after        TEXT                           -- likewise
);

CREATE TABLE budget (
  id         TEXT PRIMARY KEY,
  ws_id      TEXT NOT NULL,
  name       TEXT NOT NULL,
  scope      TEXT NOT NULL CHECK (scope IN ('key', 'member', 'workspace')),
  scope_id   TEXT NOT NULL,
  unit       TEXT NOT NULL CHECK (unit IN ('nusd', 'msg')),
  amount     INTEGER NOT NULL CHECK (amount >= 0),
  period     TEXT NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'total')),
  time_zone  TEXT NOT NULL,
  hard       INTEGER NOT NULL CHECK (hard IN (0, 1)),
  thresholds TEXT NOT NULL,                   -- JSON array of percents
  rev        INTEGER NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cached_reply (                   -- rows are large: they have rowids
  ws_id       TEXT NOT NULL,
  id          TEXT NOT NULL,                  -- keyed digest of what was asked, and of whom; no two workspaces have the same
  kek_id      TEXT NOT NULL,
  wrapped_key BLOB NOT NULL,
  iv          BLOB NOT NULL,
  ciphertext  BLOB NOT NULL,
  tag         BLOB NOT NULL,
  bytes       INTEGER NOT NULL CHECK (bytes > 0),
  created_ms  INTEGER NOT NULL,
  expires_ms  INTEGER NOT NULL,
  PRIMARY KEY (ws_id, id)
);

CREATE TABLE cached_reply_sum (               -- what a workspace has of them: moved in the transaction that adds or takes away rows
  ws_id TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE catalog_digest (
  id     TEXT PRIMARY KEY,
  digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE "catalog_entry" (             -- what an operator put over the catalogue of the program and of the file
  kind       TEXT NOT NULL CHECK (kind IN ('plan', 'model', 'provider', 'route')),
  id         TEXT NOT NULL,
  body       TEXT,                            -- JSON; NULL hides the entry beneath
  rev        INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (                        -- wallet, quota, pool and budget are the same thing: used + held + ask <= cap
  id        TEXT PRIMARY KEY,                 -- its period is in its id: nothing is ever reset
  kind      TEXT NOT NULL CHECK (kind IN ('wallet', 'quota', 'pool', 'budget')),
  scope_id  TEXT NOT NULL,
  unit      TEXT NOT NULL CHECK (unit IN ('nusd', 'msg')),
  period    TEXT NOT NULL,
  cap       INTEGER,                          -- NULL = counted, not limited; wallet: sum of credits
  cap_rev   INTEGER NOT NULL DEFAULT 0,       -- the revision that gave the cap; a lower one is not taken
  used      INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
  held      INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
  recall_ms INTEGER NOT NULL DEFAULT 0        -- when somebody last wanted what others lease
) STRICT, WITHOUT ROWID;

CREATE TABLE eval_item (
  id             TEXT PRIMARY KEY,
  set_id         TEXT NOT NULL,
  ws_id          TEXT NOT NULL,
  name           TEXT,
  source_request TEXT,                        -- the request it was picked from
  kek_id         TEXT NOT NULL,               -- its request and its own checks, sealed
  wrapped_key    BLOB NOT NULL,
  iv             BLOB NOT NULL,
  ciphertext     BLOB NOT NULL,
  tag            BLOB NOT NULL,
  created_ms     INTEGER NOT NULL
);

CREATE TABLE eval_result (
  run_id        TEXT NOT NULL,
  id            TEXT NOT NULL,                -- prompt, contender and repetition
  ws_id         TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('asked', 'answered', 'done')),
  facts         TEXT NOT NULL,                -- JSON, nothing of what was said
  kek_id        TEXT,                         -- what was said, sealed; NULL until there is an answer
  wrapped_key   BLOB,
  iv            BLOB,
  ciphertext    BLOB,
  tag           BLOB,
  PRIMARY KEY (run_id, id)
);

CREATE TABLE eval_run (
  id            TEXT PRIMARY KEY,
  ws_id         TEXT NOT NULL,
  set_id        TEXT NOT NULL,
  key_id        TEXT NOT NULL,                -- whose calls it makes
  state         TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'cancelled', 'stopped_by_budget', 'failed')),
  plan          TEXT NOT NULL,                -- JSON: contenders, repetitions and the like
  kek_id        TEXT NOT NULL,                -- the checks and the judge of its set when it was begun, sealed
  wrapped_key   BLOB NOT NULL,
  iv            BLOB NOT NULL,
  ciphertext    BLOB NOT NULL,
  tag           BLOB NOT NULL,
  budget_nusd   INTEGER NOT NULL,
  budget_rev    INTEGER NOT NULL,             -- advances with every budget it is given
  spent_nusd    INTEGER NOT NULL,
  total         INTEGER NOT NULL,             -- answers there will be
  done          INTEGER NOT NULL,
  failed        INTEGER NOT NULL,             -- of these, without an answer
  last_item     TEXT NOT NULL,                -- prompts after this one were added later, and are not asked
  error_code    TEXT,
  error_message TEXT,
  summary       TEXT,                         -- JSON, once it is completed
  fence         INTEGER NOT NULL,             -- advances with every claim
  lease_until   INTEGER NOT NULL,
  run_at        INTEGER NOT NULL,
  created_ms    INTEGER NOT NULL,
  started_ms    INTEGER,
  ended_ms      INTEGER,
  expires_ms    INTEGER NOT NULL
);

CREATE TABLE eval_set (
  id          TEXT PRIMARY KEY,
  ws_id       TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT,
  items       INTEGER NOT NULL,               -- how many it has
  kek_id      TEXT NOT NULL,                  -- its checks and who judges, sealed
  wrapped_key BLOB NOT NULL,
  iv          BLOB NOT NULL,
  ciphertext  BLOB NOT NULL,
  tag         BLOB NOT NULL,
  created_ms  INTEGER NOT NULL,
  changed_ms  INTEGER NOT NULL
);

CREATE TABLE "hold" (                      -- the working set: requests that stand on their own, jobs, and leases
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

CREATE TABLE hold_line (
  hold_id    TEXT NOT NULL,
  counter_id TEXT NOT NULL,
  amount     INTEGER NOT NULL CHECK (amount >= 0),
  PRIMARY KEY (hold_id, counter_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE idem (
  scope        TEXT NOT NULL,                 -- workspace and operation
  ikey         TEXT NOT NULL,
  req_hash     TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('open', 'done')),
  status       INTEGER,
  content_type TEXT,
  body         TEXT,                          -- NULL when done: too large to keep
  expires_ms   INTEGER NOT NULL,
  PRIMARY KEY (scope, ikey)
) STRICT, WITHOUT ROWID;

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
  progress      INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  result        TEXT,                         -- JSON: what the upstream said when it was completed
  media         TEXT,                         -- JSON: variant → media id
  error_code    TEXT,
  error_message TEXT,
  hidden        INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),   -- 1: deleted by its workspace while it was under way
  failures      INTEGER NOT NULL DEFAULT 0,   -- of its last step, in a row
  fence         INTEGER NOT NULL DEFAULT 0,   -- advances with every claim; a write of an older one changes nothing
  lease_until   INTEGER NOT NULL DEFAULT 0,
  run_at        INTEGER NOT NULL,
  deadline_ms   INTEGER NOT NULL,
  created_ms    INTEGER NOT NULL,
  completed_ms  INTEGER,
  expires_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lane_opening (
  lane     TEXT PRIMARY KEY,                  -- a target, and the number of the credential when it is not the first
  reason   TEXT NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE media (
  id           TEXT PRIMARY KEY,
  ws_id        TEXT NOT NULL,
  kind         TEXT NOT NULL,                 -- what it is to its workspace: image, video, thumbnail, spritesheet, input …
  sha256       TEXT NOT NULL,
  content_type TEXT NOT NULL,                 -- as sniffed, never as claimed
  bytes        INTEGER NOT NULL CHECK (bytes >= 0),
  created_ms   INTEGER NOT NULL,
  expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE media_blob (
  sha256        TEXT PRIMARY KEY,             -- lower-case hex; the name of the file
  refs          INTEGER NOT NULL CHECK (refs >= 0),
  collecting_ms INTEGER NOT NULL DEFAULT 0    -- since when somebody takes the file away; 0 = nobody does
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
  ws_id      TEXT NOT NULL,
  user_id    TEXT NOT NULL,
  role       TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'billing')),
  created_ms INTEGER NOT NULL,
  PRIMARY KEY (ws_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE migration (
  version INTEGER PRIMARY KEY, applied_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE node (
  id         TEXT PRIMARY KEY,
  host       TEXT NOT NULL,
  pid        INTEGER NOT NULL,
  started    TEXT NOT NULL,
  beats      INTEGER NOT NULL DEFAULT 0,
  started_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE provider_key (                   -- sealed: AES-256-GCM under a data key of its own, wrapped by a key of the installation
  id          TEXT PRIMARY KEY,
  ws_id       TEXT NOT NULL,
  provider    TEXT NOT NULL,
  name        TEXT NOT NULL,
  base_url    TEXT,
  kek_id      TEXT NOT NULL,
  wrapped_dek BLOB NOT NULL,
  iv          BLOB NOT NULL,
  ct          BLOB NOT NULL,
  tag         BLOB NOT NULL,
  last4       TEXT NOT NULL,
  rev         INTEGER NOT NULL,
  created_ms  INTEGER NOT NULL,
  UNIQUE (ws_id, provider)
) STRICT, WITHOUT ROWID;

CREATE TABLE request_body (                   -- sealed, as answers of Responses are; rows are large: they have rowids
  id          TEXT PRIMARY KEY,               -- = usage_event.id
  ws_id       TEXT NOT NULL,
  kek_id      TEXT NOT NULL,
  wrapped_key BLOB NOT NULL,
  iv          BLOB NOT NULL,
  ciphertext  BLOB NOT NULL,
  tag         BLOB NOT NULL,
  created_ms  INTEGER NOT NULL,
  expires_ms  INTEGER NOT NULL
);

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
, failed_attempts TEXT, route TEXT, degraded INTEGER NOT NULL DEFAULT 0 CHECK (degraded IN (0, 1)), cache TEXT CHECK (cache IN ('hit', 'miss', 'bypass')), attempt_us INTEGER, rollout TEXT, eval_run TEXT) STRICT, WITHOUT ROWID;

CREATE TABLE response (
  id          TEXT PRIMARY KEY,
  ws_id       TEXT NOT NULL,
  previous_id TEXT,                           -- the answer it follows; that one may be gone
  kek_id      TEXT NOT NULL,                  -- which key-encryption key wrapped the data key
  wrapped_key BLOB NOT NULL,
  iv          BLOB NOT NULL,
  ciphertext  BLOB NOT NULL,
  tag         BLOB NOT NULL,
  created_ms  INTEGER NOT NULL,
  expires_ms  INTEGER NOT NULL
, open_node TEXT, cancelled INTEGER NOT NULL DEFAULT 0);

CREATE TABLE revision (                      -- clocks by which other processes learn that what they cached is old
  id  TEXT PRIMARY KEY,
  rev INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rollout (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL,                  -- what callers write in `model`
  state       TEXT NOT NULL CHECK (state IN ('running', 'promoted', 'rolled_back')),
  terms       TEXT NOT NULL,                  -- JSON: the candidate, and who gets it
  created_ms  INTEGER NOT NULL,
  changed_ms  INTEGER NOT NULL,
  promoted_ms INTEGER                         -- of several promoted for one name the last is in force
) STRICT, WITHOUT ROWID;

CREATE TABLE shadow_call (                    -- billed to nobody: no counter, no transfer and no usage row knows of it
  id            TEXT PRIMARY KEY,             -- the request it is a shadow of
  rollout       TEXT NOT NULL,
  model         TEXT,
  target        TEXT,
  outcome       TEXT NOT NULL,
  error_code    TEXT,
  finish_reason TEXT,
  prompt_tok    INTEGER NOT NULL,
  compl_tok     INTEGER NOT NULL,
  nusd          INTEGER NOT NULL,             -- what the operator pays for it by the price list
  unpriced      INTEGER NOT NULL CHECK (unpriced IN (0, 1)),
  latency_us    INTEGER NOT NULL,
  first_byte_us INTEGER,
  ts_ms         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shadow_spend (                   -- of a day (UTC): what gateways have taken for its shadow calls
  rollout TEXT NOT NULL,
  day_ms  INTEGER NOT NULL,
  nusd    INTEGER NOT NULL,
  PRIMARY KEY (rollout, day_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE transfer (                       -- append-only: one row is one debit and one credit
  id          TEXT PRIMARY KEY,               -- deterministic: 'u:<usage>', 'tu:<payment>', 'fee:<payment>', 'gr:<grant>', 'rf:<usage>'
  kind        TEXT NOT NULL CHECK (kind IN ('topup', 'fee', 'grant', 'usage', 'refund', 'expire', 'adjust')),
  ws_id       TEXT NOT NULL,
  debit_acct  TEXT NOT NULL,
  credit_acct TEXT NOT NULL,
  amount      INTEGER NOT NULL CHECK (amount > 0),
  ref         TEXT NOT NULL,
  note        TEXT,
  ts_ms       INTEGER NOT NULL,
  CHECK (debit_acct <> credit_acct)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_closed (                   -- how far days are closed: all before this one, and of this one the workspaces up to this number
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  day_ms    INTEGER NOT NULL,
  ws_series INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_day (                      -- of days that are closed, one row for each series of every grain
  series_id       INTEGER NOT NULL,
  start_ms        INTEGER NOT NULL,           -- of the day, UTC
  requests        INTEGER NOT NULL,
  errors          INTEGER NOT NULL,
  first_bytes     INTEGER NOT NULL,
  attempts        INTEGER NOT NULL,
  prompt_tok      INTEGER NOT NULL,
  cached_tok      INTEGER NOT NULL,
  cache_write_tok INTEGER NOT NULL,
  compl_tok       INTEGER NOT NULL,
  reasoning_tok   INTEGER NOT NULL,
  msgs            INTEGER NOT NULL,
  unpriced        INTEGER NOT NULL,
  latency_us      INTEGER NOT NULL,
  first_byte_us   INTEGER NOT NULL,
  nusd            INTEGER NOT NULL,
  charged_nusd    INTEGER NOT NULL,
  overrun_nusd    INTEGER NOT NULL,
  PRIMARY KEY (series_id, start_ms)
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
, user_id TEXT NOT NULL DEFAULT '', payer TEXT NOT NULL DEFAULT 'none' CHECK (payer IN ('plan', 'balance', 'own_key', 'none')), charged_nusd INTEGER NOT NULL DEFAULT 0, overrun_nusd INTEGER NOT NULL DEFAULT 0, overrun_msgs INTEGER NOT NULL DEFAULT 0, lines TEXT NOT NULL DEFAULT '[]', settled_ms INTEGER NOT NULL DEFAULT 0, media TEXT) STRICT, WITHOUT ROWID;

CREATE TABLE usage_hour (                     -- moved in the transaction that adds its rows; those of now lie side by side
  start_ms        INTEGER NOT NULL,           -- of the hour, UTC
  ws_series       INTEGER NOT NULL,           -- the workspace's series of grain 'all'
  series_id       INTEGER NOT NULL,           -- of grain 'each'; of 'models' where an older program has kept it
  requests        INTEGER NOT NULL,           -- a refund is none
  errors          INTEGER NOT NULL,           -- of these, with an error code
  first_bytes     INTEGER NOT NULL,           -- requests that have a first byte
  attempts        INTEGER NOT NULL,
  prompt_tok      INTEGER NOT NULL,
  cached_tok      INTEGER NOT NULL,
  cache_write_tok INTEGER NOT NULL,
  compl_tok       INTEGER NOT NULL,
  reasoning_tok   INTEGER NOT NULL,
  msgs            INTEGER NOT NULL,
  unpriced        INTEGER NOT NULL,
  latency_us      INTEGER NOT NULL,
  first_byte_us   INTEGER NOT NULL,
  nusd            INTEGER NOT NULL,
  charged_nusd    INTEGER NOT NULL,
  overrun_nusd    INTEGER NOT NULL,
  PRIMARY KEY (start_ms, ws_series, series_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_mark (                     -- in which ten minutes there is a request of this key, model, …: what few requests have is found by it
  ws_id    TEXT NOT NULL,
  kind     TEXT NOT NULL,
  value    TEXT NOT NULL,                     -- of a cost: how many digits it has; '' is none
  start_ms INTEGER NOT NULL,
  PRIMARY KEY (ws_id, kind, value, start_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_series (                   -- what sums are about; what a grain does not tell apart is ''
  id          INTEGER PRIMARY KEY,
  ws_id       TEXT NOT NULL,
  grain       TEXT NOT NULL CHECK (grain IN ('each', 'models', 'key', 'model', 'all')),
  key_id      TEXT NOT NULL,
  user_id     TEXT NOT NULL,
  model_asked TEXT NOT NULL,                  -- long names are cut
  model       TEXT NOT NULL,
  route       TEXT NOT NULL,
  operation   TEXT NOT NULL,
  UNIQUE (ws_id, grain, key_id, user_id, model_asked, model, route, operation)
);

CREATE TABLE workspace (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  created_ms INTEGER NOT NULL
, plan_id TEXT NOT NULL DEFAULT 'unlimited', billing TEXT NOT NULL DEFAULT 'plan' CHECK (billing IN ('plan', 'balance')), suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1)), rev INTEGER NOT NULL DEFAULT 0, requests_per_minute INTEGER, tokens_per_minute INTEGER, concurrent_requests INTEGER, kept_bodies TEXT NOT NULL DEFAULT 'none' CHECK (kept_bodies IN ('none', 'redacted', 'full')), body_days INTEGER NOT NULL DEFAULT 30 CHECK (body_days BETWEEN 1 AND 365), cache_on INTEGER NOT NULL DEFAULT 0 CHECK (cache_on IN (0, 1)), cache_ttl_s INTEGER NOT NULL DEFAULT 3600 CHECK (cache_ttl_s > 0), cache_reply_bytes INTEGER NOT NULL DEFAULT 262144 CHECK (cache_reply_bytes > 0), cache_bytes INTEGER NOT NULL DEFAULT 16777216 CHECK (cache_bytes > 0)) STRICT, WITHOUT ROWID;

CREATE TABLE workspace_route (
  ws_id      TEXT NOT NULL,
  id         TEXT NOT NULL,
  body       TEXT NOT NULL,                   -- JSON, as it was put
  rev        INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  PRIMARY KEY (ws_id, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER transfer_no_update BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER usage_no_delete BEFORE DELETE ON usage_event BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER usage_no_update BEFORE UPDATE ON usage_event BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE VIEW usage_sum AS                      -- for reports: by 'hour', 'day', and by 'day_split', which tells routes and operations apart; one sum may be in several rows
SELECT s.ws_id AS ws_id, 'day_split' AS grain, d.start_ms AS start_ms, s.key_id, s.user_id, s.model_asked, s.model, s.route, s.operation, d.requests, d.errors, d.first_bytes, d.attempts, d.prompt_tok, d.cached_tok, d.cache_write_tok, d.compl_tok, d.reasoning_tok, d.msgs, d.unpriced, d.latency_us, d.first_byte_us, d.nusd, d.charged_nusd, d.overrun_nusd
FROM usage_series s CROSS JOIN usage_day d WHERE d.series_id = s.id AND s.grain = 'each'
UNION ALL
SELECT s.ws_id, 'day_split', h.start_ms - h.start_ms % 86400000, s.key_id, s.user_id, s.model_asked, s.model, s.route, s.operation, h.requests, h.errors, h.first_bytes, h.attempts, h.prompt_tok, h.cached_tok, h.cache_write_tok, h.compl_tok, h.reasoning_tok, h.msgs, h.unpriced, h.latency_us, h.first_byte_us, h.nusd, h.charged_nusd, h.overrun_nusd
FROM usage_closed c CROSS JOIN usage_hour h CROSS JOIN usage_series s
WHERE s.id = h.series_id AND h.start_ms >= c.day_ms AND (h.start_ms >= c.day_ms + 86400000 OR h.ws_series > c.ws_series)
UNION ALL
SELECT s.ws_id, 'day', d.start_ms, s.key_id, s.user_id, s.model_asked, s.model, '', '', d.requests, d.errors, d.first_bytes, d.attempts, d.prompt_tok, d.cached_tok, d.cache_write_tok, d.compl_tok, d.reasoning_tok, d.msgs, d.unpriced, d.latency_us, d.first_byte_us, d.nusd, d.charged_nusd, d.overrun_nusd
FROM usage_series s CROSS JOIN usage_day d WHERE d.series_id = s.id AND s.grain = 'models'
UNION ALL
SELECT s.ws_id, 'day', h.start_ms - h.start_ms % 86400000, s.key_id, s.user_id, s.model_asked, s.model, '', '', h.requests, h.errors, h.first_bytes, h.attempts, h.prompt_tok, h.cached_tok, h.cache_write_tok, h.compl_tok, h.reasoning_tok, h.msgs, h.unpriced, h.latency_us, h.first_byte_us, h.nusd, h.charged_nusd, h.overrun_nusd
FROM usage_closed c CROSS JOIN usage_hour h CROSS JOIN usage_series s
WHERE s.id = h.series_id AND h.start_ms >= c.day_ms AND (h.start_ms >= c.day_ms + 86400000 OR h.ws_series > c.ws_series)
UNION ALL
SELECT s.ws_id, 'hour', h.start_ms, s.key_id, s.user_id, s.model_asked, s.model, '', '', h.requests, h.errors, h.first_bytes, h.attempts, h.prompt_tok, h.cached_tok, h.cache_write_tok, h.compl_tok, h.reasoning_tok, h.msgs, h.unpriced, h.latency_us, h.first_byte_us, h.nusd, h.charged_nusd, h.overrun_nusd
FROM usage_hour h CROSS JOIN usage_series s WHERE s.id = h.series_id;
