-- Settings that people wish for agents: one document a level, the nearest that sets a value counts. client_id '' is
-- everything, and then so are the others; an agent's has no site, wherever it is moved.
CREATE TABLE profiles (
  client_id TEXT COLLATE "C" NOT NULL,
  site_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  profile_id TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  settings TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT COLLATE "C" NOT NULL,
  changed_at BIGINT NOT NULL,
  changed_by TEXT COLLATE "C" NOT NULL,
  author_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, site_id, agent_id)
);

-- What an agent last told of its configuration, and what was ordered to make it as wished. `turn` grows with every
-- change, so that nobody acts on what was read before it.
CREATE TABLE agent_settings (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  report TEXT COLLATE "C" NOT NULL,
  reported_at BIGINT NOT NULL,
  turn BIGINT NOT NULL DEFAULT 0,
  look_at BIGINT NOT NULL DEFAULT 0,
  managed TEXT COLLATE "C" NOT NULL DEFAULT '[]',
  wish TEXT COLLATE "C" NOT NULL DEFAULT '',
  command_id TEXT COLLATE "C" NOT NULL DEFAULT '',
  author_id TEXT COLLATE "C" NOT NULL DEFAULT '',
  ordered_at BIGINT NOT NULL DEFAULT 0,
  tries BIGINT NOT NULL DEFAULT 0,
  given_up BIGINT NOT NULL DEFAULT 0,
  note TEXT COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (client_id, agent_id),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
);
CREATE INDEX agent_settings_due ON agent_settings (look_at);
