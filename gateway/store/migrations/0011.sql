-- Answers made in the background: which gateway makes one, and whether it is to stop. One whose gateway is gone has failed.

ALTER TABLE response ADD COLUMN open_node TEXT;                          -- the gateway that makes it; NULL once it has ended
ALTER TABLE response ADD COLUMN cancelled {{i64}} NOT NULL DEFAULT 0;    -- 1: its workspace wants it no more
CREATE INDEX response_open ON response(open_node) WHERE open_node IS NOT NULL;
