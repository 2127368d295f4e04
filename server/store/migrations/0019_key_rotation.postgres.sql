-- The key that an agent had before the present one took its place, if it handed it over itself: good until then, and
-- known for what it is afterwards.
ALTER TABLE agents ADD COLUMN old_key BYTEA NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN old_key_until BIGINT NOT NULL DEFAULT 0;
