-- Times are nanoseconds since the Unix epoch, 0 = not yet. Texts that may be missing are ''; NULL means "unknown" where
-- zero would be an answer. Every table that grows with the fleet leads its key with the client, so that another engine
-- can shard by it. Tables of rows that belong to one server only (users, sessions, the outbox) do not.
-- Texts compare byte by byte ("C"), as in SQLite, whatever the database's own collation is.

CREATE TABLE meta (
  key TEXT COLLATE "C" PRIMARY KEY,
  value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE clients (
  client_id TEXT COLLATE "C" PRIMARY KEY,
  name TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE sites (
  client_id TEXT COLLATE "C" NOT NULL REFERENCES clients (client_id),
  site_id TEXT COLLATE "C" NOT NULL UNIQUE,
  name TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (client_id, site_id)
);

-- People ----------------------------------------------------------------------------------------------------------
CREATE TABLE users (
  user_id TEXT COLLATE "C" PRIMARY KEY,
  username TEXT COLLATE "C" NOT NULL UNIQUE,
  password_hash TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'technician', 'approver', 'admin')),
  created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
  token_hash BYTEA PRIMARY KEY CHECK (length(token_hash) = 32),
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- What a POST with an Idempotency-Key was answered, so that sending it again is answered the same.
CREATE TABLE answers (
  user_id TEXT COLLATE "C" NOT NULL,
  idempotency_key TEXT COLLATE "C" NOT NULL,
  request_hash TEXT COLLATE "C" NOT NULL,
  status BIGINT NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (user_id, idempotency_key)
);
CREATE INDEX answers_by_age ON answers (at);

-- Agents ----------------------------------------------------------------------------------------------------------
CREATE TABLE enrolment_tokens (
  client_id TEXT COLLATE "C" NOT NULL,
  token_id TEXT COLLATE "C" NOT NULL UNIQUE,
  site_id TEXT COLLATE "C" NOT NULL,
  secret_hash TEXT COLLATE "C" NOT NULL UNIQUE,
  seats BIGINT NOT NULL CHECK (seats > 0),
  created_at BIGINT NOT NULL,
  created_by TEXT COLLATE "C" NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (client_id, token_id),
  FOREIGN KEY (client_id, site_id) REFERENCES sites (client_id, site_id)
);

-- One row a taken seat: the key makes a seat taken twice impossible, whoever races.
CREATE TABLE enrolment_seats (
  client_id TEXT COLLATE "C" NOT NULL,
  token_id TEXT COLLATE "C" NOT NULL,
  seat BIGINT NOT NULL CHECK (seat > 0),
  agent_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, token_id, seat),
  FOREIGN KEY (client_id, token_id) REFERENCES enrolment_tokens (client_id, token_id)
);

CREATE TABLE agents (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL UNIQUE,
  site_id TEXT COLLATE "C" NOT NULL,
  public_key BYTEA NOT NULL UNIQUE CHECK (length(public_key) = 32),
  token_id TEXT COLLATE "C" NOT NULL,
  hostname TEXT COLLATE "C" NOT NULL,
  mode TEXT COLLATE "C" NOT NULL CHECK (mode IN ('report', 'act')),
  isolation TEXT COLLATE "C" NOT NULL DEFAULT 'weak' CHECK (isolation IN ('weak', 'full')),
  agent_version TEXT COLLATE "C" NOT NULL,
  platform TEXT COLLATE "C" NOT NULL,
  os_name TEXT COLLATE "C" NOT NULL,
  os_version TEXT COLLATE "C" NOT NULL,
  kernel TEXT COLLATE "C" NOT NULL DEFAULT '',
  boot_id TEXT COLLATE "C" NOT NULL DEFAULT '',
  config_state TEXT COLLATE "C" NOT NULL DEFAULT 'ok' CHECK (config_state IN ('ok', 'invalid')),
  config_text TEXT COLLATE "C" NOT NULL DEFAULT '',
  doorbell BIGINT NOT NULL DEFAULT 0,
  enrolled_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (client_id, agent_id),
  FOREIGN KEY (client_id, site_id) REFERENCES sites (client_id, site_id)
);
CREATE INDEX agents_by_contact ON agents (last_seen_at, agent_id);

CREATE TABLE agent_plugins (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  plugin TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL DEFAULT '',
  version TEXT COLLATE "C" NOT NULL DEFAULT '',
  interfaces TEXT COLLATE "C" NOT NULL DEFAULT '[]',
  is_updater BIGINT NOT NULL DEFAULT 0,
  state TEXT COLLATE "C" NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'refused', 'not_applicable')),
  text TEXT COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (client_id, agent_id, plugin),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
);

CREATE TABLE breakers (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  plugin TEXT COLLATE "C" NOT NULL,
  interface TEXT COLLATE "C" NOT NULL,
  plugin_version TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
  since BIGINT NOT NULL,
  open_until BIGINT NOT NULL DEFAULT 0,
  class TEXT COLLATE "C" NOT NULL DEFAULT '',
  code TEXT COLLATE "C" NOT NULL DEFAULT '',
  text TEXT COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (client_id, agent_id, plugin, interface),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
);
CREATE INDEX breakers_not_closed ON breakers (state) WHERE state <> 'closed';

-- Every upload item that was taken: the same id again changes nothing.
CREATE TABLE upload_items (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  item_id TEXT COLLATE "C" NOT NULL,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (client_id, agent_id, item_id)
);
CREATE INDEX upload_items_by_age ON upload_items (received_at);

-- Scans and what they found ---------------------------------------------------------------------------------------
CREATE TABLE scans (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  plugin TEXT COLLATE "C" NOT NULL,
  received_at BIGINT NOT NULL,
  scan_id TEXT COLLATE "C" NOT NULL,
  plugin_version TEXT COLLATE "C" NOT NULL,
  interface TEXT COLLATE "C" NOT NULL,
  purpose TEXT COLLATE "C" NOT NULL,
  trigger TEXT COLLATE "C" NOT NULL,
  command_id TEXT COLLATE "C" NOT NULL,
  boot_id TEXT COLLATE "C" NOT NULL,
  started_at BIGINT NOT NULL,
  duration_ms BIGINT NOT NULL,
  status TEXT COLLATE "C" NOT NULL,
  complete BIGINT NOT NULL,
  scopes TEXT COLLATE "C" NOT NULL,
  reports TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, agent_id, plugin, received_at, scan_id)
);
CREATE INDEX scans_by_age ON scans (received_at);

-- What is known of each scope. `digest` stands for the rows of its last complete picture, '' when rows were added since.
CREATE TABLE scan_scopes (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  plugin TEXT COLLATE "C" NOT NULL,
  purpose_class TEXT COLLATE "C" NOT NULL CHECK (purpose_class IN ('updates', 'inventory')),
  scope TEXT COLLATE "C" NOT NULL,
  digest TEXT COLLATE "C" NOT NULL,
  status TEXT COLLATE "C" NOT NULL,
  started_at BIGINT NOT NULL,
  boot_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, agent_id, plugin, purpose_class, scope)
);

-- The text of a plugin's records as they were merged last, all scopes complete: the same text again is the same picture.
CREATE TABLE scan_texts (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  plugin TEXT COLLATE "C" NOT NULL,
  purpose_class TEXT COLLATE "C" NOT NULL,
  digest TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, agent_id, plugin, purpose_class)
);

CREATE TABLE updates (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  update_id TEXT COLLATE "C" NOT NULL,
  plugin TEXT COLLATE "C" NOT NULL,
  scope TEXT COLLATE "C" NOT NULL,
  manager TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  arch TEXT COLLATE "C" NOT NULL,
  candidate_version TEXT COLLATE "C" NOT NULL,
  installed_version TEXT COLLATE "C" NOT NULL,
  channel TEXT COLLATE "C" NOT NULL,
  source_package TEXT COLLATE "C" NOT NULL,
  origin TEXT COLLATE "C" NOT NULL,
  category TEXT COLLATE "C" NOT NULL,
  severity TEXT COLLATE "C" NOT NULL,
  blocked_by TEXT COLLATE "C" NOT NULL,
  superseded_by TEXT COLLATE "C" NOT NULL,
  advisories TEXT COLLATE "C" NOT NULL,
  cves TEXT COLLATE "C" NOT NULL,
  published_at BIGINT NOT NULL,
  download_bytes BIGINT,
  installed_bytes BIGINT,
  needs_reboot BIGINT,
  record_digest TEXT COLLATE "C" NOT NULL,
  listed BIGINT NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  state_since BIGINT NOT NULL,
  reason_code TEXT COLLATE "C" NOT NULL DEFAULT '',
  reason_text TEXT COLLATE "C" NOT NULL DEFAULT '',
  command_id TEXT COLLATE "C" NOT NULL DEFAULT '',
  install_boot_id TEXT COLLATE "C" NOT NULL DEFAULT '',
  reboot_required BIGINT NOT NULL DEFAULT 0,
  proof TEXT COLLATE "C" NOT NULL DEFAULT '',
  first_seen_at BIGINT NOT NULL,
  PRIMARY KEY (client_id, agent_id, update_id),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX updates_by_identity ON updates (client_id, agent_id, plugin, manager, scope, key, candidate_version);
CREATE UNIQUE INDEX updates_by_id ON updates (update_id);
CREATE INDEX updates_by_group ON updates (manager, name, arch, candidate_version);
CREATE INDEX updates_by_state ON updates (state, state_since);

CREATE TABLE facts (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  plugin TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (client_id, agent_id, name),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
);

CREATE TABLE metrics (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  label TEXT COLLATE "C" NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (client_id, agent_id, name, label),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
);

-- Records of every other kind, as they were emitted: a scope's newest picture.
CREATE TABLE records (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  plugin TEXT COLLATE "C" NOT NULL,
  purpose_class TEXT COLLATE "C" NOT NULL,
  scope TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  digest TEXT COLLATE "C" NOT NULL,
  body TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (client_id, agent_id, plugin, purpose_class, scope, kind, digest),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
);

-- Approvals and commands ------------------------------------------------------------------------------------------
CREATE TABLE approvals (
  client_id TEXT COLLATE "C" NOT NULL,
  approval_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  update_id TEXT COLLATE "C" NOT NULL,
  manager TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  arch TEXT COLLATE "C" NOT NULL,
  version TEXT COLLATE "C" NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (client_id, approval_id, agent_id, update_id)
);

CREATE TABLE commands (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  command_id TEXT COLLATE "C" NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  title TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  state_since BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,
  not_before BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  timeout_ns BIGINT NOT NULL,
  parameters TEXT COLLATE "C" NOT NULL,
  actions TEXT COLLATE "C" NOT NULL,
  plan TEXT COLLATE "C" NOT NULL DEFAULT '',
  plan_hash TEXT COLLATE "C" NOT NULL DEFAULT '',
  extras TEXT COLLATE "C" NOT NULL DEFAULT '[]',
  held TEXT COLLATE "C" NOT NULL DEFAULT '',
  results TEXT COLLATE "C" NOT NULL DEFAULT '',
  reason_code TEXT COLLATE "C" NOT NULL DEFAULT '',
  reason_text TEXT COLLATE "C" NOT NULL DEFAULT '',
  dedup_key TEXT COLLATE "C" NOT NULL,
  approval_id TEXT COLLATE "C" NOT NULL DEFAULT '',
  parent_id TEXT COLLATE "C" NOT NULL DEFAULT '',
  retry_of TEXT COLLATE "C" NOT NULL DEFAULT '',
  attempt BIGINT NOT NULL DEFAULT 1,
  percent BIGINT,
  progress TEXT COLLATE "C" NOT NULL DEFAULT '',
  reported_at BIGINT NOT NULL DEFAULT 0,
  settlement TEXT COLLATE "C" NOT NULL DEFAULT 'none' CHECK (settlement IN ('none', 'pending', 'done')),
  settle_tries BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (client_id, agent_id, command_id),
  FOREIGN KEY (client_id, agent_id) REFERENCES agents (client_id, agent_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX commands_by_id ON commands (command_id);
CREATE INDEX commands_by_time ON commands (created_at DESC, command_id DESC);
CREATE INDEX commands_unsettled ON commands (settlement) WHERE settlement = 'pending';
CREATE INDEX commands_in_flight ON commands (state, expires_at)
  WHERE state IN ('scheduled', 'queued', 'delivered', 'accepted', 'running');
-- The same order twice is one command, as long as the first one is under way.
CREATE UNIQUE INDEX commands_once ON commands (client_id, agent_id, dedup_key)
  WHERE state IN ('scheduled', 'queued', 'delivered', 'accepted', 'running');

CREATE TABLE command_updates (
  client_id TEXT COLLATE "C" NOT NULL,
  command_id TEXT COLLATE "C" NOT NULL,
  update_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, command_id, update_id)
);

CREATE TABLE command_transitions (
  client_id TEXT COLLATE "C" NOT NULL,
  command_id TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  from_state TEXT COLLATE "C" NOT NULL,
  to_state TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,
  reason_code TEXT COLLATE "C" NOT NULL,
  reason_text TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, command_id, seq)
);

CREATE TABLE command_log (
  client_id TEXT COLLATE "C" NOT NULL,
  command_id TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, command_id, seq)
);

-- What happened ---------------------------------------------------------------------------------------------------
CREATE TABLE history (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  subsystem TEXT COLLATE "C" NOT NULL,
  actor TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  code TEXT COLLATE "C" NOT NULL,
  severity TEXT COLLATE "C" NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
  command_id TEXT COLLATE "C" NOT NULL,
  scan_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, agent_id, seq)
);
CREATE INDEX history_by_kind ON history (kind, at);
CREATE INDEX history_by_age ON history (at);

-- Read by browsers' streams in this order; short-lived, and one sequence for the whole server.
CREATE TABLE outbox (
  seq BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  at BIGINT NOT NULL,
  client_id TEXT COLLATE "C" NOT NULL,
  event TEXT COLLATE "C" NOT NULL,
  data TEXT COLLATE "C" NOT NULL
);
