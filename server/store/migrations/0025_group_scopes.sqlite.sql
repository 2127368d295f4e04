-- A group of machines can have a profile: then site and agent are ''.
CREATE TABLE profiles_of_places (
  client_id TEXT NOT NULL,
  site_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  profile_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  author_id TEXT NOT NULL,
  PRIMARY KEY (client_id, site_id, group_id, agent_id)
) STRICT, WITHOUT ROWID;
INSERT INTO profiles_of_places (client_id, site_id, group_id, agent_id, profile_id, name, settings, created_at, created_by, changed_at, changed_by, author_id)
SELECT client_id, site_id, '', agent_id, profile_id, name, settings, created_at, created_by, changed_at, changed_by, author_id FROM profiles;
DROP TABLE profiles;
ALTER TABLE profiles_of_places RENAME TO profiles;

-- And an approval policy can be for one: then the site is ''.
ALTER TABLE approval_policies ADD COLUMN group_id TEXT NOT NULL DEFAULT '';
