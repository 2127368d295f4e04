-- When machines may be changed: windows of a client (site '') or of one of its sites. Where there is none, any time.
CREATE TABLE maintenance_windows (
  client_id TEXT NOT NULL,
  window_id TEXT NOT NULL UNIQUE,
  site_id TEXT NOT NULL,
  name TEXT NOT NULL,
  rule TEXT NOT NULL,
  length_s INTEGER NOT NULL CHECK (length_s > 0),
  notice_s INTEGER NOT NULL CHECK (notice_s >= 0),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  PRIMARY KEY (client_id, window_id)
) STRICT, WITHOUT ROWID;

-- One row an opening that was told of beforehand: the key makes it impossible that two servers tell of the same.
CREATE TABLE window_notices (
  client_id TEXT NOT NULL,
  site_id TEXT NOT NULL,
  opens_at INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (client_id, site_id, opens_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX window_notices_by_age ON window_notices (at);

-- What holds an order to a window, in words, or ''; how long it is good for where none does; when it is given up, and how
-- many windows it has missed; why it was ordered outside of any, or ''.
ALTER TABLE commands ADD COLUMN window_text TEXT NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN valid_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE commands ADD COLUMN gives_up_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE commands ADD COLUMN windows_missed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE commands ADD COLUMN outside_reason TEXT NOT NULL DEFAULT '';
UPDATE commands SET valid_until = expires_at, gives_up_at = expires_at
WHERE state IN ('awaiting_approval', 'scheduled', 'queued', 'delivered');
