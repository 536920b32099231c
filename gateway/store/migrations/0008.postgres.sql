-- The newest sums change with every batch: room on their pages lets a change stay on the page, and out of the index.
ALTER TABLE usage_sum SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
