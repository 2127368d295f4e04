-- When machines may be changed: windows of a client (site '') or of one of its sites. Where there is none, any time.
CREATE TABLE maintenance_windows (
  client_id TEXT COLLATE "C" NOT NULL,
  window_id TEXT COLLATE "C" NOT NULL UNIQUE,
  site_id TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  rule TEXT COLLATE "C" NOT NULL,
  length_s BIGINT NOT NULL CHECK (length_s > 0),
  notice_s BIGINT NOT NULL CHECK (notice_s >= 0),
  created_at BIGINT NOT NULL,
  created_by TEXT COLLATE "C" NOT NULL,
  changed_at BIGINT NOT NULL,
  changed_by TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, window_id)
);

-- One row an opening that was told of beforehand: the key makes it impossible that two servers tell of the same.
CREATE TABLE window_notices (
  client_id TEXT COLLATE "C" NOT NULL,
  site_id TEXT COLLATE "C" NOT NULL,
  opens_at BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (client_id, site_id, opens_at)
);
CREATE INDEX window_notices_by_age ON window_notices (at);

-- What holds an order to a window, in words, or ''; how long it is good for where none does; when it is given up, and how
-- many windows it has missed; why it was ordered outside of any, or ''.
ALTER TABLE commands ADD COLUMN window_text TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN valid_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE commands ADD COLUMN gives_up_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE commands ADD COLUMN windows_missed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE commands ADD COLUMN outside_reason TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE commands SET valid_until = expires_at, gives_up_at = expires_at
WHERE state IN ('awaiting_approval', 'scheduled', 'queued', 'delivered');
