-- A token may be one agent's, to give it a new key. And which authorities an agent believes, as it says itself: the
-- first 16 hexadecimal digits of SHA-256 of each, with a blank behind.
ALTER TABLE enrolment_tokens ADD COLUMN rebinds TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN authorities TEXT NOT NULL DEFAULT '';
