-- A line that a person did not accept is kept, so that whoever comes back with it is known for a second holder. And
-- the server may be told that it has forgotten documents: a backup was restored.
ALTER TABLE agent_lines ADD COLUMN ended_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_lines ADD COLUMN may_be_ahead INTEGER NOT NULL DEFAULT 0;
-- Whether an agent's key is bound to more than what a copied disk carries along, as it says itself; '': it does not say.
ALTER TABLE agents ADD COLUMN binding TEXT NOT NULL DEFAULT '' CHECK (binding IN ('', 'weak', 'machine'));
