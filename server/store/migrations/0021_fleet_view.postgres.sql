-- All that the grouped list of a fleet asks of a row, in the order in which it groups them.
DROP INDEX updates_by_group;
CREATE INDEX updates_by_group ON updates (manager, name, arch, candidate_version, state, installed_version, category, severity, blocked_by, client_id, agent_id, first_seen_at);
