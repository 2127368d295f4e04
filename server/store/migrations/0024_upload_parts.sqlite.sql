-- Items that are too long for one upload, until all their parts are here: of one item an agent.
CREATE TABLE upload_parts (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  item_id TEXT NOT NULL,
  part INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (client_id, agent_id, item_id, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_parts_by_age ON upload_parts (received_at);
