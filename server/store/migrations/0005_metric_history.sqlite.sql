-- What was measured over time: of each ten minutes the last value, and for longer each day's extremes. A series that is
-- forgotten takes its history with it.
CREATE TABLE metric_points (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  at INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (client_id, agent_id, name, label, at),
  FOREIGN KEY (client_id, agent_id, name, label) REFERENCES metrics (client_id, agent_id, name, label) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX metric_points_by_age ON metric_points (at);

CREATE TABLE metric_days (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  day INTEGER NOT NULL,
  low REAL NOT NULL,
  high REAL NOT NULL,
  PRIMARY KEY (client_id, agent_id, name, label, day),
  FOREIGN KEY (client_id, agent_id, name, label) REFERENCES metrics (client_id, agent_id, name, label) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX metric_days_by_age ON metric_days (day);
