-- The zone whose clocks a site's machines go by.
ALTER TABLE sites ADD COLUMN time_zone TEXT COLLATE "C" NOT NULL DEFAULT 'UTC';

-- Orders that come by the calendar. What one is for: everything (client and site ''), a client, a site, or the agents
-- that are named, of one client, and of one site unless that is ''.
CREATE TABLE schedules (
  client_id TEXT COLLATE "C" NOT NULL,
  schedule_id TEXT COLLATE "C" NOT NULL UNIQUE,
  site_id TEXT COLLATE "C" NOT NULL,
  agent_ids TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  parameters TEXT COLLATE "C" NOT NULL,
  rule TEXT COLLATE "C" NOT NULL,
  time_zone TEXT COLLATE "C" NOT NULL,
  catch_up_s BIGINT NOT NULL CHECK (catch_up_s >= 0),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'paused', 'done')),
  author_id TEXT COLLATE "C" NOT NULL,
  author TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  checked_at BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  PRIMARY KEY (client_id, schedule_id)
);
CREATE INDEX schedules_due ON schedules (next_at) WHERE state = 'active';
CREATE INDEX schedules_by_name ON schedules (name, schedule_id);

-- One row an occurrence: the key makes it impossible that one is carried out twice, whoever races.
CREATE TABLE schedule_runs (
  client_id TEXT COLLATE "C" NOT NULL,
  schedule_id TEXT COLLATE "C" NOT NULL,
  time_zone TEXT COLLATE "C" NOT NULL,
  local_minute BIGINT NOT NULL,
  run_id TEXT COLLATE "C" NOT NULL UNIQUE,
  due_at BIGINT NOT NULL,
  at BIGINT NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('ordered', 'missed', 'refused')),
  reason_code TEXT COLLATE "C" NOT NULL,
  reason_text TEXT COLLATE "C" NOT NULL,
  ordered BIGINT NOT NULL,
  left_out TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, schedule_id, time_zone, local_minute),
  FOREIGN KEY (client_id, schedule_id) REFERENCES schedules (client_id, schedule_id) ON DELETE CASCADE
);
CREATE INDEX schedule_runs_by_age ON schedule_runs (at);

ALTER TABLE commands ADD COLUMN run_id TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX commands_by_run ON commands (run_id, state) WHERE run_id <> '';
