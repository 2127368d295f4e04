-- Second factors. A secret is sealed with a key that is no part of the database; one that was not confirmed with a code
-- is no factor yet.
CREATE TABLE second_factors (
  user_id TEXT COLLATE "C" PRIMARY KEY REFERENCES users (user_id) ON DELETE CASCADE,
  sealed_secret BYTEA NOT NULL,
  begun_at BIGINT NOT NULL,
  confirmed_at BIGINT NOT NULL DEFAULT 0,
  last_step BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE recovery_codes (
  user_id TEXT COLLATE "C" NOT NULL REFERENCES second_factors (user_id) ON DELETE CASCADE,
  code_hash BYTEA NOT NULL CHECK (length(code_hash) = 32),
  PRIMARY KEY (user_id, code_hash)
);

-- Sign-ins whose password was right and whose code is still to come.
CREATE TABLE pending_sign_ins (
  token_hash BYTEA PRIMARY KEY CHECK (length(token_hash) = 32),
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
  password_hash TEXT COLLATE "C" NOT NULL,
  expires_at BIGINT NOT NULL,
  tries BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX pending_sign_ins_by_expiry ON pending_sign_ins (expires_at);

ALTER TABLE sessions ADD COLUMN address TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sessions_by_user ON sessions (user_id);
