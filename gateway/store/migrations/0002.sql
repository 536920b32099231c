-- Workspaces with members, the ledger, and what operators keep over the catalogue.
-- Existing installations: their one workspace gets an owner, whose its keys become; their oldest key becomes the operator's.

CREATE TABLE app_user (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  email      TEXT UNIQUE,                     -- lower case
  disabled   {{i64}} NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
  created_ms {{i64}} NOT NULL
) {{opts}};
INSERT INTO app_user (id, name, created_ms) SELECT 'user_' || substr(id, 4), 'owner', created_ms FROM workspace;

CREATE TABLE member (
  ws_id      TEXT NOT NULL,
  user_id    TEXT NOT NULL,
  role       TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'billing')),
  created_ms {{i64}} NOT NULL,
  PRIMARY KEY (ws_id, user_id)
) {{opts}};
CREATE INDEX member_user ON member(user_id, ws_id);
INSERT INTO member (ws_id, user_id, role, created_ms) SELECT id, 'user_' || substr(id, 4), 'owner', created_ms FROM workspace;

ALTER TABLE workspace ADD COLUMN plan_id TEXT NOT NULL DEFAULT 'unlimited';
ALTER TABLE workspace ADD COLUMN billing TEXT NOT NULL DEFAULT 'plan' CHECK (billing IN ('plan', 'balance'));
ALTER TABLE workspace ADD COLUMN suspended {{i64}} NOT NULL DEFAULT 0 CHECK (suspended IN (0, 1));
ALTER TABLE workspace ADD COLUMN rev {{i64}} NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN requests_per_minute {{i64}};
ALTER TABLE workspace ADD COLUMN tokens_per_minute {{i64}};
ALTER TABLE workspace ADD COLUMN concurrent_requests {{i64}};

ALTER TABLE api_key ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN bound {{i64}} NOT NULL DEFAULT 0 CHECK (bound IN (0, 1));  -- 1: made by somebody else, stays in its workspace
ALTER TABLE api_key ADD COLUMN requests_per_minute {{i64}};
ALTER TABLE api_key ADD COLUMN tokens_per_minute {{i64}};
ALTER TABLE api_key ADD COLUMN concurrent_requests {{i64}};
UPDATE api_key SET user_id = 'user_' || substr(ws_id, 4);
UPDATE api_key SET scopes = '["inference","management","operator"]'
  WHERE id = (SELECT id FROM api_key WHERE scopes LIKE '%management%' AND deleted = 0 ORDER BY created_ms, id LIMIT 1);

CREATE TABLE budget (
  id         TEXT PRIMARY KEY,
  ws_id      TEXT NOT NULL,
  name       TEXT NOT NULL,
  scope      TEXT NOT NULL CHECK (scope IN ('key', 'member', 'workspace')),
  scope_id   TEXT NOT NULL,
  unit       TEXT NOT NULL CHECK (unit IN ('nusd', 'msg')),
  amount     {{i64}} NOT NULL CHECK (amount >= 0),
  period     TEXT NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'total')),
  time_zone  TEXT NOT NULL,
  hard       {{i64}} NOT NULL CHECK (hard IN (0, 1)),
  thresholds TEXT NOT NULL,                   -- JSON array of percents
  rev        {{i64}} NOT NULL,
  created_ms {{i64}} NOT NULL
) {{opts}};
CREATE INDEX budget_ws ON budget(ws_id, created_ms, id);

CREATE TABLE provider_key (                   -- sealed: AES-256-GCM under a data key of its own, wrapped by a key of the installation
  id          TEXT PRIMARY KEY,
  ws_id       TEXT NOT NULL,
  provider    TEXT NOT NULL,
  name        TEXT NOT NULL,
  base_url    TEXT,
  kek_id      TEXT NOT NULL,
  wrapped_dek {{blob}} NOT NULL,
  iv          {{blob}} NOT NULL,
  ct          {{blob}} NOT NULL,
  tag         {{blob}} NOT NULL,
  last4       TEXT NOT NULL,
  rev         {{i64}} NOT NULL,
  created_ms  {{i64}} NOT NULL,
  UNIQUE (ws_id, provider)
) {{opts}};

CREATE TABLE catalog_entry (                  -- what an operator put over the catalogue of the program and of the file
  kind       TEXT NOT NULL CHECK (kind IN ('plan', 'model', 'provider')),
  id         TEXT NOT NULL,
  body       TEXT,                            -- JSON; NULL hides the entry beneath
  rev        {{i64}} NOT NULL,
  changed_ms {{i64}} NOT NULL,
  PRIMARY KEY (kind, id)
) {{opts}};

CREATE TABLE counter (                        -- wallet, quota, pool and budget are the same thing: used + held + ask <= cap
  id        TEXT PRIMARY KEY,                 -- its period is in its id: nothing is ever reset
  kind      TEXT NOT NULL CHECK (kind IN ('wallet', 'quota', 'pool', 'budget')),
  scope_id  TEXT NOT NULL,
  unit      TEXT NOT NULL CHECK (unit IN ('nusd', 'msg')),
  period    TEXT NOT NULL,
  cap       {{i64}},                          -- NULL = counted, not limited; wallet: sum of credits
  cap_rev   {{i64}} NOT NULL DEFAULT 0,       -- the revision that gave the cap; a lower one is not taken
  used      {{i64}} NOT NULL DEFAULT 0 CHECK (used >= 0),
  held      {{i64}} NOT NULL DEFAULT 0 CHECK (held >= 0),
  recall_ms {{i64}} NOT NULL DEFAULT 0        -- when somebody last wanted what others lease
) {{opts}};
CREATE INDEX counter_scope ON counter(scope_id, kind);
CREATE INDEX counter_recall ON counter(recall_ms) WHERE recall_ms > 0;

CREATE TABLE hold (                           -- the working set: requests that stand on their own, and leases
  id          TEXT PRIMARY KEY,               -- = request id, or lease_…
  kind        TEXT NOT NULL CHECK (kind IN ('req', 'lease')),
  node_id     TEXT NOT NULL,
  counter_id  TEXT,                           -- of which a lease is a slice; NULL for a request
  record      TEXT,                           -- JSON of the usage row, should its gateway die now; NULL for a lease
  idem_scope  TEXT,
  idem_key    TEXT,
  created_ms  {{i64}} NOT NULL,
  expires_ms  {{i64}} NOT NULL
) {{opts}};
CREATE INDEX hold_node ON hold(node_id);
CREATE INDEX hold_expiry ON hold(expires_ms);
CREATE INDEX hold_lease ON hold(counter_id) WHERE kind = 'lease';

CREATE TABLE hold_line (
  hold_id    TEXT NOT NULL,
  counter_id TEXT NOT NULL,
  amount     {{i64}} NOT NULL CHECK (amount >= 0),
  PRIMARY KEY (hold_id, counter_id)
) {{opts}};

ALTER TABLE usage_event ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
ALTER TABLE usage_event ADD COLUMN payer TEXT NOT NULL DEFAULT 'none' CHECK (payer IN ('plan', 'balance', 'own_key', 'none'));
ALTER TABLE usage_event ADD COLUMN charged_nusd {{i64}} NOT NULL DEFAULT 0;   -- what the balance paid
ALTER TABLE usage_event ADD COLUMN overrun_nusd {{i64}} NOT NULL DEFAULT 0;   -- what no hard limit had room for
ALTER TABLE usage_event ADD COLUMN overrun_msgs {{i64}} NOT NULL DEFAULT 0;
ALTER TABLE usage_event ADD COLUMN lines TEXT NOT NULL DEFAULT '[]';          -- JSON: [[counter id, "amount"], …]
ALTER TABLE usage_event ADD COLUMN settled_ms {{i64}} NOT NULL DEFAULT 0;
ALTER TABLE request_log ADD COLUMN failed_attempts TEXT;                      -- JSON; NULL when there was none

CREATE TABLE transfer (                       -- append-only: one row is one debit and one credit
  id          TEXT PRIMARY KEY,               -- deterministic: 'u:<usage>', 'tu:<payment>', 'fee:<payment>', 'gr:<grant>', 'rf:<usage>'
  kind        TEXT NOT NULL CHECK (kind IN ('topup', 'fee', 'grant', 'usage', 'refund', 'expire', 'adjust')),
  ws_id       TEXT NOT NULL,
  debit_acct  TEXT NOT NULL,
  credit_acct TEXT NOT NULL,
  amount      {{i64}} NOT NULL CHECK (amount > 0),
  ref         TEXT NOT NULL,
  note        TEXT,
  ts_ms       {{i64}} NOT NULL,
  CHECK (debit_acct <> credit_acct)
) {{opts}};
CREATE INDEX transfer_ws_ts ON transfer(ws_id, ts_ms, id);
CREATE INDEX transfer_ref ON transfer(ref) WHERE kind <> 'usage';  -- a usage transfer is found by its id

CREATE TABLE idem (
  scope        TEXT NOT NULL,                 -- workspace and operation
  ikey         TEXT NOT NULL,
  req_hash     TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('open', 'done')),
  status       {{i64}},
  content_type TEXT,
  body         TEXT,                          -- NULL when done: too large to keep
  expires_ms   {{i64}} NOT NULL,
  PRIMARY KEY (scope, ikey)
) {{opts}};
CREATE INDEX idem_expiry ON idem(expires_ms);

CREATE TABLE node (
  id         TEXT PRIMARY KEY,
  host       TEXT NOT NULL,
  pid        {{i64}} NOT NULL,
  started    TEXT NOT NULL,
  beats      {{i64}} NOT NULL DEFAULT 0,
  started_ms {{i64}} NOT NULL
) {{opts}};

UPDATE revision SET id = 'access' WHERE id = 'keys';
INSERT INTO revision (id, rev) VALUES ('catalog', 0);
