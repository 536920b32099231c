-- What a request used that has no tokens: images, seconds, characters.

ALTER TABLE usage_event ADD COLUMN media TEXT;   -- JSON, [images, audio ms, video ms, characters, variant]; null for text
