ALTER TABLE hold DROP CONSTRAINT hold_kind_check;
ALTER TABLE hold ADD CONSTRAINT hold_kind_check CHECK (kind IN ('req', 'job', 'lease'));
