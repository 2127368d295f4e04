-- The grouped list of a fleet reads what is open alone: what was closed is kept for months, and soon more than that.
DROP INDEX updates_by_group;
CREATE INDEX updates_open ON updates (manager, name, arch, candidate_version, state, installed_version, category, severity, blocked_by, client_id, agent_id, first_seen_at)
  WHERE state <> 'verified' AND state <> 'superseded' AND state <> 'resolved_elsewhere';

-- Nobody looks for what is available by its state: nearly all that is open is. New rows are not written here.
DROP INDEX updates_by_state;
CREATE INDEX updates_by_state ON updates (state, state_since) WHERE state <> 'available';
