-- The fleet's view of updates, group by group in the order of this index and out of it alone.
DROP INDEX updates_by_group;
CREATE INDEX updates_by_group ON updates (manager, name, arch, candidate_version, state, installed_version, category,
  severity, blocked_by, first_seen_at, client_id, agent_id);
