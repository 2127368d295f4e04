-- What people did and what was refused: each row's hash covers its content and the hash before it (audit_chain.h). One
-- chain for all servers on the database, and so not led by the client: what comes after what is what it proves.
CREATE TABLE audit (
  seq BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  subsystem TEXT COLLATE "C" NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,
  peer TEXT COLLATE "C" NOT NULL,
  request_id TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  severity TEXT COLLATE "C" NOT NULL,
  times BIGINT NOT NULL,
  command_id TEXT COLLATE "C" NOT NULL,
  salt BYTEA NOT NULL,
  previous BYTEA NOT NULL CHECK (length(previous) = 32),
  hash BYTEA NOT NULL CHECK (length(hash) = 32)
);
CREATE INDEX audit_by_client ON audit (client_id, seq);
CREATE INDEX audit_by_agent ON audit (agent_id, seq) WHERE agent_id <> '';
CREATE INDEX audit_by_actor ON audit (actor, seq);
CREATE INDEX audit_by_kind ON audit (kind, seq);
CREATE INDEX audit_by_age ON audit (at);

-- The newest row, and the one after which what is kept begins. Whoever appends holds this row until the commit.
CREATE TABLE audit_chain (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  seq BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  kept_after BIGINT NOT NULL,
  kept_hash BYTEA NOT NULL
);
INSERT INTO audit_chain (id, seq, hash, kept_after, kept_hash)
VALUES (1, 0, decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 32), 'hex'));

-- Rates that an admin set; for every other policy server.yaml or the default counts.
CREATE TABLE rate_limits (
  policy TEXT COLLATE "C" PRIMARY KEY,
  per_minute BIGINT NOT NULL CHECK (per_minute > 0)
);
