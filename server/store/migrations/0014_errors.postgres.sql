-- What went wrong, counted by its kind on each machine (store/errors.h). client_id and agent_id '' for what is about none:
-- the server itself, browsers.
CREATE TABLE errors (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  fingerprint TEXT COLLATE "C" NOT NULL,
  source TEXT COLLATE "C" NOT NULL CHECK (source IN ('agent', 'server', 'browser')),
  severity TEXT COLLATE "C" NOT NULL CHECK (severity IN ('warning', 'error')),
  subsystem TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  detail TEXT COLLATE "C" NOT NULL,
  command_id TEXT COLLATE "C" NOT NULL,
  scan_id TEXT COLLATE "C" NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,
  times BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (client_id, agent_id, fingerprint)
);
CREATE INDEX errors_by_fingerprint ON errors (fingerprint);
CREATE INDEX errors_by_age ON errors (last_at);
