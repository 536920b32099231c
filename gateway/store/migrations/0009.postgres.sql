ALTER TABLE catalog_entry DROP CONSTRAINT catalog_entry_kind_check;
ALTER TABLE catalog_entry ADD CONSTRAINT catalog_entry_kind_check CHECK (kind IN ('plan', 'model', 'provider', 'route'));
