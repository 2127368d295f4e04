-- Whether an agent is who it says: agents.identity_state. Only active ones get orders. Those that enrolled before this
-- step have no line, and are asked to enrol again.
ALTER TABLE agents ADD COLUMN identity_state TEXT NOT NULL DEFAULT 'active'
  CHECK (identity_state IN ('active', 'pending', 'cloned', 'restored', 'revoked'));
ALTER TABLE agents ADD COLUMN identity_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN identity_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN line_id TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN line_number INTEGER NOT NULL DEFAULT 0;
CREATE INDEX agents_not_active ON agents (identity_state) WHERE identity_state <> 'active';

ALTER TABLE enrolment_tokens ADD COLUMN accept TEXT NOT NULL DEFAULT 'auto' CHECK (accept IN ('auto', 'manual'));

-- The lines of state documents of an agent: one, unless its state was restored or copied. Refresh tokens are here as
-- hashes only.
CREATE TABLE agent_lines (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  line_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  document_hash BLOB NOT NULL,
  token_hash BLOB NOT NULL,
  before_hash BLOB NOT NULL,
  boot_id TEXT NOT NULL,
  machine BLOB NOT NULL,
  peer TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, agent_id, line_id),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
