-- What people may: a role over everything (client and site ''), over a client (site ''), or over one site.
CREATE TABLE user_grants (
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  client_id TEXT COLLATE "C" NOT NULL,
  site_id TEXT COLLATE "C" NOT NULL,
  role TEXT COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'technician', 'approver', 'admin')),
  PRIMARY KEY (user_id, client_id, site_id),
  CHECK (site_id = '' OR client_id <> '')
);
CREATE INDEX user_grants_by_place ON user_grants (client_id, site_id);
INSERT INTO user_grants (user_id, client_id, site_id, role) SELECT user_id, '', '', role FROM users;
ALTER TABLE users DROP COLUMN role;

-- A person signs in with a password; a service account shows tokens.
ALTER TABLE users ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service'));
ALTER TABLE users ADD COLUMN disabled BIGINT NOT NULL DEFAULT 0;

-- Only the hash of a token is kept.
CREATE TABLE api_tokens (
  token_hash BYTEA PRIMARY KEY CHECK (length(token_hash) = 32),
  token_id TEXT COLLATE "C" NOT NULL UNIQUE,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  name TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT COLLATE "C" NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT NOT NULL DEFAULT 0,
  last_used_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);
CREATE INDEX api_tokens_by_expiry ON api_tokens (expires_at);

-- Which agent an event is about: who sees only some sites is told of no others.
ALTER TABLE outbox ADD COLUMN agent_id TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE INDEX agents_by_site ON agents (site_id);
