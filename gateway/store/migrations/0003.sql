-- What the program and the operator's file gave when a gateway last started: a change of it is a revision of the catalogue like any other.

CREATE TABLE catalog_digest (
  id     TEXT PRIMARY KEY,
  digest TEXT NOT NULL
) {{opts}};
