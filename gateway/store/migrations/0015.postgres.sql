-- The sums of this hour change with every batch: room on their pages lets a change stay on the page, and out of the index.
ALTER TABLE usage_hour SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
-- Whoever closes days changes one row again and again.
ALTER TABLE usage_closed SET (fillfactor = 10);
