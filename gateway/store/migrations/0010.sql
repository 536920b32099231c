-- Which lanes to upstreams rest, so that what one gateway has seen is not found out again by the others.

CREATE TABLE lane_opening (
  lane     TEXT PRIMARY KEY,                  -- a target, and the number of the credential when it is not the first
  reason   TEXT NOT NULL,
  until_ms {{i64}} NOT NULL
) {{opts}};
INSERT INTO revision (id, rev) VALUES ('health', 0);
