-- What went wrong, counted by its kind on each machine (store/errors.h). client_id and agent_id '' for what is about none:
-- the server itself, browsers.
CREATE TABLE errors (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('agent', 'server', 'browser')),
  severity TEXT NOT NULL CHECK (severity IN ('warning', 'error')),
  subsystem TEXT NOT NULL,
  kind TEXT NOT NULL,
  code TEXT NOT NULL,
  text TEXT NOT NULL,
  detail TEXT NOT NULL,
  command_id TEXT NOT NULL,
  scan_id TEXT NOT NULL,
  actor TEXT NOT NULL,
  times INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, agent_id, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE INDEX errors_by_fingerprint ON errors (fingerprint);
CREATE INDEX errors_by_age ON errors (last_at);
