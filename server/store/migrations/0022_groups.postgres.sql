-- Machines of a client that people take together, wherever they are; a machine may be in several.
CREATE TABLE agent_groups (
  client_id TEXT COLLATE "C" NOT NULL,
  group_id TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT COLLATE "C" NOT NULL,
  changed_at BIGINT NOT NULL,
  changed_by TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, group_id),
  UNIQUE (client_id, name),
  FOREIGN KEY (client_id) REFERENCES clients (client_id)
);

CREATE TABLE agent_group_members (
  client_id TEXT COLLATE "C" NOT NULL,
  group_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, group_id, agent_id),
  FOREIGN KEY (client_id, group_id) REFERENCES agent_groups (client_id, group_id) ON DELETE CASCADE,
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
);
CREATE INDEX agent_group_members_by_agent ON agent_group_members (client_id, agent_id);

-- Windows of a group, or of one machine: then the site is ''.
ALTER TABLE maintenance_windows ADD COLUMN group_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE maintenance_windows ADD COLUMN agent_id TEXT COLLATE "C" NOT NULL DEFAULT '';

-- At one site several windows may open at the same time now: the site's (holder_id ''), a group's, a machine's.
ALTER TABLE window_notices ADD COLUMN holder_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE window_notices DROP CONSTRAINT window_notices_pkey;
ALTER TABLE window_notices ADD PRIMARY KEY (client_id, site_id, opens_at, holder_id);
