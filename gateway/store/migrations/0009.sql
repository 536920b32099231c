-- Routes and aliases a workspace has put over those of the installation.

CREATE TABLE workspace_route (
  ws_id      TEXT NOT NULL,
  id         TEXT NOT NULL,
  body       TEXT NOT NULL,                   -- JSON, as it was put
  rev        {{i64}} NOT NULL,
  changed_ms {{i64}} NOT NULL,
  PRIMARY KEY (ws_id, id)
) {{opts}};
