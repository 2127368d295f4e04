-- Settings that people wish for agents: one document a level, the nearest that sets a value counts. client_id '' is
-- everything, and then so are the others; an agent's has no site, wherever it is moved.
CREATE TABLE profiles (
  client_id TEXT NOT NULL,
  site_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  profile_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  author_id TEXT NOT NULL,
  PRIMARY KEY (client_id, site_id, agent_id)
) STRICT, WITHOUT ROWID;

-- What an agent last told of its configuration, and what was ordered to make it as wished. `turn` grows with every
-- change, so that nobody acts on what was read before it.
CREATE TABLE agent_settings (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  report TEXT NOT NULL,
  reported_at INTEGER NOT NULL,
  turn INTEGER NOT NULL DEFAULT 0,
  look_at INTEGER NOT NULL DEFAULT 0,
  managed TEXT NOT NULL DEFAULT '[]',
  wish TEXT NOT NULL DEFAULT '',
  command_id TEXT NOT NULL DEFAULT '',
  author_id TEXT NOT NULL DEFAULT '',
  ordered_at INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0,
  given_up INTEGER NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (client_id, agent_id),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_settings_due ON agent_settings (look_at);
