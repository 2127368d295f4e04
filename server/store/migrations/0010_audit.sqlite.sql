-- What people did and what was refused: each row's hash covers its content and the hash before it (audit_chain.h). One
-- chain for the whole server, and so not led by the client: what comes after what is what it proves.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  subsystem TEXT NOT NULL,
  actor TEXT NOT NULL,
  peer TEXT NOT NULL,
  request_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  code TEXT NOT NULL,
  severity TEXT NOT NULL,
  times INTEGER NOT NULL,
  command_id TEXT NOT NULL,
  salt BLOB NOT NULL,
  previous BLOB NOT NULL CHECK (length(previous) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_by_client ON audit (client_id, seq);
CREATE INDEX audit_by_agent ON audit (agent_id, seq) WHERE agent_id <> '';
CREATE INDEX audit_by_actor ON audit (actor, seq);
CREATE INDEX audit_by_kind ON audit (kind, seq);
CREATE INDEX audit_by_age ON audit (at);

-- The newest row, and the one after which what is kept begins. Whoever appends holds this row until the commit.
CREATE TABLE audit_chain (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  kept_after INTEGER NOT NULL,
  kept_hash BLOB NOT NULL
) STRICT;
INSERT INTO audit_chain (id, seq, hash, kept_after, kept_hash) VALUES (1, 0, zeroblob(32), 0, zeroblob(32));

-- Rates that an admin set; for every other policy server.yaml or the default counts.
CREATE TABLE rate_limits (
  policy TEXT PRIMARY KEY,
  per_minute INTEGER NOT NULL CHECK (per_minute > 0)
) STRICT, WITHOUT ROWID;
