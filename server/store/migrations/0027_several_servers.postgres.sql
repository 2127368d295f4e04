-- Servers at work on this database. A doorbell is held by one of them, and by nobody once that one renews its row no more.
CREATE TABLE servers (
  server_id TEXT COLLATE "C" PRIMARY KEY,
  renewed_at BIGINT NOT NULL
);
ALTER TABLE agents ADD COLUMN doorbell_server TEXT COLLATE "C" NOT NULL DEFAULT '';

-- `last_seen_at` as it was when an agent's silence was told of last: one silence is told once, whichever server notices it.
ALTER TABLE agents ADD COLUMN silence_told BIGINT NOT NULL DEFAULT 0;
UPDATE agents SET silence_told = last_seen_at;
CREATE INDEX agents_untold ON agents (last_seen_at)
  WHERE doorbell = 0 AND silence_told <> last_seen_at AND identity_state <> 'revoked';
