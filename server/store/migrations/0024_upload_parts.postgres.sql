-- Items that are too long for one upload, until all their parts are here: of one item an agent.
CREATE TABLE upload_parts (
  client_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  item_id TEXT COLLATE "C" NOT NULL,
  part BIGINT NOT NULL,
  parts BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  text TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (client_id, agent_id, item_id, part)
);
CREATE INDEX upload_parts_by_age ON upload_parts (received_at);
