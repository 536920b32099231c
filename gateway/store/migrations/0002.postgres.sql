CREATE TRIGGER transfer_ro BEFORE UPDATE OR DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION append_only();
-- Rewritten with every request: room on the page for the new version, and vacuum before it bloats.
ALTER TABLE counter SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
ALTER TABLE hold SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
ALTER TABLE hold_line SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
-- Other gateways hear at once of a clock that moved; those that don't ask every second.
CREATE FUNCTION tell_revision() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('interline_revision', ''); RETURN NULL; END $$;
CREATE TRIGGER revision_tell AFTER UPDATE ON revision FOR EACH STATEMENT EXECUTE FUNCTION tell_revision();
