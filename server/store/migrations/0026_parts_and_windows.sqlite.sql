-- How long the parts of an item are is known without reading them: `bytes` is before `text`, which is long. An item that was
-- not whole yet is sent again from its first part.
DROP TABLE upload_parts;
CREATE TABLE upload_parts (
  client_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  item_id TEXT NOT NULL,
  part INTEGER NOT NULL,
  parts INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (client_id, agent_id, item_id, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_parts_by_age ON upload_parts (received_at);

-- Windows of a machine and of its groups are looked up whenever something is ordered for it.
CREATE INDEX maintenance_windows_by_agent ON maintenance_windows (client_id, agent_id);
CREATE INDEX maintenance_windows_by_group ON maintenance_windows (client_id, group_id);
