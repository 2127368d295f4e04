-- What was measured over time: of each ten minutes the last value, and for longer each day's extremes. A series that is
-- forgotten takes its history with it.
CREATE TABLE metric_points (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  label TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (client_id, agent_id, name, label, at),
  FOREIGN KEY (client_id, agent_id, name, label) REFERENCES metrics (client_id, agent_id, name, label) ON DELETE CASCADE
);
CREATE INDEX metric_points_by_age ON metric_points (at);

CREATE TABLE metric_days (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  label TEXT COLLATE "C" NOT NULL,
  day BIGINT NOT NULL,
  low DOUBLE PRECISION NOT NULL,
  high DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (client_id, agent_id, name, label, day),
  FOREIGN KEY (client_id, agent_id, name, label) REFERENCES metrics (client_id, agent_id, name, label) ON DELETE CASCADE
);
CREATE INDEX metric_days_by_age ON metric_days (day);
