CREATE TRIGGER usage_no_update BEFORE UPDATE ON usage_event BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER usage_no_delete BEFORE DELETE ON usage_event BEGIN SELECT RAISE(ABORT, 'append-only'); END;
