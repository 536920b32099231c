-- Sums of usage that are cheaper to keep: what a sum is about is said once, hours are kept with every request, days are added up when they are over.

CREATE TABLE usage_series (                   -- what sums are about; what a grain does not tell apart is ''
  id          {{serial}},
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

CREATE TABLE usage_hour (                     -- moved in the transaction that adds its rows; those of now lie side by side
  start_ms        {{i64}} NOT NULL,           -- of the hour, UTC
  ws_series       {{i64}} NOT NULL,           -- the workspace's series of grain 'all'
  series_id       {{i64}} NOT NULL,           -- of grain 'each'; of 'models' where an older program has kept it
  requests        {{i64}} NOT NULL,           -- a refund is none
  errors          {{i64}} NOT NULL,           -- of these, with an error code
  first_bytes     {{i64}} NOT NULL,           -- requests that have a first byte
  attempts        {{i64}} NOT NULL,
  prompt_tok      {{i64}} NOT NULL,
  cached_tok      {{i64}} NOT NULL,
  cache_write_tok {{i64}} NOT NULL,
  compl_tok       {{i64}} NOT NULL,
  reasoning_tok   {{i64}} NOT NULL,
  msgs            {{i64}} NOT NULL,
  unpriced        {{i64}} NOT NULL,
  latency_us      {{i64}} NOT NULL,
  first_byte_us   {{i64}} NOT NULL,
  nusd            {{i64}} NOT NULL,
  charged_nusd    {{i64}} NOT NULL,
  overrun_nusd    {{i64}} NOT NULL,
  PRIMARY KEY (start_ms, ws_series, series_id)
) {{opts}};

CREATE TABLE usage_day (                      -- of days that are closed, one row for each series of every grain
  series_id       {{i64}} NOT NULL,
  start_ms        {{i64}} NOT NULL,           -- of the day, UTC
  requests        {{i64}} NOT NULL,
  errors          {{i64}} NOT NULL,
  first_bytes     {{i64}} NOT NULL,
  attempts        {{i64}} NOT NULL,
  prompt_tok      {{i64}} NOT NULL,
  cached_tok      {{i64}} NOT NULL,
  cache_write_tok {{i64}} NOT NULL,
  compl_tok       {{i64}} NOT NULL,
  reasoning_tok   {{i64}} NOT NULL,
  msgs            {{i64}} NOT NULL,
  unpriced        {{i64}} NOT NULL,
  latency_us      {{i64}} NOT NULL,
  first_byte_us   {{i64}} NOT NULL,
  nusd            {{i64}} NOT NULL,
  charged_nusd    {{i64}} NOT NULL,
  overrun_nusd    {{i64}} NOT NULL,
  PRIMARY KEY (series_id, start_ms)
) {{opts}};

CREATE TABLE usage_closed (                   -- how far days are closed: all before this one, and of this one the workspaces up to this number
  id        {{i64}} PRIMARY KEY CHECK (id = 1),
  day_ms    {{i64}} NOT NULL,
  ws_series {{i64}} NOT NULL
) {{opts}};

-- What older programs have added up is carried over: all of its days are closed, and what comes to them is added to both. CROSS JOIN has SQLite look
-- at the tables in this order.

INSERT INTO usage_series (ws_id, grain, key_id, user_id, model_asked, model, route, operation)
SELECT DISTINCT u.ws_id, 'each', u.key_id, u.user_id, u.model_asked, u.model, u.route, u.operation FROM usage_sum u WHERE u.grain = 'day_split';

INSERT INTO usage_series (ws_id, grain, key_id, user_id, model_asked, model, route, operation)
SELECT DISTINCT u.ws_id, 'models', u.key_id, u.user_id, u.model_asked, u.model, '', '' FROM usage_sum u WHERE u.grain <> 'day_split';

INSERT INTO usage_series (ws_id, grain, key_id, user_id, model_asked, model, route, operation)
SELECT DISTINCT u.ws_id, 'key', u.key_id, u.user_id, '', '', '', '' FROM usage_series u WHERE u.grain = 'models';

INSERT INTO usage_series (ws_id, grain, key_id, user_id, model_asked, model, route, operation)
SELECT DISTINCT u.ws_id, 'model', '', '', u.model_asked, u.model, '', '' FROM usage_series u WHERE u.grain = 'models';

INSERT INTO usage_series (ws_id, grain, key_id, user_id, model_asked, model, route, operation)
SELECT DISTINCT u.ws_id, 'all', '', '', '', '', '', '' FROM usage_series u WHERE u.grain = 'models';

INSERT INTO usage_hour (start_ms, ws_series, series_id, requests, errors, first_bytes, attempts, prompt_tok, cached_tok, cache_write_tok, compl_tok, reasoning_tok, msgs, unpriced, latency_us, first_byte_us, nusd, charged_nusd, overrun_nusd)
SELECT u.start_ms, a.id, s.id, u.requests, u.errors, u.first_bytes, u.attempts, u.prompt_tok, u.cached_tok, u.cache_write_tok, u.compl_tok, u.reasoning_tok, u.msgs, u.unpriced, u.latency_us, u.first_byte_us, u.nusd, u.charged_nusd, u.overrun_nusd
FROM usage_sum u CROSS JOIN usage_series a CROSS JOIN usage_series s
WHERE u.grain = 'hour' AND a.ws_id = u.ws_id AND a.grain = 'all' AND a.key_id = '' AND a.user_id = '' AND a.model_asked = '' AND a.model = '' AND a.route = '' AND a.operation = ''
  AND s.ws_id = u.ws_id AND s.grain = 'models' AND s.key_id = u.key_id AND s.user_id = u.user_id AND s.model_asked = u.model_asked AND s.model = u.model AND s.route = '' AND s.operation = '' ORDER BY 1, 2, 3;

INSERT INTO usage_day (series_id, start_ms, requests, errors, first_bytes, attempts, prompt_tok, cached_tok, cache_write_tok, compl_tok, reasoning_tok, msgs, unpriced, latency_us, first_byte_us, nusd, charged_nusd, overrun_nusd)
SELECT s.id, u.start_ms, u.requests, u.errors, u.first_bytes, u.attempts, u.prompt_tok, u.cached_tok, u.cache_write_tok, u.compl_tok, u.reasoning_tok, u.msgs, u.unpriced, u.latency_us, u.first_byte_us, u.nusd, u.charged_nusd, u.overrun_nusd
FROM usage_sum u CROSS JOIN usage_series s
WHERE u.grain = 'day_split' AND s.ws_id = u.ws_id AND s.grain = 'each' AND s.key_id = u.key_id AND s.user_id = u.user_id AND s.model_asked = u.model_asked AND s.model = u.model AND s.route = u.route AND s.operation = u.operation ORDER BY 1, 2;

INSERT INTO usage_day (series_id, start_ms, requests, errors, first_bytes, attempts, prompt_tok, cached_tok, cache_write_tok, compl_tok, reasoning_tok, msgs, unpriced, latency_us, first_byte_us, nusd, charged_nusd, overrun_nusd)
SELECT s.id, u.start_ms, u.requests, u.errors, u.first_bytes, u.attempts, u.prompt_tok, u.cached_tok, u.cache_write_tok, u.compl_tok, u.reasoning_tok, u.msgs, u.unpriced, u.latency_us, u.first_byte_us, u.nusd, u.charged_nusd, u.overrun_nusd
FROM usage_sum u CROSS JOIN usage_series s
WHERE u.grain = 'day' AND s.ws_id = u.ws_id AND s.grain = 'models' AND s.key_id = u.key_id AND s.user_id = u.user_id AND s.model_asked = u.model_asked AND s.model = u.model AND s.route = '' AND s.operation = '' ORDER BY 1, 2;

INSERT INTO usage_day (series_id, start_ms, requests, errors, first_bytes, attempts, prompt_tok, cached_tok, cache_write_tok, compl_tok, reasoning_tok, msgs, unpriced, latency_us, first_byte_us, nusd, charged_nusd, overrun_nusd)
SELECT t.id, d.start_ms, SUM(d.requests), SUM(d.errors), SUM(d.first_bytes), SUM(d.attempts), SUM(d.prompt_tok), SUM(d.cached_tok), SUM(d.cache_write_tok), SUM(d.compl_tok), SUM(d.reasoning_tok), SUM(d.msgs), SUM(d.unpriced), SUM(d.latency_us), SUM(d.first_byte_us), SUM(d.nusd), SUM(d.charged_nusd), SUM(d.overrun_nusd)
FROM usage_day d CROSS JOIN usage_series s CROSS JOIN usage_series t
WHERE s.id = d.series_id AND s.grain = 'models'
  AND t.ws_id = s.ws_id AND t.grain = 'key' AND t.key_id = s.key_id AND t.user_id = s.user_id AND t.model_asked = '' AND t.model = '' AND t.route = '' AND t.operation = ''
GROUP BY t.id, d.start_ms ORDER BY 1, 2;

INSERT INTO usage_day (series_id, start_ms, requests, errors, first_bytes, attempts, prompt_tok, cached_tok, cache_write_tok, compl_tok, reasoning_tok, msgs, unpriced, latency_us, first_byte_us, nusd, charged_nusd, overrun_nusd)
SELECT t.id, d.start_ms, SUM(d.requests), SUM(d.errors), SUM(d.first_bytes), SUM(d.attempts), SUM(d.prompt_tok), SUM(d.cached_tok), SUM(d.cache_write_tok), SUM(d.compl_tok), SUM(d.reasoning_tok), SUM(d.msgs), SUM(d.unpriced), SUM(d.latency_us), SUM(d.first_byte_us), SUM(d.nusd), SUM(d.charged_nusd), SUM(d.overrun_nusd)
FROM usage_day d CROSS JOIN usage_series s CROSS JOIN usage_series t
WHERE s.id = d.series_id AND s.grain = 'models'
  AND t.ws_id = s.ws_id AND t.grain = 'model' AND t.key_id = '' AND t.user_id = '' AND t.model_asked = s.model_asked AND t.model = s.model AND t.route = '' AND t.operation = ''
GROUP BY t.id, d.start_ms ORDER BY 1, 2;

INSERT INTO usage_day (series_id, start_ms, requests, errors, first_bytes, attempts, prompt_tok, cached_tok, cache_write_tok, compl_tok, reasoning_tok, msgs, unpriced, latency_us, first_byte_us, nusd, charged_nusd, overrun_nusd)
SELECT t.id, d.start_ms, SUM(d.requests), SUM(d.errors), SUM(d.first_bytes), SUM(d.attempts), SUM(d.prompt_tok), SUM(d.cached_tok), SUM(d.cache_write_tok), SUM(d.compl_tok), SUM(d.reasoning_tok), SUM(d.msgs), SUM(d.unpriced), SUM(d.latency_us), SUM(d.first_byte_us), SUM(d.nusd), SUM(d.charged_nusd), SUM(d.overrun_nusd)
FROM usage_day d CROSS JOIN usage_series s CROSS JOIN usage_series t
WHERE s.id = d.series_id AND s.grain = 'models'
  AND t.ws_id = s.ws_id AND t.grain = 'all' AND t.key_id = '' AND t.user_id = '' AND t.model_asked = '' AND t.model = '' AND t.route = '' AND t.operation = ''
GROUP BY t.id, d.start_ms ORDER BY 1, 2;

INSERT INTO usage_closed (id, day_ms, ws_series)
SELECT 1, COALESCE((SELECT MAX(start_ms) FROM usage_sum), 0) / 86400000 * 86400000, COALESCE((SELECT MAX(id) FROM usage_series), 0);

DROP TABLE usage_sum;

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
