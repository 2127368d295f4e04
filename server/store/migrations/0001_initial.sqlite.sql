-- Times are nanoseconds since the Unix epoch, 0 = not yet. Texts that may be missing are ''; NULL means "unknown" where
-- zero would be an answer. Every table that grows with the fleet leads its key with the client, so that another engine
-- can shard by it. Tables of rows that belong to one server only (users, sessions, the outbox) do not.

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE clients (
  client_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sites (
  client_id TEXT NOT NULL REFERENCES clients (client_id),
  site_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, site_id)
) STRICT, WITHOUT ROWID;

-- People ----------------------------------------------------------------------------------------------------------
CREATE TABLE users (
  user_id TEXT PRIMARY KEY,
  username TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'technician', 'approver', 'admin')),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
  user_id TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- What a POST with an Idempotency-Key was answered, so that sending it again is answered the same.
CREATE TABLE answers (
  user_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (user_id, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_by_age ON answers (at);

-- Agents ----------------------------------------------------------------------------------------------------------
CREATE TABLE enrolment_tokens (
  client_id TEXT NOT NULL,
  token_id TEXT NOT NULL UNIQUE,
  site_id TEXT NOT NULL,
  secret_hash TEXT NOT NULL UNIQUE,
  seats INTEGER NOT NULL CHECK (seats > 0),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (client_id, token_id),
  FOREIGN KEY (client_id, site_id) REFERENCES sites (client_id, site_id)
) STRICT, WITHOUT ROWID;

-- One row a taken seat: the key makes a seat taken twice impossible, whoever races.
CREATE TABLE enrolment_seats (
  client_id TEXT NOT NULL,
  token_id TEXT NOT NULL,
  seat INTEGER NOT NULL CHECK (seat > 0),
  agent_id TEXT NOT NULL,
  PRIMARY KEY (client_id, token_id, seat),
  FOREIGN KEY (client_id, token_id) REFERENCES enrolment_tokens (client_id, token_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE agents (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL UNIQUE,
  site_id TEXT NOT NULL,
  public_key BLOB NOT NULL UNIQUE CHECK (length(public_key) = 32),
  token_id TEXT NOT NULL,
  hostname TEXT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('report', 'act')),
  isolation TEXT NOT NULL DEFAULT 'weak' CHECK (isolation IN ('weak', 'full')),
  agent_version TEXT NOT NULL,
  platform TEXT NOT NULL,
  os_name TEXT NOT NULL,
  os_version TEXT NOT NULL,
  kernel TEXT NOT NULL DEFAULT '',
  boot_id TEXT NOT NULL DEFAULT '',
  config_state TEXT NOT NULL DEFAULT 'ok' CHECK (config_state IN ('ok', 'invalid')),
  config_text TEXT NOT NULL DEFAULT '',
  doorbell INTEGER NOT NULL DEFAULT 0,
  enrolled_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (client_id, agent_id),
  FOREIGN KEY (client_id, site_id) REFERENCES sites (client_id, site_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX agents_by_hostname ON agents (hostname COLLATE NOCASE, agent_id);
CREATE INDEX agents_by_contact ON agents (last_seen_at, agent_id);

CREATE TABLE agent_plugins (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  plugin TEXT NOT NULL,
  name TEXT NOT NULL DEFAULT '',
  version TEXT NOT NULL DEFAULT '',
  interfaces TEXT NOT NULL DEFAULT '[]',
  is_updater INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'refused', 'not_applicable')),
  text TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (client_id, agent_id, plugin),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE breakers (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  plugin TEXT NOT NULL,
  interface TEXT NOT NULL,
  plugin_version TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
  since INTEGER NOT NULL,
  open_until INTEGER NOT NULL DEFAULT 0,
  class TEXT NOT NULL DEFAULT '',
  code TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (client_id, agent_id, plugin, interface),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX breakers_not_closed ON breakers (state) WHERE state <> 'closed';

-- Every upload item that was taken: the same id again changes nothing.
CREATE TABLE upload_items (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  item_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, agent_id, item_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_items_by_age ON upload_items (received_at);

-- Scans and what they found ---------------------------------------------------------------------------------------
CREATE TABLE scans (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  plugin TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  scan_id TEXT NOT NULL,
  plugin_version TEXT NOT NULL,
  interface TEXT NOT NULL,
  purpose TEXT NOT NULL,
  trigger TEXT NOT NULL,
  command_id TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  status TEXT NOT NULL,
  complete INTEGER NOT NULL,
  scopes TEXT NOT NULL,
  reports TEXT NOT NULL,
  PRIMARY KEY (client_id, agent_id, plugin, received_at, scan_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX scans_by_age ON scans (received_at);

-- What is known of each scope. `digest` stands for the rows of its last complete picture, '' when rows were added since.
CREATE TABLE scan_scopes (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  plugin TEXT NOT NULL,
  purpose_class TEXT NOT NULL CHECK (purpose_class IN ('updates', 'inventory')),
  scope TEXT NOT NULL,
  digest TEXT NOT NULL,
  status TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  PRIMARY KEY (client_id, agent_id, plugin, purpose_class, scope)
) STRICT, WITHOUT ROWID;

-- The text of a plugin's records as they were merged last, all scopes complete: the same text again is the same picture.
CREATE TABLE scan_texts (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  plugin TEXT NOT NULL,
  purpose_class TEXT NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (client_id, agent_id, plugin, purpose_class)
) STRICT, WITHOUT ROWID;

CREATE TABLE updates (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  update_id TEXT NOT NULL,
  plugin TEXT NOT NULL,
  scope TEXT NOT NULL,
  manager TEXT NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  arch TEXT NOT NULL,
  candidate_version TEXT NOT NULL,
  installed_version TEXT NOT NULL,
  channel TEXT NOT NULL,
  source_package TEXT NOT NULL,
  origin TEXT NOT NULL,
  category TEXT NOT NULL,
  severity TEXT NOT NULL,
  blocked_by TEXT NOT NULL,
  superseded_by TEXT NOT NULL,
  advisories TEXT NOT NULL,
  cves TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  download_bytes INTEGER,
  installed_bytes INTEGER,
  needs_reboot INTEGER,
  record_digest TEXT NOT NULL,
  listed INTEGER NOT NULL,
  state TEXT NOT NULL,
  state_since INTEGER NOT NULL,
  reason_code TEXT NOT NULL DEFAULT '',
  reason_text TEXT NOT NULL DEFAULT '',
  command_id TEXT NOT NULL DEFAULT '',
  install_boot_id TEXT NOT NULL DEFAULT '',
  reboot_required INTEGER NOT NULL DEFAULT 0,
  proof TEXT NOT NULL DEFAULT '',
  first_seen_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, agent_id, update_id),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX updates_by_identity ON updates (client_id, agent_id, plugin, manager, scope, key, candidate_version);
CREATE UNIQUE INDEX updates_by_id ON updates (update_id);
CREATE INDEX updates_by_group ON updates (manager, name, arch, candidate_version);
CREATE INDEX updates_by_state ON updates (state, state_since);

CREATE TABLE facts (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  name TEXT NOT NULL,
  plugin TEXT NOT NULL,
  value TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (client_id, agent_id, name),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  value REAL NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (client_id, agent_id, name, label),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Records of every other kind, as they were emitted: a scope's newest picture.
CREATE TABLE records (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  plugin TEXT NOT NULL,
  purpose_class TEXT NOT NULL,
  scope TEXT NOT NULL,
  kind TEXT NOT NULL,
  digest TEXT NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (client_id, agent_id, plugin, purpose_class, scope, kind, digest),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Approvals and commands ------------------------------------------------------------------------------------------
CREATE TABLE approvals (
  client_id TEXT NOT NULL,
  approval_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  update_id TEXT NOT NULL,
  manager TEXT NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  arch TEXT NOT NULL,
  version TEXT NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (client_id, approval_id, agent_id, update_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE commands (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  command_id TEXT NOT NULL,
  type TEXT NOT NULL,
  title TEXT NOT NULL,
  state TEXT NOT NULL,
  state_since INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  not_before INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  timeout_ns INTEGER NOT NULL,
  parameters TEXT NOT NULL,
  actions TEXT NOT NULL,
  plan TEXT NOT NULL DEFAULT '',
  plan_hash TEXT NOT NULL DEFAULT '',
  extras TEXT NOT NULL DEFAULT '[]',
  held TEXT NOT NULL DEFAULT '',
  results TEXT NOT NULL DEFAULT '',
  reason_code TEXT NOT NULL DEFAULT '',
  reason_text TEXT NOT NULL DEFAULT '',
  dedup_key TEXT NOT NULL,
  approval_id TEXT NOT NULL DEFAULT '',
  parent_id TEXT NOT NULL DEFAULT '',
  retry_of TEXT NOT NULL DEFAULT '',
  attempt INTEGER NOT NULL DEFAULT 1,
  percent INTEGER,
  progress TEXT NOT NULL DEFAULT '',
  reported_at INTEGER NOT NULL DEFAULT 0,
  settlement TEXT NOT NULL DEFAULT 'none' CHECK (settlement IN ('none', 'pending', 'done')),
  settle_tries INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (client_id, agent_id, command_id),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX commands_by_id ON commands (command_id);
CREATE INDEX commands_by_time ON commands (created_at DESC, command_id DESC);
CREATE INDEX commands_unsettled ON commands (settlement) WHERE settlement = 'pending';
CREATE INDEX commands_in_flight ON commands (state, expires_at)
  WHERE state IN ('scheduled', 'queued', 'delivered', 'accepted', 'running');
-- The same order twice is one command, as long as the first one is under way.
CREATE UNIQUE INDEX commands_once ON commands (client_id, agent_id, dedup_key)
  WHERE state IN ('scheduled', 'queued', 'delivered', 'accepted', 'running');

CREATE TABLE command_updates (
  client_id TEXT NOT NULL,
  command_id TEXT NOT NULL,
  update_id TEXT NOT NULL,
  PRIMARY KEY (client_id, command_id, update_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE command_transitions (
  client_id TEXT NOT NULL,
  command_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason_code TEXT NOT NULL,
  reason_text TEXT NOT NULL,
  PRIMARY KEY (client_id, command_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE command_log (
  client_id TEXT NOT NULL,
  command_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (client_id, command_id, seq)
) STRICT, WITHOUT ROWID;

-- What happened ---------------------------------------------------------------------------------------------------
CREATE TABLE history (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  subsystem TEXT NOT NULL,
  actor TEXT NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  code TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
  command_id TEXT NOT NULL,
  scan_id TEXT NOT NULL,
  PRIMARY KEY (client_id, agent_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_by_kind ON history (kind, at);
CREATE INDEX history_by_age ON history (at);

-- Read by browsers' streams in this order; short-lived, and one sequence for the whole server.
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  event TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
