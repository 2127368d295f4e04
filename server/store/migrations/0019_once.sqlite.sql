-- The key that an agent had before the present one took its place, if it handed it over itself: good until then, and
-- known for what it is afterwards.
ALTER TABLE agents ADD COLUMN old_key BLOB NOT NULL DEFAULT x'';
ALTER TABLE agents ADD COLUMN old_key_until INTEGER NOT NULL DEFAULT 0;
-- Which reports of browsers were counted last, so that one that comes again is not: their ids, with a blank behind each.
ALTER TABLE errors ADD COLUMN reports TEXT NOT NULL DEFAULT '';
