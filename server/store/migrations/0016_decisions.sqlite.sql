-- What people decided about updates beforehand. client_id '' is everywhere, and then so are the others.
-- Rules that ignore updates: an ended one is kept as a record until it is old.
CREATE TABLE ignore_rules (
  client_id TEXT NOT NULL,
  rule_id TEXT NOT NULL UNIQUE,
  site_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  manager TEXT NOT NULL,
  key TEXT NOT NULL,
  pattern TEXT NOT NULL,
  version TEXT NOT NULL,
  until INTEGER NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'lifted', 'expired')),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  ended_at INTEGER NOT NULL DEFAULT 0,
  ended_by TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (client_id, rule_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ignore_rules_by_state ON ignore_rules (state, until);
CREATE INDEX ignore_rules_by_time ON ignore_rules (created_at, rule_id);

-- Which rule an ignored update is ignored by.
ALTER TABLE updates ADD COLUMN ignored_by TEXT NOT NULL DEFAULT '';
CREATE INDEX updates_ignored ON updates (ignored_by) WHERE ignored_by <> '';

-- Policies that approve updates; `terms` is what they say, one JSON object.
CREATE TABLE approval_policies (
  client_id TEXT NOT NULL,
  policy_id TEXT NOT NULL UNIQUE,
  site_id TEXT NOT NULL,
  name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  terms TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  author_id TEXT NOT NULL,
  PRIMARY KEY (client_id, policy_id)
) STRICT, WITHOUT ROWID;
