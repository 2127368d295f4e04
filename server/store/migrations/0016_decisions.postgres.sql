-- What people decided about updates beforehand. client_id '' is everywhere, and then so are the others.
-- Rules that ignore updates: an ended one is kept as a record until it is old.
CREATE TABLE ignore_rules (
  client_id TEXT COLLATE "C" NOT NULL,
  rule_id TEXT COLLATE "C" NOT NULL UNIQUE,
  site_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  manager TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  pattern TEXT COLLATE "C" NOT NULL,
  version TEXT COLLATE "C" NOT NULL,
  until BIGINT NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'lifted', 'expired')),
  created_at BIGINT NOT NULL,
  created_by TEXT COLLATE "C" NOT NULL,
  ended_at BIGINT NOT NULL DEFAULT 0,
  ended_by TEXT COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (client_id, rule_id)
);
CREATE INDEX ignore_rules_by_state ON ignore_rules (state, until);
CREATE INDEX ignore_rules_by_time ON ignore_rules (created_at, rule_id);

-- Which rule an ignored update is ignored by.
ALTER TABLE updates ADD COLUMN ignored_by TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX updates_ignored ON updates (ignored_by) WHERE ignored_by <> '';

-- Policies that approve updates; `terms` is what they say, one JSON object.
CREATE TABLE approval_policies (
  client_id TEXT COLLATE "C" NOT NULL,
  policy_id TEXT COLLATE "C" NOT NULL UNIQUE,
  site_id TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  enabled BIGINT NOT NULL,
  terms TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT COLLATE "C" NOT NULL,
  changed_at BIGINT NOT NULL,
  changed_by TEXT COLLATE "C" NOT NULL,
  author_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, policy_id)
);
