-- The zone whose clocks a site's machines go by.
ALTER TABLE sites ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';

-- Orders that come by the calendar. What one is for: everything (client and site ''), a client, a site, or the agents
-- that are named, of one client, and of one site unless that is ''.
CREATE TABLE schedules (
  client_id TEXT NOT NULL,
  schedule_id TEXT NOT NULL UNIQUE,
  site_id TEXT NOT NULL,
  agent_ids TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  parameters TEXT NOT NULL,
  rule TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  catch_up_s INTEGER NOT NULL CHECK (catch_up_s >= 0),
  state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'done')),
  author_id TEXT NOT NULL,
  author TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  checked_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, schedule_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedules_due ON schedules (next_at) WHERE state = 'active';
CREATE INDEX schedules_by_name ON schedules (name, schedule_id);

-- One row an occurrence: the key makes it impossible that one is carried out twice, whoever races.
CREATE TABLE schedule_runs (
  client_id TEXT NOT NULL,
  schedule_id TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  local_minute INTEGER NOT NULL,
  run_id TEXT NOT NULL UNIQUE,
  due_at INTEGER NOT NULL,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('ordered', 'missed', 'refused')),
  reason_code TEXT NOT NULL,
  reason_text TEXT NOT NULL,
  ordered INTEGER NOT NULL,
  left_out TEXT NOT NULL,
  PRIMARY KEY (client_id, schedule_id, time_zone, local_minute),
  FOREIGN KEY (client_id, schedule_id) REFERENCES schedules (client_id, schedule_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_runs_by_age ON schedule_runs (at);

ALTER TABLE commands ADD COLUMN run_id TEXT NOT NULL DEFAULT '';
CREATE INDEX commands_by_run ON commands (run_id, state) WHERE run_id <> '';
