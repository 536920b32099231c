-- The request log: what a request was routed by, sums of usage by hour and day, and bodies for workspaces that want them.

ALTER TABLE request_log ADD COLUMN route TEXT;
ALTER TABLE request_log ADD COLUMN degraded {{i64}} NOT NULL DEFAULT 0 CHECK (degraded IN (0, 1));
ALTER TABLE request_log ADD COLUMN cache TEXT CHECK (cache IN ('hit', 'miss', 'bypass'));
ALTER TABLE request_log ADD COLUMN attempt_us {{i64}};

CREATE TABLE usage_sum (                      -- moved in the transaction that adds its rows; what is NULL in a row is '' here
  ws_id           TEXT NOT NULL,
  grain           TEXT NOT NULL CHECK (grain IN ('hour', 'day', 'day_split')),
  start_ms        {{i64}} NOT NULL,           -- of the hour or day, UTC
  key_id          TEXT NOT NULL,
  user_id         TEXT NOT NULL,
  model_asked     TEXT NOT NULL,              -- long names are cut
  model           TEXT NOT NULL,
  route           TEXT NOT NULL,              -- of day_split alone, as the operation
  operation       TEXT NOT NULL,
  requests        {{i64}} NOT NULL,           -- a refund is none
  errors          {{i64}} NOT NULL,           -- of these, with an error code
  attempts        {{i64}} NOT NULL,
  prompt_tok      {{i64}} NOT NULL,
  cached_tok      {{i64}} NOT NULL,
  cache_write_tok {{i64}} NOT NULL,
  compl_tok       {{i64}} NOT NULL,
  reasoning_tok   {{i64}} NOT NULL,
  msgs            {{i64}} NOT NULL,
  nusd            {{i64}} NOT NULL,
  charged_nusd    {{i64}} NOT NULL,
  overrun_nusd    {{i64}} NOT NULL,
  unpriced        {{i64}} NOT NULL,
  latency_us      {{i64}} NOT NULL,
  first_byte_us   {{i64}} NOT NULL,
  first_bytes     {{i64}} NOT NULL,           -- requests that have a first byte
  PRIMARY KEY (ws_id, grain, start_ms, key_id, user_id, model_asked, model, route, operation)
) {{opts}};

INSERT INTO usage_sum (ws_id, grain, start_ms, key_id, user_id, model_asked, model, route, operation, requests, errors, attempts, prompt_tok, cached_tok,
  cache_write_tok, compl_tok, reasoning_tok, msgs, nusd, charged_nusd, overrun_nusd, unpriced, latency_us, first_byte_us, first_bytes)
SELECT u.ws_id, g.grain, u.ts_ms - u.ts_ms % g.ms, u.key_id, u.user_id, SUBSTR(u.model_asked, 1, 128), SUBSTR(COALESCE(u.model, ''), 1, 128),
  CASE WHEN g.grain = 'day_split' THEN SUBSTR(COALESCE(r.route, ''), 1, 128) ELSE '' END, CASE WHEN g.grain = 'day_split' THEN r.operation ELSE '' END,
  SUM(CASE WHEN u.outcome = 'refund' THEN 0 ELSE 1 END), COUNT(r.error_code), SUM(r.attempts), SUM(u.prompt_tok), SUM(u.cached_tok), SUM(u.cache_write_tok),
  SUM(u.compl_tok), SUM(u.reasoning_tok), SUM(u.msgs), SUM(u.nusd), SUM(u.charged_nusd), SUM(u.overrun_nusd), SUM(u.unpriced),
  SUM(r.latency_us), SUM(COALESCE(r.first_byte_us, 0)), COUNT(r.first_byte_us)
FROM usage_event u JOIN request_log r ON r.id = u.id
CROSS JOIN (SELECT 'hour' AS grain, 3600000 AS ms UNION ALL SELECT 'day', 86400000 UNION ALL SELECT 'day_split', 86400000) g
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;

CREATE TABLE usage_mark (                     -- in which ten minutes there is a request of this key, model, …: what few requests have is found by it
  ws_id    TEXT NOT NULL,
  kind     TEXT NOT NULL,
  value    TEXT NOT NULL,                     -- of a cost: how many digits it has; '' is none
  start_ms {{i64}} NOT NULL,
  PRIMARY KEY (ws_id, kind, value, start_ms)
) {{opts}};

INSERT INTO usage_mark (ws_id, kind, value, start_ms)
SELECT DISTINCT ws_id, kind, CASE kind
    WHEN 'key' THEN key_id WHEN 'user' THEN user_id WHEN 'asked' THEN model_asked WHEN 'model' THEN model WHEN 'route' THEN route WHEN 'operation' THEN operation
    WHEN 'outcome' THEN outcome WHEN 'error' THEN error_code WHEN 'status' THEN status ELSE digits END AS value, start_ms
FROM (
  SELECT DISTINCT u.ws_id, u.ts_ms - u.ts_ms % 600000 AS start_ms, u.key_id, u.user_id, SUBSTR(u.model_asked, 1, 128) AS model_asked,
    SUBSTR(COALESCE(u.model, ''), 1, 128) AS model, SUBSTR(COALESCE(r.route, ''), 1, 128) AS route, r.operation, u.outcome, COALESCE(r.error_code, '') AS error_code,
    CAST(r.status AS VARCHAR) AS status, CASE WHEN u.nusd <= 0 THEN '00' WHEN u.nusd < 1000000000 THEN '0' || CAST(LENGTH(CAST(u.nusd AS VARCHAR)) AS VARCHAR)
      ELSE CAST(LENGTH(CAST(u.nusd AS VARCHAR)) AS VARCHAR) END AS digits
  FROM usage_event u JOIN request_log r ON r.id = u.id
) seen
CROSS JOIN (SELECT 'key' AS kind UNION ALL SELECT 'user' UNION ALL SELECT 'asked' UNION ALL SELECT 'model' UNION ALL SELECT 'route' UNION ALL SELECT 'operation'
  UNION ALL SELECT 'outcome' UNION ALL SELECT 'error' UNION ALL SELECT 'status' UNION ALL SELECT 'cost') kinds;

-- The few movements that are no charges, among millions that are.
CREATE INDEX transfer_credits ON transfer(ws_id, ts_ms, id) WHERE kind <> 'usage';

CREATE TABLE request_body (                   -- sealed, as answers of Responses are; rows are large: they have rowids
  id          TEXT PRIMARY KEY,               -- = usage_event.id
  ws_id       TEXT NOT NULL,
  kek_id      TEXT NOT NULL,
  wrapped_key {{blob}} NOT NULL,
  iv          {{blob}} NOT NULL,
  ciphertext  {{blob}} NOT NULL,
  tag         {{blob}} NOT NULL,
  created_ms  {{i64}} NOT NULL,
  expires_ms  {{i64}} NOT NULL
);
CREATE INDEX request_body_expiry ON request_body(expires_ms, id);
CREATE INDEX request_body_ws ON request_body(ws_id, id);

ALTER TABLE workspace ADD COLUMN kept_bodies TEXT NOT NULL DEFAULT 'none' CHECK (kept_bodies IN ('none', 'redacted', 'full'));
ALTER TABLE workspace ADD COLUMN body_days {{i64}} NOT NULL DEFAULT 30 CHECK (body_days BETWEEN 1 AND 365);
