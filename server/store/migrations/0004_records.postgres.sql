-- Records are shown: by kind, in the order of what people call them.
ALTER TABLE records ADD COLUMN label TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX records_by_kind ON records (client_id, agent_id, kind, label, plugin, purpose_class, scope, digest);
