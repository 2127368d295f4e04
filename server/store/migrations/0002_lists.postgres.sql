-- The order of the list of agents, as it is asked for.
CREATE INDEX agents_by_hostname ON agents (lower(hostname), agent_id);
-- The newest scan of an agent, whatever the plugin: one seek.
CREATE INDEX scans_by_agent ON scans (client_id, agent_id, received_at, scan_id);
