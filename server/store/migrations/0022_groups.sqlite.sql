-- Machines of a client that people take together, wherever they are; a machine may be in several.
CREATE TABLE agent_groups (
  client_id TEXT NOT NULL,
  group_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  PRIMARY KEY (client_id, group_id),
  UNIQUE (client_id, name),
  FOREIGN KEY (client_id) REFERENCES clients (client_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_group_members (
  client_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  PRIMARY KEY (client_id, group_id, agent_id),
  FOREIGN KEY (client_id, group_id) REFERENCES agent_groups (client_id, group_id) ON DELETE CASCADE,
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_group_members_by_agent ON agent_group_members (client_id, agent_id);

-- Windows of a group, or of one machine: then the site is ''.
ALTER TABLE maintenance_windows ADD COLUMN group_id TEXT NOT NULL DEFAULT '';
ALTER TABLE maintenance_windows ADD COLUMN agent_id TEXT NOT NULL DEFAULT '';

-- At one site several windows may open at the same time now: the site's (holder_id ''), a group's, a machine's.
CREATE TABLE notices_of_windows (
  client_id TEXT NOT NULL,
  site_id TEXT NOT NULL,
  opens_at INTEGER NOT NULL,
  holder_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (client_id, site_id, opens_at, holder_id)
) STRICT, WITHOUT ROWID;
INSERT INTO notices_of_windows (client_id, site_id, opens_at, holder_id, at)
SELECT client_id, site_id, opens_at, '', at FROM window_notices;
DROP TABLE window_notices;
ALTER TABLE notices_of_windows RENAME TO window_notices;
CREATE INDEX window_notices_by_age ON window_notices (at);
