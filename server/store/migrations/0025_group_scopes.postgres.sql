-- A group of machines can have a profile: then site and agent are ''.
ALTER TABLE profiles ADD COLUMN group_id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE profiles DROP CONSTRAINT profiles_pkey;
ALTER TABLE profiles ADD PRIMARY KEY (client_id, site_id, group_id, agent_id);

-- And an approval policy can be for one: then the site is ''.
ALTER TABLE approval_policies ADD COLUMN group_id TEXT COLLATE "C" NOT NULL DEFAULT '';
