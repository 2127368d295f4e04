-- How long the parts of an item are is known without reading them: `bytes` is before `text`, which is long. An item that was
-- not whole yet is sent again from its first part.
DROP TABLE upload_parts;
CREATE TABLE upload_parts (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  item_id TEXT COLLATE "C" NOT NULL,
  part BIGINT NOT NULL,
  parts BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, agent_id, item_id, part)
);
CREATE INDEX upload_parts_by_age ON upload_parts (received_at);

-- Windows of a machine and of its groups are looked up whenever something is ordered for it.
CREATE INDEX maintenance_windows_by_agent ON maintenance_windows (client_id, agent_id);
CREATE INDEX maintenance_windows_by_group ON maintenance_windows (client_id, group_id);
